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
