//! Marking a contact: skipped, or open again.

use crate::access::Caretaker;
use crate::app::App;
use crate::db;
use crate::db::contact::Contact;
use crate::error::{Error, Result};

/// Closes the contact or opens it again.
///
/// Only what a texter may say is accepted: `closed`, `needsResponse` and `convo`. The other
/// statuses are said by texts alone, and a contact nobody has texted cannot need a response:
/// opened again it needs its first message.
///
/// # Errors
/// [`Error::BadInput`], or [`Error::NotFound`] when the contact was given to somebody else.
pub async fn mark(app: &App, by: &Caretaker, status: &str) -> Result<Contact> {
    let is_texted = by.contact.message_status != "needsMessage";
    let is_allowed = match status {
        "closed" => true,
        "needsResponse" | "convo" => is_texted,
        _ => false,
    };
    if !is_allowed {
        return Err(Error::bad_input(
            "messageStatus",
            format!("A contact cannot be marked \"{status}\"."),
        ));
    }
    let changed = Error::NotFound("Your assignment has changed.");
    let Some(assignment) = by.contact.assignment_id else {
        return Err(changed);
    };
    let now = app.clock.now();
    let contact = db::contact::update_status(&app.db, by.contact.id, assignment, status, now)
        .await?
        .ok_or(changed)?;
    app.cache.bump(&[assignment], &app.ids.token()).await;
    Ok(contact)
}
