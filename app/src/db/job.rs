//! Background jobs.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[graphql(name = "BackgroundJobStatus")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    Pending,
    Running,
    Failed,
    Done,
}

/// A row of `background_job`.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: i32,
    pub campaign_id: Option<i32>,
    pub organization_id: Option<i32>,
    pub user_id: Option<i32>,
    pub kind: String,
    pub config: serde_json::Value,
    pub status: JobStatus,
    pub progress: f32,
    pub result_message: Option<String>,
    pub attempts: i16,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Job {
    /// The key of the file it has made, when it is done and has made one.
    pub fn result_key(&self) -> Option<&str> {
        let key = self.config.get("resultKey")?.as_str()?;
        (self.status == JobStatus::Done).then_some(key)
    }
}

/// Broken when such a job of the campaign waits or runs already.
pub const ONE_AT_A_TIME: &str = "background_job_one_at_a_time";

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    pub kind: &'a str,
    pub campaign_id: Option<i32>,
    pub organization_id: Option<i32>,
    pub user_id: Option<i32>,
    pub config: serde_json::Value,
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Job,
            r#"SELECT id, campaign_id, organization_id, user_id, type AS kind, config,
                      status AS "status: JobStatus", progress, result_message, attempts, created_at, updated_at
               FROM background_job "# + $rest
            $(, $argument)*
        )
    };
}

pub async fn insert(db: impl PgExecutor<'_>, job: NewJob<'_>) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO background_job (type, campaign_id, organization_id, user_id, config)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        job.kind,
        job.campaign_id,
        job.organization_id,
        job.user_id,
        job.config
    )
    .fetch_one(db)
    .await
}

pub async fn find(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<Job>> {
    select!("WHERE id = $1", id).fetch_optional(db).await
}

/// The campaign's newest job of a kind.
pub async fn find_newest(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    kind: &str,
) -> sqlx::Result<Option<Job>> {
    select!(
        "WHERE campaign_id = $1 AND type = $2 ORDER BY id DESC LIMIT 1",
        campaign_id,
        kind
    )
    .fetch_optional(db)
    .await
}

/// Whether such a job of the campaign waits or runs.
pub async fn is_under_way(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    kind: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM background_job
                          WHERE campaign_id = $1 AND type = $2
                            AND status IN ('PENDING', 'RUNNING')) AS "is_under_way!""#,
        campaign_id,
        kind
    )
    .fetch_one(db)
    .await
}

/// Takes the job for `lease` until `until`: when it waits, or when whoever had it has not been
/// heard of. None when somebody is at it or it is finished.
pub async fn claim(
    db: impl PgExecutor<'_>,
    id: i32,
    lease: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<Option<Job>> {
    sqlx::query_as!(
        Job,
        r#"UPDATE background_job
           SET status = 'RUNNING', lease = $2, lease_until = $4, attempts = attempts + 1, progress = 0,
               updated_at = $3
           WHERE id = $1 AND (status = 'PENDING' OR (status = 'RUNNING' AND lease_until < $3))
           RETURNING id, campaign_id, organization_id, user_id, type AS kind, config,
                     status AS "status: JobStatus", progress, result_message, attempts, created_at, updated_at"#,
        id,
        lease,
        now,
        until
    )
    .fetch_optional(db)
    .await
}

/// Says that the holder of the lease is alive; false when it has lost the job.
pub async fn heartbeat(
    db: impl PgExecutor<'_>,
    id: i32,
    lease: Uuid,
    progress: f32,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE background_job SET progress = $3, lease_until = $5, updated_at = $4
         WHERE id = $1 AND lease = $2 AND status = 'RUNNING'",
        id,
        lease,
        progress,
        now,
        until
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the file the job has made, if the lease still holds.
pub async fn set_result_key(
    db: impl PgExecutor<'_>,
    id: i32,
    lease: Uuid,
    key: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE background_job SET config = config || jsonb_build_object('resultKey', $3::text)
         WHERE id = $1 AND lease = $2 AND status = 'RUNNING'",
        id,
        lease,
        key
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the job, if the lease still holds; false when it does not.
pub async fn finish(
    db: impl PgExecutor<'_>,
    id: i32,
    lease: Uuid,
    status: JobStatus,
    message: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE background_job
         SET status = $3, result_message = $4, updated_at = $5, lease_until = NULL,
             progress = CASE WHEN $3 = 'DONE' THEN 1 ELSE progress END
         WHERE id = $1 AND lease = $2 AND status = 'RUNNING'",
        id,
        lease,
        status as JobStatus,
        message,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Jobs nobody is at: waiting since before `waiting_since`, or left by a worker that fell silent.
pub async fn list_abandoned(
    db: impl PgExecutor<'_>,
    waiting_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        "SELECT id FROM background_job
         WHERE (status = 'PENDING' AND updated_at < $1) OR (status = 'RUNNING' AND lease_until < $2)
         ORDER BY id LIMIT 100",
        waiting_since,
        now
    )
    .fetch_all(db)
    .await
}
