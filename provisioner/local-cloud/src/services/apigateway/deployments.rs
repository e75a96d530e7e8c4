//! Deployments: frozen copies of an API's routes, for stages that do not deploy by themselves.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::apis::Page;
use super::model::{Deployment, id};
use super::refusals::{bad_request, not_found};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    api_id: String,
    deployment_id: Option<String>,
    description: Option<String>,
    stage_name: Option<String>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        if api.routes.is_empty() {
            return Err(bad_request(
                "At least one route is required before deploying the Api.",
            ));
        }
        let deployment = Deployment {
            id: id(6),
            description: input.description,
            created: cloud.time.now(),
            routes: api.routes.clone(),
            integrations: api.integrations.clone(),
        };
        if let Some(name) = input.stage_name {
            let stage = api
                .stages
                .get_mut(&name)
                .ok_or_else(|| not_found("stage", &name))?;
            stage.deployment = Some(deployment.id.clone());
        }
        let answer = describe(&deployment);
        api.deployments.insert(deployment.id.clone(), deployment);
        Ok(answer)
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.deployment_id.unwrap_or_default();
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&input.api_id)?;
    api.deployments
        .get(&id)
        .map(describe)
        .ok_or_else(|| not_found("Deployment", &id))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let page: Page = values::parse(input)?;
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&page.api_id)?;
    page.of(api.deployments.values().map(describe).collect())
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.deployment_id.unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let used = api
            .stages
            .values()
            .any(|stage| stage.deployment.as_ref() == Some(&id));
        if used {
            return Err(bad_request(
                "Active stages pointing to this deployment must be moved or deleted",
            ));
        }
        api.deployments
            .remove(&id)
            .map(|_| json!({}))
            .ok_or_else(|| not_found("Deployment", &id))
    })
}

fn describe(deployment: &Deployment) -> Value {
    let mut answer = json!({
        "deploymentId": deployment.id,
        "autoDeployed": false,
        "createdDate": values::timestamp(deployment.created),
        "deploymentStatus": "DEPLOYED",
    });
    if let Some(description) = &deployment.description {
        answer["description"] = json!(description);
    }
    answer
}
