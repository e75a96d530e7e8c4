//! What the local cloud offers beside AWS's protocols, below `/_local-cloud/`; documented at
//! the crate's root.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::faults::Fault;
use crate::protocol::{Request, values};
use crate::services::elasticache;

const PREFIX: &str = "/_local-cloud/";

pub(super) fn is_control(path: &str) -> bool {
    path.starts_with(PREFIX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Speed {
    speed: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Processors {
    share: f64,
}

/// Names a replication group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cache {
    id: String,
}

pub(super) async fn answer(cloud: &Arc<Cloud>, request: &Request) -> Response<Bytes> {
    let (status, body) = match perform(cloud, request).await {
        Ok(body) => (200, body),
        Err(error) => (
            error.status,
            json!({ "code": error.code, "message": error.message }),
        ),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap_or_default()
}

async fn perform(cloud: &Arc<Cloud>, request: &Request) -> Answer {
    let what = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match (&request.method, what) {
        (&Method::GET, "health") if cloud.is_ready() => Ok(health(cloud)),
        (&Method::GET, "health") => Err(AwsError::new(
            "Starting",
            "What existed before is being started again.",
        )
        .status(503)),
        (&Method::GET, "faults") => Ok(json!({ "faults": cloud.faults.list() })),
        (&Method::POST, "faults") => {
            let fault: Fault = values::parse(body(request)?)?;
            Ok(json!({ "id": cloud.faults.add(fault) }))
        }
        (&Method::DELETE, "faults") => {
            cloud.faults.clear();
            Ok(json!({}))
        }
        (&Method::POST, "speed") => {
            let Speed { speed } = values::parse(body(request)?)?;
            if !(speed.is_finite() && speed > 0.0) {
                return Err(AwsError::validation("speed is a positive number"));
            }
            cloud.time.set_speed(speed);
            Ok(health(cloud))
        }
        (&Method::POST, "processors") => {
            let Processors { share } = values::parse(body(request)?)?;
            if !(share.is_finite() && share > 0.0) {
                return Err(AwsError::validation("share is a positive number"));
            }
            cloud.set_processor_share(share);
            Ok(json!({ "share": share }))
        }
        (&Method::POST, "caches/stop") => {
            let Cache { id } = values::parse(body(request)?)?;
            elasticache::stop_group(cloud, &id).await?;
            Ok(json!({}))
        }
        (&Method::POST, "caches/start") => {
            let Cache { id } = values::parse(body(request)?)?;
            elasticache::start_group(cloud, &id).await?;
            Ok(json!({}))
        }
        (method, _) => Err(AwsError::new(
            "NotFound",
            format!("There is no {method} {}.", request.path),
        )
        .status(404)),
    }
}

fn health(cloud: &Cloud) -> Value {
    json!({
        "status": "running",
        "endpoint": cloud.endpoint(),
        "region": cloud.options.region,
        "account": cloud.options.account,
        "speed": cloud.time.speed(),
    })
}

/// Reads the body. The content type is demanded because a browser asks before it sends JSON
/// to another origin, and gets no permission: no web page can steer somebody's local cloud.
fn body(request: &Request) -> Answer {
    let content_type = request.headers.get("content-type");
    if !content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json")) {
        return Err(AwsError::new(
            "UnsupportedMediaType",
            "Send JSON with content-type: application/json.",
        )
        .status(415));
    }
    serde_json::from_slice(&request.body).map_err(|error| AwsError::validation(error.to_string()))
}
