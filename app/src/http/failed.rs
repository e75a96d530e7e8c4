//! Requests that failed for a reason nobody planned for, counted by version.
//!
//! Lambda counts crashes only: to it, a version that answers everything with 500 does well.

use std::io::Write;

use axum::response::Response;
use chrono::Utc;
use serde_json::{Value, json};
use spoke_contract::names::{FAILED_REQUESTS, METRICS_NAMESPACE};

/// Marks an answer of status 200 in which an operation has failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed;

/// Whether the request failed.
pub fn is_failed(response: &Response) -> bool {
    response.status().is_server_error() || response.extensions().get::<Failed>().is_some()
}

/// Counts a failed request of a function's version: a line in CloudWatch's embedded metric format, which needs no
/// call and no right.
pub fn count(function: &str, version: &str) {
    let line = line(function, version, Utc::now().timestamp_millis());
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        tracing::warn!(%error, "a failed request was not counted");
    }
}

fn line(function: &str, version: &str, timestamp: i64) -> Value {
    json!({
        "_aws": {
            "Timestamp": timestamp,
            "CloudWatchMetrics": [{
                "Namespace": METRICS_NAMESPACE,
                "Dimensions": [["FunctionName", "ExecutedVersion"]],
                "Metrics": [{"Name": FAILED_REQUESTS, "Unit": "Count"}],
            }],
        },
        "FunctionName": function,
        "ExecutedVersion": version,
        FAILED_REQUESTS: 1,
    })
}
