//! Giving contacts to another texter.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::{Admin, Role};
use crate::app::App;
use crate::db;
use crate::error::{Error, Result};

/// A contact, and the campaign whoever asks believes it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub campaign_id: i32,
    pub contact_id: i32,
}

/// Gives every one of the contacts to the texter, or none of them. Their threads go with them.
///
/// Answers the texter's assignment in each campaign, made now unless there is one, by campaign. A text
/// that is being sent meanwhile counts as sent before or is refused, whichever comes first.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is not in the organization, for another organization's campaigns
/// and for contacts that are not in their campaign; [`Error::BadInput`] for a suspended member.
pub async fn reassign(
    app: &App,
    by: &Admin,
    places: &BTreeSet<Place>,
    texter_id: i32,
) -> Result<BTreeMap<i32, i32>> {
    match db::membership::find_role(&app.db, texter_id, by.organization_id).await? {
        None => {
            return Err(Error::NotFound(
                "There is no such person in this organization.",
            ));
        }
        Some(Role::Suspended) => {
            return Err(Error::bad_input(
                "newTexterUserId",
                "This person is suspended and cannot text.",
            ));
        }
        Some(_) => {}
    }
    let campaigns: BTreeSet<i32> = places.iter().map(|place| place.campaign_id).collect();
    let mut tx = app.db.begin().await?;
    let mut assignments = BTreeMap::new();
    for campaign_id in campaigns {
        db::campaign::find(&mut *tx, campaign_id)
            .await?
            .filter(|campaign| campaign.organization_id == by.organization_id)
            .ok_or(Error::NotFound(
                "There is no such campaign in this organization.",
            ))?;
        let limit = app.config.max_contacts_per_texter;
        let id = db::assignment::insert(&mut *tx, texter_id, campaign_id, limit).await?;
        assignments.insert(campaign_id, id);
    }
    let mut changed: BTreeSet<i32> = assignments.values().copied().collect();
    for (campaign_id, assignment_id) in &assignments {
        let contacts: Vec<i32> = places
            .iter()
            .filter(|place| place.campaign_id == *campaign_id)
            .map(|place| place.contact_id)
            .collect();
        let now = app.clock.now();
        let before =
            db::assignment::give(&mut *tx, *assignment_id, *campaign_id, &contacts, now).await?;
        if before.len() < contacts.len() {
            return Err(Error::NotFound(
                "One of these contacts is not in its campaign. None was given to anybody.",
            ));
        }
        changed.extend(before.into_iter().flatten());
    }
    tx.commit().await?;
    let changed: Vec<i32> = changed.into_iter().collect();
    app.cache.bump(&changed, &app.ids.token()).await;
    Ok(assignments)
}
