//! Dynamic references, resolved at the last moment, and values nobody may read back.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::model::Desired;
use super::super::template::{Template, error};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services;

const OPENING: &str = "{{resolve:";

/// Properties with every `{{resolve:...}}` replaced by what it names.
pub(super) async fn resolve(
    cloud: &Arc<Cloud>,
    properties: &Map<String, Value>,
) -> Answer<Map<String, Value>> {
    let mut text = Value::Object(properties.clone()).to_string();
    while let Some((head, rest)) = text.split_once(OPENING) {
        let (reference, tail) = rest
            .split_once("}}")
            .ok_or_else(|| error("Template error: a dynamic reference is not closed by }}"))?;
        let value = fetch(cloud, reference).await?;
        // The value goes inside a JSON string: it needs JSON's escapes, without the quotes.
        let quoted = json!(value).to_string();
        let inner = quoted
            .trim_start_matches('"')
            .strip_suffix('"')
            .unwrap_or_default();
        text = format!("{head}{inner}{tail}");
    }
    serde_json::from_str(&text).map_err(AwsError::internal)
}

async fn fetch(cloud: &Arc<Cloud>, reference: &str) -> Answer<String> {
    match reference.split_once(':') {
        Some(("secretsmanager", rest)) => secret(cloud, rest).await,
        Some(("ssm" | "ssm-secure", rest)) => parameter(cloud, rest).await,
        _ => Err(error(format!(
            "Template error: Unknown dynamic reference {{{{resolve:{reference}}}}}"
        ))),
    }
}

async fn parameter(cloud: &Arc<Cloud>, reference: &str) -> Answer<String> {
    let input = json!({ "Name": reference, "WithDecryption": true });
    let answer = services::call(cloud, "ssm", "GetParameter", input).await?;
    let value = answer.pointer("/Parameter/Value").and_then(Value::as_str);
    value
        .map(str::to_owned)
        .ok_or_else(|| error(format!("Parameter {reference} has no value.")))
}

/// `id:SecretString:key:stage:version`, where the id may be an ARN with colons of its own.
async fn secret(cloud: &Arc<Cloud>, reference: &str) -> Answer<String> {
    let words: Vec<&str> = reference.split(':').collect();
    let length = if words.first() == Some(&"arn") { 7 } else { 1 };
    let (id, rest) = words.split_at_checked(length).unwrap_or((&words, &[]));
    let mut input = json!({ "SecretId": id.join(":") });
    let part = |index: usize| rest.get(index).filter(|part| !part.is_empty());
    if let Some(stage) = part(2) {
        input["VersionStage"] = json!(stage);
    }
    if let Some(version) = part(3) {
        input["VersionId"] = json!(version);
    }
    let answer = services::call(cloud, "secretsmanager", "GetSecretValue", input).await?;
    let text = answer
        .get("SecretString")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some(key) = part(1) else {
        return Ok(text.to_owned());
    };
    let object: Value = serde_json::from_str(text).unwrap_or_default();
    match object.get(*key) {
        Some(Value::String(value)) => Ok(value.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(error(format!(
            "Could not find a value associated with JSONKey in SecretString: {key}"
        ))),
    }
}

/// `text` with the values of `NoEcho` parameters starred out.
pub(in super::super) fn mask(template: &Template, desired: &Desired, text: &str) -> String {
    let secret = template
        .parameters
        .iter()
        .filter(|(_, parameter)| parameter.no_echo == Some(true))
        .filter_map(|(name, _)| desired.parameters.get(name))
        .map(|given| given.value.as_str())
        .filter(|value| !value.is_empty());
    secret.fold(text.to_owned(), |text, value| text.replace(value, "****"))
}
