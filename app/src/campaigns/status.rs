//! Closing, opening again and archiving campaigns; and whose texting hours hold.

use chrono_tz::Tz;

use crate::access::{Admin, CampaignBy};
use crate::app::App;
use crate::campaigns::start;
use crate::db::campaign::Campaign;
use crate::db::job::JobStatus;
use crate::db::organization::Organization;
use crate::db::{self, Connection};
use crate::error::{Error, Result};
use crate::jobs;
use crate::numbers::{bind, release};
use crate::sms;
use crate::texting::hours::{Policy, Window};
use crate::texting::status::CampaignStatus;

const OPEN_OR_CLOSED: [&str; 3] = ["ACTIVE", "CLOSED_FOR_INITIAL_SENDS", "CLOSED"];
const ARCHIVED: [&str; 1] = ["ARCHIVED"];
const NOT_ARCHIVED: [&str; 4] = [
    "NOT_STARTED",
    "ACTIVE",
    "CLOSED_FOR_INITIAL_SENDS",
    "CLOSED",
];

/// Moves a started campaign between active, closed for initial sends, and closed.
///
/// # Errors
/// [`Error::BadInput`] for any other status, before or after.
pub async fn update(app: &App, by: &CampaignBy<Admin>, to: CampaignStatus) -> Result<()> {
    let is_reachable = OPEN_OR_CLOSED.contains(&to.name());
    if is_reachable
        && db::campaign::update_status(&app.db, by.campaign.id, &OPEN_OR_CLOSED, to).await?
    {
        return Ok(());
    }
    Err(Error::bad_input(
        "status",
        "Only a started campaign that is not archived can be opened and closed.",
    ))
}

/// Archives the campaigns, all or none: nobody sends or answers any more, and their phone numbers are given back.
/// Once more gives back what is left where the carrier refused the first time, and changes nothing else.
///
/// # Errors
/// [`Error::BadInput`] while one of them is being started.
pub async fn archive(app: &App, all: &[CampaignBy<Admin>]) -> Result<()> {
    let mut all: Vec<_> = all.iter().collect();
    // In one order: who archives the same ones waits, and is not waited for.
    all.sort_by_key(|by| by.campaign.id);
    let mut tx = app.db.begin().await?;
    let mut releases = Vec::new();
    for by in all {
        releases.extend(archive_one(&mut tx, by).await?);
    }
    tx.commit().await?;
    for job in releases {
        jobs::dispatch(app, job).await;
    }
    Ok(())
}

/// Answers the job that gives its numbers back.
async fn archive_one(tx: &mut Connection, by: &CampaignBy<Admin>) -> Result<Option<i32>> {
    let id = by.campaign.id;
    // Held: nobody starts it meanwhile.
    let campaign = db::campaign::find_for_update(&mut *tx, id)
        .await?
        .ok_or(Error::NotFound("There is no such campaign."))?;
    if db::job::is_under_way(&mut *tx, id, bind::KIND).await? {
        let title = &campaign.title;
        return Err(Error::bad_input(
            "id",
            format!("\"{title}\" is being started. Archive it when that has ended."),
        ));
    }
    db::campaign::update_status(&mut *tx, id, &NOT_ARCHIVED, CampaignStatus::Archived).await?;
    release::enqueue(tx, &campaign, Some(by.by.user_id)).await
}

/// Opens an archived campaign again, or makes it one that waits to be started if it never was. The phone numbers that
/// archiving gave back stay with others: a started campaign without any texts by the messaging service campaigns share.
///
/// # Errors
/// [`Error::BadInput`] for one that is not archived, while its numbers are being given back, or when it would be open
/// and could text nobody.
pub async fn unarchive(app: &App, by: &CampaignBy<Admin>) -> Result<()> {
    let campaign = &by.campaign;
    let to = match campaign.started_at {
        Some(_) => CampaignStatus::Active,
        None => CampaignStatus::NotStarted,
    };
    let organization = db::organization::find(&app.db, campaign.organization_id)
        .await?
        .ok_or(Error::NotFound("There is no such organization."))?;
    let mut tx = app.db.begin().await?;
    // Held: nobody archives it again meanwhile.
    let held = db::campaign::find_for_update(&mut *tx, campaign.id).await?;
    let job = db::job::find_newest(&mut *tx, campaign.id, release::KIND).await?;
    if job.is_some_and(|job| matches!(job.status, JobStatus::Pending | JobStatus::Running)) {
        return Err(Error::bad_input(
            "id",
            "The campaign's phone numbers are still being given back. Try again in a moment.",
        ));
    }
    if !db::campaign::update_status(&mut *tx, campaign.id, &ARCHIVED, to).await? {
        return Err(Error::bad_input("id", "The campaign is not archived."));
    }
    if to == CampaignStatus::Active
        && held.is_some_and(|campaign| campaign.messaging_service_sid.is_none())
    {
        let service = start::shared_service(app, &organization);
        if service.is_none() && needs_service(app, &organization) {
            return Err(Error::bad_input(
                "id",
                "The campaign would have nothing to text by: phone numbers of its own are given back when it is \
                 archived, and there is no messaging service that campaigns share. Have one set \
                 (TWILIO_MESSAGE_SERVICE_SID), or copy the campaign and start the copy with phone numbers.",
            ));
        }
        db::campaign::update_messaging_service(&mut *tx, campaign.id, service).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Whether texts of the organization's campaigns go nowhere without a messaging service.
fn needs_service(app: &App, organization: &Organization) -> bool {
    let carrier = organization.feature("service");
    carrier.unwrap_or(&app.config.default_service) != sms::FAKE_SERVICE
        && sms::messaging_service(app, None).is_none()
}

/// Whose texting hours hold for the campaign's contacts.
pub fn hours(organization: &Organization, campaign: &Campaign, reference: Tz) -> Policy {
    let window = |is_enforced, start: i16, end: i16| Window {
        is_enforced,
        start: u32::try_from(start).unwrap_or(0),
        end: u32::try_from(end).unwrap_or(0),
    };
    Policy {
        organization: window(
            organization.texting_hours_enforced,
            organization.texting_hours_start,
            organization.texting_hours_end,
        ),
        campaign: campaign.override_organization_texting_hours.then(|| {
            window(
                campaign.texting_hours_enforced,
                campaign.texting_hours_start,
                campaign.texting_hours_end,
            )
        }),
        zone: campaign.timezone.parse().unwrap_or(reference),
    }
}
