//! Writing XML answers: elements and escaped text, nothing more is needed.

use chrono::{DateTime, SecondsFormat};
use quick_xml::escape::escape;
use serde_json::Value;

use super::values::TIMESTAMP;

/// `<name>inner</name>`.
pub(super) fn element(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// The text of a value that is neither list nor structure, escaped; none for those two.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(escape(text.as_str()).into_owned()),
        Value::Object(object) => object.get(TIMESTAMP).and_then(Value::as_f64).map(iso_8601),
        Value::Array(_) => None,
    }
}

/// Seconds since 1970 as ISO 8601 with milliseconds.
pub(super) fn iso_8601(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since 1970 fit i64"
    )]
    let millis = (seconds * 1000.0).round() as i64;
    DateTime::from_timestamp_millis(millis)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
