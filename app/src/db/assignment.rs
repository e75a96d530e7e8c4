//! Assignments: who texts for which campaign.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// A row of `assignment`, with the organization its campaign belongs to.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: i32,
    pub user_id: i32,
    pub campaign_id: i32,
    pub organization_id: i32,
    pub max_contacts: Option<i32>,
}

pub async fn find(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<Assignment>> {
    sqlx::query_as!(
        Assignment,
        "SELECT a.id, a.user_id, a.campaign_id, p.organization_id, a.max_contacts
         FROM assignment a JOIN campaign p ON p.id = a.campaign_id WHERE a.id = $1",
        id
    )
    .fetch_optional(db)
    .await
}

pub async fn find_of_texter(
    db: impl PgExecutor<'_>,
    user_id: i32,
    campaign_id: i32,
) -> sqlx::Result<Option<Assignment>> {
    sqlx::query_as!(
        Assignment,
        "SELECT a.id, a.user_id, a.campaign_id, p.organization_id, a.max_contacts
         FROM assignment a JOIN campaign p ON p.id = a.campaign_id
         WHERE a.user_id = $1 AND a.campaign_id = $2",
        user_id,
        campaign_id
    )
    .fetch_optional(db)
    .await
}

/// The texter's assignments in started and not archived campaigns of the organization.
pub async fn list_open(
    db: impl PgExecutor<'_>,
    user_id: i32,
    organization_id: i32,
) -> sqlx::Result<Vec<Assignment>> {
    sqlx::query_as!(
        Assignment,
        "SELECT a.id, a.user_id, a.campaign_id, p.organization_id, a.max_contacts
         FROM assignment a JOIN campaign p ON p.id = a.campaign_id
         WHERE a.user_id = $1 AND p.organization_id = $2 AND p.status NOT IN ('NOT_STARTED', 'ARCHIVED')
         ORDER BY p.started_at DESC, a.id",
        user_id,
        organization_id
    )
    .fetch_all(db)
    .await
}

/// The texter's assignment in the campaign, made now unless there is one.
pub async fn insert(
    db: impl PgExecutor<'_>,
    user_id: i32,
    campaign_id: i32,
    max_contacts: Option<i32>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO assignment (user_id, campaign_id, max_contacts) VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT assignment_key DO UPDATE SET max_contacts = assignment.max_contacts
         RETURNING id",
        user_id,
        campaign_id,
        max_contacts
    )
    .fetch_one(db)
    .await
}

/// Contacts of an assignment by status, without those who opted out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub needs_message: i32,
    pub messaged: i32,
    pub needs_response: i32,
    pub convo: i32,
    pub closed: i32,
    pub total: i32,
}

/// Counts of each assignment that has contacts, in one walk of its index range.
pub async fn count_contacts(
    db: impl PgExecutor<'_>,
    ids: &[i32],
) -> sqlx::Result<Vec<(i32, Counts)>> {
    let rows = sqlx::query!(
        r#"SELECT assignment_id AS "assignment_id!",
                  count(*) FILTER (WHERE message_status = 'needsMessage')::integer AS "needs_message!",
                  count(*) FILTER (WHERE message_status = 'messaged')::integer AS "messaged!",
                  count(*) FILTER (WHERE message_status = 'needsResponse')::integer AS "needs_response!",
                  count(*) FILTER (WHERE message_status = 'convo')::integer AS "convo!",
                  count(*) FILTER (WHERE message_status = 'closed')::integer AS "closed!",
                  count(*)::integer AS "total!"
           FROM campaign_contact WHERE assignment_id = ANY($1) AND NOT is_opted_out
           GROUP BY assignment_id"#,
        ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let counts = Counts {
                needs_message: row.needs_message,
                messaged: row.messaged,
                needs_response: row.needs_response,
                convo: row.convo,
                closed: row.closed,
                total: row.total,
            };
            (row.assignment_id, counts)
        })
        .collect())
}

/// When something about the assignment's contacts last changed, for want of a cache.
pub async fn fingerprint(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<String> {
    sqlx::query_scalar!(
        r#"SELECT count(*) || '-' || coalesce(extract(epoch FROM max(updated_at)), 0) AS "fingerprint!"
           FROM campaign_contact WHERE assignment_id = $1"#,
        id
    )
    .fetch_one(db)
    .await
}

/// Puts the assignment's unsent contacts back into the pool; answers how many.
pub async fn release_unsent(
    db: impl PgExecutor<'_>,
    id: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<i32> {
    let done = sqlx::query!(
        "UPDATE campaign_contact SET assignment_id = NULL, updated_at = $2
         WHERE assignment_id = $1 AND message_status = 'needsMessage'",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(i32::try_from(done.rows_affected()).unwrap_or(i32::MAX))
}

/// Gives those of the contacts that are in the campaign to the assignment; answers whose each was before.
///
/// They are locked in the order of their ids, so that two who give the same ones do not wait for each other.
pub async fn give(
    db: impl PgExecutor<'_>,
    id: i32,
    campaign_id: i32,
    contact_ids: &[i32],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Option<i32>>> {
    sqlx::query_scalar!(
        r#"WITH held AS (
               SELECT id, assignment_id FROM campaign_contact
               WHERE id = ANY($3) AND campaign_id = $2 ORDER BY id FOR NO KEY UPDATE),
           given AS (
               UPDATE campaign_contact c SET assignment_id = $1, updated_at = $4
               FROM held WHERE c.id = held.id)
           SELECT assignment_id FROM held"#,
        id,
        campaign_id,
        contact_ids,
        now
    )
    .fetch_all(db)
    .await
}

/// Which of these campaigns have contacts nobody is assigned to and nobody has texted.
pub async fn list_with_pool(
    db: impl PgExecutor<'_>,
    campaign_ids: &[i32],
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM unnest($1::integer[]) AS campaign (id)
           -- The order is the pool's index's: without it the planner would read a campaign's texted contacts first.
           WHERE (SELECT c.id FROM campaign_contact c
                  WHERE c.campaign_id = campaign.id AND c.assignment_id IS NULL
                    AND c.message_status = 'needsMessage' AND NOT c.is_opted_out
                  ORDER BY c.created_at, c.id LIMIT 1) IS NOT NULL"#,
        campaign_ids
    )
    .fetch_all(db)
    .await
}
