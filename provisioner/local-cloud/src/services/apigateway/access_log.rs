//! Access logs: one line a request, in the stage's own format.

use std::time::Duration;

use crate::Cloud;
use crate::services::logs;

use super::event::Received;
use super::model::AccessLog;
use super::parameters;

/// What is known once the answer is.
pub(super) struct Served {
    pub status: u16,
    pub bytes: usize,
    pub latency: Duration,
    pub integration_latency: Option<Duration>,
    pub integration_error: Option<String>,
}

/// Writes the line to the log group the stage names.
pub(super) fn write(cloud: &Cloud, log: &AccessLog, request: &Received, served: &Served) {
    let group = log.destination_arn.split(":log-group:").nth(1);
    let Some(group) = group.and_then(|group| group.split(':').next()) else {
        return;
    };
    let stream = format!("{}-{}", request.api, request.stage);
    let line = (cloud.time.now(), line(&log.format, request, served));
    logs::append(cloud, group, &stream, vec![line]);
}

fn line(format: &str, request: &Received, served: &Served) -> String {
    let mut line = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("$context.") {
        line.push_str(before);
        let end = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_')))
            .unwrap_or(after.len());
        let name = after[..end].trim_end_matches('.');
        line.push_str(&value(name, request, served).unwrap_or_else(|| "-".to_owned()));
        rest = &after[name.len()..];
    }
    line.push_str(rest);
    line
}

fn value(name: &str, request: &Received, served: &Served) -> Option<String> {
    match name {
        "status" => Some(served.status.to_string()),
        "responseLength" => Some(served.bytes.to_string()),
        "responseLatency" => Some(served.latency.as_millis().to_string()),
        "integrationLatency" | "integration.latency" => {
            Some(served.integration_latency?.as_millis().to_string())
        }
        "integrationErrorMessage" | "integration.error" | "error.message" => {
            served.integration_error.clone()
        }
        _ => parameters::context(name, request),
    }
}
