//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};

use super::{apis, deployments, integrations, routing, stages, tags};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateApi" => apis::create(cloud, input).await,
        "UpdateApi" => apis::update(cloud, input),
        "GetApi" => apis::get(cloud, input),
        "GetApis" => apis::list(cloud, input),
        "DeleteApi" => apis::delete(cloud, input),
        "DeleteCorsConfiguration" => apis::delete_cors(cloud, input),
        "CreateIntegration" => integrations::create(cloud, input),
        "UpdateIntegration" => integrations::update(cloud, input),
        "GetIntegration" => integrations::get(cloud, input),
        "GetIntegrations" => integrations::list(cloud, input),
        "DeleteIntegration" => integrations::delete(cloud, input),
        "CreateRoute" => routing::create(cloud, input),
        "UpdateRoute" => routing::update(cloud, input),
        "GetRoute" => routing::get(cloud, input),
        "GetRoutes" => routing::list(cloud, input),
        "DeleteRoute" => routing::delete(cloud, input),
        "CreateStage" => stages::create(cloud, input),
        "UpdateStage" => stages::update(cloud, input),
        "GetStage" => stages::get(cloud, input),
        "GetStages" => stages::list(cloud, input),
        "DeleteStage" => stages::delete(cloud, input),
        "DeleteAccessLogSettings" => stages::delete_access_log(cloud, input),
        "CreateDeployment" => deployments::create(cloud, input),
        "GetDeployment" => deployments::get(cloud, input),
        "GetDeployments" => deployments::list(cloud, input),
        "DeleteDeployment" => deployments::delete(cloud, input),
        "TagResource" => tags::tag(cloud, input),
        "UntagResource" => tags::untag(cloud, input),
        "GetTags" => tags::get(cloud, input),
        _ => Err(AwsError::unknown_operation("apigateway", operation)),
    }
}
