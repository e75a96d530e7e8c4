//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use super::{policies, roles};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateRole" => roles::create(cloud, parse(input)?),
        "GetRole" => roles::get(cloud, parse(input)?),
        "ListRoles" => roles::list(cloud, parse(input)?),
        "UpdateRole" => roles::update(cloud, parse(input)?),
        "DeleteRole" => roles::delete(cloud, parse(input)?),
        "UpdateAssumeRolePolicy" => roles::update_trust(cloud, parse(input)?),
        "TagRole" => roles::tag(cloud, parse(input)?),
        "UntagRole" => roles::untag(cloud, parse(input)?),
        "ListRoleTags" => roles::list_tags(cloud, parse(input)?),
        "PutRolePolicy" => policies::put(cloud, parse(input)?),
        "GetRolePolicy" => policies::get(cloud, parse(input)?),
        "DeleteRolePolicy" => policies::delete(cloud, parse(input)?),
        "ListRolePolicies" => policies::list(cloud, parse(input)?),
        "AttachRolePolicy" => policies::attach(cloud, parse(input)?),
        "DetachRolePolicy" => policies::detach(cloud, parse(input)?),
        "ListAttachedRolePolicies" => policies::list_attached(cloud, parse(input)?),
        _ => Err(AwsError::unknown_operation("iam", operation)),
    }
}
