//! The inventory of phone numbers: bought, reserved for a campaign, its senders, free again.

pub mod bind;
pub mod buy;
pub mod release;
pub mod reserve;

use crate::app::App;
use crate::error::{Error, Result};
use crate::sms::twilio::{Failure, Twilio};

/// The organization's switch. Turned on by `enableCampaignPhoneNumbers`, off by nobody.
pub const FEATURE: &str = "campaignPhoneNumbersEnabled";
/// Most senders of one messaging service.
pub const MAX_PER_SERVICE: i32 = 400;

/// The carrier, for calls about numbers.
///
/// # Errors
/// `CARRIER_NOT_CONFIGURED`.
fn carrier(app: &App) -> Result<&Twilio> {
    app.twilio.as_ref().ok_or_else(|| {
        Error::refused(
            "CARRIER_NOT_CONFIGURED",
            "There are no carrier credentials: numbers can be neither bought nor used.",
        )
    })
}

/// A carrier that says no is an answer people can act on; one that says nothing is a surprise.
fn blame(what: &str) -> impl Fn(Failure) -> Error + '_ {
    move |failure| match failure {
        Failure::Refused { .. } | Failure::Unreachable(_) => {
            Error::refused("CARRIER_REFUSED", format!("{what}: {failure}"))
        }
        Failure::Unanswered(_) => Error::Internal(anyhow::Error::new(failure)),
    }
}
