//! Contacts of campaigns (`campaign_contact`).

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, QueryBuilder};

/// A row of `campaign_contact`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Contact {
    pub id: i32,
    pub campaign_id: i32,
    pub assignment_id: Option<i32>,
    pub external_id: String,
    pub external_id_type: Option<String>,
    pub state_code: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub cell: String,
    pub custom_fields: serde_json::Value,
    pub timezone: Option<String>,
    pub message_status: String,
    pub is_opted_out: bool,
    pub updated_at: DateTime<Utc>,
}

/// What a list of an assignment's contacts is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub assignment_id: i32,
    pub contact_id: Option<i32>,
    /// None: every status.
    pub statuses: Option<Vec<String>>,
    pub is_opted_out: Option<bool>,
    /// Only contacts after this id.
    pub after_id: Option<i32>,
    /// Only contacts whose hours are open, or only those whose are not.
    pub hours: Option<Hours>,
    /// By status and age instead of by id.
    pub is_by_age: bool,
}

/// Contacts by the zone their hours are reckoned in.
#[derive(Clone, Debug)]
pub struct Hours {
    /// Zones in which people may be texted now.
    pub open: Vec<String>,
    /// The zone of contacts whose own is unknown.
    pub default_zone: String,
    /// Whether those in them are wanted, or the others.
    pub is_open: bool,
}

pub async fn find(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        "SELECT id, campaign_id, assignment_id, external_id, external_id_type, state_code, first_name,
                last_name, cell, custom_fields, timezone, message_status, is_opted_out, updated_at
         FROM campaign_contact WHERE id = $1",
        id
    )
    .fetch_optional(db)
    .await
}

/// Contacts with this number in campaigns the organization has started, the newest first.
pub async fn list_by_cell(
    db: impl PgExecutor<'_>,
    organization_id: i32,
    cell: &str,
    limit: i64,
) -> sqlx::Result<Vec<Contact>> {
    sqlx::query_as!(
        Contact,
        "SELECT c.id, c.campaign_id, c.assignment_id, c.external_id, c.external_id_type, c.state_code, c.first_name,
                c.last_name, c.cell, c.custom_fields, c.timezone, c.message_status, c.is_opted_out, c.updated_at
         FROM campaign_contact c JOIN campaign p ON p.id = c.campaign_id
         -- The sum keeps the planner from walking all contacts by id.
         WHERE c.cell = $2 AND p.organization_id = $1 AND p.started_at IS NOT NULL ORDER BY c.id + 0 DESC LIMIT $3",
        organization_id,
        cell,
        limit
    )
    .fetch_all(db)
    .await
}

/// A page of an assignment's contacts. The filter makes the statement, so it cannot be a checked one.
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<Vec<Contact>> {
    let mut query = QueryBuilder::new(
        "SELECT id, campaign_id, assignment_id, external_id, external_id_type, state_code, first_name,
                last_name, cell, custom_fields, timezone, message_status, is_opted_out, updated_at
         FROM campaign_contact",
    );
    push_filter(&mut query, filter);
    let is_one_status = filter
        .statuses
        .as_ref()
        .is_some_and(|statuses| statuses.len() == 1);
    query.push(match (filter.is_by_age, is_one_status) {
        (true, _) => " ORDER BY message_status DESC, updated_at ASC, id ASC",
        // The index of assignments has this order.
        (false, true) => " ORDER BY id",
        // It has not this one: the sum keeps the planner from walking the whole table by id.
        (false, false) => " ORDER BY id + 0",
    });
    query.push(" LIMIT ").push_bind(limit);
    query.build_query_as().fetch_all(db).await
}

pub async fn count(db: impl PgExecutor<'_>, filter: &Filter) -> sqlx::Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM campaign_contact");
    push_filter(&mut query, filter);
    query.build_query_scalar().fetch_one(db).await
}

fn push_filter(query: &mut QueryBuilder<sqlx::Postgres>, filter: &Filter) {
    query
        .push(" WHERE assignment_id = ")
        .push_bind(filter.assignment_id);
    if let Some(id) = filter.contact_id {
        query.push(" AND id = ").push_bind(id);
    }
    match filter.statuses.as_deref() {
        Some([status]) => {
            query
                .push(" AND message_status = ")
                .push_bind(status.clone());
        }
        Some(statuses) => {
            query
                .push(" AND message_status = ANY(")
                .push_bind(statuses.to_vec())
                .push(")");
        }
        None => {}
    }
    if let Some(is_opted_out) = filter.is_opted_out {
        query.push(" AND is_opted_out = ").push_bind(is_opted_out);
    }
    if let Some(hours) = &filter.hours {
        query
            .push(" AND (coalesce(timezone, ")
            .push_bind(hours.default_zone.clone())
            .push(") = ANY(")
            .push_bind(hours.open.clone())
            .push(")) = ")
            .push_bind(hours.is_open);
    }
    if let Some(after) = filter.after_id {
        query.push(" AND id > ").push_bind(after);
    }
}

/// Some contacts of a campaign, always the same ones: by number, because that order has an index.
pub async fn list_first(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    limit: i64,
) -> sqlx::Result<Vec<Contact>> {
    sqlx::query_as!(
        Contact,
        "SELECT id, campaign_id, assignment_id, external_id, external_id_type, state_code, first_name,
                last_name, cell, custom_fields, timezone, message_status, is_opted_out, updated_at
         FROM campaign_contact WHERE campaign_id = $1 ORDER BY cell LIMIT $2",
        campaign_id,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn count_of_campaign(db: impl PgExecutor<'_>, campaign_id: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM campaign_contact WHERE campaign_id = $1"#,
        campaign_id
    )
    .fetch_one(db)
    .await
}

/// What a campaign still has to do.
#[derive(Clone, Copy, Debug)]
pub struct Remaining {
    pub campaign_id: i32,
    pub has_unassigned: bool,
    pub has_unsent: bool,
}

/// For each campaign, whether contacts without texter and first messages are left.
pub async fn list_remaining(
    db: impl PgExecutor<'_>,
    campaign_ids: &[i32],
) -> sqlx::Result<Vec<Remaining>> {
    sqlx::query_as!(
        Remaining,
        r#"SELECT id AS "campaign_id!",
                  -- In the order of the pool's index: otherwise the planner may walk over texted contacts.
                  (SELECT c.id FROM campaign_contact c
                   WHERE c.campaign_id = campaign.id AND c.assignment_id IS NULL
                     AND c.message_status = 'needsMessage' AND NOT c.is_opted_out
                   ORDER BY c.created_at, c.id LIMIT 1) IS NOT NULL AS "has_unassigned!",
                  EXISTS (SELECT FROM campaign_contact c
                          WHERE c.campaign_id = campaign.id AND c.message_status = 'needsMessage'
                            AND NOT c.is_opted_out) AS "has_unsent!"
           FROM unnest($1::integer[]) AS campaign (id)"#,
        campaign_ids
    )
    .fetch_all(db)
    .await
}

/// Sets the status of a contact that is still in that assignment; none when it is not. One that nobody has texted
/// or heard of is either closed or needs its first message.
pub async fn update_status(
    db: impl PgExecutor<'_>,
    id: i32,
    assignment_id: i32,
    status: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Contact>> {
    sqlx::query_as!(
        Contact,
        "UPDATE campaign_contact
         SET message_status = CASE WHEN $3 <> 'closed' AND messages_sent + messages_received = 0
                                   THEN 'needsMessage' ELSE $3 END,
             updated_at = $4
         WHERE id = $1 AND assignment_id = $2
         RETURNING id, campaign_id, assignment_id, external_id, external_id_type, state_code, first_name,
                   last_name, cell, custom_fields, timezone, message_status, is_opted_out, updated_at",
        id,
        assignment_id,
        status,
        now
    )
    .fetch_optional(db)
    .await
}

/// Takes all contacts of a campaign away, before others are put in their place.
pub async fn delete_of_campaign(db: impl PgExecutor<'_>, campaign_id: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM campaign_contact WHERE campaign_id = $1",
        campaign_id
    )
    .execute(db)
    .await?;
    Ok(())
}
