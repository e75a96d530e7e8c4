//! Giving a campaign's numbers back. The carrier refuses a number that is a sender of some messaging service to every
//! other, so the service goes first, and the numbers are free when it has gone.

use crate::app::App;
use crate::db::campaign::Campaign;
use crate::db::job::{JobStatus, NewJob};
use crate::db::{self, Connection, phone_number};
use crate::error::Result;
use crate::jobs;
use crate::jobs::run::Running;
use crate::numbers::{bind, blame, carrier};

/// The job's type.
pub const KIND: &str = "release_numbers";

/// Enqueues the job, when the campaign, which is held, has numbers of its own or a start has left a service, and they
/// are not being given back already.
///
/// # Errors
/// When the database does not answer.
pub async fn enqueue(
    tx: &mut Connection,
    campaign: &Campaign,
    user_id: Option<i32>,
) -> Result<Option<i32>> {
    // A started campaign without numbers texts by a service that others text by as well.
    let is_left = campaign.started_at.is_none() && campaign.messaging_service_sid.is_some();
    let numbers = phone_number::list_of_campaign(&mut *tx, campaign.id).await?;
    let has_nothing = numbers.is_empty() && !is_left;
    if has_nothing || db::job::is_under_way(&mut *tx, campaign.id, KIND).await? {
        return Ok(None);
    }
    let job = NewJob {
        kind: KIND,
        campaign_id: Some(campaign.id),
        organization_id: Some(campaign.organization_id),
        user_id,
        config: serde_json::json!({"campaignId": campaign.id}),
    };
    Ok(Some(db::job::insert(tx, job).await?))
}

/// The job's work: removes the messaging service, then the numbers are free.
///
/// # Errors
/// When the carrier refuses: then the numbers stay the campaign's.
pub async fn run(running: &Running<'_>) -> Result<()> {
    let app = running.app;
    let id = running.job.campaign_id.unwrap_or_default();
    let campaign = db::campaign::find(&app.db, id).await?;
    if let Some(service) = campaign.and_then(|campaign| campaign.messaging_service_sid) {
        delete_service(app, &service).await?;
    }
    let mut tx = app.db.begin().await?;
    let freed = phone_number::free(&mut *tx, id).await?;
    db::campaign::update_messaging_service(&mut *tx, id, None).await?;
    let is_mine = db::job::finish(
        &mut *tx,
        running.job.id,
        running.lease,
        JobStatus::Done,
        &format!("Gave {freed} phone numbers back."),
        app.clock.now(),
    )
    .await?;
    if is_mine {
        tx.commit().await?;
    }
    Ok(())
}

/// Removes what a start that failed has left at the carrier. The campaign has not been started, and is held.
///
/// # Errors
/// When the carrier refuses: then its numbers stay the campaign's.
pub async fn undo_start(app: &App, tx: &mut Connection, campaign: &Campaign) -> Result<()> {
    if let Some(service) = &campaign.messaging_service_sid {
        delete_service(app, service).await?;
        db::campaign::update_messaging_service(tx, campaign.id, None).await?;
    }
    Ok(())
}

async fn delete_service(app: &App, service: &str) -> Result<()> {
    carrier(app)?
        .delete_service(app.web().await?, service)
        .await
        .map_err(blame("Removing the messaging service"))
}

/// Puts numbers back that were reserved a day ago and never used; answers how many. Where a start has failed in the
/// meantime, that is a job.
///
/// # Errors
/// When the database does not answer.
pub async fn expired(app: &App) -> Result<u64> {
    let now = app.clock.now();
    let freed = phone_number::release_expired(&app.db, now).await?;
    for id in phone_number::list_expired_starts(&app.db, now).await? {
        let mut tx = app.db.begin().await?;
        // Held: nobody starts it meanwhile.
        let Some(campaign) = db::campaign::find_for_update(&mut *tx, id).await? else {
            continue;
        };
        if db::job::is_under_way(&mut *tx, id, bind::KIND).await? {
            continue;
        }
        let job = enqueue(&mut tx, &campaign, None).await?;
        tx.commit().await?;
        if let Some(job) = job {
            jobs::dispatch(app, job).await;
        }
    }
    Ok(freed)
}
