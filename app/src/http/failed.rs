//! Requests that failed for a reason nobody planned for, counted by version.
//!
//! Lambda counts crashes only: to it, a version that answers everything with 500 does well.

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};

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

/// The minute, since 1970, in which this process has counted last.
static COUNTED: AtomicI64 = AtomicI64::new(0);

/// Counts a request of a function's version as failed or not: a line in CloudWatch's embedded metric format, which
/// needs no call and no right. What did not fail is said once a minute: an alarm must find a number, be it a zero, in
/// every minute with calls, and nobody pays for a line a request.
pub fn count(function: &str, version: &str, has_failed: bool) {
    let now = Utc::now();
    let minute = now.timestamp() / 60;
    let is_counted = COUNTED.swap(minute, Ordering::Relaxed) == minute;
    if is_counted && !has_failed {
        return;
    }
    let line = line(function, version, has_failed, now.timestamp_millis());
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        tracing::warn!(%error, "a failed request was not counted");
    }
}

fn line(function: &str, version: &str, has_failed: bool, timestamp: i64) -> Value {
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
        FAILED_REQUESTS: u8::from(has_failed),
    })
}
