//! Texts as they came in, before anything was made of them.
//!
//! Where a text is asked for by its id, its status stands in a CASE: a planner that can prove the condition of an index
//! over the few that are not applied walks that one, with all that were applied since it was last cleaned.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::db::message::Conversation;

/// A text to be kept.
#[derive(Clone, Debug)]
pub struct NewInbound<'a> {
    pub service: &'a str,
    pub service_id: &'a str,
    pub payload: &'a serde_json::Value,
    pub contact_number: &'a str,
    pub user_number: &'a str,
    pub messaging_service_sid: &'a str,
    pub text: &'a str,
    pub now: DateTime<Utc>,
}

/// A kept text that has not been applied.
#[derive(Clone, Debug)]
pub struct Inbound {
    pub id: i64,
    pub service: String,
    pub service_id: String,
    pub payload: serde_json::Value,
    pub contact_number: String,
    pub user_number: String,
    pub messaging_service_sid: String,
    pub text: String,
}

impl Inbound {
    /// The text as it was to be kept.
    pub fn as_new(&self, now: DateTime<Utc>) -> NewInbound<'_> {
        NewInbound {
            service: &self.service,
            service_id: &self.service_id,
            payload: &self.payload,
            contact_number: &self.contact_number,
            user_number: &self.user_number,
            messaging_service_sid: &self.messaging_service_sid,
            text: &self.text,
            now,
        }
    }
}

/// A kept text that is to be applied, and the conversation it belongs to.
#[derive(Clone, Debug)]
pub struct Kept {
    pub inbound: Inbound,
    /// Of the contact with that number who was texted last through that messaging service.
    pub conversation: Option<Conversation>,
}

/// Keeps the text and finds its conversation; the same carrier id again changes nothing. Answers it as long as it
/// is not applied.
pub async fn insert(db: impl PgExecutor<'_>, new: NewInbound<'_>) -> sqlx::Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"WITH kept AS (
               INSERT INTO inbound_message
                   (service, service_id, payload, contact_number, user_number, messaging_service_sid, text,
                    received_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT ON CONSTRAINT inbound_message_service_id_key
                   DO UPDATE SET status = inbound_message.status WHERE inbound_message.status = 'RECEIVED'
               RETURNING id),
           conversation AS (
               SELECT c.id AS campaign_contact_id, c.campaign_id, p.organization_id, c.assignment_id
               FROM campaign_contact c
               JOIN campaign p ON p.id = c.campaign_id
               JOIN LATERAL (SELECT max(m.id) AS id FROM message m
                             WHERE m.campaign_contact_id = c.id AND NOT m.is_from_contact
                               AND coalesce(m.messaging_service_sid, '') = $6) newest ON newest.id IS NOT NULL
               WHERE c.cell = $4
               ORDER BY newest.id DESC LIMIT 1)
           SELECT kept.id, campaign_contact_id AS "campaign_contact_id?", campaign_id AS "campaign_id?",
                  organization_id AS "organization_id?", assignment_id
           FROM kept LEFT JOIN conversation ON true"#,
        new.service,
        new.service_id,
        new.payload,
        new.contact_number,
        new.user_number,
        new.messaging_service_sid,
        new.text,
        new.now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Kept {
        inbound: Inbound {
            id: row.id,
            service: new.service.to_owned(),
            service_id: new.service_id.to_owned(),
            payload: new.payload.clone(),
            contact_number: new.contact_number.to_owned(),
            user_number: new.user_number.to_owned(),
            messaging_service_sid: new.messaging_service_sid.to_owned(),
            text: new.text.to_owned(),
        },
        conversation: row
            .campaign_contact_id
            .zip(row.campaign_id)
            .zip(row.organization_id)
            .map(
                |((campaign_contact_id, campaign_id), organization_id)| Conversation {
                    campaign_contact_id,
                    campaign_id,
                    organization_id,
                    assignment_id: row.assignment_id,
                },
            ),
    }))
}

/// Texts that were kept but, for a crash or an error, never applied.
pub async fn list_unapplied(
    db: impl PgExecutor<'_>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Inbound>> {
    sqlx::query_as!(
        Inbound,
        "SELECT id, service, service_id, payload, contact_number, user_number, messaging_service_sid, text
         FROM inbound_message WHERE status = 'RECEIVED' AND received_at < $1 ORDER BY received_at LIMIT $2",
        before,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn update_unmatched(
    db: impl PgExecutor<'_>,
    id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE inbound_message SET status = 'UNMATCHED', settled_at = $2
         WHERE id = $1 AND CASE status WHEN 'RECEIVED' THEN true ELSE false END",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts the text into the contact's thread and asks for a response, once: whoever applies it
/// again finds it applied. False when it was.
///
/// Nobody waits until the disk has it: what was kept before is applied again should this be lost.
pub async fn apply(
    db: impl PgExecutor<'_>,
    inbound: &Inbound,
    campaign_contact_id: i32,
    attachments: Option<&serde_json::Value>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "WITH taken AS (
             UPDATE inbound_message SET status = 'APPLIED', settled_at = $3, campaign_contact_id = $2
             WHERE id = $1 AND CASE status WHEN 'RECEIVED' THEN true ELSE false END
               AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
             RETURNING service, service_id, payload, contact_number, user_number, messaging_service_sid, text),
         written AS (
             INSERT INTO message
                 (campaign_contact_id, campaign_id, user_number, contact_number, is_from_contact, text, attachments, service,
                  service_id, service_response, messaging_service_sid, send_status, created_at, queued_at)
             SELECT $2, (SELECT campaign_id FROM campaign_contact WHERE id = $2), user_number, contact_number, true, text, $4, service, service_id, payload::text,
                    messaging_service_sid, 'DELIVERED', $3, $3
             FROM taken
             ON CONFLICT (service_id) WHERE service_id <> '' DO NOTHING
             RETURNING id)
         UPDATE campaign_contact
         SET message_status = 'needsResponse', messages_received = messages_received + 1, updated_at = $3
         WHERE id = $2 AND EXISTS (SELECT FROM written)",
        inbound.id,
        campaign_contact_id,
        now,
        attachments
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A text that nobody's conversation matched.
#[derive(Clone, Debug)]
pub struct Unmatched {
    pub id: i64,
    pub contact_number: String,
    pub user_number: String,
    pub text: String,
    pub received_at: DateTime<Utc>,
}

/// Unmatched texts an organization may see, newest first: those that came to a messaging service
/// only its own campaigns use. An instance's only organization sees all of them.
pub async fn list_unmatched(
    db: impl PgExecutor<'_>,
    organization_id: i32,
    sees_all: bool,
    before_id: i64,
    limit: i64,
) -> sqlx::Result<Vec<Unmatched>> {
    sqlx::query_as!(
        Unmatched,
        "SELECT id, contact_number, user_number, text, received_at FROM inbound_message
         WHERE status = 'UNMATCHED' AND id < $3
           AND ($2 OR NOT EXISTS (SELECT FROM organization WHERE id <> $1)
                OR messaging_service_sid IN
                   (SELECT messaging_service_sid FROM campaign
                    WHERE organization_id = $1 AND messaging_service_sid IS NOT NULL
                    EXCEPT SELECT messaging_service_sid FROM campaign
                    WHERE organization_id <> $1 AND messaging_service_sid IS NOT NULL))
         ORDER BY id DESC LIMIT $4",
        organization_id,
        sees_all,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Takes an unmatched text in hand, so that it can be applied; none when it is not unmatched.
pub async fn take_unmatched(
    db: impl PgExecutor<'_>,
    id: i64,
    user_id: i32,
) -> sqlx::Result<Option<Inbound>> {
    sqlx::query_as!(
        Inbound,
        "UPDATE inbound_message SET status = 'RECEIVED', assigned_by = $2
         WHERE id = $1 AND CASE status WHEN 'UNMATCHED' THEN true ELSE false END
         RETURNING id, service, service_id, payload, contact_number, user_number, messaging_service_sid, text",
        id,
        user_id
    )
    .fetch_optional(db)
    .await
}
