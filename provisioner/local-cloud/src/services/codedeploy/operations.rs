//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};

use super::{applications, configs, deployments, groups, hooks, tags, targets};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateApplication" => applications::create(cloud, input),
        "GetApplication" => applications::get(cloud, input),
        "ListApplications" => Ok(applications::list(cloud)),
        "DeleteApplication" => applications::delete(cloud, input),
        "CreateDeploymentGroup" => groups::create(cloud, input),
        "UpdateDeploymentGroup" => groups::update(cloud, input),
        "GetDeploymentGroup" => groups::get(cloud, input),
        "BatchGetDeploymentGroups" => groups::batch_get(cloud, input),
        "ListDeploymentGroups" => groups::list(cloud, input),
        "DeleteDeploymentGroup" => groups::delete(cloud, input),
        "CreateDeploymentConfig" => configs::create(cloud, input),
        "GetDeploymentConfig" => configs::get(cloud, input),
        "ListDeploymentConfigs" => Ok(configs::list(cloud, &input)),
        "DeleteDeploymentConfig" => configs::delete(cloud, input),
        "CreateDeployment" => deployments::create(cloud, input),
        "GetDeployment" => deployments::get(cloud, input),
        "BatchGetDeployments" => deployments::batch_get(cloud, input),
        "ListDeployments" => deployments::list(cloud, input),
        "StopDeployment" => deployments::stop(cloud, input),
        "GetDeploymentTarget" => targets::get(cloud, input),
        "ListDeploymentTargets" => targets::list(cloud, input),
        "BatchGetDeploymentTargets" => targets::batch_get(cloud, input),
        "PutLifecycleEventHookExecutionStatus" => hooks::report(cloud, input),
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            tags::call(cloud, operation, input)
        }
        _ => Err(AwsError::unknown_operation("codedeploy", operation)),
    }
}
