//! Stages: under which name and limits an API is served.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::apis::Page;
use super::matching::DEFAULT;
use super::model::{AccessLog, Api, Limits, Stage};
use super::refusals::{bad_request, conflict, not_found};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    api_id: String,
    stage_name: Option<String>,
    description: Option<String>,
    deployment_id: Option<String>,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    auto_deploy: Option<bool>,
    stage_variables: Option<BTreeMap<String, String>>,
    default_route_settings: Option<Limits>,
    route_settings: Option<BTreeMap<String, Limits>>,
    access_log_settings: Option<AccessLog>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let mut input: Input = values::parse(input)?;
    let name = input
        .stage_name
        .take()
        .ok_or_else(|| bad_request("stageName is missing."))?;
    let fits = name == DEFAULT
        || (!name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    if !fits {
        return Err(bad_request(format!(
            "Stage name only allows a-zA-Z0-9_-, or $default: {name}"
        )));
    }
    let now = cloud.time.now();
    let stage = Stage {
        name: name.clone(),
        description: None,
        auto_deploy: false,
        deployment: None,
        variables: BTreeMap::new(),
        default_limits: Limits::default(),
        route_limits: BTreeMap::new(),
        access_log: None,
        created: now,
        updated: now,
        tags: input.tags.clone(),
    };
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        if api.stages.contains_key(&name) {
            return Err(conflict("Stage already exists"));
        }
        let stage = changed(api, stage, input)?;
        let answer = describe(&stage);
        api.stages.insert(name, stage);
        Ok(answer)
    })
}

pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    let mut input: Input = values::parse(input)?;
    let name = input.stage_name.take().unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let stage = api
            .stages
            .get(&name)
            .cloned()
            .ok_or_else(|| not_found("stage", &name))?;
        let mut stage = changed(api, stage, input)?;
        stage.updated = cloud.time.now();
        let answer = describe(&stage);
        api.stages.insert(name, stage);
        Ok(answer)
    })
}

fn changed(api: &Api, mut stage: Stage, input: Input) -> Answer<Stage> {
    if let Some(auto_deploy) = input.auto_deploy {
        stage.auto_deploy = auto_deploy;
    }
    if let Some(id) = input.deployment_id {
        if !api.deployments.contains_key(&id) {
            return Err(not_found("Deployment", &id));
        }
        if stage.auto_deploy {
            return Err(bad_request(
                "Deployment cannot be set on a stage with autoDeploy enabled.",
            ));
        }
        stage.deployment = Some(id);
    }
    if let Some(variables) = input.stage_variables {
        stage.variables = variables;
    }
    if let Some(limits) = input.default_route_settings {
        stage.default_limits = limits;
    }
    if let Some(limits) = input.route_settings {
        stage.route_limits.extend(limits);
    }
    if let Some(log) = input.access_log_settings {
        if !log.destination_arn.contains(":log-group:") {
            return Err(bad_request(format!(
                "Access logs go to a log group, not to {}.",
                log.destination_arn
            )));
        }
        stage.access_log = Some(log);
    }
    stage.description = input.description.or(stage.description);
    Ok(stage)
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.stage_name.unwrap_or_default();
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&input.api_id)?;
    api.stages
        .get(&name)
        .map(describe)
        .ok_or_else(|| not_found("stage", &name))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let page: Page = values::parse(input)?;
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&page.api_id)?;
    page.of(api.stages.values().map(describe).collect())
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.stage_name.unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        api.stages
            .remove(&name)
            .map(|_| json!({}))
            .ok_or_else(|| not_found("stage", &name))
    })
}

/// `DeleteAccessLogSettings`.
pub(super) fn delete_access_log(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.stage_name.unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let stage = api
            .stages
            .get_mut(&name)
            .ok_or_else(|| not_found("stage", &name))?;
        stage.access_log = None;
        Ok(json!({}))
    })
}

fn describe(stage: &Stage) -> Value {
    let mut answer = json!({
        "stageName": stage.name,
        "autoDeploy": stage.auto_deploy,
        "createdDate": values::timestamp(stage.created),
        "lastUpdatedDate": values::timestamp(stage.updated),
        "defaultRouteSettings": stage.default_limits,
        "routeSettings": stage.route_limits,
        "stageVariables": stage.variables,
        "tags": stage.tags,
    });
    if let Some(id) = &stage.deployment {
        answer["deploymentId"] = json!(id);
    }
    if let Some(description) = &stage.description {
        answer["description"] = json!(description);
    }
    if let Some(log) = &stage.access_log {
        answer["accessLogSettings"] = json!(log);
    }
    answer
}
