//! APIs: create, look at, change, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::model::{Api, Cors, Integration, Limits, Route, Stage, Target, id};
use super::refusals::{bad_request, not_found};
use super::{cors, integrations, listen, matching};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    api_id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    protocol_type: Option<String>,
    version: Option<String>,
    cors_configuration: Option<Cors>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Quick create: one integration, one route, one stage.
    target: Option<String>,
    route_key: Option<String>,
    credentials_arn: Option<String>,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    disable_execute_api_endpoint: Option<bool>,
}

pub(super) async fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    if input.protocol_type.as_deref() != Some("HTTP") {
        return Err(bad_request(
            "protocolType must be HTTP: the local cloud offers HTTP APIs.",
        ));
    }
    if input.disable_execute_api_endpoint == Some(true) {
        return Err(bad_request(
            "disableExecuteApiEndpoint would leave the API without any address here.",
        ));
    }
    let name = input
        .name
        .clone()
        .ok_or_else(|| bad_request("name is missing."))?;
    if let Some(cors) = &input.cors_configuration {
        cors::check(cors)?;
    }
    let listener = listen::bind(cloud).await?;
    let mut api = Api {
        id: id(10),
        name,
        description: input.description.clone(),
        version: input.version.clone(),
        port: listener.local_addr()?.port(),
        cors: input.cors_configuration.clone(),
        created: cloud.time.now(),
        tags: input.tags.clone(),
        routes: BTreeMap::new(),
        integrations: BTreeMap::new(),
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
    };
    if let Some(target) = input.target {
        let key = input
            .route_key
            .unwrap_or_else(|| matching::DEFAULT.to_owned());
        quick_create(cloud, &mut api, target, key, input.credentials_arn)?;
    }
    let answer = describe(&api);
    let id = api.id.clone();
    cloud
        .services
        .apigateway
        .store
        .write(|model| model.apis.insert(api.id.clone(), api));
    listen::serve_api(cloud, &id, listener).await;
    Ok(answer)
}

fn quick_create(
    cloud: &Cloud,
    api: &mut Api,
    uri: String,
    key: String,
    credentials: Option<String>,
) -> Answer<()> {
    if !matching::is_key(&key) {
        return Err(bad_request(format!(
            "The provided route key is invalid: {key}"
        )));
    }
    integrations::check_uri(&uri)?;
    let integration = Integration {
        id: id(7),
        description: None,
        timeout_ms: integrations::LONGEST_MS,
        credentials,
        target: Target::Lambda { uri, method: None },
    };
    let route = Route {
        id: id(7),
        key,
        integration: Some(integration.id.clone()),
        operation_name: None,
    };
    let stage = Stage {
        name: matching::DEFAULT.to_owned(),
        description: None,
        auto_deploy: true,
        deployment: None,
        variables: BTreeMap::new(),
        default_limits: Limits::default(),
        route_limits: BTreeMap::new(),
        access_log: None,
        created: cloud.time.now(),
        updated: cloud.time.now(),
        tags: BTreeMap::new(),
    };
    api.integrations.insert(integration.id.clone(), integration);
    api.routes.insert(route.id.clone(), route);
    api.stages.insert(stage.name.clone(), stage);
    Ok(())
}

pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.api_id.unwrap_or_default();
    if let Some(cors) = &input.cors_configuration {
        cors::check(cors)?;
    }
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&id)?;
        if let Some(name) = input.name {
            api.name = name;
        }
        api.description = input.description.or(api.description.take());
        api.version = input.version.or(api.version.take());
        api.cors = input.cors_configuration.or(api.cors.take());
        Ok(describe(api))
    })
}

pub(super) fn delete_cors(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.apigateway.store.write(|model| {
        model.api_mut(&input.api_id.unwrap_or_default())?.cors = None;
        Ok(json!({}))
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&input.api_id.unwrap_or_default())?;
    Ok(describe(api))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let page: Page = values::parse(input)?;
    let model = cloud.services.apigateway.store.read();
    page.of(model.apis.values().map(describe).collect())
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.api_id.unwrap_or_default();
    let apigateway = &cloud.services.apigateway;
    apigateway
        .store
        .write(|model| model.apis.remove(&id))
        .ok_or_else(|| not_found("API", &id))?;
    apigateway.listeners.close(&id);
    Ok(json!({}))
}

fn describe(api: &Api) -> Value {
    let mut answer = json!({
        "apiId": api.id,
        "name": api.name,
        "protocolType": "HTTP",
        "apiEndpoint": api.endpoint(),
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "routeSelectionExpression": "$request.method $request.path",
        "createdDate": values::timestamp(api.created),
        "disableExecuteApiEndpoint": false,
        "tags": api.tags,
    });
    if let Some(cors) = &api.cors {
        answer["corsConfiguration"] = json!(cors);
    }
    if let Some(description) = &api.description {
        answer["description"] = json!(description);
    }
    if let Some(version) = &api.version {
        answer["version"] = json!(version);
    }
    answer
}

/// What lists take: a page at a time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Page {
    #[serde(default)]
    pub api_id: String,
    #[serde(default, deserialize_with = "values::optional_integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Page {
    /// The page asked for.
    pub(super) fn of(&self, items: Vec<Value>) -> Answer {
        let from: usize = match &self.next_token {
            None => 0,
            Some(token) => token
                .parse()
                .map_err(|_| bad_request("The nextToken is not one of ours."))?,
        };
        let size = self
            .max_results
            .and_then(|most| usize::try_from(most).ok())
            .filter(|most| *most > 0)
            .unwrap_or(100);
        let more = items.len() > from + size;
        let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
        let mut answer = json!({ "items": items });
        if more {
            answer["nextToken"] = json!((from + size).to_string());
        }
        Ok(answer)
    }
}
