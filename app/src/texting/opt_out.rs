//! Opting out: by a texter, by a word, by the carrier.

use crate::access::{Admin, Caretaker};
use crate::app::App;
use crate::contacts::phone;
use crate::db;
use crate::db::contact::Contact;
use crate::db::message::Conversation;
use crate::db::opt_out::Undoing;
use crate::error::{Error, Result};

/// Most numbers of one request.
const MAX_AT_ONCE: usize = 100;

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

/// Somebody wrote STOP whose text belongs to no conversation: the number it came to may have been another campaign's
/// since. Whoever has texted them stops.
///
/// # Errors
/// When the database does not answer.
pub async fn without_conversation(app: &App, cell: &str) -> Result<()> {
    for organization_id in db::opt_out::list_texting(&app.db, cell).await? {
        insert(app, cell, organization_id, None, "keyword").await?;
    }
    Ok(())
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

/// Opts many numbers out of the organization, without any conversation.
///
/// # Errors
/// `BULK_OPT_OUT_LIMIT_EXCEEDED`, or [`Error::BadInput`] naming the numbers that are none.
pub async fn create_many(app: &App, by: &Admin, cells: &[String], reason: &str) -> Result<()> {
    if cells.len() > MAX_AT_ONCE {
        return Err(Error::refused(
            "BULK_OPT_OUT_LIMIT_EXCEEDED",
            format!("At most {MAX_AT_ONCE} numbers can be opted out at once."),
        ));
    }
    let rules = phone::Rules {
        accepts_possible: true,
        country: &app.config.phone_number_country,
    };
    let (mut numbers, mut wrong) = (Vec::new(), Vec::new());
    for cell in cells {
        match phone::parse(cell, rules) {
            Ok(number) => numbers.push(number),
            Err(_) => wrong.push(cell.as_str()),
        }
    }
    if !wrong.is_empty() {
        let reason = format!("These are no telephone numbers: {}.", wrong.join(", "));
        return Err(Error::bad_input("cells", reason));
    }
    let (shared, now) = (app.config.opt_outs_shared, app.clock.now());
    let organization = by.organization_id;
    let reasons = vec![reason.to_owned(); numbers.len()];
    let inserted =
        db::opt_out::insert_many(&app.db, &numbers, &reasons, organization, shared, now).await?;
    app.cache
        .bump(&inserted.assignments, &app.ids.token())
        .await;
    Ok(())
}

/// Undoes an opt-out that was a mistake. Who did it, when and why is kept.
///
/// # Errors
/// [`Error::BadInput`] without a reason, or when the number has not opted out.
pub async fn undo(app: &App, by: &Admin, cell: &str, reason: &str) -> Result<()> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::bad_input(
            "reason",
            "Say why the opt-out is undone; it is kept.",
        ));
    }
    let undoing = Undoing {
        cell,
        organization_id: by.organization_id,
        shared: app.config.opt_outs_shared,
        user_id: by.user_id,
        reason,
        now: app.clock.now(),
    };
    let assignments = db::opt_out::undo(&app.db, undoing)
        .await?
        .ok_or_else(|| Error::bad_input("cell", "This number has not opted out."))?;
    app.cache.bump(&assignments, &app.ids.token()).await;
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
