//! What there is to know before a text is written down; asked only when it is not known.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::access::Role;
use crate::db::contact::Contact;
use crate::texting::status::CampaignStatus;

/// Everything the rules of sending ask about one contact, one person and one key.
#[derive(Clone, Debug)]
pub struct Facts {
    // --- the person
    pub session_epoch: i32,
    pub role: Option<Role>,
    // --- the contact
    pub contact: Contact,
    pub assigned_to: Option<i32>,
    /// Neither texted nor heard of, skipped or not: what is sent now is a first message.
    pub is_untexted: bool,
    /// Here, or anywhere opt-outs are kept for all.
    pub is_opted_out: bool,
    /// A text with this key has been written before.
    pub is_repeated: bool,
    pub terms: Arc<Terms>,
}

/// What a campaign and its organization lay down for texting.
#[derive(Clone, Debug, Deserialize)]
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
                  c.id, c.campaign_id, c.assignment_id, c.external_id, c.external_id_type, c.state_code, c.first_name,
                  c.last_name, c.cell, c.custom_fields, c.timezone, c.message_status, c.is_opted_out AS has_opted_out,
                  c.updated_at, a.user_id AS "assigned_to?",
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
            is_opted_out: row.has_opted_out,
            updated_at: row.updated_at,
        },
        assigned_to: row.assigned_to,
        is_untexted: row.is_untexted,
        is_opted_out: row.is_opted_out,
        is_repeated: row.is_repeated,
        terms: Arc::new(Terms {
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
        }),
    }))
}
