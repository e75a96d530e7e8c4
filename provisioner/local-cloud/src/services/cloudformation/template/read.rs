//! YAML with its short function tags, and JSON, as one kind of value.

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

use super::format_error;
use crate::error::Answer;

/// Reads a template's text; `!Sub x` becomes `{"Fn::Sub": "x"}`.
pub(super) fn value(text: &str) -> Answer<Value> {
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let yaml: Yaml = serde_norway::from_str(text)
        .map_err(|error| format_error(&format!("YAML not well-formed. ({error})")))?;
    plain(yaml)
}

fn plain(yaml: Yaml) -> Answer<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number_value(&number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect::<Answer<_>>()?,
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, entry) in entries {
                object.insert(key_text(&key)?, plain(entry)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => function(&tagged.tag.to_string(), plain(tagged.value)?)?,
    })
}

fn number_value(number: &serde_norway::Number) -> Value {
    if let Some(whole) = number.as_i64() {
        return json!(whole);
    }
    json!(number.as_f64())
}

/// Keys are text in JSON: ports, flags and versions in YAML become it.
fn key_text(key: &Yaml) -> Answer<String> {
    match key {
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Null | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
            Err(format_error("[/] map keys must be strings."))
        }
    }
}

/// The long form of a short tag.
fn function(tag: &str, argument: Value) -> Answer<Value> {
    let name = tag.trim_start_matches('!');
    let (key, argument) = match name {
        "Ref" | "Condition" => (name.to_owned(), argument),
        "GetAtt" => ("Fn::GetAtt".to_owned(), split_attribute(argument)),
        "Base64" | "Cidr" | "And" | "Equals" | "If" | "Not" | "Or" | "FindInMap" | "GetAZs"
        | "ImportValue" | "Join" | "Select" | "Split" | "Sub" => (format!("Fn::{name}"), argument),
        _ => return Err(format_error(&format!("unknown tag !{name}."))),
    };
    Ok(json!({ key: argument }))
}

/// `Database.Endpoint.Address` names the attribute `Endpoint.Address`.
fn split_attribute(argument: Value) -> Value {
    match argument.as_str().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) => json!([resource, attribute]),
        None => argument,
    }
}
