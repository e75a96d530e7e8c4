//! Integrations: what stands behind a route.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::apis::Page;
use super::integrate::check_send_message;
use super::model::{Integration, Target, id};
use super::refusals::{bad_request, conflict, not_found};

/// HTTP APIs wait this long for an integration and no longer, in milliseconds.
pub(super) const LONGEST_MS: u64 = 30_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    api_id: String,
    integration_id: Option<String>,
    integration_type: Option<String>,
    integration_subtype: Option<String>,
    integration_uri: Option<String>,
    integration_method: Option<String>,
    payload_format_version: Option<String>,
    connection_type: Option<String>,
    credentials_arn: Option<String>,
    description: Option<String>,
    request_parameters: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    timeout_in_millis: Option<i64>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    if input.integration_type.as_deref() != Some("AWS_PROXY") {
        return Err(bad_request(
            "integrationType must be AWS_PROXY: the local cloud integrates functions and SQS-SendMessage.",
        ));
    }
    let integration = Integration {
        id: id(7),
        description: None,
        timeout_ms: LONGEST_MS,
        credentials: None,
        target: target(&input, None)?,
    };
    let integration = changed(integration, &input)?;
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let answer = describe(&integration);
        api.integrations.insert(integration.id.clone(), integration);
        Ok(answer)
    })
}

pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.integration_id.clone().unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let mut integration = api
            .integrations
            .get(&id)
            .cloned()
            .ok_or_else(|| not_found("Integration", &id))?;
        integration.target = target(&input, Some(&integration.target))?;
        let integration = changed(integration, &input)?;
        let answer = describe(&integration);
        api.integrations.insert(id.clone(), integration);
        Ok(answer)
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.integration_id.unwrap_or_default();
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&input.api_id)?;
    api.integrations
        .get(&id)
        .map(describe)
        .ok_or_else(|| not_found("Integration", &id))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let page: Page = values::parse(input)?;
    let model = cloud.services.apigateway.store.read();
    let api = model.api(&page.api_id)?;
    page.of(api.integrations.values().map(describe).collect())
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.integration_id.unwrap_or_default();
    cloud.services.apigateway.store.write(|model| {
        let api = model.api_mut(&input.api_id)?;
        let user = api
            .routes
            .values()
            .find(|route| route.integration.as_ref() == Some(&id));
        if let Some(route) = user {
            return Err(conflict(format!(
                "Cannot delete Integration '{id}'. Integration is referenced by route '{}'.",
                route.key
            )));
        }
        api.integrations
            .remove(&id)
            .map(|_| json!({}))
            .ok_or_else(|| not_found("Integration", &id))
    })
}

/// The function ARN inside an integration's URI.
pub(super) fn function_of(uri: &str) -> Option<&str> {
    if uri.starts_with("arn:aws:lambda:") {
        return Some(uri);
    }
    let (_, path) = uri.split_once(":lambda:path/")?;
    let (_, rest) = path.split_once("/functions/")?;
    rest.strip_suffix("/invocations")
}

pub(super) fn check_uri(uri: &str) -> Answer<()> {
    match function_of(uri) {
        Some(arn) if arn.starts_with("arn:aws:lambda:") => Ok(()),
        _ => Err(bad_request(format!(
            "Invalid integration URI specified: '{uri}' names no Lambda function"
        ))),
    }
}

fn target(input: &Input, before: Option<&Target>) -> Answer<Target> {
    match input.integration_subtype.as_deref() {
        Some("SQS-SendMessage") => {
            let parameters = input.request_parameters.clone().unwrap_or_default();
            check_send_message(&parameters)?;
            return Ok(Target::SendMessage(parameters));
        }
        Some(other) => {
            return Err(bad_request(format!(
                "The local cloud offers the integration subtype SQS-SendMessage, not {other}."
            )));
        }
        None => {}
    }
    if let (Some(Target::SendMessage(old)), Some(new)) = (before, &input.request_parameters) {
        // An empty value removes a parameter, as on AWS.
        let mut merged = old.clone();
        merged.extend(new.clone());
        merged.retain(|_, value| !value.is_empty());
        check_send_message(&merged)?;
        return Ok(Target::SendMessage(merged));
    }
    if let (Some(before), None) = (before, &input.integration_uri) {
        return Ok(before.clone());
    }
    if input.request_parameters.is_some() {
        return Err(bad_request(
            "The local cloud maps requestParameters for SQS-SendMessage only.",
        ));
    }
    if before.is_none() && input.payload_format_version.as_deref() != Some("2.0") {
        return Err(bad_request(
            "payloadFormatVersion must be 2.0: the local cloud speaks no other to functions.",
        ));
    }
    let uri = input
        .integration_uri
        .clone()
        .ok_or_else(|| bad_request("integrationUri is missing."))?;
    check_uri(&uri)?;
    Ok(Target::Lambda {
        uri,
        method: input.integration_method.clone(),
    })
}

fn changed(mut integration: Integration, input: &Input) -> Answer<Integration> {
    if input
        .connection_type
        .as_ref()
        .is_some_and(|kind| kind != "INTERNET")
    {
        return Err(bad_request("connectionType must be INTERNET."));
    }
    if let Some(ms) = input.timeout_in_millis {
        integration.timeout_ms = u64::try_from(ms)
            .ok()
            .filter(|ms| (50..=LONGEST_MS).contains(ms))
            .ok_or_else(|| {
                bad_request(format!(
                    "Timeout should be between 50 ms and {LONGEST_MS} ms"
                ))
            })?;
    }
    if let Some(arn) = &input.credentials_arn {
        integration.credentials = Some(arn.clone()).filter(|arn| !arn.is_empty());
    }
    if let Some(description) = &input.description {
        integration.description = Some(description.clone());
    }
    Ok(integration)
}

fn describe(integration: &Integration) -> Value {
    let mut answer = json!({
        "integrationId": integration.id,
        "integrationType": "AWS_PROXY",
        "connectionType": "INTERNET",
        "timeoutInMillis": integration.timeout_ms,
    });
    match &integration.target {
        Target::Lambda { uri, method } => {
            answer["integrationUri"] = json!(uri);
            answer["integrationMethod"] = json!(method.as_deref().unwrap_or("POST"));
            answer["payloadFormatVersion"] = json!("2.0");
        }
        Target::SendMessage(parameters) => {
            answer["integrationSubtype"] = json!("SQS-SendMessage");
            answer["payloadFormatVersion"] = json!("1.0");
            answer["requestParameters"] = json!(parameters);
        }
    }
    if let Some(arn) = &integration.credentials {
        answer["credentialsArn"] = json!(arn);
    }
    if let Some(description) = &integration.description {
        answer["description"] = json!(description);
    }
    answer
}
