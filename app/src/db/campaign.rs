//! Campaigns.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, QueryBuilder};

use crate::texting::status::CampaignStatus;

/// A row of `campaign`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Campaign {
    pub id: i32,
    pub organization_id: i32,
    pub creator_id: Option<i32>,
    pub title: String,
    pub description: String,
    pub status: CampaignStatus,
    pub due_by: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub logo_image_url: String,
    pub intro_html: String,
    pub primary_color: String,
    pub override_organization_texting_hours: bool,
    pub texting_hours_enforced: bool,
    pub texting_hours_start: i16,
    pub texting_hours_end: i16,
    pub timezone: String,
    pub messaging_service_sid: Option<String>,
    pub join_token: Option<String>,
    pub contact_file_name: Option<String>,
    /// None: nothing was loaded yet, or by a version that did not note it here.
    pub contacts_count: Option<i32>,
    pub custom_fields: Vec<String>,
    pub created_at: DateTime<Utc>,
}

/// Every column of [`Campaign`], before what follows the table's name.
macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Campaign,
            r#"SELECT id, organization_id, creator_id, title, description,
                      status AS "status: CampaignStatus", due_by, started_at, logo_image_url, intro_html,
                      primary_color, override_organization_texting_hours, texting_hours_enforced,
                      texting_hours_start, texting_hours_end, timezone, messaging_service_sid,
                      join_token, contact_file_name, contacts_count, custom_fields, created_at
               FROM campaign "# + $rest
            $(, $argument)*
        )
    };
}

pub async fn list(db: impl PgExecutor<'_>, ids: &[i32]) -> sqlx::Result<Vec<Campaign>> {
    select!("WHERE id = ANY($1)", ids).fetch_all(db).await
}

pub async fn find(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<Campaign>> {
    select!("WHERE id = $1", id).fetch_optional(db).await
}

/// The campaign, held until the transaction ends, so that nobody edits or starts it meanwhile.
pub async fn find_for_update(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<Campaign>> {
    select!("WHERE id = $1 FOR UPDATE", id)
        .fetch_optional(db)
        .await
}

pub async fn find_by_join_token(
    db: impl PgExecutor<'_>,
    token: &str,
) -> sqlx::Result<Option<Campaign>> {
    select!("WHERE join_token = $1", token)
        .fetch_optional(db)
        .await
}

/// Started and not archived campaigns the person has an assignment in.
pub async fn list_assigned(
    db: impl PgExecutor<'_>,
    user_id: i32,
    organization_id: i32,
) -> sqlx::Result<Vec<Campaign>> {
    select!(
        "WHERE organization_id = $2 AND status NOT IN ('NOT_STARTED', 'ARCHIVED')
           AND id IN (SELECT campaign_id FROM assignment WHERE user_id = $1)
         ORDER BY started_at DESC",
        user_id,
        organization_id
    )
    .fetch_all(db)
    .await
}

/// What a list of campaigns is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub organization_id: i32,
    pub ids: Option<Vec<i32>>,
    pub search: Option<String>,
    pub status: Option<CampaignStatus>,
}

/// The orders a list of campaigns comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    DueDateAscending,
    DueDateDescending,
    IdAscending,
    IdDescending,
    Title,
}

impl Order {
    /// What comes before the id, as its index has it.
    fn key(self) -> Option<&'static str> {
        match self {
            Self::DueDateAscending | Self::DueDateDescending => {
                Some("coalesce(due_by, 'infinity'::timestamptz)")
            }
            Self::IdAscending | Self::IdDescending => None,
            Self::Title => Some("lower(title)"),
        }
    }

    fn is_falling(self) -> bool {
        matches!(self, Self::DueDateDescending | Self::IdDescending)
    }
}

/// Where a page lies in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// So many rows from the beginning.
    Offset(i64),
    /// Right behind the campaign with this id.
    After(i32),
    /// Right before it.
    Before(i32),
}

/// A page of campaigns, in their order. The filter, order and position make the statement, so it cannot be a checked one.
pub async fn list_page(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    order: Order,
    position: Position,
    limit: i64,
) -> sqlx::Result<Vec<Campaign>> {
    let mut query = QueryBuilder::new(
        "SELECT id, organization_id, creator_id, title, description, status, due_by, started_at,
                logo_image_url, intro_html, primary_color, override_organization_texting_hours,
                texting_hours_enforced, texting_hours_start, texting_hours_end, timezone,
                messaging_service_sid, join_token, contact_file_name, contacts_count, custom_fields, created_at
         FROM campaign",
    );
    push_filter(&mut query, filter);
    let is_backward = matches!(position, Position::Before(_));
    let (beyond, way) = if order.is_falling() == is_backward {
        (">", "ASC")
    } else {
        ("<", "DESC")
    };
    if let Position::After(id) | Position::Before(id) = position {
        match order.key() {
            None => query.push(format!(" AND id {beyond} ")).push_bind(id),
            Some(key) => query
                .push(format!(
                    " AND ({key}, id) {beyond} ((SELECT {key} FROM campaign WHERE id = "
                ))
                .push_bind(id)
                .push("), ")
                .push_bind(id)
                .push(")"),
        };
    }
    query.push(match order.key() {
        None => format!(" ORDER BY id {way}"),
        Some(key) => format!(" ORDER BY {key} {way}, id {way}"),
    });
    if let Position::Offset(offset) = position {
        query.push(" OFFSET ").push_bind(offset);
    }
    query.push(" LIMIT ").push_bind(limit);
    let mut page: Vec<Campaign> = query.build_query_as().fetch_all(db).await?;
    if is_backward {
        page.reverse();
    }
    Ok(page)
}

pub async fn count(db: impl PgExecutor<'_>, filter: &Filter) -> sqlx::Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM campaign");
    push_filter(&mut query, filter);
    query.build_query_scalar().fetch_one(db).await
}

fn push_filter(query: &mut QueryBuilder<sqlx::Postgres>, filter: &Filter) {
    query
        .push(" WHERE organization_id = ")
        .push_bind(filter.organization_id);
    if let Some(ids) = &filter.ids {
        query
            .push(" AND id = ANY(")
            .push_bind(ids.clone())
            .push(")");
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status);
    }
    if let Some(search) = &filter.search {
        // The text is searched for as it is: % and _ are letters like others.
        query
            .push(" AND position(lower(")
            .push_bind(search.clone())
            .push(") IN lower(title)) > 0");
    }
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    organization_id: i32,
    creator_id: i32,
    title: &str,
    timezone: &str,
    contact_file_name: Option<&str>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO campaign (organization_id, creator_id, title, timezone, contact_file_name)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        organization_id,
        creator_id,
        title,
        timezone,
        contact_file_name
    )
    .fetch_one(db)
    .await
}

/// What may be changed of a campaign; none leaves a column as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub title: Option<String>,
    pub description: Option<String>,
    /// Some(None) takes the due date away.
    pub due_by: Option<Option<DateTime<Utc>>>,
    pub logo_image_url: Option<String>,
    pub primary_color: Option<String>,
    pub intro_html: Option<String>,
    pub override_organization_texting_hours: Option<bool>,
    pub texting_hours_enforced: Option<bool>,
    pub texting_hours_start: Option<i16>,
    pub texting_hours_end: Option<i16>,
    pub timezone: Option<String>,
}

/// Changes only the columns that are given.
pub async fn update(db: impl PgExecutor<'_>, id: i32, changes: &Changes) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE campaign SET
             title = coalesce($2, title),
             description = coalesce($3, description),
             due_by = CASE WHEN $4 THEN $5 ELSE due_by END,
             logo_image_url = coalesce($6, logo_image_url),
             primary_color = coalesce($7, primary_color),
             intro_html = coalesce($8, intro_html),
             override_organization_texting_hours = coalesce($9, override_organization_texting_hours),
             texting_hours_enforced = coalesce($10, texting_hours_enforced),
             texting_hours_start = coalesce($11, texting_hours_start),
             texting_hours_end = coalesce($12, texting_hours_end),
             timezone = coalesce($13, timezone)
         WHERE id = $1",
        id,
        changes.title.as_deref(),
        changes.description.as_deref(),
        changes.due_by.is_some(),
        changes.due_by.flatten(),
        changes.logo_image_url.as_deref(),
        changes.primary_color.as_deref(),
        changes.intro_html.as_deref(),
        changes.override_organization_texting_hours,
        changes.texting_hours_enforced,
        changes.texting_hours_start,
        changes.texting_hours_end,
        changes.timezone.as_deref()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes how many contacts were loaded, what they carry and from which file they are.
pub async fn update_contacts(
    db: impl PgExecutor<'_>,
    id: i32,
    count: i32,
    custom_fields: &[String],
    file_name: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE campaign SET custom_fields = $2, contact_file_name = $3, contacts_count = $4 WHERE id = $1",
        id,
        custom_fields,
        file_name,
        count
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Starts the campaign; false when it is not waiting to be started.
pub async fn start(
    db: impl PgExecutor<'_>,
    id: i32,
    now: DateTime<Utc>,
    join_token: &str,
    messaging_service_sid: Option<&str>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE campaign SET status = 'ACTIVE', started_at = $2, join_token = $3, messaging_service_sid = $4
         WHERE id = $1 AND status = 'NOT_STARTED'",
        id,
        now,
        join_token,
        messaging_service_sid
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes the campaign's own messaging service, or that it has none any more.
pub async fn update_messaging_service(
    db: impl PgExecutor<'_>,
    id: i32,
    messaging_service_sid: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE campaign SET messaging_service_sid = $2 WHERE id = $1",
        id,
        messaging_service_sid
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets the status if it is one of `from`; false when it is not.
pub async fn update_status(
    db: impl PgExecutor<'_>,
    id: i32,
    from: &[&str],
    to: CampaignStatus,
) -> sqlx::Result<bool> {
    let from: Vec<String> = from.iter().map(|status| (*status).to_owned()).collect();
    let done = sqlx::query!(
        "UPDATE campaign SET status = $3 WHERE id = $1 AND status = ANY($2)",
        id,
        &from,
        to as CampaignStatus
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
