//! Reading the arguments of functions.

use serde_json::{Value, json};

use super::super::template::error;
use super::UNKNOWN;
use crate::error::{Answer, AwsError};

pub(super) fn malformed(name: &str) -> AwsError {
    error(format!(
        "Template error: every {name} object requires the arguments CloudFormation documents"
    ))
}

/// A value that must be text, a number or a flag.
pub(super) fn scalar(function: &str, value: &Value) -> Answer<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(error(format!(
            "Template error: {function} wants a string where it was given {value}"
        ))),
    }
}

/// A value that must be a list; what is not known yet counts as a list of one.
pub(super) fn list(function: &str, value: &Value) -> Answer<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items.clone()),
        Value::String(text) if text == UNKNOWN => Ok(vec![value.clone()]),
        _ => Err(error(format!(
            "Template error: {function} wants a list where it was given {value}"
        ))),
    }
}

/// Exactly `N` arguments.
pub(super) fn exactly<'a, const N: usize>(
    name: &str,
    argument: &'a Value,
) -> Answer<&'a [Value; N]> {
    argument
        .as_array()
        .and_then(|items| <&[Value; N]>::try_from(items.as_slice()).ok())
        .ok_or_else(|| malformed(name))
}

/// Resource and attribute.
pub(super) fn attribute(argument: &Value) -> Answer<(String, String)> {
    let pair = match argument {
        Value::String(text) => text
            .split_once('.')
            .map(|(resource, attribute)| (resource.to_owned(), attribute.to_owned())),
        Value::Array(items) => match items.as_slice() {
            [Value::String(resource), Value::String(attribute)] => {
                Some((resource.clone(), attribute.clone()))
            }
            _ => None,
        },
        _ => None,
    };
    pair.ok_or_else(|| malformed("Fn::GetAtt"))
}

/// The item at `index`.
pub(super) fn select(index: &str, items: &Value) -> Answer<Value> {
    let items = list("Fn::Select", items)?;
    if items
        .iter()
        .any(|item| item.as_str().is_some_and(|text| text.contains(UNKNOWN)))
    {
        return Ok(json!(UNKNOWN));
    }
    let item = index
        .parse::<usize>()
        .ok()
        .and_then(|index| items.get(index));
    item.cloned().ok_or_else(|| {
        error(format!(
            "Template error: Fn::Select cannot select nonexistent value at index {index}"
        ))
    })
}
