//! Texts being written down: their rows, and their contacts moved on, in one statement that asks whether all that was
//! decided before still holds.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::contact::Contact;
use crate::db::group::in_places;
use crate::db::sending::Terms;

/// Broken when this contact has got a text with this key already.
pub const IDEMPOTENCY_KEY: &str = "message_idempotency_key";

/// Under what a text is sent; all texts of a statement share it.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub terms: Arc<Terms>,
    /// Whether the campaign takes first messages now, and not only answers.
    pub takes_first: bool,
    /// None: at any time of day.
    pub openings: Option<Arc<Openings>>,
    /// Hours that end before it leave the carrier no time.
    pub carrier_needs: DateTime<Utc>,
    pub service: String,
    pub messaging_service_sid: Option<String>,
    pub opt_outs_shared: bool,
    pub now: DateTime<Utc>,
}

/// Zones whose people may be texted now, and until when; of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openings {
    /// As contacts have them; empty for contacts that have none.
    pub zones: Vec<String>,
    pub until: Vec<DateTime<Utc>>,
}

/// Conditions with the same key are the same, but for a fraction of the second.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    campaign_id: i32,
    campaign_version: String,
    organization_version: String,
    takes_first: bool,
    /// Since 1970: `now` and `carrier_needs` of one text hold for all.
    second: i64,
}

impl Conditions {
    /// What tells them from others.
    pub fn key(&self) -> Key {
        Key {
            campaign_id: self.terms.campaign_id,
            campaign_version: self.terms.campaign_version.clone(),
            organization_version: self.terms.organization_version.clone(),
            takes_first: self.takes_first,
            second: self.now.timestamp(),
        }
    }
}

/// A text to be written down.
#[derive(Clone, Debug)]
pub struct NewText {
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

/// What became of a text that was to be written down.
#[derive(Clone, Debug)]
pub enum Entry {
    Written(Box<Written>),
    /// Nothing is written: campaign or organization have been edited since their terms were read. These hold now.
    Edited(Arc<Terms>),
    /// Nothing is written: something says no, or, where nobody waits, somebody else has the contact in hand.
    Refused,
}

/// What was written: the message's id and the contact as it is now.
#[derive(Clone, Debug)]
pub struct Written {
    pub message_id: i64,
    /// The contact's before.
    pub status_before: String,
    /// When the contact's texting hours end.
    pub send_before: Option<DateTime<Utc>>,
    pub contact: Contact,
}

/// The statement of this file, with what it does about contacts that somebody else has in hand. The contact's state
/// stands in a CASE, and not by itself: a planner that can prove the condition of a partial index from it would walk
/// that one instead of asking for the contact's id.
macro_rules! insert_texts {
    ($in_hand:literal, $texts:expr, $conditions:expr) => {{
        let (columns, conditions): (Columns<'_>, &Conditions) = (Columns::of($texts), $conditions);
        let terms = &conditions.terms;
        let openings = conditions.openings.as_deref();
        sqlx::query_as!(
            Row,
            r#"WITH terms AS MATERIALIZED (
                   SELECT p.id AS campaign_id, o.id AS organization_id,
                          CASE WHEN p.xmin <> $10::text::xid OR o.xmin <> $11::text::xid THEN jsonb_build_object(
                              'campaign_id', p.id, 'status', p.status, 'due_by', p.due_by,
                              'overrides_hours', p.override_organization_texting_hours,
                              'hours_enforced', p.texting_hours_enforced, 'hours_start', p.texting_hours_start,
                              'hours_end', p.texting_hours_end, 'campaign_timezone', p.timezone,
                              'messaging_service_sid', p.messaging_service_sid, 'campaign_version', p.xmin::text,
                              'organization_id', o.id, 'organization_hours_enforced', o.texting_hours_enforced,
                              'organization_hours_start', o.texting_hours_start,
                              'organization_hours_end', o.texting_hours_end, 'service', o.features ->> 'service',
                              'organization_version', o.xmin::text) END AS edited
                   FROM campaign p JOIN organization o ON o.id = p.organization_id
                   WHERE p.id = $9),
               mine AS MATERIALIZED (
                   SELECT asked.*, c.message_status AS status_before
                   FROM terms
                   CROSS JOIN unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::text[],
                                     $6::boolean[], $7::integer[], $8::uuid[])
                        WITH ORDINALITY AS asked (contact_id, assignment_id, user_id, session_epoch, text, is_initial,
                                                  canned_response_id, key, place)
                   JOIN campaign_contact c ON c.id = asked.contact_id
                   JOIN "user" u ON u.id = asked.user_id
                   WHERE terms.edited IS NULL
                     AND c.campaign_id = terms.campaign_id AND c.assignment_id = asked.assignment_id
                     AND u.session_epoch = asked.session_epoch
                     AND CASE WHEN c.message_status IN ('needsMessage', 'closed')
                                   AND c.messages_sent + c.messages_received = 0
                              THEN $18 ELSE NOT asked.is_initial END
                     AND ($12::text[] IS NULL
                          OR ($17::timestamptz[])[array_position($12, coalesce(c.timezone, ''))] >= $19)
                     AND NOT c.is_opted_out
                     AND NOT EXISTS (SELECT FROM opt_out out WHERE out.cell = c.cell
                                     AND ($13 OR out.organization_id = terms.organization_id))
                   FOR NO KEY UPDATE OF c "# + $in_hand + r#"),
               contact AS (
                   UPDATE campaign_contact c
                   SET message_status = CASE WHEN c.message_status IN ('needsResponse', 'convo')
                                             THEN 'convo' ELSE 'messaged' END,
                       messages_sent = c.messages_sent + 1, updated_at = $14
                   FROM mine WHERE c.id = mine.contact_id
                   RETURNING c.*, mine.status_before, mine.user_id, mine.text, mine.canned_response_id, mine.key,
                             mine.place),
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
               SELECT terms.edited AS "edited?: Json<Terms>",
                      contact.place AS "place?", contact.status_before AS "status_before?",
                      written.id AS "message_id?", written.send_before AS "send_before?",
                      contact.id AS "id?", contact.campaign_id AS "campaign_id?",
                      contact.assignment_id AS "assignment_id?", contact.external_id AS "external_id?",
                      contact.external_id_type AS "external_id_type?", contact.state_code AS "state_code?",
                      contact.first_name AS "first_name?", contact.last_name AS "last_name?",
                      contact.cell AS "cell?", contact.custom_fields AS "custom_fields?",
                      contact.timezone AS "timezone?", contact.message_status AS "message_status?",
                      contact.is_opted_out AS "is_opted_out?", contact.updated_at AS "updated_at?"
               FROM terms LEFT JOIN (contact JOIN written ON written.campaign_contact_id = contact.id) ON true"#,
            &columns.contacts,
            &columns.assignments,
            &columns.users,
            &columns.epochs,
            &columns.bodies as &[&str],
            &columns.initial,
            &columns.canned as &[Option<i32>],
            &columns.keys as &[Option<Uuid>],
            terms.campaign_id,
            terms.campaign_version,
            terms.organization_version,
            openings.map(|openings| openings.zones.as_slice()),
            conditions.opt_outs_shared,
            conditions.now,
            conditions.service,
            conditions.messaging_service_sid,
            openings.map(|openings| openings.until.as_slice()),
            conditions.takes_first,
            conditions.carrier_needs
        )
    }};
}

/// Writes texts whose conditions have the same key, and moves their contacts on, in one statement that asks everything
/// of the rows as they are at this moment: that campaign and organization are what they were when the rules were
/// asked, the session, the assignment, opt-outs, hours. Answers in the texts' order.
///
/// It never waits for a contact, so that nobody's text waits for another's, and no two statements for one another.
///
/// # Errors
/// When the database does not answer, or a text's idempotency key has been used for its contact.
pub async fn insert(db: impl PgExecutor<'_>, texts: &[NewText]) -> sqlx::Result<Vec<Entry>> {
    let Some(NewText { conditions, .. }) = texts.first() else {
        return Ok(Vec::new());
    };
    let rows = insert_texts!("SKIP LOCKED", texts, conditions);
    Ok(entries(texts.len(), rows.fetch_all(db).await?))
}

/// As [`insert`], for one text; waits for who has its contact in hand. Then the contact is asked as it is afterwards,
/// everything else as it was when the statement began. (Who opts out is marked on the contact, too.)
///
/// # Errors
/// As [`insert`], and when that lasts longer than the lock time-out.
pub async fn insert_waiting(db: impl PgExecutor<'_>, text: &NewText) -> sqlx::Result<Entry> {
    let rows = insert_texts!("", std::slice::from_ref(text), &text.conditions);
    let entry = entries(1, rows.fetch_all(db).await?).pop();
    Ok(entry.unwrap_or(Entry::Refused))
}

/// The texts' own values, one array each.
struct Columns<'a> {
    contacts: Vec<i32>,
    assignments: Vec<i32>,
    users: Vec<i32>,
    epochs: Vec<i32>,
    bodies: Vec<&'a str>,
    initial: Vec<bool>,
    canned: Vec<Option<i32>>,
    keys: Vec<Option<Uuid>>,
}

impl<'a> Columns<'a> {
    fn of(texts: &'a [NewText]) -> Self {
        let each = || texts.iter();
        Self {
            contacts: each().map(|text| text.contact_id).collect(),
            assignments: each().map(|text| text.assignment_id).collect(),
            users: each().map(|text| text.user_id).collect(),
            epochs: each().map(|text| text.session_epoch).collect(),
            bodies: each().map(|text| text.text.as_str()).collect(),
            initial: each().map(|text| text.is_initial).collect(),
            canned: each().map(|text| text.canned_response_id).collect(),
            keys: each().map(|text| text.key).collect(),
        }
    }
}

/// The campaign's terms if they have been edited, or a written text and its contact, or neither.
struct Row {
    edited: Option<Json<Terms>>,
    /// Where the text stands among those that were asked for, from 1.
    place: Option<i64>,
    status_before: Option<String>,
    message_id: Option<i64>,
    send_before: Option<DateTime<Utc>>,
    id: Option<i32>,
    campaign_id: Option<i32>,
    assignment_id: Option<i32>,
    external_id: Option<String>,
    external_id_type: Option<String>,
    state_code: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    cell: Option<String>,
    custom_fields: Option<serde_json::Value>,
    timezone: Option<String>,
    message_status: Option<String>,
    is_opted_out: Option<bool>,
    updated_at: Option<DateTime<Utc>>,
}

impl Row {
    fn written(self) -> Option<(i64, Written)> {
        let written = Written {
            message_id: self.message_id?,
            status_before: self.status_before?,
            send_before: self.send_before,
            contact: Contact {
                id: self.id?,
                campaign_id: self.campaign_id?,
                assignment_id: self.assignment_id,
                external_id: self.external_id?,
                external_id_type: self.external_id_type,
                state_code: self.state_code,
                first_name: self.first_name?,
                last_name: self.last_name?,
                cell: self.cell?,
                custom_fields: self.custom_fields?,
                timezone: self.timezone,
                message_status: self.message_status?,
                is_opted_out: self.is_opted_out?,
                updated_at: self.updated_at?,
            },
        };
        Some((self.place?, written))
    }
}

fn entries(count: usize, mut rows: Vec<Row>) -> Vec<Entry> {
    let edited = rows.first_mut().and_then(|row| row.edited.take());
    if let Some(Json(terms)) = edited {
        return vec![Entry::Edited(Arc::new(terms)); count];
    }
    in_places(count, rows.into_iter().filter_map(Row::written))
        .into_iter()
        .map(|written| match written {
            Some(written) => Entry::Written(Box::new(written)),
            None => Entry::Refused,
        })
        .collect()
}
