//! What is in the database before anybody works.

use sqlx::AssertSqlSafe;

use crate::Args;
use crate::instance::Instance;

pub(crate) struct Seeded {
    pub(crate) organization: i32,
    /// With 200,000 contacts and 100,000 texts, by fifty texters.
    pub(crate) statistics: i32,
    /// Of the join link.
    pub(crate) token: String,
}

/// An organization, other campaigns with their texts, and the campaign to work in.
pub(crate) async fn campaign(instance: &Instance, args: &Args) -> anyhow::Result<Seeded> {
    let token = "the-join-token".to_owned();
    let statements = [
        "INSERT INTO organization (id, name, uuid, texting_hours_enforced)
         OVERRIDING SYSTEM VALUE VALUES (1, 'Voters', gen_random_uuid(), false)"
            .to_owned(),
        "INSERT INTO \"user\" (id, first_name, last_name, email)
         OVERRIDING SYSTEM VALUE VALUES (1000000, 'Be', 'Fore', 'before@example.org')"
            .to_owned(),
        format!(
            "INSERT INTO campaign (id, organization_id, title, description, status, started_at, join_token, due_by)
             OVERRIDING SYSTEM VALUE
             SELECT n, 1, 'Campaign ' || n, 'x', 'ACTIVE', now(), CASE n WHEN 1 THEN '{token}' ELSE 'other-' || n END,
                    now() + interval '30 days'
             FROM generate_series(1, 2 + ({before} + 99999) / 100000) AS n",
            before = args.before
        ),
        "INSERT INTO interaction_step (campaign_id, script) SELECT id, 'Hi {first_name}' FROM campaign".to_owned(),
        format!(
            "INSERT INTO campaign_contact (campaign_id, first_name, last_name, cell, timezone, custom_fields)
             SELECT 1, 'Ana', 'Diaz', '+1555' || lpad(n::text, 7, '0'), 'America/New_York', '{{\"city\": \"Boston\"}}'
             FROM generate_series(1, {}) AS n",
            args.contacts
        ),
        format!(
            "WITH made AS (
                 INSERT INTO campaign_contact (campaign_id, first_name, last_name, cell, timezone, message_status,
                                               messages_sent)
                 SELECT 3 + n / 100000, 'Bo', 'Ek', '+1666' || lpad(n::text, 7, '0'), 'America/Chicago', 'messaged', 2
                 FROM generate_series(0, {} - 1) AS n RETURNING id, campaign_id, cell)
             INSERT INTO message (campaign_contact_id, campaign_id, user_id, contact_number, is_from_contact, text,
                                  service, service_id, send_status, messaging_service_sid, send_attempts)
             SELECT made.id, made.campaign_id, 1000000, made.cell, false, 'Hi Bo, will you vote?', 'twilio',
                    'SM' || made.id || '-' || turn, 'DELIVERED', 'MGbefore', 1
             FROM made, generate_series(1, 2) AS turn",
            args.before
        ),
        answered(args.before),
        half_texted(),
        "UPDATE campaign SET contacts_count = (SELECT count(*) FROM campaign_contact WHERE campaign_id = campaign.id)"
            .to_owned(),
        "SELECT setval(pg_get_serial_sequence('campaign', 'id'), 1000000)".to_owned(),
        "VACUUM ANALYZE".to_owned(),
        "CHECKPOINT".to_owned(),
    ];
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&instance.db)
            .await?;
    }
    Ok(Seeded {
        organization: 1,
        statistics: 2,
        token,
    })
}

/// One in five of them has answered.
fn answered(before: u32) -> String {
    format!(
        "WITH kept AS (
             INSERT INTO inbound_message (service, service_id, payload, contact_number, user_number,
                                          messaging_service_sid, text, status, campaign_contact_id, settled_at)
             SELECT 'twilio', 'SMin-' || c.id, '{{}}', c.cell, '+16175550100', 'MGbefore', 'Yes!', 'APPLIED', c.id, now()
             FROM generate_series(0, {before} - 1, 5) AS n
             JOIN campaign_contact c ON c.campaign_id = 3 + n / 100000 AND c.cell = '+1666' || lpad(n::text, 7, '0')
             RETURNING service, service_id, contact_number, user_number, messaging_service_sid, text,
                       campaign_contact_id)
         INSERT INTO message (campaign_contact_id, campaign_id, user_number, contact_number, is_from_contact, text,
                              service, service_id, send_status, messaging_service_sid)
         SELECT campaign_contact_id, (SELECT campaign_id FROM campaign_contact WHERE id = campaign_contact_id),
                user_number, contact_number, true, text, service, service_id, 'DELIVERED', messaging_service_sid
         FROM kept;
         UPDATE campaign_contact SET message_status = 'needsResponse', messages_received = 1
         WHERE id IN (SELECT campaign_contact_id FROM inbound_message)"
    )
}

/// Campaign 2: fifty texters have texted every other contact.
fn half_texted() -> String {
    "INSERT INTO \"user\" (id, first_name, last_name, email) OVERRIDING SYSTEM VALUE
     SELECT 2000000 + n, 'Stat', 'Istic', 'stat' || n || '@example.org' FROM generate_series(1, 50) AS n;
     INSERT INTO assignment (id, user_id, campaign_id) OVERRIDING SYSTEM VALUE
     SELECT 2000000 + n, 2000000 + n, 2 FROM generate_series(1, 50) AS n;
     WITH made AS (
         INSERT INTO campaign_contact (campaign_id, assignment_id, first_name, last_name, cell, timezone,
                                       message_status, messages_sent)
         SELECT 2, CASE n % 2 WHEN 0 THEN 2000001 + (n / 2) % 50 END, 'Cy', 'Fox', '+1777' || lpad(n::text, 7, '0'),
                'America/Denver', CASE n % 2 WHEN 0 THEN 'messaged' ELSE 'needsMessage' END, 1 - n % 2
         FROM generate_series(0, 199999) AS n RETURNING id, assignment_id, cell)
     INSERT INTO message (campaign_contact_id, campaign_id, user_id, assignment_id, contact_number, is_from_contact,
                          text, service, service_id, send_status, messaging_service_sid, send_attempts)
     SELECT id, 2, assignment_id, assignment_id, cell, false, 'Hi Cy, will you vote?', 'twilio', 'SM' || id,
            'DELIVERED', 'MGbefore', 1
     FROM made WHERE assignment_id IS NOT NULL"
        .to_owned()
}
