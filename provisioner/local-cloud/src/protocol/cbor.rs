//! RPC v2 CBOR: `POST /service/<service>/operation/<operation>` with a CBOR map.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ciborium::value::{Integer, Value as Cbor};
use http::Response;
use serde_json::{Map, Number, Value, json};
use uuid::Uuid;

use super::values::TIMESTAMP;
use super::{Target, error_codes, response_with};
use crate::error::{Answer, AwsError};

/// The tag of a time: seconds since 1970.
const EPOCH: u64 = 1;

/// Reads the body; an empty one is an empty object.
pub(crate) fn decode(body: &[u8]) -> Answer {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let value: Cbor = ciborium::from_reader(body)
        .map_err(|error| malformed(format!("The body is not CBOR: {error}")))?;
    to_json(value)
}

fn malformed(message: String) -> AwsError {
    AwsError::new("SerializationException", message)
}

fn to_json(value: Cbor) -> Answer {
    Ok(match value {
        Cbor::Integer(number) => integer(number)?,
        Cbor::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Cbor::Float(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| malformed(format!("{number} is not a finite number")))?,
        Cbor::Text(text) => Value::String(text),
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Null => Value::Null,
        Cbor::Tag(EPOCH, seconds) => json!({ TIMESTAMP: to_json(*seconds)? }),
        Cbor::Tag(_, inner) => to_json(*inner)?,
        Cbor::Array(items) => items
            .into_iter()
            .map(to_json)
            .collect::<Answer<Vec<_>>>()?
            .into(),
        Cbor::Map(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let Cbor::Text(key) = key else {
                    return Err(malformed("A map's key is not text.".to_owned()));
                };
                object.insert(key, to_json(value)?);
            }
            Value::Object(object)
        }
        other => return Err(malformed(format!("{other:?} is not of the protocol."))),
    })
}

fn integer(number: Integer) -> Answer {
    i64::try_from(number)
        .map(Value::from)
        .or_else(|_| u64::try_from(number).map(Value::from))
        .map_err(|_| malformed("A number needs more than 64 bits.".to_owned()))
}

/// Writes an answer. Whole numbers and fractions stay what they are: a member that is a
/// double in AWS's model must come as a JSON number with a fraction (`1.0`).
pub(crate) fn encode(answer: Value, id: Uuid) -> Answer<Response<Bytes>> {
    let answer = if answer.is_null() { json!({}) } else { answer };
    write(200, &[], answer, id)
}

/// Writes an error: `__type`, `message`, and the old code where the service has one.
pub(crate) fn encode_error(target: &Target, error: &AwsError, id: Uuid) -> Response<Bytes> {
    let (name, query) = error_codes::both(&target.service, &error.code);
    let query = format!("{query};{}", error.blame());
    let headers: &[(&str, &str)] = if error_codes::has_query_codes(&target.service) {
        &[("x-amzn-query-error", &query)]
    } else {
        &[]
    };
    let body = json!({ "__type": name, "message": error.message });
    write(error.status, headers, body, id)
        .unwrap_or_else(|error| super::response(500, "text/plain", id, error.to_string()))
}

fn write(status: u16, more: &[(&str, &str)], body: Value, id: Uuid) -> Answer<Response<Bytes>> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&to_cbor(body), &mut bytes).map_err(AwsError::internal)?;
    let mut headers = vec![
        ("content-type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
    ];
    headers.extend_from_slice(more);
    Ok(response_with(status, &headers, id, bytes))
}

fn to_cbor(value: Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(flag),
        Value::Number(number) => number.as_i64().map_or_else(
            || {
                number.as_u64().map_or_else(
                    || Cbor::Float(number.as_f64().unwrap_or_default()),
                    Cbor::from,
                )
            },
            Cbor::from,
        ),
        Value::String(text) => Cbor::Text(text),
        Value::Array(items) => Cbor::Array(items.into_iter().map(to_cbor).collect()),
        Value::Object(object) => {
            if let Some(seconds) = object.get(TIMESTAMP).and_then(Value::as_f64) {
                return Cbor::Tag(EPOCH, Box::new(Cbor::Float(seconds)));
            }
            let entries = object.into_iter();
            Cbor::Map(
                entries
                    .map(|(key, value)| (Cbor::Text(key), to_cbor(value)))
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use ciborium::value::Value as Cbor;
    use serde_json::json;
    use uuid::Uuid;

    use super::{decode, encode};

    #[test]
    fn times_and_numbers_survive_both_ways() {
        let value = json!({
            "At": { "$timestamp": 1_700_000_000.5 },
            "Value": 1.0,
            "Count": 3,
            "Names": ["a"],
        });
        let answer = encode(value.clone(), Uuid::nil()).unwrap();
        assert_eq!(decode(answer.body()).unwrap(), value);
        let Cbor::Map(entries) = ciborium::from_reader(&answer.body()[..]).unwrap() else {
            panic!("not a map");
        };
        assert!(matches!(entries[0].1, Cbor::Tag(1, _)));
        assert!(matches!(entries[1].1, Cbor::Float(_)));
    }

    #[test]
    fn what_is_not_cbor_is_refused() {
        assert_eq!(
            decode(b"\xff{}").unwrap_err().code,
            "SerializationException"
        );
    }
}
