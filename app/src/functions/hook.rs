//! What both hooks do: their work in time, the reason of a failure in the log, the verdict.

use std::future::Future;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use spoke_contract::hooks::{HookEvent, HookFailure, HookFailureLine};
use tokio::time::Instant;

use crate::aws::Aws;
use crate::releases;

/// What is kept of the function's time for telling CodeDeploy.
const RESERVE: Duration = Duration::from_secs(8);

/// What becomes of work that is dropped: the database does not notice, and no alias moves by itself.
const LEFT: &str = "a statement that was under way goes on in the database until its statement_timeout (540 s) \
    ends it, and an alias that had moved is where it moved to";

/// Why a hook failed.
#[derive(Debug)]
pub struct Reason {
    /// What was being done: a migration's file name, or `pointer`.
    pub subject: String,
    /// The SQL statement, when it was one.
    pub statement: Option<String>,
    /// The first cause.
    pub cause: String,
}

impl Reason {
    /// Of an error while doing `subject`.
    pub fn of(subject: &str, error: &anyhow::Error) -> Self {
        Self {
            subject: subject.to_owned(),
            statement: None,
            cause: format!("{error:#}"),
        }
    }
}

/// Work that ends by `until`, however far it got; `left` says what becomes of what was under way.
///
/// # Errors
/// Why the work failed, or that it was not done in time.
pub async fn in_time(
    until: Instant,
    left: &str,
    work: impl Future<Output = Result<(), Reason>>,
) -> Result<(), Reason> {
    let started = Instant::now();
    let late = |_| {
        Err(Reason {
            subject: "time".to_owned(),
            statement: None,
            cause: format!(
                "the hook was not done after {} seconds; {left}",
                started.elapsed().as_secs()
            ),
        })
    };
    tokio::time::timeout_at(until, work)
        .await
        .unwrap_or_else(late)
}

/// Runs the hook's work, unless only the way to CodeDeploy is to be proved, and tells CodeDeploy how it went, before
/// Lambda's own time limit ends the function and leaves CodeDeploy waiting for an hour. The work is told until when it
/// has time.
///
/// # Errors
/// When CodeDeploy cannot be told: then Lambda's log says so.
pub async fn run<W: Future<Output = Result<(), Reason>>>(
    aws: &Aws,
    event: LambdaEvent<HookEvent>,
    work: impl FnOnce(Instant) -> W,
) -> Result<Value, Error> {
    if event.payload.is_proof {
        releases::prove(aws, &event.payload).await?;
        return Ok(json!({"status": "Proved"}));
    }
    let left = event.context.deadline().duration_since(SystemTime::now());
    let until = Instant::now() + left.unwrap_or_default().saturating_sub(RESERVE);
    let outcome = in_time(until, LEFT, Box::pin(work(until))).await;
    let has_succeeded = outcome.is_ok();
    if let Err(reason) = outcome {
        log(&event.payload, reason);
    }
    releases::report(aws, &event.payload, has_succeeded).await?;
    Ok(json!({"status": if has_succeeded { "Succeeded" } else { "Failed" }}))
}

/// The line the tool looks for: JSON by itself, whatever the format of the other lines.
#[expect(
    clippy::print_stdout,
    reason = "the contract's line must stand alone, without a logger's fields"
)]
fn log(event: &HookEvent, reason: Reason) {
    tracing::error!(
        subject = reason.subject,
        cause = reason.cause,
        "the hook failed"
    );
    let line = HookFailureLine {
        hook_failure: HookFailure {
            deployment_id: event.deployment_id.clone(),
            subject: reason.subject,
            statement: reason.statement,
            cause: reason.cause,
        },
    };
    match serde_json::to_string(&line) {
        Ok(text) => println!("{text}"),
        Err(error) => tracing::error!(%error, "the hook's failure cannot be written down"),
    }
}
