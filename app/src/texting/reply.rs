//! Simulating a contact's answer (`sendReply`): for trying a campaign out.

use crate::access::{Admin, CampaignBy};
use crate::app::App;
use crate::db;
use crate::db::contact::Contact;
use crate::error::{Error, Result};
use crate::sms;
use crate::texting::inbound::{self, Received, Webhook};

/// The number answers are sent to.
const OWN_NUMBER: &str = "+15555555555";

/// Puts an answer into the contact's thread the way a real one would come in.
///
/// # Errors
/// [`Error::BadInput`] when nobody has texted the contact yet.
pub async fn simulate(
    app: &App,
    by: &CampaignBy<Admin>,
    contact: &Contact,
    text: &str,
) -> Result<Contact> {
    let service = sms::messaging_service(app, by.campaign.messaging_service_sid.as_deref());
    let webhook = Webhook::of(&[
        ("From", &contact.cell),
        ("To", OWN_NUMBER),
        ("Body", text),
        ("MessageSid", &app.ids.token()),
        ("MessagingServiceSid", service.as_deref().unwrap_or("")),
        ("NumMedia", "0"),
    ]);
    let received = inbound::receive(app, "simulated", &webhook).await?;
    if received != Received::Applied {
        return Err(Error::bad_input(
            "id",
            "Nobody has texted this contact yet.",
        ));
    }
    db::contact::find(&app.db, contact.id)
        .await?
        .ok_or(Error::NotFound("There is no such contact."))
}
