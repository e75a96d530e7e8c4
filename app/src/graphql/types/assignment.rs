//! Assignments. Whoever gets one has been found allowed to read it.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::app::App;
use crate::assignments::{batch, list, stamp};
use crate::campaigns;
use crate::db;
use crate::db::contact::{Filter, Hours};
use crate::error::{Error, Result};
use crate::graphql::context::{app, loaders, opened, request};
use crate::graphql::loaders::{CampaignId, CountsOf, OrganizationId, PoolOf, ResponsesOf, UserId};
use crate::graphql::types::campaign::{Campaign, CannedResponse};
use crate::graphql::types::contact::CampaignContact;
use crate::graphql::types::inputs::ContactsFilter;
use crate::graphql::types::user::User;
use crate::texting::hours::opening;
use crate::texting::status::{CampaignStatus, derived};

/// Most contacts of one page.
const MAX_CONTACTS: i32 = 300;

pub struct Assignment(pub db::assignment::Assignment);

/// By status, without those who opted out.
#[derive(Default, SimpleObject)]
pub struct ContactCounts {
    needs_message: i32,
    messaged: i32,
    needs_response: i32,
    convo: i32,
    closed: i32,
    total: i32,
}

#[Object]
impl Assignment {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn campaign(&self, ctx: &Context<'_>) -> Result<Campaign> {
        campaign(ctx, self.0.campaign_id).await.map(Campaign)
    }

    async fn texter(&self, ctx: &Context<'_>) -> Result<User> {
        let user = loaders(ctx).load_one(UserId(self.0.user_id)).await?;
        user.map(User)
            .ok_or(Error::NotFound("There is no such person."))
    }

    async fn max_contacts(&self) -> Option<i32> {
        self.0.max_contacts
    }

    async fn contacts(
        &self,
        ctx: &Context<'_>,
        contacts_filter: Option<ContactsFilter>,
    ) -> Result<Vec<CampaignContact>> {
        contacts(ctx, &self.0, contacts_filter).await
    }

    async fn contacts_count(
        &self,
        ctx: &Context<'_>,
        contacts_filter: Option<ContactsFilter>,
    ) -> Result<i32> {
        let Some(filter) = filter(ctx, &self.0, &contacts_filter.unwrap_or_default()).await? else {
            return Ok(0);
        };
        let count = db::contact::count(&app(ctx).db, &filter).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    async fn contact_counts(&self, ctx: &Context<'_>) -> Result<ContactCounts> {
        let counts = loaders(ctx)
            .load_one(CountsOf(self.0.id))
            .await?
            .unwrap_or_default();
        Ok(ContactCounts {
            needs_message: counts.needs_message,
            messaged: counts.messaged,
            needs_response: counts.needs_response,
            convo: counts.convo,
            closed: counts.closed,
            total: counts.total,
        })
    }

    async fn campaign_canned_responses(&self, ctx: &Context<'_>) -> Result<Vec<CannedResponse>> {
        let responses = loaders(ctx)
            .load_one(ResponsesOf(self.0.campaign_id))
            .await?;
        let kept = responses
            .unwrap_or_default()
            .into_iter()
            .filter(|response| !response.deleted);
        Ok(kept.map(CannedResponse).collect())
    }

    /// Whether a batch may be asked for now.
    async fn has_unassigned_contacts_for_texter(&self, ctx: &Context<'_>) -> Result<bool> {
        let campaign = campaign(ctx, self.0.campaign_id).await?;
        let status = derived(campaign.status, campaign.due_by, app(ctx).clock.now());
        if status != CampaignStatus::Active || self.0.max_contacts == Some(0) {
            return Ok(false);
        }
        let has_pool = loaders(ctx).load_one(PoolOf(campaign.id)).await?;
        Ok(has_pool.unwrap_or(false))
    }

    /// Changes whenever something about the assignment's contacts changed; polling compares it.
    async fn stamp(&self, ctx: &Context<'_>) -> Result<String> {
        stamp::read(app(ctx), request(ctx).session, &self.0).await
    }
}

/// A campaign, by the loader.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn campaign(ctx: &Context<'_>, id: i32) -> Result<db::campaign::Campaign> {
    if let Some(opened) = opened(ctx).filter(|opened| opened.campaign.id == id) {
        return Ok(opened.campaign.clone());
    }
    let campaign = loaders(ctx).load_one(CampaignId(id)).await?;
    campaign.ok_or(Error::NotFound("There is no such campaign."))
}

/// An organization, by the loader.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn organization(ctx: &Context<'_>, id: i32) -> Result<db::organization::Organization> {
    if let Some(opened) = opened(ctx).filter(|opened| opened.organization.id == id) {
        return Ok(opened.organization.clone());
    }
    let organization = loaders(ctx).load_one(OrganizationId(id)).await?;
    organization.ok_or(Error::NotFound("There is no such organization."))
}

/// An assignment's contacts.
///
/// # Errors
/// When the database does not answer.
pub async fn contacts(
    ctx: &Context<'_>,
    assignment: &db::assignment::Assignment,
    wanted: Option<ContactsFilter>,
) -> Result<Vec<CampaignContact>> {
    let wanted = wanted.unwrap_or_default();
    let Some(filter) = filter(ctx, assignment, &wanted).await? else {
        return Ok(Vec::new());
    };
    let limit = wanted.limit.unwrap_or(MAX_CONTACTS).clamp(1, MAX_CONTACTS);
    let rows = db::contact::list(&app(ctx).db, &filter, limit.into()).await?;
    Ok(rows.into_iter().map(CampaignContact).collect())
}

async fn filter(
    ctx: &Context<'_>,
    assignment: &db::assignment::Assignment,
    wanted: &ContactsFilter,
) -> Result<Option<Filter>> {
    let campaign = campaign(ctx, assignment.campaign_id).await?;
    let found = list::filter(
        &wanted.wanted()?,
        assignment.id,
        &campaign,
        app(ctx).clock.now(),
    );
    let (Some(filter), Some(is_open)) = (found.clone(), wanted.valid_timezone) else {
        return Ok(found);
    };
    let organization = organization(ctx, campaign.organization_id).await?;
    let Some(open) = batch::open_zones(app(ctx), &organization, &campaign) else {
        // Hours are not enforced: everybody may be texted.
        return Ok(is_open.then_some(filter));
    };
    let hours = Hours {
        open,
        default_zone: campaign.timezone,
        is_open,
    };
    Ok(Some(Filter {
        hours: Some(hours),
        ..filter
    }))
}

/// Whether the contact may be texted now, and in which zone that is reckoned.
///
/// # Errors
/// When the database does not answer.
pub async fn hours_of(
    ctx: &Context<'_>,
    contact: &db::contact::Contact,
) -> Result<(String, bool, db::campaign::Campaign)> {
    let app: &App = app(ctx);
    let campaign = campaign(ctx, contact.campaign_id).await?;
    let organization = organization(ctx, campaign.organization_id).await?;
    let policy = campaigns::status::hours(&organization, &campaign, app.config.reference_zone);
    let zone = contact
        .timezone
        .as_deref()
        .and_then(|name| name.parse().ok());
    let is_open = opening(&policy, zone, app.clock.now()).is_open();
    Ok((
        zone.unwrap_or(policy.zone).name().to_owned(),
        is_open,
        campaign,
    ))
}
