//! Batches of contacts to send first messages to.

use crate::access::Holder;
use crate::app::App;
use crate::campaigns;
use crate::contacts::zones;
use crate::db;
use crate::db::assignment::Batch;
use crate::db::campaign::Campaign;
use crate::db::organization::Organization;
use crate::error::{Error, Result};
use crate::texting::hours::{Policy, opening};
use crate::texting::status::{CampaignStatus, derived};

/// Gives the texter up to `wanted` contacts nobody has; answers how many.
///
/// None while the campaign takes no first messages, or while the texter has that many unsent.
/// Two texters never get the same contact, and one asking twice at once gets one batch.
///
/// # Errors
/// When the database does not answer.
pub async fn request(app: &App, by: &Holder, wanted: Option<i32>) -> Result<i32> {
    let now = app.clock.now();
    let campaign = db::campaign::find(&app.db, by.assignment.campaign_id)
        .await?
        .ok_or(Error::NotFound("There is no such campaign."))?;
    if derived(campaign.status, campaign.due_by, now) != CampaignStatus::Active {
        return Ok(0);
    }
    let organization = db::organization::find(&app.db, campaign.organization_id)
        .await?
        .ok_or(Error::NotFound("There is no such organization."))?;
    let zones = open_zones(app, &organization, &campaign);
    let most = i32::try_from(app.config.max_batch).unwrap_or(i32::MAX);
    let batch = Batch {
        assignment: &by.assignment,
        wanted: wanted.unwrap_or(most).clamp(0, most),
        zones: zones.as_deref(),
        default_zone: &campaign.timezone,
        opt_outs_shared: app.config.opt_outs_shared,
        now,
    };
    let mut tx = app.db.begin().await?;
    db::assignment::lock(&mut *tx, by.assignment.id).await?;
    let count = db::assignment::claim_batch(&mut *tx, &batch).await?;
    tx.commit().await?;
    if count > 0 {
        app.cache.bump(&[by.assignment.id], &app.ids.token()).await;
    }
    Ok(count)
}

/// The zones in which people may be texted now; none when hours are not enforced.
pub fn open_zones(
    app: &App,
    organization: &Organization,
    campaign: &Campaign,
) -> Option<Vec<String>> {
    let policy: Policy =
        campaigns::status::hours(organization, campaign, app.config.reference_zone);
    if !policy.campaign.unwrap_or(policy.organization).is_enforced {
        return None;
    }
    let now = app.clock.now();
    let candidates = zones::all()
        .map(str::to_owned)
        .chain([campaign.timezone.clone()]);
    let mut open: Vec<String> = candidates
        .filter(|name| opening(&policy, name.parse().ok(), now).is_open())
        .collect();
    open.sort_unstable();
    open.dedup();
    Some(open)
}

/// Puts the texter's unsent contacts back; answers how many.
///
/// # Errors
/// When the database does not answer.
pub async fn release(app: &App, by: &Holder) -> Result<i32> {
    let count = db::assignment::release_unsent(&app.db, by.assignment.id, app.clock.now()).await?;
    app.cache.bump(&[by.assignment.id], &app.ids.token()).await;
    Ok(count)
}
