//! Texts of one campaign, by people whose terms are known, many in one statement.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::db::group::in_places;
use crate::db::sending::{Openings, Terms, Written, WrittenRow};

/// Under what a text is sent; all texts of a statement share it.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub terms: Arc<Terms>,
    /// Whether the campaign takes first messages now, and not only answers.
    pub takes_first: bool,
    /// None: at any time of day.
    pub openings: Option<Arc<Openings>>,
    pub service: String,
    pub messaging_service_sid: Option<String>,
    pub opt_outs_shared: bool,
    pub now: DateTime<Utc>,
}

/// Conditions with the same key are the same, but for the second.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    campaign_id: i32,
    campaign_version: String,
    organization_version: String,
    takes_first: bool,
    /// Since 1970: which zones are open is reckoned for a minute.
    minute: i64,
}

impl Conditions {
    /// What tells them from others.
    pub fn key(&self) -> Key {
        Key {
            campaign_id: self.terms.campaign_id,
            campaign_version: self.terms.campaign_version.clone(),
            organization_version: self.terms.organization_version.clone(),
            takes_first: self.takes_first,
            minute: self.now.timestamp().div_euclid(60),
        }
    }
}

/// A text to be written down.
#[derive(Clone, Debug)]
pub struct KnownText {
    pub conditions: Arc<Conditions>,
    pub contact_id: i32,
    pub assignment_id: i32,
    pub user_id: i32,
    pub session_epoch: i32,
    pub text: String,
    /// Only while the contact needs a first message.
    pub is_initial: bool,
    pub canned_response_id: Option<i32>,
    pub key: Option<Uuid>,
}

/// Writes texts whose conditions have the same key, and moves their contacts on, as [`insert_text`] does with one:
/// what no longer holds is asked of the rows as they are at this moment. In the texts' order; none where something
/// says no, or where somebody else has the contact in hand just now: this statement never waits for a row, so that
/// nobody's text waits for another's contact, and no two statements for one another.
///
/// [`insert_text`]: crate::db::sending::insert_text
///
/// # Errors
/// When the database does not answer, or a text's idempotency key has been used for its contact.
pub async fn insert(
    db: impl PgExecutor<'_>,
    texts: &[KnownText],
) -> sqlx::Result<Vec<Option<Written>>> {
    let Some(KnownText { conditions, .. }) = texts.first() else {
        return Ok(Vec::new());
    };
    let Conditions {
        terms, openings, ..
    } = &**conditions;
    let openings = openings.as_deref();
    let each = || texts.iter();
    let contacts: Vec<i32> = each().map(|text| text.contact_id).collect();
    let assignments: Vec<i32> = each().map(|text| text.assignment_id).collect();
    let users: Vec<i32> = each().map(|text| text.user_id).collect();
    let epochs: Vec<i32> = each().map(|text| text.session_epoch).collect();
    let bodies: Vec<&str> = each().map(|text| text.text.as_str()).collect();
    let initial: Vec<bool> = each().map(|text| text.is_initial).collect();
    let canned: Vec<Option<i32>> = each().map(|text| text.canned_response_id).collect();
    let keys: Vec<Option<Uuid>> = each().map(|text| text.key).collect();
    let rows = sqlx::query_as!(
        WrittenRow,
        r#"WITH terms AS MATERIALIZED (
               SELECT p.id AS campaign_id, o.id AS organization_id
               FROM campaign p JOIN organization o ON o.id = p.organization_id
               WHERE p.id = $9 AND p.xmin = $10::text::xid AND o.xmin = $11::text::xid),
           mine AS MATERIALIZED (
               SELECT asked.*, c.message_status AS status_before
               FROM terms
               CROSS JOIN unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::text[], $6::boolean[],
                                 $7::integer[], $8::uuid[])
                    WITH ORDINALITY AS asked (contact_id, assignment_id, user_id, session_epoch, text, is_initial,
                                              canned_response_id, key, place)
               JOIN campaign_contact c ON c.id = asked.contact_id
               JOIN "user" u ON u.id = asked.user_id
               WHERE c.campaign_id = terms.campaign_id AND c.assignment_id = asked.assignment_id
                 AND u.session_epoch = asked.session_epoch
                 AND CASE WHEN c.message_status IN ('needsMessage', 'closed')
                               AND c.messages_sent + c.messages_received = 0
                          THEN $18 ELSE NOT asked.is_initial END
                 AND ($12::text[] IS NULL OR coalesce(c.timezone, '') = ANY($12))
                 AND NOT c.is_opted_out
                 AND NOT EXISTS (SELECT FROM opt_out out WHERE out.cell = c.cell
                                 AND ($13 OR out.organization_id = terms.organization_id))
               FOR NO KEY UPDATE OF c SKIP LOCKED),
           contact AS (
               UPDATE campaign_contact c
               SET message_status = CASE WHEN c.message_status IN ('needsResponse', 'convo')
                                         THEN 'convo' ELSE 'messaged' END,
                   messages_sent = c.messages_sent + 1, updated_at = $14
               FROM mine WHERE c.id = mine.contact_id
               RETURNING c.*, mine.status_before, mine.user_id, mine.text, mine.canned_response_id, mine.key, mine.place),
           written AS (
               INSERT INTO message
                   (campaign_contact_id, campaign_id, user_id, assignment_id, contact_number, is_from_contact, text,
                    service, messaging_service_sid, send_status, send_attempts, canned_response_id,
                    idempotency_key, send_before, created_at, queued_at)
               SELECT id, campaign_id, user_id, assignment_id, cell, false, text, $15, $16, 'SENDING', 1,
                      CASE WHEN canned_response_id IS NOT NULL
                           THEN (SELECT r.id FROM canned_response r
                                 WHERE r.id = contact.canned_response_id AND r.campaign_id = contact.campaign_id)
                      END,
                      key, ($17::timestamptz[])[array_position($12, coalesce(timezone, ''))], $14, $14
               FROM contact
               RETURNING id, campaign_contact_id, send_before)
           SELECT contact.place AS "place!", contact.status_before AS "status_before!",
                  written.id AS "message_id!", written.send_before,
                  contact.id AS "id!", contact.campaign_id AS "campaign_id!", contact.assignment_id,
                  contact.external_id AS "external_id!", contact.external_id_type, contact.state_code,
                  contact.first_name AS "first_name!", contact.last_name AS "last_name!",
                  contact.cell AS "cell!", contact.custom_fields AS "custom_fields!", contact.timezone,
                  contact.message_status AS "message_status!", contact.is_opted_out AS "is_opted_out!",
                  contact.updated_at AS "updated_at!"
           FROM contact JOIN written ON written.campaign_contact_id = contact.id"#,
        &contacts,
        &assignments,
        &users,
        &epochs,
        &bodies as &[&str],
        &initial,
        &canned as &[Option<i32>],
        &keys as &[Option<Uuid>],
        terms.campaign_id,
        terms.campaign_version,
        terms.organization_version,
        openings.map(|openings| openings.zones.as_slice()),
        conditions.opt_outs_shared,
        conditions.now,
        conditions.service,
        conditions.messaging_service_sid,
        openings.map(|openings| openings.until.as_slice()),
        conditions.takes_first
    )
    .fetch_all(db)
    .await?;
    let written = rows.into_iter().map(|row| (row.place, Written::from(row)));
    Ok(in_places(texts.len(), written))
}
