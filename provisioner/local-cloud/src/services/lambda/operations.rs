//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};

use super::{
    aliases, concurrency, functions, invoke, mappings, permissions, retries, tags, versions,
};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateFunction" => functions::create(cloud, input).await,
        "UpdateFunctionCode" => functions::update_code(cloud, input).await,
        "UpdateFunctionConfiguration" => functions::update_configuration(cloud, input),
        "GetFunction" => functions::get(cloud, input),
        "GetFunctionConfiguration" => functions::get_configuration(cloud, input),
        "ListFunctions" => functions::list(cloud, input),
        "DeleteFunction" => functions::delete(cloud, input),
        "PublishVersion" => versions::operation(cloud, input),
        "ListVersionsByFunction" => functions::list_versions(cloud, input),
        "CreateAlias" => aliases::create(cloud, input),
        "UpdateAlias" => aliases::update(cloud, input),
        "GetAlias" => aliases::get(cloud, input),
        "ListAliases" => aliases::list(cloud, input),
        "DeleteAlias" => aliases::delete(cloud, input),
        "PutFunctionConcurrency" => concurrency::put(cloud, input),
        "GetFunctionConcurrency" => concurrency::get(cloud, input),
        "DeleteFunctionConcurrency" => concurrency::delete(cloud, input),
        "GetAccountSettings" => Ok(concurrency::account(cloud)),
        "AddPermission" => permissions::add(cloud, input),
        "RemovePermission" => permissions::remove(cloud, input),
        "GetPolicy" => permissions::get(cloud, input),
        "TagResource" => tags::tag(cloud, input),
        "UntagResource" => tags::untag(cloud, input),
        "ListTags" => tags::list(cloud, input),
        "PutFunctionEventInvokeConfig" => retries::put(cloud, input),
        "UpdateFunctionEventInvokeConfig" => retries::update(cloud, input),
        "GetFunctionEventInvokeConfig" => retries::get(cloud, input),
        "DeleteFunctionEventInvokeConfig" => retries::delete(cloud, input),
        "CreateEventSourceMapping" => mappings::create(cloud, input).await,
        "UpdateEventSourceMapping" => mappings::update(cloud, input),
        "GetEventSourceMapping" => mappings::get(cloud, input),
        "ListEventSourceMappings" => mappings::list(cloud, input),
        "DeleteEventSourceMapping" => mappings::delete(cloud, input),
        "Invoke" => invoke::operation(cloud, input).await,
        _ => Err(AwsError::unknown_operation("lambda", operation)),
    }
}
