//! Deployments as answers show them.

use serde_json::{Value, json};

use crate::protocol::values;

use super::model::{Deployment, Model, Status};

/// `DeploymentInfo`.
pub(super) fn deployment(model: &Model, one: &Deployment) -> Value {
    let mut info = json!({
        "applicationName": one.application,
        "deploymentGroupName": one.group,
        "deploymentConfigName": one.config,
        "deploymentId": one.id,
        "revision": one.revision,
        "status": one.status.text(),
        "createTime": values::timestamp(one.created),
        "deploymentOverview": overview(one),
        "creator": one.creator,
        "ignoreApplicationStopFailures": false,
        "updateOutdatedInstancesOnly": false,
        "autoRollbackConfiguration": one.rollback,
        "deploymentStyle": {
            "deploymentType": "BLUE_GREEN",
            "deploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        "instanceTerminationWaitTimeStarted": false,
        "fileExistsBehavior": "DISALLOW",
        "computePlatform": "Lambda",
        "deploymentStatusMessages": [],
    });
    if let Some(description) = &one.description {
        info["description"] = json!(description);
    }
    if one.overrides_alarms {
        info["overrideAlarmConfiguration"] = json!(one.alarms);
    }
    if let Some(at) = one.started {
        info["startTime"] = values::timestamp(at);
    }
    if let Some(at) = one.completed {
        info["completeTime"] = values::timestamp(at);
    }
    if let Some(error) = &one.error {
        info["errorInformation"] = json!({ "code": error.code, "message": error.message });
    }
    if let Some(rollback) = rollback(one) {
        info["rollbackInfo"] = rollback;
    }
    let before = model
        .deployments_of(&one.application, &one.group)
        .into_iter()
        .find(|other| other.created < one.created && other.status == Status::Succeeded);
    if let Some(before) = before {
        info["previousRevision"] = before.revision.clone();
    }
    info
}

fn rollback(one: &Deployment) -> Option<Value> {
    if let Some(id) = &one.rolled_back_by {
        return Some(json!({
            "rollbackDeploymentId": id,
            "rollbackMessage": format!(
                "Deployment {} terminated. Automatic rollback is triggered with a DeploymentId {id}.",
                one.id
            ),
        }));
    }
    let id = one.rolls_back.as_ref()?;
    Some(json!({
        "rollbackTriggeringDeploymentId": id,
        "rollbackMessage": format!(
            "Deployment {} is triggered as a rollback deployment for deployment {id}.",
            one.id
        ),
    }))
}

/// One function, so one count is 1.
fn overview(one: &Deployment) -> Value {
    let mut overview = json!({
        "Pending": 0, "InProgress": 0, "Succeeded": 0, "Failed": 0, "Skipped": 0, "Ready": 0,
    });
    overview[target_status(one)] = json!(1);
    overview
}

/// The state of the one target.
pub(super) fn target_status(one: &Deployment) -> &'static str {
    match one.status {
        Status::Created => "Pending",
        Status::InProgress => "InProgress",
        Status::Succeeded => "Succeeded",
        Status::Failed | Status::Stopped => "Failed",
    }
}
