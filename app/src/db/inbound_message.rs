//! Texts as they came in, before anything was made of them.
//!
//! Where a text is asked for by its id, its status stands in a CASE: a planner that can prove the condition of an index
//! over the few that are not applied walks that one, with all that were applied since it was last cleaned.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::db::group::in_places;
use crate::db::message::Conversation;

/// A text to be kept.
#[derive(Clone, Debug)]
pub struct NewInbound {
    pub service: String,
    pub service_id: String,
    pub payload: serde_json::Value,
    pub contact_number: String,
    pub user_number: String,
    pub messaging_service_sid: String,
    pub text: String,
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
    pub fn into_new(self, now: DateTime<Utc>) -> NewInbound {
        NewInbound {
            service: self.service,
            service_id: self.service_id,
            payload: self.payload,
            contact_number: self.contact_number,
            user_number: self.user_number,
            messaging_service_sid: self.messaging_service_sid,
            text: self.text,
            now,
        }
    }
}

/// A kept text that is to be applied, and the conversation it belongs to.
#[derive(Clone, Debug)]
pub struct Kept {
    pub id: i64,
    /// Of the contact with that number who was texted last through that messaging service.
    pub conversation: Option<Conversation>,
}

/// Keeps the texts and finds their conversations; the same carrier id again changes nothing. In the texts' order;
/// none where a text has been applied before.
///
/// # Errors
/// When the database does not answer, or two of the texts have the same carrier id.
pub async fn insert(
    db: impl PgExecutor<'_>,
    texts: &[Arc<NewInbound>],
) -> sqlx::Result<Vec<Option<Kept>>> {
    let each = || texts.iter();
    let services: Vec<&str> = each().map(|text| text.service.as_str()).collect();
    let service_ids: Vec<&str> = each().map(|text| text.service_id.as_str()).collect();
    let payloads: Vec<&serde_json::Value> = each().map(|text| &text.payload).collect();
    let contacts: Vec<&str> = each().map(|text| text.contact_number.as_str()).collect();
    let users: Vec<&str> = each().map(|text| text.user_number.as_str()).collect();
    let messaging_services: Vec<&str> = each()
        .map(|text| text.messaging_service_sid.as_str())
        .collect();
    let bodies: Vec<&str> = each().map(|text| text.text.as_str()).collect();
    let times: Vec<DateTime<Utc>> = each().map(|text| text.now).collect();
    let rows = sqlx::query!(
        r#"WITH arrived AS MATERIALIZED (
               SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[],
                                    $8::timestamptz[])
                   WITH ORDINALITY AS a (service, service_id, payload, contact_number, user_number,
                                         messaging_service_sid, text, received_at, place)),
           kept AS (
               INSERT INTO inbound_message
                   (service, service_id, payload, contact_number, user_number, messaging_service_sid, text,
                    received_at)
               -- Two statements that have several texts in common take them in the same order.
               SELECT service, service_id, payload, contact_number, user_number, messaging_service_sid, text,
                      received_at
               FROM arrived ORDER BY service_id
               ON CONFLICT ON CONSTRAINT inbound_message_service_id_key
                   DO UPDATE SET status = inbound_message.status WHERE inbound_message.status = 'RECEIVED'
               RETURNING id, service, service_id)
           SELECT arrived.place AS "place!", kept.id AS "id!", campaign_contact_id AS "campaign_contact_id?",
                  campaign_id AS "campaign_id?", organization_id AS "organization_id?", assignment_id
           FROM kept JOIN arrived ON arrived.service_id = kept.service_id AND arrived.service = kept.service
           LEFT JOIN LATERAL (
               SELECT c.id AS campaign_contact_id, c.campaign_id, p.organization_id, c.assignment_id
               FROM campaign_contact c
               JOIN campaign p ON p.id = c.campaign_id
               JOIN LATERAL (SELECT max(m.id) AS id FROM message m
                             WHERE m.campaign_contact_id = c.id AND NOT m.is_from_contact
                               AND coalesce(m.messaging_service_sid, '') = arrived.messaging_service_sid) newest
                    ON newest.id IS NOT NULL
               WHERE c.cell = arrived.contact_number
               ORDER BY newest.id DESC LIMIT 1) conversation ON true"#,
        &services as &[&str],
        &service_ids as &[&str],
        &payloads as &[&serde_json::Value],
        &contacts as &[&str],
        &users as &[&str],
        &messaging_services as &[&str],
        &bodies as &[&str],
        &times
    )
    .fetch_all(db)
    .await?;
    let kept = rows.into_iter().map(|row| {
        let found = row
            .campaign_contact_id
            .zip(row.campaign_id)
            .zip(row.organization_id);
        let conversation =
            found.map(
                |((campaign_contact_id, campaign_id), organization_id)| Conversation {
                    campaign_contact_id,
                    campaign_id,
                    organization_id,
                    assignment_id: row.assignment_id,
                },
            );
        let id = row.id;
        (row.place, Kept { id, conversation })
    });
    Ok(in_places(texts.len(), kept))
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

/// A kept text on its way into a contact's thread.
#[derive(Clone, Debug)]
pub struct Application {
    pub inbound_message_id: i64,
    pub campaign_contact_id: i32,
    pub attachments: Option<serde_json::Value>,
    pub at: DateTime<Utc>,
}

/// Puts the text into the contact's thread and asks for a response, once: whoever applies it
/// again finds it applied. False when it was.
///
/// Nobody waits until the disk has it: what was kept before is applied again should this be lost.
pub async fn apply(db: impl PgExecutor<'_>, text: &Application) -> sqlx::Result<bool> {
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
        text.inbound_message_id,
        text.campaign_contact_id,
        text.at,
        text.attachments
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts texts into their contacts' threads, as [`apply`] does with one. In the texts' order; false also where somebody
/// else has the contact in hand just now: this statement never waits for a contact.
pub async fn apply_together(
    db: impl PgExecutor<'_>,
    texts: &[Application],
) -> sqlx::Result<Vec<bool>> {
    let each = || texts.iter();
    let ids: Vec<i64> = each().map(|text| text.inbound_message_id).collect();
    let contacts: Vec<i32> = each().map(|text| text.campaign_contact_id).collect();
    let attachments: Vec<Option<&serde_json::Value>> =
        each().map(|text| text.attachments.as_ref()).collect();
    let now = each().map(|text| text.at).max();
    let places = sqlx::query_scalar!(
        r#"WITH mine AS MATERIALIZED (
               SELECT id, campaign_id FROM campaign_contact WHERE id = ANY($2) FOR NO KEY UPDATE SKIP LOCKED),
           taken AS (
               UPDATE inbound_message i SET status = 'APPLIED', settled_at = $4, campaign_contact_id = mine.id
               FROM unnest($1::bigint[], $2::integer[], $3::jsonb[])
                    WITH ORDINALITY AS asked (id, campaign_contact_id, attachments, place)
               JOIN mine ON mine.id = asked.campaign_contact_id
               WHERE i.id = asked.id AND CASE i.status WHEN 'RECEIVED' THEN true ELSE false END
                 AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
               RETURNING i.*, mine.campaign_id, asked.attachments, asked.place),
           written AS (
               INSERT INTO message
                   (campaign_contact_id, campaign_id, user_number, contact_number, is_from_contact, text, attachments,
                    service, service_id, service_response, messaging_service_sid, send_status, created_at, queued_at)
               SELECT campaign_contact_id, campaign_id, user_number, contact_number, true, text, attachments,
                      service, service_id, payload::text, messaging_service_sid, 'DELIVERED', $4, $4
               FROM taken ORDER BY id
               ON CONFLICT (service_id) WHERE service_id <> '' DO NOTHING
               RETURNING campaign_contact_id, service_id),
           moved AS (
               UPDATE campaign_contact c
               SET message_status = 'needsResponse', messages_received = c.messages_received + new.count, updated_at = $4
               FROM (SELECT campaign_contact_id, count(*)::smallint AS count FROM written GROUP BY campaign_contact_id) new
               WHERE c.id = new.campaign_contact_id)
           SELECT taken.place AS "place!" FROM taken JOIN written USING (service_id)"#,
        &ids,
        &contacts,
        &attachments as &[Option<&serde_json::Value>],
        now
    )
    .fetch_all(db)
    .await?;
    let applied = places.into_iter().map(|place| (place, ()));
    let applied = in_places(texts.len(), applied);
    Ok(applied.iter().map(Option::is_some).collect())
}

/// A text that nobody's conversation matched.
#[derive(Clone, Debug)]
pub struct Unmatched {
    pub id: i64,
    pub payload: serde_json::Value,
    pub contact_number: String,
    pub user_number: String,
    pub messaging_service_sid: String,
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
        "SELECT id, payload, contact_number, user_number, messaging_service_sid, text, received_at FROM inbound_message
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
