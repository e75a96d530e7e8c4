//! The inventory of numbers.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// Puts numbers back that were reserved a day ago and never used; answers how many. Those that a start which failed
/// may have given to a messaging service stay: the carrier would refuse them to others.
pub async fn release_expired(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE twilio_phone_number n SET status = 'AVAILABLE', campaign_id = NULL, reserved_at = NULL
         WHERE status = 'RESERVED' AND reserved_at < $1::timestamptz - interval '24 hours'
           AND NOT EXISTS (SELECT FROM campaign c WHERE c.id = n.campaign_id
                             AND c.started_at IS NULL AND c.messaging_service_sid IS NOT NULL)",
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The campaigns whose reservations are a day old and stay for that reason, but for those somebody tried to give
/// back within the hour.
pub async fn list_expired_starts(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        "SELECT id FROM campaign c
         WHERE started_at IS NULL AND messaging_service_sid IS NOT NULL
           AND id IN (SELECT campaign_id FROM twilio_phone_number
                      WHERE status = 'RESERVED' AND reserved_at < $1::timestamptz - interval '24 hours')
           AND NOT EXISTS (SELECT FROM background_job
                           WHERE campaign_id = c.id AND type = 'release_numbers'
                             AND updated_at > $1::timestamptz - interval '1 hour')
         ORDER BY id",
        now
    )
    .fetch_all(db)
    .await
}

/// Adds a number that was bought; false when it is in the inventory already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    sid: &str,
    phone_number: &str,
    area_code: &str,
    job_id: i32,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO twilio_phone_number (sid, phone_number, area_code, bought_by_job)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        sid,
        phone_number,
        area_code,
        job_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many numbers a job has bought.
pub async fn count_bought(db: impl PgExecutor<'_>, job_id: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM twilio_phone_number WHERE bought_by_job = $1"#,
        job_id
    )
    .fetch_one(db)
    .await
}

/// Reserves available numbers of the area code, those nobody else is just reserving; answers how
/// many there were.
pub async fn reserve(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    area_code: &str,
    count: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE twilio_phone_number SET status = 'RESERVED', campaign_id = $1, reserved_at = $4
         WHERE sid IN (SELECT sid FROM twilio_phone_number
                       WHERE area_code = $2 AND status = 'AVAILABLE'
                       ORDER BY sid LIMIT $3 FOR UPDATE SKIP LOCKED)",
        campaign_id,
        area_code,
        count,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Makes the campaign's reservations last for another day; answers how many there are.
pub async fn renew(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE twilio_phone_number SET reserved_at = $2 WHERE campaign_id = $1 AND status = 'RESERVED'",
        campaign_id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The carrier's ids of the campaign's numbers.
pub async fn list_of_campaign(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT sid FROM twilio_phone_number WHERE campaign_id = $1 ORDER BY sid",
        campaign_id
    )
    .fetch_all(db)
    .await
}

/// The campaign's reserved numbers are its senders from now on.
pub async fn assign(db: impl PgExecutor<'_>, campaign_id: i32) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE twilio_phone_number SET status = 'ASSIGNED', reserved_at = NULL
         WHERE campaign_id = $1 AND status = 'RESERVED'",
        campaign_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Puts the campaign's numbers back; answers how many.
pub async fn free(db: impl PgExecutor<'_>, campaign_id: i32) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE twilio_phone_number SET status = 'AVAILABLE', campaign_id = NULL, reserved_at = NULL
         WHERE campaign_id = $1",
        campaign_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// So many numbers of an area code.
#[derive(Clone, Debug)]
pub struct AreaCount {
    pub area_code: String,
    pub count: i32,
    pub reserved_at: Option<DateTime<Utc>>,
}

/// The campaign's numbers by area code.
pub async fn count_of_campaign(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
) -> sqlx::Result<Vec<AreaCount>> {
    sqlx::query_as!(
        AreaCount,
        r#"SELECT area_code, count(*)::integer AS "count!", reserved_at
           FROM twilio_phone_number WHERE campaign_id = $1
           GROUP BY area_code, reserved_at ORDER BY area_code"#,
        campaign_id
    )
    .fetch_all(db)
    .await
}

/// The inventory of an area code.
#[derive(Clone, Debug)]
pub struct Stock {
    pub area_code: String,
    pub available: i32,
    pub reserved: i32,
    pub assigned: i32,
}

/// The whole inventory by area code.
pub async fn list_stock(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Stock>> {
    sqlx::query_as!(
        Stock,
        r#"SELECT area_code,
                  count(*) FILTER (WHERE status = 'AVAILABLE')::integer AS "available!",
                  count(*) FILTER (WHERE status = 'RESERVED')::integer AS "reserved!",
                  count(*) FILTER (WHERE status = 'ASSIGNED')::integer AS "assigned!"
           FROM twilio_phone_number GROUP BY area_code ORDER BY area_code"#
    )
    .fetch_all(db)
    .await
}
