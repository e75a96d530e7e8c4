//! An assignment somebody opens, with everything around it, in one statement: who asks, the
//! campaign and the organization.

use sqlx::PgExecutor;

use crate::access::Role;
use crate::db::assignment::Assignment;
use crate::db::campaign::Campaign;
use crate::db::membership::Person;
use crate::db::organization::Organization;
use crate::db::user::User;
use crate::texting::status::CampaignStatus;

/// What there is to know.
#[derive(Clone, Debug)]
pub struct Opened {
    pub person: Person,
    pub assignment: Assignment,
    pub campaign: Campaign,
    pub organization: Organization,
}

/// None when there is no such assignment or no such person.
pub async fn find(
    db: impl PgExecutor<'_>,
    user_id: i32,
    assignment_id: i32,
) -> sqlx::Result<Option<Opened>> {
    let row = sqlx::query!(
        r#"SELECT u.id AS person_id, u.first_name, u.last_name, u.email, u.is_superadmin, u.terms,
                  u.subscribed_to_reminders, u.session_epoch,
                  array(SELECT organization_id FROM user_organization
                        WHERE user_id = u.id ORDER BY organization_id) AS "organizations!",
                  array(SELECT role FROM user_organization
                        WHERE user_id = u.id ORDER BY organization_id) AS "roles!: Vec<Role>",
                  a.user_id, a.max_contacts,
                  p.id, p.organization_id, p.creator_id, p.title, p.description,
                  p.status AS "status: CampaignStatus", p.due_by, p.started_at, p.logo_image_url,
                  p.intro_html, p.primary_color, p.override_organization_texting_hours,
                  p.texting_hours_enforced, p.texting_hours_start, p.texting_hours_end, p.timezone,
                  p.messaging_service_sid, p.join_token, p.contact_file_name, p.contacts_count, p.custom_fields, p.created_at,
                  o.name AS organization_name, o.features,
                  o.texting_hours_enforced AS organization_hours_enforced,
                  o.texting_hours_start AS organization_hours_start,
                  o.texting_hours_end AS organization_hours_end
           FROM assignment a
           JOIN campaign p ON p.id = a.campaign_id
           JOIN organization o ON o.id = p.organization_id
           JOIN "user" u ON u.id = $1
           WHERE a.id = $2"#,
        user_id,
        assignment_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Opened {
        person: Person {
            user: User {
                id: row.person_id,
                first_name: row.first_name,
                last_name: row.last_name,
                email: row.email,
                is_superadmin: row.is_superadmin,
                terms: row.terms,
                subscribed_to_reminders: row.subscribed_to_reminders,
                session_epoch: row.session_epoch,
            },
            roles: row.organizations.into_iter().zip(row.roles).collect(),
        },
        assignment: Assignment {
            id: assignment_id,
            user_id: row.user_id,
            campaign_id: row.id,
            organization_id: row.organization_id,
            max_contacts: row.max_contacts,
        },
        campaign: Campaign {
            id: row.id,
            organization_id: row.organization_id,
            creator_id: row.creator_id,
            title: row.title,
            description: row.description,
            status: row.status,
            due_by: row.due_by,
            started_at: row.started_at,
            logo_image_url: row.logo_image_url,
            intro_html: row.intro_html,
            primary_color: row.primary_color,
            override_organization_texting_hours: row.override_organization_texting_hours,
            texting_hours_enforced: row.texting_hours_enforced,
            texting_hours_start: row.texting_hours_start,
            texting_hours_end: row.texting_hours_end,
            timezone: row.timezone,
            messaging_service_sid: row.messaging_service_sid,
            join_token: row.join_token,
            contact_file_name: row.contact_file_name,
            contacts_count: row.contacts_count,
            custom_fields: row.custom_fields,
            created_at: row.created_at,
        },
        organization: Organization {
            id: row.organization_id,
            name: row.organization_name,
            features: row.features,
            texting_hours_enforced: row.organization_hours_enforced,
            texting_hours_start: row.organization_hours_start,
            texting_hours_end: row.organization_hours_end,
        },
    }))
}
