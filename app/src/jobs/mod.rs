//! Background jobs: enqueued in the transaction, sent off after it, taken by one worker at a time.

pub mod run;

use std::sync::{Arc, OnceLock, Weak};

use anyhow::Context;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use chrono::TimeDelta;
use futures::FutureExt;

use crate::app::App;
use crate::aws::describe;
use crate::config::JobExecutor;
use crate::db;
use crate::error::{CanFail, Result};

/// A job that waits for longer than this was lost on its way to the worker.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(30);

/// The application, for jobs that outlive the request; set by the plain server only.
static PLAIN_SERVER: OnceLock<Weak<App>> = OnceLock::new();

/// Lets jobs run in this process: it is a plain server, which is not frozen after an answer.
pub fn allow_in_process(app: &Arc<App>) {
    PLAIN_SERVER.get_or_init(|| Arc::downgrade(app));
}

/// Sends a committed job to whoever does it. A failure costs time only: the scheduled function
/// finds jobs that nobody has taken.
pub async fn dispatch(app: &App, job_id: i32) {
    let what = "sending a job to the worker";
    match app.config.job_executor {
        JobExecutor::Lambda => invoke_worker(app, job_id).await.can_fail(what),
        JobExecutor::InProcess => run::run(app, job_id).await.can_fail("running a job"),
        JobExecutor::InProcessAsync => spawn(job_id).can_fail(what),
    }
}

async fn invoke_worker(app: &App, job_id: i32) -> anyhow::Result<()> {
    let function = app
        .config
        .worker_function
        .as_deref()
        .context("there is no worker function")?;
    let (name, qualifier) = qualified(function);
    app.aws
        .lambda()
        .await
        .invoke()
        .function_name(name)
        .set_qualifier(qualifier.map(str::to_owned))
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(format!("{{\"jobId\":{job_id}}}")))
        .send()
        .boxed()
        .await
        .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
        .with_context(|| format!("invoking {function}"))?;
    Ok(())
}

/// `name:alias` in its two halves; an ARN stays whole.
fn qualified(function: &str) -> (&str, Option<&str>) {
    match function.split_once(':') {
        Some((name, alias)) if name != "arn" => (name, Some(alias)),
        _ => (function, None),
    }
}

fn spawn(job_id: i32) -> anyhow::Result<()> {
    let app = PLAIN_SERVER.get().and_then(Weak::upgrade).context(
        "IN_PROCESS_ASYNC needs the plain server; the job waits for the scheduled function",
    )?;
    tokio::spawn(async move {
        run::run(&app, job_id).await.can_fail("running a job");
    });
    Ok(())
}

/// Sends off jobs that were lost on their way or left by a worker that fell silent; answers how many.
///
/// # Errors
/// When the database does not answer.
pub async fn take_up_abandoned(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let jobs = db::job::list_abandoned(&app.db, now - LOST_AFTER, now).await?;
    for job in &jobs {
        dispatch(app, *job).await;
    }
    Ok(jobs.len())
}
