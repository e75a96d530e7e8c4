//! Delivery reports, applied in batches; those about texts nobody knows yet are kept.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::db::outcome::Attempt;

/// One final report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub service_id: String,
    /// DELIVERED or ERROR.
    pub send_status: String,
    pub error_code: Option<i32>,
    /// The text and the attempt it is about, when the report's address named them.
    pub attempt: Option<Attempt>,
    /// The phone was not ready: the text may be sent again.
    pub is_worth_another: bool,
}

/// A contact whose text was reported.
#[derive(Clone, Debug)]
pub struct Reported {
    pub campaign_contact_id: i32,
    pub error_code: Option<i32>,
}

/// Applies the reports, one per carrier id, and keeps those whose text has no carrier id yet.
/// Delivered is final; an error may still become delivered, or, twice at the most, wait for
/// another attempt. Answers the contacts concerned.
pub async fn apply(
    db: impl PgExecutor<'_>,
    reports: &[Report],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Reported>> {
    let each = || reports.iter();
    let service_ids: Vec<String> = each().map(|report| report.service_id.clone()).collect();
    let statuses: Vec<String> = each().map(|report| report.send_status.clone()).collect();
    let codes: Vec<Option<i32>> = each().map(|report| report.error_code).collect();
    let messages: Vec<Option<i64>> = each()
        .map(|report| report.attempt.map(|attempt| attempt.message_id))
        .collect();
    let attempts: Vec<Option<i16>> = each()
        .map(|report| report.attempt.map(|attempt| attempt.number))
        .collect();
    let again: Vec<bool> = each().map(|report| report.is_worth_another).collect();
    sqlx::query_as!(
        Reported,
        r#"WITH report AS MATERIALIZED (
               SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[], $5::smallint[],
                                    $6::boolean[])
                   AS r (service_id, send_status, error_code, message_id, attempt, again)),
           target AS MATERIALIZED (
               SELECT m.id, report.* FROM report JOIN message m ON m.service_id = report.service_id
               WHERE m.service_id <> '' AND NOT m.is_from_contact
               UNION ALL
               -- The answer has not come, or never will: the address names the text.
               SELECT m.id, report.* FROM report JOIN message m ON m.id = report.message_id
               WHERE m.send_attempts = report.attempt AND m.service_id = '' AND NOT m.is_from_contact
                 AND m.send_status NOT IN ('SENT', 'DELIVERED', 'ERROR')),
           applied AS (
               UPDATE message m
               SET send_status = CASE WHEN target.again AND m.send_attempts < 5
                                       AND coalesce(m.send_before > $7::timestamptz + interval '2 minutes', true)
                                      THEN 'QUEUED' ELSE target.send_status END,
                   service_id = CASE WHEN target.again AND m.send_attempts < 5
                                      AND coalesce(m.send_before > $7::timestamptz + interval '2 minutes', true)
                                     THEN '' ELSE target.service_id END,
                   -- That attempt is over: the answer to it, should it come only now, says nothing new.
                   send_attempts = m.send_attempts + (target.again AND m.send_attempts < 5)::integer::smallint,
                   error_code = target.error_code, service_response_at = $7, queued_at = $7,
                   sent_at = coalesce(m.sent_at, $7)
               FROM target
               WHERE m.id = target.id AND m.send_status <> 'DELIVERED'
               RETURNING m.campaign_contact_id, target.error_code),
           early AS (
               INSERT INTO delivery_report (service_id, send_status, error_code, received_at)
               SELECT report.service_id, report.send_status, report.error_code, $7 FROM report
               WHERE report.message_id IS NULL
                 AND NOT EXISTS (SELECT FROM target WHERE target.service_id = report.service_id)
               ON CONFLICT (service_id) DO UPDATE
                   SET send_status = excluded.send_status, error_code = excluded.error_code
                   WHERE delivery_report.send_status <> 'DELIVERED')
           SELECT campaign_contact_id AS "campaign_contact_id!", error_code FROM applied"#,
        &service_ids,
        &statuses,
        &codes as &[Option<i32>],
        &messages as &[Option<i64>],
        &attempts as &[Option<i16>],
        &again,
        now
    )
    .fetch_all(db)
    .await
}

/// A report that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    pub service_id: String,
    pub send_status: String,
    pub error_code: Option<i32>,
}

/// The kept reports whose text has got its carrier id since: an answer and its report can pass each other unseen.
pub async fn list_kept(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Kept>> {
    sqlx::query_as!(
        Kept,
        "SELECT r.service_id, r.send_status, r.error_code FROM delivery_report r
         JOIN message m ON m.service_id = r.service_id AND m.service_id <> ''"
    )
    .fetch_all(db)
    .await
}

/// Drops kept reports: these, and those nobody wanted for a day.
pub async fn delete_kept(
    db: impl PgExecutor<'_>,
    service_ids: &[String],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM delivery_report
         WHERE service_id = ANY($1) OR received_at < $2::timestamptz - interval '1 day'",
        service_ids,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The assignments these contacts are in.
pub async fn list_assignments(
    db: impl PgExecutor<'_>,
    contact_ids: &[i32],
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT assignment_id AS "id!" FROM campaign_contact
           WHERE id = ANY($1) AND assignment_id IS NOT NULL"#,
        contact_ids
    )
    .fetch_all(db)
    .await
}
