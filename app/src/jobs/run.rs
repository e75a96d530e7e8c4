//! Doing one job: take it, say that it is alive, end it with a sentence.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::app::App;
use crate::contacts::upload;
use crate::db;
use crate::db::job::{Job, JobStatus};
use crate::error::{Error, Result};
use crate::numbers::{bind, buy, release};
use crate::texting::{opt_out_export, opt_out_import};

const LEASE: TimeDelta = TimeDelta::seconds(60);
const HEARTBEAT: Duration = Duration::from_secs(5);
const MAX_ATTEMPTS: i16 = 3;

/// A job in somebody's hands.
pub struct Running<'a> {
    pub app: &'a App,
    pub job: &'a Job,
    /// What ending the job in a transaction of its own work needs.
    pub lease: Uuid,
    progress: AtomicU32,
}

impl Running<'_> {
    /// How far it is, 0 to 1; written down with the next heartbeat.
    pub fn set_progress(&self, progress: f32) {
        self.progress
            .store(progress.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }

    /// Ends the job as done, with a sentence about it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish(&self, message: &str) -> Result<()> {
        end(self.app, self.job, self.lease, JobStatus::Done, message).await
    }

    /// Puts a file where the job's organization can get it, under this key.
    ///
    /// # Errors
    /// When the bucket does not take it.
    pub async fn keep_file(&self, path: &Path, key: &str) -> Result<()> {
        let bucket = self.app.private_bucket()?;
        let storage = &self.app.storage;
        storage.put_file(bucket, key, path, "text/csv").await?;
        db::job::set_result_key(&self.app.db, self.job.id, self.lease, key).await?;
        Ok(())
    }

    fn progress(&self) -> f32 {
        f32::from_bits(self.progress.load(Ordering::Relaxed))
    }
}

/// What running came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    Done,
    Failed,
    /// Somebody else has it, or it is finished: nothing was touched.
    NotMine,
}

/// Runs the job, unless somebody else is at it.
///
/// # Errors
/// When the database does not answer. A job that fails is no error here: its row says why.
pub async fn run(app: &App, job_id: i32) -> Result<Ran> {
    let now = app.clock.now();
    let lease = app.ids.uuid();
    let Some(job) = db::job::claim(&app.db, job_id, lease, now, now + LEASE).await? else {
        return Ok(Ran::NotMine);
    };
    if job.attempts > MAX_ATTEMPTS {
        let message = "It was tried three times, and the worker fell silent each time.";
        end(app, &job, lease, JobStatus::Failed, message).await?;
        return Ok(Ran::Failed);
    }
    let running = Running {
        app,
        job: &job,
        lease,
        progress: AtomicU32::new(0),
    };
    tracing::info!(job = job.id, kind = %job.kind, attempt = job.attempts, "job started");
    let outcome = tokio::select! {
        outcome = work(&running) => outcome,
        () = stay_alive(&running) => {
            tracing::warn!(job = job.id, "the job was taken over by another worker");
            return Ok(Ran::NotMine);
        }
    };
    match outcome {
        Ok(()) => Ok(Ran::Done),
        Err(error) => {
            let message = if let Error::Internal(cause) = &error {
                tracing::error!(job = job.id, cause = %format!("{cause:#}"), "job failed");
                "Something went wrong. Nothing was changed; trying again may help.".to_owned()
            } else {
                error.to_string()
            };
            end(app, &job, lease, JobStatus::Failed, &message).await?;
            Ok(Ran::Failed)
        }
    }
}

/// The jobs there are; boxed, because their states differ much in size. Each ends itself as done, in the transaction of its own last step.
async fn work(running: &Running<'_>) -> Result<()> {
    match running.job.kind.as_str() {
        upload::KIND => Box::pin(upload::run(running)).await,
        buy::KIND => Box::pin(buy::run(running)).await,
        bind::KIND => Box::pin(bind::run(running)).await,
        opt_out_import::KIND => Box::pin(opt_out_import::run(running)).await,
        opt_out_export::KIND => Box::pin(opt_out_export::run(running)).await,
        release::KIND => Box::pin(release::run(running)).await,
        other => Err(Error::bad_input(
            "type",
            format!("There is no job of type \"{other}\"."),
        )),
    }
}

/// Keeps the lease; returns when it is lost.
async fn stay_alive(running: &Running<'_>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let now = running.app.clock.now();
        let progress = running.progress();
        let beat = db::job::heartbeat(
            &running.app.db,
            running.job.id,
            running.lease,
            progress,
            now,
            now + LEASE,
        );
        match beat.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "a job's heartbeat was lost"),
        }
    }
}

async fn end(app: &App, job: &Job, lease: Uuid, status: JobStatus, message: &str) -> Result<()> {
    db::job::finish(&app.db, job.id, lease, status, message, app.clock.now()).await?;
    Ok(())
}
