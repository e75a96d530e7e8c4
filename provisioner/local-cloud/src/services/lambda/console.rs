//! What an environment prints, and what the platform says about it, on its way to the logs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::task::JoinHandle;

use crate::Cloud;
use crate::services::logs;

/// How long lines may wait before they are in the log.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
/// What `LogType: Tail` returns at most, in bytes.
const TAIL_BYTES: usize = 4096;

/// The log stream of one environment.
pub(super) struct Console {
    cloud: Arc<Cloud>,
    group: String,
    stream: String,
    json: bool,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<(DateTime<Utc>, String)>,
    /// The lines of the invocation under way.
    tail: Vec<String>,
}

/// How one invocation went, for its `REPORT` line.
pub(super) struct Report<'a> {
    pub request_id: &'a str,
    pub duration: Duration,
    pub memory_mb: u64,
    pub used_mb: u64,
    pub init: Option<Duration>,
    /// `timeout` or `error` when it did not go well.
    pub status: Option<&'a str>,
    pub error_type: Option<&'a str>,
}

impl Console {
    pub(super) fn new(cloud: Arc<Cloud>, group: String, stream: String, json: bool) -> Self {
        Self {
            cloud,
            group,
            stream,
            json,
            lines: Mutex::default(),
        }
    }

    /// One line of the function's output.
    pub(super) fn line(&self, text: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.tail.push(text.clone());
        lines.waiting.push((self.cloud.time.now(), text));
    }

    /// The platform's line at the start of an invocation; the tail begins anew.
    pub(super) fn start(&self, request_id: &str, version: &str) {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tail
            .clear();
        self.platform(
            "platform.start",
            json!({ "requestId": request_id, "version": version }),
            || format!("START RequestId: {request_id} Version: {version}"),
        );
    }

    /// The platform's lines at the end of an invocation.
    pub(super) fn report(&self, report: &Report) {
        let id = report.request_id;
        if !self.json {
            self.line(format!("END RequestId: {id}"));
        }
        let status = report.status.unwrap_or("success");
        let record = json!({
            "requestId": id,
            "status": status,
            "errorType": report.error_type,
            "metrics": {
                "durationMs": millis(report.duration),
                "billedDurationMs": report.duration.as_millis() + 1,
                "memorySizeMB": report.memory_mb,
                "maxMemoryUsedMB": report.used_mb,
                "initDurationMs": report.init.map(millis),
            },
        });
        self.platform("platform.report", record, || report_line(report));
        self.flush();
    }

    /// The platform's line about an init phase that did not end well.
    pub(super) fn init_failed(&self, lasted: Duration, status: &str) {
        let record = json!({ "status": status, "metrics": { "durationMs": millis(lasted) }, "phase": "init" });
        self.platform("platform.initReport", record, || {
            format!(
                "INIT_REPORT Init Duration: {:.2} ms\tPhase: init\tStatus: {status}",
                millis(lasted)
            )
        });
    }

    /// The last 4 KB of this invocation's lines.
    pub(super) fn tail(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = lines.tail.join("\n");
        text.push('\n');
        let mut from = text.len().saturating_sub(TAIL_BYTES);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.split_off(from)
    }

    /// Hands the waiting lines to the logs.
    pub(super) fn flush(&self) {
        let waiting = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut lines.waiting)
        };
        if !waiting.is_empty() {
            logs::append(&self.cloud, &self.group, &self.stream, waiting);
        }
    }

    fn platform(&self, kind: &str, record: Value, text: impl FnOnce() -> String) {
        let line = if self.json {
            let time = self.cloud.time.now();
            json!({ "time": time, "type": kind, "record": record }).to_string()
        } else {
            text()
        };
        self.line(line);
    }
}

/// Reads what the process prints until it closes the pipe.
pub(super) fn read(
    console: Arc<Console>,
    pipe: impl AsyncRead + Unpin + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match pipe.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    console.line(text.trim_end_matches(['\n', '\r']).to_owned());
                }
            }
        }
    })
}

/// Flushes regularly, so that a long invocation can be watched.
pub(super) async fn keep_flushing(console: Arc<Console>) {
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        console.flush();
    }
}

fn report_line(report: &Report) -> String {
    let mut parts = vec![
        format!("REPORT RequestId: {}", report.request_id),
        format!("Duration: {:.2} ms", millis(report.duration)),
        format!("Billed Duration: {} ms", report.duration.as_millis() + 1),
        format!("Memory Size: {} MB", report.memory_mb),
        format!("Max Memory Used: {} MB", report.used_mb),
    ];
    if let Some(init) = report.init {
        parts.push(format!("Init Duration: {:.2} ms", millis(init)));
    }
    if let Some(status) = report.status {
        parts.push(format!("Status: {status}"));
    }
    if let Some(error_type) = report.error_type {
        parts.push(format!("Error Type: {error_type}"));
    }
    parts.push(String::new());
    parts.join("\t")
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
