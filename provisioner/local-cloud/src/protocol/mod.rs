//! The wire protocols: decode a request into an operation and its input, encode an answer or an error.
//!
//! Inside the cloud every request and answer is a JSON value in the shape of AWS's API model,
//! whatever the wire said: members under their model names, lists as arrays, blobs as base64
//! text, times as [`values::timestamp`]. The query protocol knows no types, so numbers and
//! booleans may arrive as text: inputs read them with [`values::integer`] and its siblings.
//!
//! | protocol | services |
//! |---|---|
//! | [`json`] | SSM, Secrets Manager, CodeDeploy, Logs, SQS, CloudWatch |
//! | [`cbor`] | CloudWatch, CodeDeploy |
//! | [`query`] | STS, IAM, SNS, CloudFormation, RDS, `ElastiCache`, CloudWatch |
//! | [`ec2`] | EC2 |
//! | [`rest_json`] | Lambda, API Gateway, Scheduler |
//!
//! S3's own protocol is the business of `services::s3`.

pub(crate) mod cbor;
pub(crate) mod ec2;
pub(crate) mod error_codes;
pub(crate) mod identify;
pub(crate) mod json;
pub(crate) mod query;
mod query_names;
pub(crate) mod rest_json;
pub mod values;
mod xml;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Answer, AwsError};

/// A request, read whole.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As sent, still percent-encoded.
    pub(crate) path: String,
    /// As sent, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a request asks for, and how the answer is to be written.
pub(crate) struct Target {
    /// A key of `services::call`, or the name under which AWS knows a service we lack.
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) protocol: Protocol,
}

/// How requests and answers look on the wire.
#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    /// `X-Amz-Target` and a JSON body; the content type tells 1.0 from 1.1.
    Json(&'static str),
    /// RPC v2 CBOR.
    Cbor,
    /// A form with `Action`, answered in XML.
    Query,
    /// The same as EC2 writes it.
    Ec2,
    /// Paths and methods; none if no route fits.
    RestJson(Option<&'static rest_json::Route>),
}

/// Reads the operation's input out of the request.
pub(crate) fn decode(target: &Target, request: &Request) -> Answer {
    match target.protocol {
        Protocol::Json(_) => json::decode(&request.body),
        Protocol::Cbor => cbor::decode(&request.body),
        Protocol::Query => Ok(query::decode(request)),
        Protocol::Ec2 => Ok(ec2::decode(request)),
        Protocol::RestJson(Some(route)) => route.decode(request),
        Protocol::RestJson(None) => {
            Err(AwsError::unknown_operation(&target.service, &target.operation).status(404))
        }
    }
}

/// Writes an answer.
pub(crate) fn encode(target: &Target, answer: Value) -> Answer<Response<Bytes>> {
    let mut answer = values::without_nulls(answer);
    let id = answer
        .as_object_mut()
        .and_then(|members| members.remove(values::REQUEST_ID)?.as_str()?.parse().ok())
        .unwrap_or_else(Uuid::new_v4);
    match target.protocol {
        Protocol::Json(content_type) => Ok(json::encode(content_type, answer, id)),
        Protocol::Cbor => cbor::encode(answer, id),
        Protocol::Query => Ok(query::encode(target, &answer, id)),
        Protocol::Ec2 => Ok(ec2::encode(&target.operation, &answer, id)),
        Protocol::RestJson(route) => rest_json::encode(&target.service, route, answer, id),
    }
}

/// Writes an error.
pub(crate) fn encode_error(target: &Target, error: &AwsError) -> Response<Bytes> {
    let id = Uuid::new_v4();
    match target.protocol {
        Protocol::Json(content_type) => json::encode_error(target, content_type, error, id),
        Protocol::Cbor => cbor::encode_error(target, error, id),
        Protocol::Query => query::encode_error(&target.service, error, id),
        Protocol::Ec2 => ec2::encode_error(error, id),
        Protocol::RestJson(_) => rest_json::encode_error(error, id),
    }
}

/// An answer with its status, content type and request id. The status and the headers are
/// ours; should one of them not be writable, that is a 500.
fn response(status: u16, content_type: &str, id: Uuid, body: impl Into<Bytes>) -> Response<Bytes> {
    response_with(status, &[("content-type", content_type)], id, body)
}

fn response_with(
    status: u16,
    headers: &[(&str, &str)],
    id: Uuid,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut builder = Response::builder()
        .status(status)
        .header("x-amzn-requestid", id.to_string());
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).unwrap_or_else(|error| {
        let mut broken = Response::new(Bytes::from(format!("unwritable answer: {error}")));
        *broken.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
