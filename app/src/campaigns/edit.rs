//! Editing a campaign: only what is given changes.

use crate::access::{CampaignBy, Supervolunteer};
use crate::app::App;
use crate::campaigns::sections::{self, PhoneNumbers, Sections};
use crate::db::campaign::{Campaign, Changes};
use crate::db::{self, Connection};
use crate::error::{Error, OnConstraint, Result};
use crate::numbers::{bind, release, reserve};
use crate::texting::status::CampaignStatus;

/// Saves the sections that are given; every other one stays as it is.
///
/// # Errors
/// [`Error::BadInput`] for a value that cannot be.
pub async fn edit(
    app: &App,
    by: &CampaignBy<Supervolunteer>,
    changes: &Changes,
    sections: &Sections,
) -> Result<()> {
    check(changes)?;
    if let PhoneNumbers::Replace(_) = sections.phone_numbers {
        undo_start(app, by.campaign.id).await?;
    }
    let mut tx = app.db.begin().await?;
    write(&mut tx, by.campaign.id, changes).await?;
    sections::write(&mut tx, by.campaign.id, sections).await?;
    if let PhoneNumbers::Replace(wishes) = &sections.phone_numbers {
        let (id, ratio) = (by.campaign.id, app.config.contacts_per_phone_number);
        let campaign = hold(&mut tx, id).await?;
        if campaign.messaging_service_sid.is_some() {
            return Err(wrong_numbers(
                "Somebody tried to start the campaign meanwhile. Try again.",
            ));
        }
        reserve::replace(&mut tx, id, wishes, ratio, app.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Numbers that a start which failed has bound go back to others unbound. That is a transaction of its own: what was
/// done at the carrier stays done, whatever becomes of the edit.
async fn undo_start(app: &App, id: i32) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let campaign = hold(&mut tx, id).await?;
    release::undo_start(app, &mut tx, &campaign).await?;
    tx.commit().await?;
    Ok(())
}

/// The campaign, held, if its numbers can be changed: once it has been started they are its senders.
async fn hold(tx: &mut Connection, id: i32) -> Result<Campaign> {
    let campaign = db::campaign::find_for_update(&mut *tx, id)
        .await?
        .filter(|campaign| campaign.status == CampaignStatus::NotStarted)
        .ok_or_else(|| {
            wrong_numbers(
                "The campaign has been started or archived; its phone numbers cannot be changed.",
            )
        })?;
    if db::job::is_under_way(&mut *tx, id, bind::KIND).await? {
        return Err(wrong_numbers(
            "The campaign is being started; its phone numbers cannot be changed meanwhile.",
        ));
    }
    if db::job::is_under_way(&mut *tx, id, release::KIND).await? {
        return Err(wrong_numbers(
            "The campaign's phone numbers are still being given back. Try again in a moment.",
        ));
    }
    Ok(campaign)
}

fn wrong_numbers(reason: &str) -> Error {
    Error::bad_input("phoneNumbers", reason)
}

/// Checks what can be checked without the row.
///
/// # Errors
/// [`Error::BadInput`].
pub fn check(changes: &Changes) -> Result<()> {
    if let Some(url) = changes.logo_image_url.as_deref()
        && !url.is_empty()
        && !is_web_address(url)
    {
        return Err(Error::bad_input(
            "logoImageUrl",
            "The logo must be a web address (https://...).",
        ));
    }
    if let Some(color) = changes.primary_color.as_deref()
        && !color.is_empty()
        && !is_color(color)
    {
        return Err(Error::bad_input(
            "primaryColor",
            "The color must look like #1f2a44.",
        ));
    }
    if let Some(zone) = changes.timezone.as_deref()
        && zone.parse::<chrono_tz::Tz>().is_err()
    {
        return Err(Error::bad_input(
            "timezone",
            format!("There is no time zone \"{zone}\"."),
        ));
    }
    let is_start_right = changes
        .texting_hours_start
        .is_none_or(|hour| (0..=23).contains(&hour));
    let is_end_right = changes
        .texting_hours_end
        .is_none_or(|hour| (1..=24).contains(&hour));
    if !is_start_right || !is_end_right {
        return Err(Error::bad_input(
            "textingHoursStart",
            "Texting hours lie between 0 and 24.",
        ));
    }
    Ok(())
}

/// Writes the changes.
///
/// # Errors
/// [`Error::BadInput`] when the hours would end before they begin.
pub async fn write(tx: &mut Connection, id: i32, changes: &Changes) -> Result<()> {
    db::campaign::update(tx, id, changes).await.on_constraint(
        "campaign_texting_hours_order",
        || {
            Error::bad_input(
                "textingHoursEnd",
                "Texting hours must end after they begin.",
            )
        },
    )
}

fn is_web_address(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 6 | 8) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::db::campaign::Changes;

    #[test]
    fn values_that_cannot_be_are_refused() {
        let text = |value: &str| Some(value.to_owned());
        let good = [
            Changes::default(),
            Changes {
                logo_image_url: text("https://x.org/a.png"),
                ..Changes::default()
            },
            Changes {
                logo_image_url: text(""),
                primary_color: text("#1f2a44"),
                ..Changes::default()
            },
            Changes {
                timezone: text("America/Phoenix"),
                texting_hours_end: Some(24),
                ..Changes::default()
            },
        ];
        for changes in good {
            assert!(check(&changes).is_ok(), "{changes:?}");
        }
        let bad = [
            Changes {
                logo_image_url: text("javascript:alert(1)"),
                ..Changes::default()
            },
            Changes {
                logo_image_url: text("logo.png"),
                ..Changes::default()
            },
            Changes {
                primary_color: text("red; x"),
                ..Changes::default()
            },
            Changes {
                timezone: text("Mars/Olympus"),
                ..Changes::default()
            },
            Changes {
                texting_hours_start: Some(24),
                ..Changes::default()
            },
            Changes {
                texting_hours_end: Some(25),
                ..Changes::default()
            },
        ];
        for changes in bad {
            assert!(check(&changes).is_err(), "{changes:?}");
        }
    }
}
