//! Starting a campaign.

use crate::access::{Admin, CampaignBy};
use crate::app::App;
use crate::campaigns::readiness;
use crate::contacts::upload;
use crate::db::organization::Organization;
use crate::db::{self, phone_number};
use crate::error::{Error, Result};
use crate::jobs;
use crate::numbers::{self, bind};
use crate::texting::status::CampaignStatus;

/// Starts the campaign, if nothing is missing. With phone numbers of its own that is a job.
///
/// # Errors
/// `DUPLICATE_CAMPAIGN_START` when it has been started; [`Error::BadInput`] with everything that
/// is missing.
pub async fn start(app: &App, by: &CampaignBy<Admin>) -> Result<()> {
    let id = by.campaign.id;
    let duplicate = || {
        Error::refused(
            "DUPLICATE_CAMPAIGN_START",
            "This campaign has been started already.",
        )
    };
    let organization = db::organization::find(&app.db, by.campaign.organization_id)
        .await?
        .ok_or(Error::NotFound("There is no such organization."))?;
    let mut tx = app.db.begin().await?;
    // Held: an upload that ends meanwhile waits, and then finds the campaign started.
    let campaign = db::campaign::find_for_update(&mut *tx, id)
        .await?
        .filter(|campaign| campaign.status == CampaignStatus::NotStarted)
        .ok_or_else(duplicate)?;
    if db::job::is_under_way(&mut *tx, id, upload::KIND).await? {
        return Err(Error::bad_input(
            "id",
            "Its contacts are still being loaded.",
        ));
    }
    let contacts = db::contact::count_of_campaign(&mut *tx, id).await?;
    let steps = db::interaction_step::list(&mut *tx, &[id]).await?;
    let responses = db::canned_response::list(&mut *tx, &[id]).await?;
    let missing = readiness::missing(&campaign, contacts, &steps, &responses);
    if !missing.is_empty() {
        return Err(Error::bad_input(
            "id",
            format!("The campaign cannot start yet. {}", missing.join(" ")),
        ));
    }
    if organization.has_feature(numbers::FEATURE) {
        let job = bind::enqueue(&mut tx, by, contacts, app).await?;
        tx.commit().await?;
        jobs::dispatch(app, job).await;
        return Ok(());
    }
    // What was reserved is not needed: a campaign with numbers has a service of its own.
    phone_number::free(&mut *tx, id).await?;
    let service = shared_service(app, &organization);
    let token = app.ids.token();
    if !db::campaign::start(&mut *tx, id, app.clock.now(), &token, service).await? {
        return Err(duplicate());
    }
    tx.commit().await?;
    Ok(())
}

/// What campaigns without phone numbers of their own text by.
pub fn shared_service<'a>(app: &'a App, organization: &'a Organization) -> Option<&'a str> {
    organization
        .feature("messaging_service_sid")
        .or(app.config.twilio_messaging_service_sid.as_deref())
}
