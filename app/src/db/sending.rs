//! Two of the statements a text costs: what there is to know, which is asked only when it is not
//! known, and the row. The third is in `outcome`.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::access::Role;
use crate::db::contact::Contact;
use crate::texting::status::CampaignStatus;

/// Broken when this contact has got a text with this key already.
pub const IDEMPOTENCY_KEY: &str = "message_idempotency_key";

/// Everything the rules of sending ask about one contact, one person and one key.
#[derive(Clone, Debug)]
pub struct Facts {
    // --- the person
    pub session_epoch: i32,
    pub role: Option<Role>,
    // --- the contact
    pub id: i32,
    pub assignment_id: Option<i32>,
    pub assigned_to: Option<i32>,
    pub cell: String,
    pub timezone: Option<String>,
    pub message_status: String,
    /// Neither texted nor heard of, skipped or not: what is sent now is a first message.
    pub is_untexted: bool,
    pub is_opted_out: bool,
    /// A text with this key has been written before.
    pub is_repeated: bool,
    pub terms: Terms,
}

/// What a campaign and its organization lay down for texting.
#[derive(Clone, Debug)]
pub struct Terms {
    // --- the campaign
    pub campaign_id: i32,
    pub status: CampaignStatus,
    pub due_by: Option<DateTime<Utc>>,
    pub overrides_hours: bool,
    pub hours_enforced: bool,
    pub hours_start: i16,
    pub hours_end: i16,
    pub campaign_timezone: String,
    pub messaging_service_sid: Option<String>,
    /// Another one as soon as the campaign's row is changed, whatever in it.
    pub campaign_version: String,
    // --- the organization
    pub organization_id: i32,
    pub organization_hours_enforced: bool,
    pub organization_hours_start: i16,
    pub organization_hours_end: i16,
    pub service: Option<String>,
    /// Another one as soon as the organization's row is changed.
    pub organization_version: String,
}

/// The facts; none when there is no such contact or no such person.
pub async fn find_facts(
    db: impl PgExecutor<'_>,
    user_id: i32,
    contact_id: i32,
    key: Option<Uuid>,
    opt_outs_shared: bool,
) -> sqlx::Result<Option<Facts>> {
    let row = sqlx::query!(
        r#"SELECT u.session_epoch, member.role AS "role?: Role",
                  c.id, c.campaign_id, c.assignment_id, a.user_id AS "assigned_to?", c.cell, c.timezone,
                  c.message_status,
                  (c.message_status IN ('needsMessage', 'closed')
                   AND c.messages_sent + c.messages_received = 0) AS "is_untexted!",
                  (c.is_opted_out
                   OR EXISTS (SELECT FROM opt_out WHERE cell = c.cell
                              AND ($4 OR organization_id = p.organization_id))) AS "is_opted_out!",
                  EXISTS (SELECT FROM message
                          WHERE campaign_contact_id = c.id AND idempotency_key = $3) AS "is_repeated!",
                  p.organization_id, p.status AS "status: CampaignStatus", p.due_by,
                  p.override_organization_texting_hours AS overrides_hours,
                  p.texting_hours_enforced AS hours_enforced, p.texting_hours_start AS hours_start,
                  p.texting_hours_end AS hours_end, p.timezone AS campaign_timezone,
                  p.messaging_service_sid, p.xmin::text AS "campaign_version!",
                  o.texting_hours_enforced AS organization_hours_enforced,
                  o.texting_hours_start AS organization_hours_start,
                  o.texting_hours_end AS organization_hours_end,
                  o.features ->> 'service' AS service, o.xmin::text AS "organization_version!"
           FROM campaign_contact c
           JOIN campaign p ON p.id = c.campaign_id
           JOIN organization o ON o.id = p.organization_id
           JOIN "user" u ON u.id = $1
           LEFT JOIN assignment a ON a.id = c.assignment_id
           LEFT JOIN user_organization member
                  ON member.user_id = u.id AND member.organization_id = p.organization_id
           WHERE c.id = $2"#,
        user_id,
        contact_id,
        key,
        opt_outs_shared
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Facts {
        session_epoch: row.session_epoch,
        role: row.role,
        id: row.id,
        assignment_id: row.assignment_id,
        assigned_to: row.assigned_to,
        cell: row.cell,
        timezone: row.timezone,
        message_status: row.message_status,
        is_untexted: row.is_untexted,
        is_opted_out: row.is_opted_out,
        is_repeated: row.is_repeated,
        terms: Terms {
            campaign_id: row.campaign_id,
            status: row.status,
            due_by: row.due_by,
            overrides_hours: row.overrides_hours,
            hours_enforced: row.hours_enforced,
            hours_start: row.hours_start,
            hours_end: row.hours_end,
            campaign_timezone: row.campaign_timezone,
            messaging_service_sid: row.messaging_service_sid,
            campaign_version: row.campaign_version,
            organization_id: row.organization_id,
            organization_hours_enforced: row.organization_hours_enforced,
            organization_hours_start: row.organization_hours_start,
            organization_hours_end: row.organization_hours_end,
            service: row.service,
            organization_version: row.organization_version,
        },
    }))
}

/// A text to be written down, and what was known when it was decided that it may be.
#[derive(Clone, Debug)]
pub struct NewText<'a> {
    pub contact_id: i32,
    pub assignment_id: i32,
    pub user_id: i32,
    pub session_epoch: i32,
    pub terms: &'a Terms,
    pub text: &'a str,
    /// The contact's status as it was read. A first message is written only while the contact needs one, and
    /// anything else only when it does not.
    pub status_before: &'a str,
    pub canned_response_id: Option<i32>,
    pub key: Option<Uuid>,
    pub service: &'a str,
    pub messaging_service_sid: Option<&'a str>,
    /// None: at any time of day.
    pub openings: Option<&'a Openings>,
    pub now: DateTime<Utc>,
    pub opt_outs_shared: bool,
}

/// Zones whose people may be texted now, and until when; of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openings {
    /// As contacts have them; empty for contacts that have none.
    pub zones: Vec<String>,
    pub until: Vec<DateTime<Utc>>,
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

/// Writes the text and moves the contact on in one statement that asks everything once more,
/// against the rows as they are at this moment: that campaign and organization are what they were
/// when the rules were asked, the session, the assignment, opt-outs, hours. None when something
/// has changed and says no.
///
/// The contact's state stands in a CASE, and not by itself: a planner that can prove the
/// condition of a partial index from it would walk that one instead of asking for the contact's id.
pub async fn insert_text(
    db: impl PgExecutor<'_>,
    text: NewText<'_>,
) -> sqlx::Result<Option<Written>> {
    let row = sqlx::query_as!(
        WrittenRow,
        r#"WITH contact AS (
               UPDATE campaign_contact c
               SET message_status = CASE WHEN c.message_status IN ('needsResponse', 'convo')
                                         THEN 'convo' ELSE 'messaged' END,
                   messages_sent = c.messages_sent + 1,
                   updated_at = $11
               FROM campaign p, organization o, "user" u
               WHERE c.id = $1 AND c.assignment_id = $2
                 AND p.id = c.campaign_id AND p.xmin = $14::text::xid
                 AND o.id = p.organization_id AND o.xmin = $15::text::xid
                 AND u.id = $3 AND u.session_epoch = $16
                 AND CASE c.message_status WHEN 'needsMessage' THEN $5 = 'needsMessage' ELSE $5 <> 'needsMessage' END
                 AND ($10::text[] IS NULL OR coalesce(c.timezone, '') = ANY($10))
                 AND NOT c.is_opted_out
                 AND NOT EXISTS (SELECT FROM opt_out out WHERE out.cell = c.cell
                                 AND ($13 OR out.organization_id = o.id))
               RETURNING c.*),
           written AS (
               INSERT INTO message
                   (campaign_contact_id, campaign_id, user_id, assignment_id, contact_number, is_from_contact, text,
                    service, messaging_service_sid, send_status, send_attempts, canned_response_id,
                    idempotency_key, send_before, created_at, queued_at)
               SELECT contact.id, contact.campaign_id, $3, $2, contact.cell, false, $4, $8, $9, 'SENDING', 1,
                      CASE WHEN $6::integer IS NOT NULL
                           THEN (SELECT id FROM canned_response WHERE id = $6 AND campaign_id = contact.campaign_id)
                      END,
                      $7, ($12::timestamptz[])[array_position($10, coalesce(contact.timezone, ''))], $11, $11
               FROM contact
               RETURNING id, send_before)
           SELECT 1::bigint AS "place!", $5::text AS "status_before!", written.id AS "message_id!", written.send_before,
                  contact.id AS "id!", contact.campaign_id AS "campaign_id!", contact.assignment_id,
                  contact.external_id AS "external_id!", contact.external_id_type, contact.state_code,
                  contact.first_name AS "first_name!", contact.last_name AS "last_name!",
                  contact.cell AS "cell!", contact.custom_fields AS "custom_fields!", contact.timezone,
                  contact.message_status AS "message_status!", contact.is_opted_out AS "is_opted_out!",
                  contact.updated_at AS "updated_at!"
           FROM contact, written"#,
        text.contact_id,
        text.assignment_id,
        text.user_id,
        text.text,
        text.status_before,
        text.canned_response_id,
        text.key,
        text.service,
        text.messaging_service_sid,
        text.openings.map(|openings| openings.zones.as_slice()),
        text.now,
        text.openings.map(|openings| openings.until.as_slice()),
        text.opt_outs_shared,
        text.terms.campaign_version,
        text.terms.organization_version,
        text.session_epoch
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Written::from))
}

/// A written text and its contact, as statements answer them.
#[derive(Debug)]
pub(super) struct WrittenRow {
    /// Where the text stands among those that were asked for, from 1.
    pub(super) place: i64,
    pub(super) status_before: String,
    pub(super) message_id: i64,
    pub(super) send_before: Option<DateTime<Utc>>,
    pub(super) id: i32,
    pub(super) campaign_id: i32,
    pub(super) assignment_id: Option<i32>,
    pub(super) external_id: String,
    pub(super) external_id_type: Option<String>,
    pub(super) state_code: Option<String>,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) cell: String,
    pub(super) custom_fields: serde_json::Value,
    pub(super) timezone: Option<String>,
    pub(super) message_status: String,
    pub(super) is_opted_out: bool,
    pub(super) updated_at: DateTime<Utc>,
}

impl From<WrittenRow> for Written {
    fn from(row: WrittenRow) -> Self {
        Self {
            message_id: row.message_id,
            status_before: row.status_before,
            send_before: row.send_before,
            contact: Contact {
                id: row.id,
                campaign_id: row.campaign_id,
                assignment_id: row.assignment_id,
                external_id: row.external_id,
                external_id_type: row.external_id_type,
                state_code: row.state_code,
                first_name: row.first_name,
                last_name: row.last_name,
                cell: row.cell,
                custom_fields: row.custom_fields,
                timezone: row.timezone,
                message_status: row.message_status,
                is_opted_out: row.is_opted_out,
                updated_at: row.updated_at,
            },
        }
    }
}
