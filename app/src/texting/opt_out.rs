//! Opting out: by a texter, by a word, by the carrier.

use crate::access::Caretaker;
use crate::app::App;
use crate::db;
use crate::db::contact::Contact;
use crate::db::message::Conversation;
use crate::error::{Error, Result};

/// Opts the contact out on behalf of a texter or admin. Once more changes nothing.
///
/// # Errors
/// [`Error::NotFound`] when the contact is not in that assignment any more, [`Error::BadInput`]
/// when `cell` is another number.
pub async fn create(
    app: &App,
    by: &Caretaker,
    assignment_id: i32,
    cell: &str,
    reason: &str,
) -> Result<Contact> {
    let contact = &by.contact;
    if contact.assignment_id != Some(assignment_id) {
        return Err(Error::NotFound("Your assignment has changed."));
    }
    if contact.cell != cell {
        return Err(Error::bad_input(
            "cell",
            "This is not the contact's number.",
        ));
    }
    insert(app, cell, by.organization_id, Some(assignment_id), reason).await?;
    db::contact::find(&app.db, contact.id)
        .await?
        .ok_or(Error::NotFound("There is no such contact."))
}

/// The person wrote STOP or the like.
///
/// # Errors
/// When the database does not answer.
pub async fn by_keyword(app: &App, cell: &str, conversation: &Conversation) -> Result<()> {
    insert(
        app,
        cell,
        conversation.organization_id,
        conversation.assignment_id,
        "keyword",
    )
    .await
}

/// The carrier says that these contacts have opted out there.
///
/// # Errors
/// When the database does not answer.
pub async fn at_the_carrier(app: &App, contact_ids: &[i32]) -> Result<()> {
    for owner in db::opt_out::list_owners(&app.db, contact_ids).await? {
        insert(
            app,
            &owner.cell,
            owner.organization_id,
            owner.assignment_id,
            "carrier",
        )
        .await?;
    }
    Ok(())
}

async fn insert(
    app: &App,
    cell: &str,
    organization_id: i32,
    assignment_id: Option<i32>,
    reason: &str,
) -> Result<()> {
    let assignments = db::opt_out::insert(
        &app.db,
        cell,
        organization_id,
        assignment_id,
        reason,
        app.config.opt_outs_shared,
        app.clock.now(),
    )
    .await?;
    app.cache.bump(&assignments, &app.ids.token()).await;
    Ok(())
}
