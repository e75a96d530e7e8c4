//! Delivery reports, applied in batches; those about texts nobody knows yet are kept.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// One final report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub service_id: String,
    /// DELIVERED or ERROR.
    pub send_status: &'static str,
    pub error_code: Option<i32>,
}

/// Applies the reports, one per carrier id, and keeps those whose text has no carrier id yet.
/// Delivered is final; an error may still become delivered. Answers the contacts concerned.
pub async fn apply(
    db: impl PgExecutor<'_>,
    reports: &[Report],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i32>> {
    let service_ids: Vec<String> = reports
        .iter()
        .map(|report| report.service_id.clone())
        .collect();
    let statuses: Vec<String> = reports
        .iter()
        .map(|report| report.send_status.to_owned())
        .collect();
    let codes: Vec<Option<i32>> = reports.iter().map(|report| report.error_code).collect();
    sqlx::query_scalar!(
        r#"WITH report AS MATERIALIZED (
               SELECT * FROM unnest($1::text[], $2::text[], $3::integer[]) AS r (service_id, send_status, error_code)),
           applied AS (
               UPDATE message m
               SET send_status = report.send_status, error_code = report.error_code, service_response_at = $4
               FROM report
               WHERE m.service_id = report.service_id AND m.service_id <> '' AND NOT m.is_from_contact
                 AND m.send_status <> 'DELIVERED'
               RETURNING m.campaign_contact_id),
           early AS (
               INSERT INTO delivery_report (service_id, send_status, error_code, received_at)
               SELECT report.service_id, report.send_status, report.error_code, $4 FROM report
               WHERE NOT EXISTS (SELECT FROM message m WHERE m.service_id = report.service_id AND m.service_id <> '')
               ON CONFLICT (service_id) DO UPDATE
                   SET send_status = excluded.send_status, error_code = excluded.error_code
                   WHERE delivery_report.send_status <> 'DELIVERED')
           SELECT campaign_contact_id AS "id!" FROM applied"#,
        &service_ids,
        &statuses,
        &codes as &[Option<i32>],
        now
    )
    .fetch_all(db)
    .await
}

/// Applies kept reports whose text has got its carrier id since: an answer and its report can
/// pass each other unseen. Reports nobody wanted for a day are dropped.
pub async fn apply_kept(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"WITH met AS (
               DELETE FROM delivery_report r
               WHERE r.received_at < $1::timestamptz - interval '1 day'
                  OR EXISTS (SELECT FROM message m WHERE m.service_id = r.service_id AND m.service_id <> '')
               RETURNING service_id, send_status, error_code)
           UPDATE message m
           SET send_status = met.send_status, error_code = met.error_code, service_response_at = $1
           FROM met
           WHERE m.service_id = met.service_id AND m.service_id <> '' AND m.send_status <> 'DELIVERED'
           RETURNING m.campaign_contact_id"#,
        now
    )
    .fetch_all(db)
    .await
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
