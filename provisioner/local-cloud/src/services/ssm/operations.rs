//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use super::{browse, parameters};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "PutParameter" => parameters::put(cloud, parse(input)?),
        "GetParameter" => parameters::get(cloud, parse(input)?),
        "GetParameters" => parameters::get_many(cloud, parse(input)?),
        "DeleteParameter" => parameters::delete(cloud, parse(input)?),
        "DeleteParameters" => parameters::delete_many(cloud, parse(input)?),
        "GetParametersByPath" => browse::by_path(cloud, parse(input)?),
        "GetParameterHistory" => browse::history(cloud, parse(input)?),
        "DescribeParameters" => browse::describe(cloud, parse(input)?),
        "AddTagsToResource" => browse::add_tags(cloud, parse(input)?),
        "RemoveTagsFromResource" => browse::remove_tags(cloud, parse(input)?),
        "ListTagsForResource" => browse::list_tags(cloud, parse(input)?),
        _ => Err(AwsError::unknown_operation("ssm", operation)),
    }
}
