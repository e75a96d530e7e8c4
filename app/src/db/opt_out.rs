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

/// The organizations that have texted the number.
pub async fn list_texting(db: impl PgExecutor<'_>, cell: &str) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        "SELECT DISTINCT p.organization_id
         FROM campaign_contact c JOIN campaign p ON p.id = c.campaign_id
         WHERE c.cell = $1 AND c.messages_sent > 0
         ORDER BY p.organization_id",
        cell
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
pub async fn list_owners(db: impl PgExecutor<'_>, contact_ids: &[i32]) -> sqlx::Result<Vec<Owner>> {
    sqlx::query_as!(
        Owner,
        "SELECT c.cell, p.organization_id, c.assignment_id
         FROM campaign_contact c JOIN campaign p ON p.id = c.campaign_id WHERE c.id = ANY($1)",
        contact_ids
    )
    .fetch_all(db)
    .await
}

/// What opting many out has come to.
#[derive(Clone, Debug)]
pub struct Inserted {
    /// How many had not opted out before.
    pub new_count: i64,
    /// The assignments whose lists have changed.
    pub assignments: Vec<i32>,
}

/// Opts many numbers out of the organization at once, each with its reason.
pub async fn insert_many(
    db: impl PgExecutor<'_>,
    cells: &[String],
    reasons: &[String],
    organization_id: i32,
    shared: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<Inserted> {
    sqlx::query_as!(
        Inserted,
        r#"WITH kept AS (
               INSERT INTO opt_out (cell, organization_id, reason_code, created_at)
               SELECT DISTINCT ON (cell) cell, $3::integer, reason, $5::timestamptz
               FROM unnest($1::text[], $2::text[]) AS given (cell, reason)
               ON CONFLICT ON CONSTRAINT opt_out_key DO NOTHING
               RETURNING id),
           marked AS (
               UPDATE campaign_contact c SET is_opted_out = true, updated_at = $5
               FROM campaign p
               WHERE c.cell = ANY($1) AND p.id = c.campaign_id AND NOT c.is_opted_out
                 AND ($4 OR p.organization_id = $3)
               RETURNING c.assignment_id)
           SELECT (SELECT count(*) FROM kept) AS "new_count!",
                  array(SELECT DISTINCT assignment_id FROM marked WHERE assignment_id IS NOT NULL) AS "assignments!""#,
        cells,
        reasons,
        organization_id,
        shared,
        now
    )
    .fetch_one(db)
    .await
}

/// An opt-out, as files hold it.
#[derive(Clone, Debug)]
pub struct Exported {
    pub id: i32,
    pub cell: String,
    pub reason_code: String,
    pub created_at: DateTime<Utc>,
}

/// A page of an organization's opt-outs for a file, by id.
pub async fn list_exported(
    db: impl PgExecutor<'_>,
    organization_id: i32,
    after_id: i32,
    limit: i64,
) -> sqlx::Result<Vec<Exported>> {
    sqlx::query_as!(
        Exported,
        "SELECT id, cell, reason_code, created_at FROM opt_out
         WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        organization_id,
        after_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// A page of everybody's opt-outs, by id: where they are shared. Each number once.
pub async fn list_exported_shared(
    db: impl PgExecutor<'_>,
    after_id: i32,
    limit: i64,
) -> sqlx::Result<Vec<Exported>> {
    sqlx::query_as!(
        Exported,
        "SELECT id, cell, reason_code, created_at FROM opt_out o
         WHERE id > $1
           AND NOT EXISTS (SELECT FROM opt_out other WHERE other.cell = o.cell AND other.id < o.id OFFSET 0)
         ORDER BY id LIMIT $2",
        after_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Who undoes an opt-out, and why.
#[derive(Clone, Copy, Debug)]
pub struct Undoing<'a> {
    pub cell: &'a str,
    pub organization_id: i32,
    pub shared: bool,
    pub user_id: i32,
    pub reason: &'a str,
    pub now: DateTime<Utc>,
}

/// Undoes the opt-out and writes down that it was. Answers the assignments whose lists have
/// changed; none when there was no opt-out.
pub async fn undo(db: impl PgExecutor<'_>, undoing: Undoing<'_>) -> sqlx::Result<Option<Vec<i32>>> {
    let row = sqlx::query!(
        r#"WITH undone AS (
               DELETE FROM opt_out WHERE cell = $1 AND ($3 OR organization_id = $2)
               RETURNING cell, organization_id, reason_code, created_at),
           noted AS (
               INSERT INTO opt_out_undone
                   (cell, organization_id, reason_code, opted_out_at, undone_by, undone_reason, undone_at)
               SELECT cell, organization_id, reason_code, created_at, $4, $5, $6 FROM undone),
           cleared AS (
               UPDATE campaign_contact c SET is_opted_out = false, updated_at = $6
               FROM campaign p
               WHERE c.cell = $1 AND p.id = c.campaign_id AND c.is_opted_out
                 AND ($3 OR p.organization_id = $2) AND EXISTS (SELECT FROM undone)
               RETURNING c.assignment_id)
           SELECT EXISTS (SELECT FROM undone) AS "is_undone!",
                  array(SELECT assignment_id FROM cleared WHERE assignment_id IS NOT NULL) AS "assignments!""#,
        undoing.cell,
        undoing.organization_id,
        undoing.shared,
        undoing.user_id,
        undoing.reason,
        undoing.now
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_undone.then_some(row.assignments))
}

/// A page of an organization's opt-outs, by id.
pub async fn list_page(
    db: impl PgExecutor<'_>,
    organization_id: i32,
    after_id: i32,
    limit: i64,
) -> sqlx::Result<Vec<OptOut>> {
    sqlx::query_as!(
        OptOut,
        "SELECT id, cell, organization_id, created_at FROM opt_out
         WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        organization_id,
        after_id,
        limit
    )
    .fetch_all(db)
    .await
}
