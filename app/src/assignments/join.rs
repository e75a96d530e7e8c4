//! Joining a campaign by its link.

use crate::access::{Role, Viewer};
use crate::app::App;
use crate::db;
use crate::db::assignment::Assignment;
use crate::error::{Error, Result};
use crate::texting::status::CampaignStatus;

/// The viewer's assignment in the campaign the token belongs to, made now unless there is one.
///
/// # Errors
/// [`Error::NotFound`], `CAMPAIGN_ARCHIVED`, `CAMPAIGN_FULL` when nobody is left to text, or
/// [`Error::Suspended`].
pub async fn join(app: &App, viewer: &Viewer, token: &str) -> Result<Assignment> {
    let campaign = db::campaign::find_by_join_token(&app.db, token)
        .await?
        .ok_or(Error::NotFound(
            "This link does not belong to any campaign.",
        ))?;
    if campaign.status == CampaignStatus::Archived {
        let (code, message) = campaign.status.refusal();
        return Err(Error::refused(code, message));
    }
    let role = viewer.role(campaign.organization_id);
    if role == Some(Role::Suspended) {
        return Err(Error::Suspended);
    }
    let known = db::assignment::find_of_texter(&app.db, viewer.id(), campaign.id).await?;
    if let (Some(assignment), Some(_)) = (&known, role) {
        return Ok(assignment.clone());
    }
    let has_pool = !db::assignment::list_with_pool(&app.db, &[campaign.id])
        .await?
        .is_empty();
    if known.is_none() && !has_pool {
        return Err(Error::refused(
            "CAMPAIGN_FULL",
            "Everybody in this campaign has been assigned already.",
        ));
    }
    let max_contacts = app.config.max_contacts_per_texter;
    let mut tx = app.db.begin().await?;
    db::membership::insert(
        &mut *tx,
        viewer.id(),
        campaign.organization_id,
        Role::Texter,
    )
    .await?;
    db::assignment::insert(&mut *tx, viewer.id(), campaign.id, max_contacts).await?;
    tx.commit().await?;
    db::assignment::find_of_texter(&app.db, viewer.id(), campaign.id)
        .await?
        .ok_or(Error::NotFound("There is no such assignment."))
}
