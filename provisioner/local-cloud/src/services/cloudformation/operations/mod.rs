//! The operations on the wire.

mod change_sets;
mod describe;
mod request;
mod settings;
mod stacks;
mod templates;

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{parse, without_nulls};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    let answer = perform(cloud, operation, input).await;
    answer.map(without_nulls).map_err(|error| {
        if error.code == "ValidationException" {
            AwsError::new("ValidationError", error.message)
        } else {
            error
        }
    })
}

async fn perform(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateStack" => stacks::create(cloud, parse(input)?).await,
        "UpdateStack" => stacks::update(cloud, parse(input)?).await,
        "DeleteStack" => stacks::delete(cloud, parse(input)?),
        "CancelUpdateStack" => stacks::cancel(cloud, &parse(input)?),
        "ContinueUpdateRollback" => stacks::continue_rollback(cloud, parse(input)?),
        "CreateChangeSet" => change_sets::create(cloud, parse(input)?).await,
        "DescribeChangeSet" => change_sets::describe(cloud, &parse(input)?),
        "ExecuteChangeSet" => change_sets::execute(cloud, &parse(input)?),
        "DeleteChangeSet" => change_sets::delete(cloud, &parse(input)?),
        "ListChangeSets" => change_sets::list(cloud, &parse(input)?),
        "DescribeStacks" => describe::stacks(cloud, &parse(input)?),
        "ListStacks" => describe::list(cloud, &parse(input)?),
        "DescribeStackEvents" => describe::events(cloud, &parse(input)?),
        "DescribeStackResources" => describe::resources(cloud, &parse(input)?),
        "DescribeStackResource" => describe::resource(cloud, &parse(input)?),
        "ListStackResources" => describe::list_resources(cloud, &parse(input)?),
        "ListExports" => describe::exports(cloud, &parse(input)?),
        "ListImports" => describe::imports(cloud, &parse(input)?),
        "GetTemplate" => templates::get(cloud, &parse(input)?),
        "GetTemplateSummary" => templates::summary(cloud, parse(input)?).await,
        "ValidateTemplate" => templates::validate(cloud, parse(input)?).await,
        "UpdateTerminationProtection" => settings::protect(cloud, &parse(input)?),
        "SetStackPolicy" => settings::set_policy(cloud, parse(input)?).await,
        "GetStackPolicy" => settings::policy(cloud, &parse(input)?),
        _ => Err(AwsError::unknown_operation("cloudformation", operation)),
    }
}
