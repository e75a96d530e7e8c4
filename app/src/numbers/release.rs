//! Giving an archived campaign's numbers back: the `release_numbers` job.

use crate::db::job::{NewJob, ONE_AT_A_TIME};
use crate::db::{self, Connection, phone_number};
use crate::error::{Error, OnConstraint, Result};
use crate::jobs::run::Running;
use crate::numbers::{blame, carrier};

/// The job's type.
pub const KIND: &str = "release_numbers";

/// Enqueues the job, when the campaign has numbers of its own.
///
/// # Errors
/// [`Error::Refused`] while such a job waits or runs.
pub async fn enqueue(
    tx: &mut Connection,
    campaign_id: i32,
    organization_id: i32,
    user_id: i32,
) -> Result<Option<i32>> {
    if phone_number::list_of_campaign(&mut *tx, campaign_id)
        .await?
        .is_empty()
    {
        return Ok(None);
    }
    let job = NewJob {
        kind: KIND,
        campaign_id: Some(campaign_id),
        organization_id: Some(organization_id),
        user_id: Some(user_id),
        config: serde_json::json!({"campaignId": campaign_id}),
    };
    let id = db::job::insert(tx, job)
        .await
        .on_constraint(ONE_AT_A_TIME, || {
            Error::refused(
                "DUPLICATE_RELEASE",
                "This campaign's numbers are being given back already.",
            )
        })?;
    Ok(Some(id))
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
        carrier(app)?
            .delete_service(app.web().await?, &service)
            .await
            .map_err(blame("Removing the messaging service"))?;
    }
    let freed = phone_number::free(&app.db, id).await?;
    db::campaign::update_messaging_service(&app.db, id, None).await?;
    running
        .finish(&format!("Gave {freed} phone numbers back."))
        .await
}
