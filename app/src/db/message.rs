//! Texts out and in.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// A row of `message`, as a thread shows it.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: i64,
    pub campaign_contact_id: i32,
    pub text: String,
    /// Pictures and the like, as `[{url, contentType}]`; none when there are none.
    pub attachments: Option<serde_json::Value>,
    pub is_from_contact: bool,
    pub created_at: DateTime<Utc>,
    pub send_status: String,
    pub error_code: Option<i32>,
}

/// The threads of these contacts, oldest first.
pub async fn list(db: impl PgExecutor<'_>, contact_ids: &[i32]) -> sqlx::Result<Vec<Message>> {
    sqlx::query_as!(
        Message,
        "SELECT id, campaign_contact_id, text, attachments, is_from_contact, created_at, send_status, error_code
         FROM message WHERE campaign_contact_id = ANY($1) ORDER BY id",
        contact_ids
    )
    .fetch_all(db)
    .await
}

/// How many texts of a campaign failed: an index holds only those.
pub async fn count_failed(db: impl PgExecutor<'_>, campaign_id: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM message WHERE send_status = 'ERROR' AND campaign_id = $1"#,
        campaign_id
    )
    .fetch_one(db)
    .await
}

/// The conversation a text from `cell` belongs to.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub campaign_contact_id: i32,
    pub campaign_id: i32,
    pub organization_id: i32,
    pub assignment_id: Option<i32>,
}

/// The contact with that number who was texted last through that messaging service.
pub async fn find_conversation(
    db: impl PgExecutor<'_>,
    cell: &str,
    messaging_service_sid: &str,
) -> sqlx::Result<Option<Conversation>> {
    sqlx::query_as!(
        Conversation,
        "SELECT c.id AS campaign_contact_id, c.campaign_id, p.organization_id, c.assignment_id
         FROM campaign_contact c
         JOIN campaign p ON p.id = c.campaign_id
         JOIN LATERAL (SELECT max(m.id) AS id FROM message m
                       WHERE m.campaign_contact_id = c.id AND NOT m.is_from_contact
                         AND coalesce(m.messaging_service_sid, '') = $2) newest ON newest.id IS NOT NULL
         WHERE c.cell = $1
         ORDER BY newest.id DESC LIMIT 1",
        cell,
        messaging_service_sid
    )
    .fetch_optional(db)
    .await
}
