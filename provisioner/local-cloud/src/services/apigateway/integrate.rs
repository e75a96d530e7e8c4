//! Integrations at work: a function is invoked, a message is sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::AwsError;
use crate::services::{self, lambda};

use super::event::{self, Received};
use super::integrations::function_of;
use super::model::{Integration, Target};
use super::parameters;
use super::serve::message;

/// An answer on its way back, and how the integration fared.
pub(super) struct Answer {
    pub response: Response<Bytes>,
    pub latency: Option<Duration>,
    /// What went wrong behind the gateway: for logs, not for the caller.
    pub error: Option<String>,
}

impl Answer {
    pub(super) fn plain(status: StatusCode, text: &str) -> Self {
        message(status, text).into()
    }

    fn failed(status: StatusCode, error: impl Into<String>) -> Self {
        let text = if status == StatusCode::INTERNAL_SERVER_ERROR {
            "Internal Server Error"
        } else if status == StatusCode::PAYLOAD_TOO_LARGE {
            "Request Entity Too Large"
        } else {
            "Service Unavailable"
        };
        Self {
            response: message(status, text),
            latency: None,
            error: Some(error.into()),
        }
    }
}

impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        Self {
            response,
            latency: None,
            error: None,
        }
    }
}

/// Performs an integration, within its time-out.
pub(super) async fn perform(
    cloud: &Arc<Cloud>,
    received: &Received,
    integration: &Integration,
) -> Answer {
    let started = Instant::now();
    let limit = Duration::from_millis(integration.timeout_ms);
    let work = async {
        match &integration.target {
            Target::Lambda { uri, .. } => {
                let trusted = integration.credentials.is_some();
                invoke(cloud, received, uri, trusted).await
            }
            Target::SendMessage(mappings) => send_message(cloud, received, mappings).await,
        }
    };
    let mut answer = tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Answer::failed(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the integration took longer than {} ms", limit.as_millis()),
        )
    });
    answer.latency = Some(started.elapsed());
    if let Some(error) = &answer.error {
        tracing::warn!(
            api = received.api,
            request = received.id,
            route = received.route_key,
            error,
            "an integration failed"
        );
    }
    answer
}

async fn invoke(cloud: &Arc<Cloud>, received: &Received, uri: &str, trusted: bool) -> Answer {
    let Some(function) = function_of(uri) else {
        return Answer::failed(StatusCode::INTERNAL_SERVER_ERROR, "no function in the URI");
    };
    let source = source_arn(cloud, received);
    if !trusted && !lambda::may_invoke(cloud, function, "apigateway.amazonaws.com", &source) {
        return Answer::failed(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!(
                "{function} does not allow apigateway.amazonaws.com to invoke it for {source}: \
                 lambda:AddPermission is missing"
            ),
        );
    }
    let invocation = lambda::Invocation {
        function: function.to_owned(),
        payload: Bytes::from(received.event().to_string()),
        ..lambda::Invocation::default()
    };
    match lambda::invoke(cloud, invocation).await {
        Ok(outcome) if outcome.failed => Answer::failed(
            StatusCode::INTERNAL_SERVER_ERROR,
            String::from_utf8_lossy(&outcome.payload),
        ),
        Ok(outcome) => match event::answer(&outcome.payload) {
            Some(response) => response.into(),
            None => Answer::failed(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the function's answer is not of payload format 2.0",
            ),
        },
        Err(error) => refused(&error),
    }
}

fn refused(error: &AwsError) -> Answer {
    let status = match error.status {
        413 => StatusCode::PAYLOAD_TOO_LARGE,
        429 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Answer::failed(status, error.to_string())
}

/// What a function's policy sees as the source of the call.
fn source_arn(cloud: &Cloud, received: &Received) -> String {
    let route = match received.route_key.split_once(' ') {
        Some(("ANY", path)) => format!("*{path}"),
        Some((method, path)) => format!("{method}{path}"),
        None => received.route_key.clone(),
    };
    let resource = format!("{}/{}/{route}", received.api, received.stage);
    cloud.arn("execute-api", &resource)
}

async fn send_message(
    cloud: &Arc<Cloud>,
    received: &Received,
    mappings: &BTreeMap<String, String>,
) -> Answer {
    let mut input = serde_json::Map::new();
    for (name, value) in parameters::evaluate_all(mappings, received) {
        let value = match name.as_str() {
            "MessageAttributes" | "MessageSystemAttributes" => {
                serde_json::from_str(&value).unwrap_or(Value::Null)
            }
            _ => Value::String(value),
        };
        input.insert(name, value);
    }
    match services::call(cloud, "sqs", "SendMessage", Value::Object(input)).await {
        Ok(sent) => sent_response(&sent).into(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
            Answer {
                response: message(status, &error.message),
                latency: None,
                error: Some(error.to_string()),
            }
        }
    }
}

/// SQS's answer in its own XML.
fn sent_response(sent: &Value) -> Response<Bytes> {
    let member = |name: &str| sent[name].as_str().unwrap_or_default().to_owned();
    let xml = format!(
        "<?xml version=\"1.0\"?><SendMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">\
         <SendMessageResult><MessageId>{}</MessageId><MD5OfMessageBody>{}</MD5OfMessageBody></SendMessageResult>\
         <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></SendMessageResponse>",
        member("MessageId"),
        member("MD5OfMessageBody"),
        Uuid::new_v4(),
    );
    let mut response = Response::new(Bytes::from(xml));
    let kind = HeaderValue::from_static("text/xml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The parameters `SQS-SendMessage` takes.
pub(super) const SEND_MESSAGE_PARAMETERS: &[&str] = &[
    "QueueUrl",
    "MessageBody",
    "DelaySeconds",
    "MessageAttributes",
    "MessageDeduplicationId",
    "MessageGroupId",
    "MessageSystemAttributes",
    "Region",
];

/// Whether all parameters are known and the necessary ones are there.
pub(super) fn check_send_message(parameters: &BTreeMap<String, String>) -> Result<(), AwsError> {
    let unknown = parameters
        .keys()
        .find(|name| !SEND_MESSAGE_PARAMETERS.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(super::refusals::bad_request(format!(
            "SQS-SendMessage has no parameter {name}."
        )));
    }
    for name in ["QueueUrl", "MessageBody"] {
        if !parameters.contains_key(name) {
            return Err(super::refusals::bad_request(format!(
                "Parameter: {name} is required for SQS-SendMessage integrations: {}",
                json!(parameters)
            )));
        }
    }
    Ok(())
}
