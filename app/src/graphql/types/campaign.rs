//! Campaigns. Texters see what they text with; numbers and contacts ask for a role.

use std::time::Duration;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::access::Role;
use crate::campaigns::script::{self, Person, Texter};
use crate::campaigns::stats::Stats;
use crate::contacts::upload;
use crate::db;
use crate::db::job::Job;
use crate::error::Result;
use crate::graphql::context::{app, guard, id, loaders, viewer};
use crate::graphql::loaders::{RemainingOf, ResponsesOf, StatsOf, StepsOf, UserId};
use crate::graphql::types::assignment::organization;
use crate::graphql::types::contact::CampaignContact;
use crate::graphql::types::job::BackgroundJob;
use crate::graphql::types::organization::Organization;
use crate::graphql::types::scalars::Date;
use crate::graphql::types::statistics::{AssignmentSummary, CampaignStats, summaries};
use crate::graphql::types::user::User;
use crate::numbers;
use crate::texting::segments;
use crate::texting::status::{CampaignStatus, derived};

/// How many contacts a preview shows.
const PREVIEW: i64 = 3;
/// Most texters of a page.
const MAX_SUMMARIES: i32 = 1000;
const LINK_LIFETIME: Duration = Duration::from_mins(15);

/// So many numbers of an area code.
#[derive(SimpleObject)]
pub struct CampaignPhoneNumber {
    area_code: String,
    count: i32,
    /// Reservations expire a day later; null once the campaign has been started.
    reserved_at: Option<DateTime<Utc>>,
}

impl CampaignPhoneNumber {
    fn of(count: db::phone_number::AreaCount) -> Self {
        Self {
            area_code: count.area_code,
            count: count.count,
            reserved_at: count.reserved_at,
        }
    }
}

pub struct Campaign(pub db::campaign::Campaign);

#[Object]
impl Campaign {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        organization(ctx, self.0.organization_id)
            .await
            .map(Organization)
    }

    async fn creator(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let Some(id) = self.0.creator_id else {
            return Ok(None);
        };
        let user = loaders(ctx).load_one(UserId(id)).await?;
        Ok(user.map(User))
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    async fn due_by(&self) -> Option<Date> {
        self.0.due_by.map(Date)
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// Derived: past due counts as `CLOSED_FOR_INITIAL_SENDS`.
    async fn status(&self, ctx: &Context<'_>) -> CampaignStatus {
        derived(self.0.status, self.0.due_by, app(ctx).clock.now())
    }

    async fn is_started(&self) -> bool {
        self.0.started_at.is_some()
    }

    async fn is_archived(&self) -> bool {
        self.0.status == CampaignStatus::Archived
    }

    async fn logo_image_url(&self) -> Option<&str> {
        Some(self.0.logo_image_url.as_str()).filter(|text| !text.is_empty())
    }

    async fn primary_color(&self) -> Option<&str> {
        Some(self.0.primary_color.as_str()).filter(|text| !text.is_empty())
    }

    async fn intro_html(&self) -> Option<&str> {
        Some(self.0.intro_html.as_str()).filter(|text| !text.is_empty())
    }

    async fn contact_file_name(&self) -> Option<&str> {
        self.0.contact_file_name.as_deref()
    }

    async fn contacts_count(&self, ctx: &Context<'_>) -> Result<i32> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        if let Some(count) = self.0.contacts_count {
            return Ok(count);
        }
        let import = db::contact_import::find_newest(&app(ctx).db, self.0.id).await?;
        Ok(import.map_or(0, |import| import.loaded_count))
    }

    async fn has_unassigned_contacts(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self
            .remaining(ctx)
            .await?
            .is_some_and(|remaining| remaining.has_unassigned))
    }

    async fn has_unsent_initial_messages(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self
            .remaining(ctx)
            .await?
            .is_some_and(|remaining| remaining.has_unsent))
    }

    /// Three contacts to look at.
    async fn contacts_preview(&self, ctx: &Context<'_>) -> Result<Vec<CampaignContact>> {
        guard(ctx, self.0.organization_id, Role::Admin).await?;
        let rows = db::contact::list_first(&app(ctx).db, self.0.id, PREVIEW).await?;
        Ok(rows.into_iter().map(CampaignContact).collect())
    }

    /// Names of the fields besides the standard ones that the contacts carry.
    async fn custom_fields(&self) -> &[String] {
        &self.0.custom_fields
    }

    async fn interaction_steps(&self, ctx: &Context<'_>) -> Result<Vec<InteractionStep>> {
        let steps = loaders(ctx).load_one(StepsOf(self.0.id)).await?;
        Ok(steps
            .unwrap_or_default()
            .into_iter()
            .map(InteractionStep)
            .collect())
    }

    async fn canned_responses(
        &self,
        ctx: &Context<'_>,
        user_id: Option<String>,
    ) -> Result<Vec<CannedResponse>> {
        // Responses belong to campaigns; people have none of their own any more.
        drop(user_id);
        let responses = loaders(ctx).load_one(ResponsesOf(self.0.id)).await?;
        Ok(responses
            .unwrap_or_default()
            .into_iter()
            .map(CannedResponse)
            .collect())
    }

    async fn override_organization_texting_hours(&self) -> bool {
        self.0.override_organization_texting_hours
    }

    async fn texting_hours_enforced(&self) -> bool {
        self.0.texting_hours_enforced
    }

    async fn texting_hours_start(&self) -> i32 {
        self.0.texting_hours_start.into()
    }

    async fn texting_hours_end(&self) -> i32 {
        self.0.texting_hours_end.into()
    }

    async fn timezone(&self) -> &str {
        &self.0.timezone
    }

    async fn join_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let base = &app(ctx).config.base_url;
        Ok(self
            .0
            .join_token
            .as_ref()
            .map(|token| format!("{base}/join-campaign/{token}")))
    }

    async fn contact_import_job(&self, ctx: &Context<'_>) -> Result<Option<BackgroundJob>> {
        self.newest_job(ctx, upload::KIND).await
    }

    /// What the last finished upload loaded and turned away.
    async fn contact_import(&self, ctx: &Context<'_>) -> Result<Option<ContactImport>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let import = db::contact_import::find_newest(&app(ctx).db, self.0.id).await?;
        Ok(import.map(|import| ContactImport {
            import,
            organization_id: self.0.organization_id,
        }))
    }

    /// Its phone numbers by area code; null where campaigns have none of their own.
    async fn phone_numbers(&self, ctx: &Context<'_>) -> Result<Option<Vec<CampaignPhoneNumber>>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let organization = organization(ctx, self.0.organization_id).await?;
        if !organization.has_feature(numbers::FEATURE) {
            return Ok(None);
        }
        let counts = db::phone_number::count_of_campaign(&app(ctx).db, self.0.id).await?;
        Ok(Some(
            counts.into_iter().map(CampaignPhoneNumber::of).collect(),
        ))
    }

    async fn start_job(&self, ctx: &Context<'_>) -> Result<Option<BackgroundJob>> {
        self.newest_job(ctx, "start_campaign").await
    }

    /// The script as each of the contactsPreview would get it, rendered by the server.
    async fn script_preview(
        &self,
        ctx: &Context<'_>,
        script: String,
    ) -> Result<Vec<RenderedScript>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let user = &viewer(ctx).await?.person().user;
        let texter = Texter {
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
        };
        let rows = db::contact::list_first(&app(ctx).db, self.0.id, PREVIEW).await?;
        Ok(rows
            .into_iter()
            .map(|row| render(&script, row, &texter))
            .collect())
    }

    async fn stats(&self, ctx: &Context<'_>) -> Result<CampaignStats> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        self.numbers(ctx).await.map(CampaignStats)
    }

    /// The texters who have contacts, by name. Begins anew after an assignment that has none any more.
    async fn assignment_summaries(
        &self,
        ctx: &Context<'_>,
        after_id: Option<ID>,
        limit: Option<i32>,
    ) -> Result<Vec<AssignmentSummary>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let after = after_id.map(|after| id(&after)).transpose()?;
        let limit = limit.unwrap_or(MAX_SUMMARIES).clamp(1, MAX_SUMMARIES);
        let stats = self.numbers(ctx).await?;
        Ok(summaries(stats, after, limit.unsigned_abs() as usize))
    }
}

impl Campaign {
    async fn numbers(&self, ctx: &Context<'_>) -> Result<Stats> {
        let stats = loaders(ctx).load_one(StatsOf(self.0.id)).await;
        let stats = stats?;
        Ok(stats.unwrap_or_default())
    }

    async fn remaining(&self, ctx: &Context<'_>) -> Result<Option<db::contact::Remaining>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let remaining = loaders(ctx).load_one(RemainingOf(self.0.id)).await;
        Ok(remaining?)
    }

    async fn newest_job(&self, ctx: &Context<'_>, kind: &str) -> Result<Option<BackgroundJob>> {
        guard(ctx, self.0.organization_id, Role::Supervolunteer).await?;
        let job: Option<Job> = db::job::find_newest(&app(ctx).db, self.0.id, kind).await?;
        Ok(job.map(BackgroundJob))
    }
}

fn render(script: &str, contact: db::contact::Contact, texter: &Texter) -> RenderedScript {
    let person = Person {
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        cell: contact.cell.clone(),
        external_id: contact.external_id.clone(),
        external_id_type: contact.external_id_type.clone(),
        state_code: contact.state_code.clone(),
        custom_fields: contact
            .custom_fields
            .as_object()
            .cloned()
            .unwrap_or_default(),
    };
    let rendered = script::render(script, &person, texter);
    RenderedScript {
        segments: i32::try_from(segments::count(&rendered.text)).unwrap_or(i32::MAX),
        contact: CampaignContact(contact),
        text: rendered.text,
        unknown_fields: rendered.unknown_fields,
        missing_fields: rendered.missing_fields,
    }
}

#[derive(SimpleObject)]
pub struct RenderedScript {
    contact: CampaignContact,
    text: String,
    unknown_fields: Vec<String>,
    missing_fields: Vec<String>,
    segments: i32,
}

pub struct ContactImport {
    import: db::contact_import::ContactImport,
    organization_id: i32,
}

#[Object]
impl ContactImport {
    async fn file_name(&self) -> &str {
        &self.import.file_name
    }

    async fn rows_count(&self) -> i32 {
        self.import.rows_count
    }

    async fn loaded_count(&self) -> i32 {
        self.import.loaded_count
    }

    async fn invalid_count(&self) -> i32 {
        self.import.invalid_count
    }

    async fn duplicate_count(&self) -> i32 {
        self.import.duplicate_count
    }

    async fn opted_out_count(&self) -> i32 {
        self.import.opted_out_count
    }

    /// The first 100 rows that were not loaded.
    async fn rejected_rows(&self) -> Vec<RejectedRow> {
        let rows = self.import.rejected_rows.0.iter().cloned();
        rows.map(|row| RejectedRow {
            line: row.line,
            cell: row.cell,
            reason: row.reason,
        })
        .collect()
    }

    /// All of them as CSV, a link for 15 minutes.
    async fn rejected_rows_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        guard(ctx, self.organization_id, Role::Admin).await?;
        let app = app(ctx);
        let (Some(bucket), Some(key)) =
            (&app.config.private_bucket, &self.import.rejected_rows_key)
        else {
            return Ok(None);
        };
        let url = app
            .storage
            .presign_get(bucket, key, "rejected-rows.csv", LINK_LIFETIME)
            .await?;
        Ok(Some(url))
    }
}

#[derive(SimpleObject)]
pub struct RejectedRow {
    line: i32,
    cell: String,
    reason: String,
}

pub struct InteractionStep(pub db::interaction_step::InteractionStep);

#[Object]
impl InteractionStep {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn question(&self) -> Option<Question> {
        (!self.0.question.is_empty()).then(|| Question {
            text: self.0.question.clone(),
        })
    }

    async fn script(&self) -> Option<&str> {
        Some(self.0.script.as_str())
    }

    async fn answer_option(&self) -> Option<&str> {
        Some(self.0.answer_option.as_str()).filter(|text| !text.is_empty())
    }

    async fn parent_interaction_id(&self) -> Option<String> {
        self.0.parent_interaction_id.map(|id| id.to_string())
    }
}

#[derive(SimpleObject)]
pub struct Question {
    text: String,
}

pub struct CannedResponse(pub db::canned_response::CannedResponse);

#[Object]
impl CannedResponse {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn text(&self) -> &str {
        &self.0.text
    }

    async fn order(&self) -> i32 {
        self.0.order
    }

    async fn deleted(&self) -> bool {
        self.0.deleted
    }
}
