//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use super::{password, secrets, versions};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateSecret" => secrets::create(cloud, parse(input)?),
        "DescribeSecret" => secrets::describe(cloud, parse(input)?),
        "ListSecrets" => secrets::list(cloud, parse(input)?),
        "DeleteSecret" => secrets::delete(cloud, parse(input)?),
        "RestoreSecret" => secrets::restore(cloud, parse(input)?),
        "TagResource" => secrets::tag(cloud, parse(input)?),
        "UntagResource" => secrets::untag(cloud, parse(input)?),
        "UpdateSecret" => versions::update(cloud, parse(input)?),
        "PutSecretValue" => versions::put(cloud, parse(input)?),
        "GetSecretValue" => versions::get(cloud, parse(input)?),
        "ListSecretVersionIds" => versions::list(cloud, parse(input)?),
        "GetRandomPassword" => password::random(parse(input)?),
        _ => Err(AwsError::unknown_operation("secretsmanager", operation)),
    }
}
