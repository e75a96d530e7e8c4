//! The two statements a batch costs: what there is to know, and the taking.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::access::Role;
use crate::texting::status::CampaignStatus;

/// Everything the rules of batches ask about one assignment and one person.
#[derive(Clone, Debug)]
pub struct BatchFacts {
    // --- the person
    pub session_epoch: i32,
    pub role: Option<Role>,
    // --- the assignment
    pub assignment_id: i32,
    pub assigned_to: i32,
    pub max_contacts: Option<i32>,
    /// Batches handed out so far.
    pub batches: i32,
    // --- the campaign
    pub campaign_id: i32,
    pub organization_id: i32,
    pub status: CampaignStatus,
    pub due_by: Option<DateTime<Utc>>,
    pub overrides_hours: bool,
    pub hours_enforced: bool,
    pub hours_start: i16,
    pub hours_end: i16,
    pub campaign_timezone: String,
    // --- the organization
    pub organization_hours_enforced: bool,
    pub organization_hours_start: i16,
    pub organization_hours_end: i16,
}

/// The facts; none when there is no such assignment or no such person.
pub async fn find_facts(
    db: impl PgExecutor<'_>,
    user_id: i32,
    assignment_id: i32,
) -> sqlx::Result<Option<BatchFacts>> {
    sqlx::query_as!(
        BatchFacts,
        r#"SELECT u.session_epoch, member.role AS "role?: Role",
                  a.id AS assignment_id, a.user_id AS assigned_to, a.max_contacts, a.batches,
                  a.campaign_id, p.organization_id, p.status AS "status: CampaignStatus", p.due_by,
                  p.override_organization_texting_hours AS overrides_hours,
                  p.texting_hours_enforced AS hours_enforced, p.texting_hours_start AS hours_start,
                  p.texting_hours_end AS hours_end, p.timezone AS campaign_timezone,
                  o.texting_hours_enforced AS organization_hours_enforced,
                  o.texting_hours_start AS organization_hours_start,
                  o.texting_hours_end AS organization_hours_end
           FROM assignment a
           JOIN campaign p ON p.id = a.campaign_id
           JOIN organization o ON o.id = p.organization_id
           JOIN "user" u ON u.id = $1
           LEFT JOIN user_organization member
                  ON member.user_id = u.id AND member.organization_id = p.organization_id
           WHERE a.id = $2"#,
        user_id,
        assignment_id
    )
    .fetch_optional(db)
    .await
}

/// What a batch is taken by.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    pub facts: &'a BatchFacts,
    /// At most this many.
    pub wanted: i32,
    /// Only contacts of one of these zones, empty for those that have none; none: of any.
    pub zones: Option<&'a [String]>,
    pub opt_outs_shared: bool,
    pub now: DateTime<Utc>,
}

/// Gives the assignment contacts of the pool, oldest first, skipping those somebody else is just
/// taking and those who opted out; respects the assignment's limit, and gives nothing while it
/// still has that many unsent. Answers how many; none when another request of the same texter
/// came in between: then the facts are old.
///
/// The count of batches is what two requests at once know of each other by: the second one waits
/// for the row, finds another count and takes nothing.
pub async fn claim(db: impl PgExecutor<'_>, batch: &Batch<'_>) -> sqlx::Result<Option<i32>> {
    let facts = batch.facts;
    let row = sqlx::query!(
        r#"WITH mine AS (
               UPDATE assignment SET batches = batches + 1 WHERE id = $1 AND batches = $9 RETURNING id),
           held AS (
               SELECT count(*) FILTER (WHERE message_status = 'needsMessage' AND NOT is_opted_out) AS unsent,
                      least($3::bigint, $4::bigint - count(*)) AS size
               FROM campaign_contact WHERE assignment_id = $1),
           room AS (
               SELECT CASE WHEN unsent >= size OR NOT EXISTS (SELECT FROM mine) THEN 0 ELSE size END AS size FROM held),
           anywhere AS (
               SELECT c.id FROM campaign_contact c
               WHERE $7::text[] IS NULL
                 AND c.campaign_id = $2 AND c.assignment_id IS NULL AND c.message_status = 'needsMessage'
                 AND NOT c.is_opted_out
                 -- OFFSET keeps it a question about each contact: joined, all opt-outs would be read.
                 AND NOT EXISTS (SELECT FROM opt_out o
                                 WHERE o.cell = c.cell AND ($5 OR o.organization_id = $6) OFFSET 0)
               ORDER BY c.created_at, c.id
               LIMIT (SELECT size FROM room)
               FOR UPDATE OF c SKIP LOCKED),
           -- The oldest of each zone, and of them the oldest: nobody is walked over who may not be texted now.
           by_zone AS (
               SELECT oldest.id
               FROM unnest($7::text[]) AS zone
               CROSS JOIN LATERAL (
                   SELECT c.id, c.created_at FROM campaign_contact c
                   WHERE c.campaign_id = $2 AND coalesce(c.timezone, '') = zone
                     AND c.assignment_id IS NULL AND c.message_status = 'needsMessage' AND NOT c.is_opted_out
                     AND NOT EXISTS (SELECT FROM opt_out o
                                     WHERE o.cell = c.cell AND ($5 OR o.organization_id = $6) OFFSET 0)
                   ORDER BY c.created_at, c.id
                   LIMIT (SELECT size FROM room)
                   FOR UPDATE OF c SKIP LOCKED) AS oldest
               ORDER BY oldest.created_at, oldest.id
               LIMIT (SELECT size FROM room)),
           picked AS (SELECT id FROM anywhere UNION ALL SELECT id FROM by_zone),
           taken AS (
               UPDATE campaign_contact c SET assignment_id = $1, updated_at = $8
               FROM picked WHERE c.id = picked.id RETURNING c.id)
           SELECT (SELECT count(*) FROM mine) = 1 AS "is_mine!", count(*)::integer AS "count!" FROM taken"#,
        facts.assignment_id,
        facts.campaign_id,
        i64::from(batch.wanted),
        facts.max_contacts.map(i64::from),
        batch.opt_outs_shared,
        facts.organization_id,
        batch.zones,
        batch.now,
        facts.batches
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_mine.then_some(row.count))
}
