//! The target of a deployment: one alias of one function, and how far it is.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::describe::target_status;
use super::model::{Deployment, Event};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    #[serde(default)]
    deployment_id: String,
    target_id: Option<String>,
    #[serde(default)]
    target_ids: Vec<String>,
    #[serde(rename = "nextToken")]
    _next_token: Option<String>,
    target_filters: Option<std::collections::BTreeMap<String, Vec<String>>>,
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let deployment = model.deployment(&input.deployment_id)?;
    let wanted = input.target_id.unwrap_or_default();
    if wanted.is_empty() {
        return Err(AwsError::new(
            "DeploymentTargetIdRequiredException",
            "The targetId is missing.",
        ));
    }
    if !is_target(deployment, &wanted) {
        return Err(AwsError::new(
            "DeploymentTargetDoesNotExistException",
            format!("{wanted} is no target of {}.", deployment.id),
        ));
    }
    Ok(json!({ "deploymentTarget": describe(cloud, deployment) }))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let deployment = model.deployment(&input.deployment_id)?;
    let status = target_status(deployment);
    let filtered = input
        .target_filters
        .and_then(|filters| filters.get("TargetStatus").cloned())
        .is_some_and(|wanted| !wanted.iter().any(|one| one == status));
    let ids = if filtered {
        vec![]
    } else {
        vec![target_id(deployment)]
    };
    Ok(json!({ "targetIds": ids }))
}

pub(super) fn batch_get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let deployment = model.deployment(&input.deployment_id)?;
    let targets: Vec<Value> = input
        .target_ids
        .iter()
        .filter(|id| is_target(deployment, id))
        .map(|_| describe(cloud, deployment))
        .collect();
    Ok(json!({ "deploymentTargets": targets }))
}

fn target_id(one: &Deployment) -> String {
    format!("{}:{}", one.plan.function, one.plan.alias)
}

/// AWS's guide names the function alone, its console function and alias: both are taken.
fn is_target(one: &Deployment, id: &str) -> bool {
    id == target_id(one) || id == one.plan.function
}

fn describe(cloud: &Cloud, one: &Deployment) -> Value {
    let id = target_id(one);
    let updated = one
        .events
        .iter()
        .flat_map(|event| [event.started, event.ended])
        .flatten()
        .max()
        .unwrap_or(one.created);
    json!({
        "deploymentTargetType": "LambdaTarget",
        "lambdaTarget": {
            "deploymentId": one.id,
            "targetId": id,
            "targetArn": cloud.arn("lambda", &format!("function:{id}")),
            "status": target_status(one),
            "lastUpdatedAt": values::timestamp(updated),
            "lifecycleEvents": one.events.iter().map(event).collect::<Vec<_>>(),
            "lambdaFunctionInfo": {
                "functionName": one.plan.function,
                "functionAlias": one.plan.alias,
                "currentVersion": one.plan.current,
                "targetVersion": one.plan.target,
                "targetVersionWeight": one.percentage,
            },
        },
    })
}

fn event(event: &Event) -> Value {
    let mut answer = json!({
        "lifecycleEventName": event.name,
        "status": event.status.text(),
    });
    if let Some(at) = event.started {
        answer["startTime"] = values::timestamp(at);
    }
    if let Some(at) = event.ended {
        answer["endTime"] = values::timestamp(at);
    }
    if let Some(message) = &event.failure {
        answer["diagnostics"] = json!({
            "errorCode": "ScriptFailed",
            "scriptName": event.name,
            "message": message,
            "logTail": "",
        });
    }
    answer
}
