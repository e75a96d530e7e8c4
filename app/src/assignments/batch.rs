//! Batches of contacts to send first messages to.

use chrono_tz::Tz;

use crate::access::{Asker, Holder};
use crate::app::App;
use crate::campaigns;
use crate::contacts::zones;
use crate::db;
use crate::db::batch::{Batch, BatchFacts};
use crate::db::campaign::Campaign;
use crate::db::organization::Organization;
use crate::error::Result;
use crate::texting::hours::{Policy, Window, opening};
use crate::texting::status::{CampaignStatus, derived};

/// Gives the texter up to `wanted` contacts nobody has; answers how many. Two statements.
///
/// None while the campaign takes no first messages, or while the texter has that many unsent.
/// Two texters never get the same contact, and one asking twice at once gets one batch.
///
/// # Errors
/// When the database does not answer.
pub async fn request(app: &App, by: &Asker, wanted: Option<i32>) -> Result<i32> {
    let (facts, now) = (&by.facts, app.clock.now());
    if derived(facts.status, facts.due_by, now) != CampaignStatus::Active {
        return Ok(0);
    }
    let policy = policy(facts, app.config.reference_zone);
    let mut zones = zones_open(app, &policy, &facts.campaign_timezone);
    if let Some(zones) = &mut zones
        && zones.contains(&facts.campaign_timezone)
    {
        // Contacts that have none.
        zones.push(String::new());
    }
    let most = i32::try_from(app.config.max_batch).unwrap_or(i32::MAX);
    let batch = Batch {
        facts,
        wanted: wanted.unwrap_or(most).clamp(0, most),
        zones: zones.as_deref(),
        opt_outs_shared: app.config.opt_outs_shared,
        now,
    };
    // Overtaken by the same texter's other request: that one has got the batch.
    let count = db::batch::claim(&app.db, &batch).await?.unwrap_or(0);
    if count > 0 {
        let assignments = [facts.assignment_id];
        app.cache.bump(&assignments, &app.ids.token()).await;
    }
    Ok(count)
}

fn policy(facts: &BatchFacts, reference: Tz) -> Policy {
    let hour = |value: i16| u32::try_from(value).unwrap_or(0);
    let campaign = facts.overrides_hours.then(|| Window {
        is_enforced: facts.hours_enforced,
        start: hour(facts.hours_start),
        end: hour(facts.hours_end),
    });
    Policy {
        organization: Window {
            is_enforced: facts.organization_hours_enforced,
            start: hour(facts.organization_hours_start),
            end: hour(facts.organization_hours_end),
        },
        campaign,
        zone: facts.campaign_timezone.parse().unwrap_or(reference),
    }
}

/// The zones in which people may be texted now; none when hours are not enforced.
pub fn open_zones(
    app: &App,
    organization: &Organization,
    campaign: &Campaign,
) -> Option<Vec<String>> {
    let reference = app.config.reference_zone;
    let policy = campaigns::status::hours(organization, campaign, reference);
    zones_open(app, &policy, &campaign.timezone)
}

fn zones_open(app: &App, policy: &Policy, campaign_zone: &str) -> Option<Vec<String>> {
    if !policy.hours().is_enforced {
        return None;
    }
    let now = app.clock.now();
    let candidates = zones::all()
        .map(str::to_owned)
        .chain([campaign_zone.to_owned()]);
    let mut open: Vec<String> = candidates
        .filter(|name| opening(policy, name.parse().ok(), now).is_open())
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
