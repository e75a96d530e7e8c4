//! Numbers that want no more texts.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// A row of `opt_out`.
#[derive(Clone, Debug)]
pub struct OptOut {
    pub id: i32,
    pub cell: String,
    pub organization_id: i32,
    pub created_at: DateTime<Utc>,
}

/// Opts the number out of the organization, once, and marks every contact of it, in this
/// organization or all. Answers the assignments whose lists have changed.
pub async fn insert(
    db: impl PgExecutor<'_>,
    cell: &str,
    organization_id: i32,
    assignment_id: Option<i32>,
    reason: &str,
    shared: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"WITH kept AS (
               INSERT INTO opt_out (cell, organization_id, assignment_id, reason_code, created_at)
               VALUES ($1, $2, $3, $4, $6)
               ON CONFLICT ON CONSTRAINT opt_out_key DO NOTHING),
           marked AS (
               UPDATE campaign_contact c SET is_opted_out = true, updated_at = $6
               FROM campaign p
               WHERE c.cell = $1 AND p.id = c.campaign_id AND NOT c.is_opted_out
                 AND ($5 OR p.organization_id = $2)
               RETURNING c.assignment_id)
           SELECT assignment_id AS "id!" FROM marked WHERE assignment_id IS NOT NULL"#,
        cell,
        organization_id,
        assignment_id,
        reason,
        shared,
        now
    )
    .fetch_all(db)
    .await
}

/// The opt-outs of these numbers.
pub async fn list(db: impl PgExecutor<'_>, cells: &[String]) -> sqlx::Result<Vec<OptOut>> {
    sqlx::query_as!(
        OptOut,
        "SELECT id, cell, organization_id, created_at FROM opt_out WHERE cell = ANY($1) ORDER BY id",
        cells
    )
    .fetch_all(db)
    .await
}

/// Whose a contact is.
#[derive(Clone, Debug)]
pub struct Owner {
    pub cell: String,
    pub organization_id: i32,
    pub assignment_id: Option<i32>,
}

/// Whose these contacts are.
pub async fn list_owners(
    db: impl PgExecutor<'_>,
    contact_ids: &[i32],
) -> sqlx::Result<Vec<Owner>> {
    sqlx::query_as!(
        Owner,
        "SELECT c.cell, p.organization_id, c.assignment_id
         FROM campaign_contact c JOIN campaign p ON p.id = c.campaign_id WHERE c.id = ANY($1)",
        contact_ids
    )
    .fetch_all(db)
    .await
}
