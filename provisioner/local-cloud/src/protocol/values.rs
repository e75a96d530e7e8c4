//! Reading inputs and writing outputs that every protocol can carry.

use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::error::{Answer, AwsError};

/// The key that marks a time: numbers on JSON protocols, ISO 8601 in XML, a tag in CBOR.
pub const TIMESTAMP: &str = "$timestamp";

/// The key under which an answer names the request it belongs to, where others have been
/// told of it already: an invocation's id is in the function's log.
pub const REQUEST_ID: &str = "$requestId";

/// A time in an answer.
#[must_use]
pub fn timestamp(at: DateTime<Utc>) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit a double"
    )]
    let seconds = at.timestamp_millis() as f64 / 1000.0;
    json!({ TIMESTAMP: seconds })
}

/// The same value without members that are null: AWS leaves out what is not set.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The same value with every time written by `write`, which gets seconds since 1970.
pub(crate) fn map_times(value: Value, write: &dyn Fn(f64) -> Value) -> Value {
    match value {
        Value::Object(members) => {
            if let Some(seconds) = members.get(TIMESTAMP).and_then(Value::as_f64) {
                return write(seconds);
            }
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, value)| (name, map_times(value, write)))
                    .collect(),
            )
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| map_times(item, write))
            .collect(),
        other => other,
    }
}

/// Reads an operation's input. Inputs are structs with `deny_unknown_fields`: a parameter
/// that is not modelled is refused, never ignored.
///
/// # Errors
/// `ValidationException` naming the parameter.
pub fn parse<T: DeserializeOwned>(input: Value) -> Answer<T> {
    let input = if input.is_null() { json!({}) } else { input };
    serde_json::from_value(input).map_err(|error| AwsError::validation(error.to_string()))
}

/// A whole number, given as a number or as text.
pub fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    optional_integer(from)?.ok_or_else(|| D::Error::custom("a number is missing"))
}

/// A whole number, given as a number or as text, or nothing. Use with `#[serde(default)]`.
pub fn optional_integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_i64()),
        Some(Value::String(text)) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| D::Error::custom(format!("'{text}' is not a whole number"))),
        Some(other) => Err(D::Error::custom(format!("{other} is not a whole number"))),
    }
}

/// A number, given as a number or as text, or nothing. Use with `#[serde(default)]`.
pub fn optional_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(Value::String(text)) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| D::Error::custom(format!("'{text}' is not a number"))),
        Some(other) => Err(D::Error::custom(format!("{other} is not a number"))),
    }
}

/// True or false, given as a boolean or as text, or nothing. Use with `#[serde(default)]`.
pub fn optional_boolean<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(other) => Err(D::Error::custom(format!(
            "{other} is neither true nor false"
        ))),
    }
}

/// A time, given as ISO 8601 text, as seconds since 1970, or as [`timestamp`], or nothing.
/// Use with `#[serde(default)]`.
pub fn optional_time<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(value) = Option::<Value>::deserialize(from)? else {
        return Ok(None);
    };
    let value = value.get(TIMESTAMP).cloned().unwrap_or(value);
    match &value {
        Value::Null => Ok(None),
        Value::Number(number) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "milliseconds since 1970 fit i64"
            )]
            let millis = (number.as_f64().unwrap_or_default() * 1000.0) as i64;
            Ok(DateTime::from_timestamp_millis(millis))
        }
        Value::String(text) => DateTime::parse_from_rfc3339(text)
            .map(|at| Some(at.with_timezone(&Utc)))
            .map_err(|_| D::Error::custom(format!("'{text}' is not a time"))),
        other => Err(D::Error::custom(format!("{other} is not a time"))),
    }
}
