//! Routes: which requests go to which integration.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::apis::Page;
use super::matching::is_key;
use super::model::{Api, Route, id};
use super::refusals::{bad_request, conflict, not_found};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    api_id: String,
    route_id: Option<String>,
    route_key: Option<String>,
    target: Option<String>,
    operation_name: Option<String>,
    authorization_type: Option<String>,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    api_key_required: Option<bool>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let key = input
        .route_key
        .clone()
        .ok_or_else(|| bad_request("routeKey is missing."))?;
    change(cloud, input, |_, _| {
        Ok(Route {
            id: id(7),
            key,
            integration: None,
            operation_name: None,
        })
    })
}

pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    change(cloud, input, |api, input| {
        let id = input.route_id.clone().unwrap_or_default();
        let mut route = api
            .routes
            .get(&id)
            .cloned()
            .ok_or_else(|| not_found("Route", &id))?;
        if let Some(key) = &input.route_key {
            route.key.clone_from(key);
        }
        Ok(route)
    })
}

fn change(cloud: &Cloud, input: Input, find: impl FnOnce(&Api, &Input) -> Answer<Route>) -> Answer {
    refuse_authorizers(&input)?;
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let mut route = find(api, &input)?;
        if !is_key(&route.key) {
            return Err(bad_request(format!(
                "The provided route key is not formatted properly for HTTP protocol. Format should be \
                 \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\": {}",
                route.key
            )));
        }
        let twin = |other: &&Route| other.key == route.key && other.id != route.id;
        if api.routes.values().find(twin).is_some() {
            return Err(conflict(format!(
                "Route with key {} already exists for this API",
                route.key
            )));
        }
        if let Some(target) = &input.target {
            route.integration = Some(integration_of(api, target)?);
        }
        if input.operation_name.is_some() {
            route.operation_name = input.operation_name;
        }
        let answer = describe(&route);
        api.routes.insert(route.id.clone(), route);
        Ok(answer)
    })
}

fn refuse_authorizers(input: &Input) -> Answer<()> {
    let kind = input.authorization_type.as_deref().unwrap_or("NONE");
    if kind != "NONE" || input.api_key_required == Some(true) {
        return Err(bad_request(
            "The local cloud offers routes without authorizers and API keys only.",
        ));
    }
    Ok(())
}

fn integration_of(api: &Api, target: &str) -> Answer<String> {
    let id = target.strip_prefix("integrations/").ok_or_else(|| {
        bad_request(format!(
            "Invalid target: {target} is not integrations/<id>."
        ))
    })?;
    if api.integrations.contains_key(id) {
        return Ok(id.to_owned());
    }
    Err(not_found("Integration", id))
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.route_id.unwrap_or_default();
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&input.api_id)?;
    api.routes
        .get(&id)
        .map(describe)
        .ok_or_else(|| not_found("Route", &id))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let page: Page = values::parse(input)?;
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&page.api_id)?;
    page.of(api.routes.values().map(describe).collect())
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.route_id.unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        api.routes
            .remove(&id)
            .map(|_| json!({}))
            .ok_or_else(|| not_found("Route", &id))
    })
}

fn describe(route: &Route) -> Value {
    let mut answer = json!({
        "routeId": route.id,
        "routeKey": route.key,
        "apiKeyRequired": false,
        "authorizationType": "NONE",
    });
    if let Some(id) = &route.integration {
        answer["target"] = json!(format!("integrations/{id}"));
    }
    if let Some(name) = &route.operation_name {
        answer["operationName"] = json!(name);
    }
    answer
}
