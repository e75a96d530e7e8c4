//! The inventory of numbers.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// Puts numbers back that were reserved a day ago and never used; answers how many.
pub async fn release_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE twilio_phone_number SET status = 'AVAILABLE', campaign_id = NULL, reserved_at = NULL
         WHERE status = 'RESERVED' AND reserved_at < $1::timestamptz - interval '24 hours'",
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
