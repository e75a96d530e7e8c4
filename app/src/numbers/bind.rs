//! Making a campaign's reserved numbers its senders: the `start_campaign` job.

use futures::StreamExt;

use crate::access::{Admin, CampaignBy};
use crate::app::App;
use crate::db;
use crate::db::campaign::Campaign;
use crate::db::job::{JobStatus, NewJob, ONE_AT_A_TIME};
use crate::db::{Connection, phone_number};
use crate::error::{Error, OnConstraint, Result};
use crate::jobs::run::Running;
use crate::numbers::reserve::needed;
use crate::numbers::{blame, carrier, release};
use crate::sms::twilio::services::Webhooks;
use crate::texting::status::CampaignStatus;

/// The job's type.
pub const KIND: &str = "start_campaign";
/// Numbers bound at once.
const AT_ONCE: usize = 10;
/// Longest name of a messaging service.
const MAX_NAME: usize = 64;

/// Enqueues the job, and keeps the reservations from expiring meanwhile.
///
/// # Errors
/// [`Error::BadInput`] when too few numbers are reserved or they are being given back; `DUPLICATE_CAMPAIGN_START` while
/// such a job waits or runs.
pub async fn enqueue(
    tx: &mut Connection,
    by: &CampaignBy<Admin>,
    contacts: i64,
    app: &App,
) -> Result<i32> {
    let campaign = &by.campaign;
    if db::job::is_under_way(&mut *tx, campaign.id, release::KIND).await? {
        return Err(Error::bad_input(
            "id",
            "The campaign's phone numbers are still being given back. Try again in a moment.",
        ));
    }
    let reserved = phone_number::renew(&mut *tx, campaign.id, app.clock.now()).await?;
    let needed = needed(contacts, app.config.contacts_per_phone_number);
    if i64::try_from(reserved).unwrap_or(0) < needed {
        return Err(Error::bad_input(
            "id",
            format!(
                "The campaign cannot start yet. {needed} phone numbers are needed; {reserved} are reserved."
            ),
        ));
    }
    let job = NewJob {
        kind: KIND,
        campaign_id: Some(campaign.id),
        organization_id: Some(campaign.organization_id),
        user_id: Some(by.by.user_id),
        config: serde_json::json!({"campaignId": campaign.id}),
    };
    db::job::insert(tx, job)
        .await
        .on_constraint(ONE_AT_A_TIME, || {
            Error::refused(
                "DUPLICATE_CAMPAIGN_START",
                "This campaign is being started already.",
            )
        })
}

/// The job's work: every step may be done again.
///
/// # Errors
/// When the carrier refuses: then the campaign has not been started, its numbers stay reserved,
/// and starting it again goes on with the same messaging service.
pub async fn run(running: &Running<'_>) -> Result<()> {
    let app = running.app;
    let id = running.job.campaign_id.unwrap_or_default();
    let campaign = db::campaign::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such campaign."))?;
    if campaign.status != CampaignStatus::NotStarted {
        return running
            .finish("The campaign had been started already.")
            .await;
    }
    let numbers = phone_number::list_of_campaign(&app.db, id).await?;
    if numbers.is_empty() {
        return Err(Error::bad_input(
            "id",
            "The campaign's reservations have expired.",
        ));
    }
    let service = ensure_service(app, &campaign).await?;
    let (twilio, web) = (carrier(app)?, app.web().await?);
    let bindings: Vec<_> = numbers
        .iter()
        .map(|number| twilio.attach_number(web, &service, number))
        .collect();
    let mut bindings = futures::stream::iter(bindings).buffer_unordered(AT_ONCE);
    while let Some(bound) = bindings.next().await {
        bound.map_err(blame("Binding a number"))?;
    }
    finish(running, id, &service, numbers.len()).await
}

/// The campaign's own messaging service, made once and noted at once.
async fn ensure_service(app: &App, campaign: &Campaign) -> Result<String> {
    if let Some(sid) = &campaign.messaging_service_sid {
        return Ok(sid.clone());
    }
    // The same name at every attempt: one that was made and not noted is found by it.
    let mut name = format!(
        "Campaign {}: {}-{} [{}]",
        campaign.id,
        campaign.organization_id,
        campaign.created_at.timestamp(),
        app.config.base_url
    );
    name.truncate(name.floor_char_boundary(MAX_NAME));
    let base = &app.config.callback_url;
    let webhooks = Webhooks {
        inbound: &format!("{base}/twilio"),
        fallback: &app.config.fallback_url(),
        reports: &format!("{base}/twilio-message-report"),
    };
    let sid = carrier(app)?
        .ensure_service(app.web().await?, &name, webhooks)
        .await
        .map_err(blame("Making the messaging service"))?;
    db::campaign::update_messaging_service(&app.db, campaign.id, Some(&sid)).await?;
    Ok(sid)
}

async fn finish(running: &Running<'_>, id: i32, service: &str, count: usize) -> Result<()> {
    let (app, now) = (running.app, running.app.clock.now());
    let mut tx = app.db.begin().await?;
    let assigned = phone_number::assign(&mut *tx, id).await?;
    let is_started =
        db::campaign::start(&mut *tx, id, now, &app.ids.token(), Some(service)).await?;
    if !is_started || usize::try_from(assigned).ok() != Some(count) {
        return Err(Error::bad_input(
            "id",
            "The campaign or its phone numbers were changed while it was being started; it has not been started.",
        ));
    }
    let message = format!("Started with {count} phone numbers.");
    let is_mine = db::job::finish(
        &mut *tx,
        running.job.id,
        running.lease,
        JobStatus::Done,
        &message,
        now,
    )
    .await?;
    if is_mine {
        tx.commit().await?;
    }
    Ok(())
}
