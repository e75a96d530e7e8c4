//! AWS JSON 1.0 and 1.1: the operation in `X-Amz-Target`, one object in, one object out.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Target, error_codes, response, response_with, values};
use crate::error::{Answer, AwsError};

/// Reads the body; an empty one is an empty object.
pub(crate) fn decode(body: &[u8]) -> Answer {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|error| {
        AwsError::new(
            "SerializationException",
            format!("The body is not JSON: {error}"),
        )
    })
}

/// Writes an answer; times are seconds since 1970.
pub(crate) fn encode(content_type: &str, answer: Value, id: Uuid) -> Response<Bytes> {
    let body = if answer.is_null() { json!({}) } else { answer };
    let body = values::map_times(body, &|seconds| json!(seconds));
    response(200, content_type, id, body.to_string())
}

/// Writes an error: `__type`, `message`, and the old code where the service has one.
pub(crate) fn encode_error(
    target: &Target,
    content_type: &str,
    error: &AwsError,
    id: Uuid,
) -> Response<Bytes> {
    let (name, query) = error_codes::both(&target.service, &error.code);
    let body = json!({ "__type": name, "message": error.message }).to_string();
    let query = format!("{query};{}", error.blame());
    let mut headers = vec![("content-type", content_type), ("x-amzn-errortype", name)];
    if error_codes::has_query_codes(&target.service) {
        headers.push(("x-amzn-query-error", &query));
    }
    response_with(error.status, &headers, id, body)
}
