//! Who may look at, text in and decide about assignments and contacts.

use std::sync::Arc;

use super::{Minted, Role, Session, Superadmins, Viewer, check_role, find_campaign, viewer};
use crate::app::App;
use crate::db;
use crate::db::assignment::Assignment;
use crate::db::batch::BatchFacts;
use crate::db::contact::Contact;
use crate::db::opened::Opened;
use crate::db::sending::{Facts, Terms};
use crate::error::{Error, Result};

/// Proof: the assignment is the viewer's own, in an organization they are TEXTER or higher of.
#[derive(Clone, Debug)]
pub struct Holder {
    pub user_id: i32,
    pub assignment: Assignment,
    _minted: Minted,
}

/// Proof: the viewer may ask for contacts of this assignment, their own; with everything the rules
/// of batches ask about.
#[derive(Clone, Debug)]
pub struct Asker {
    pub user_id: i32,
    pub facts: BatchFacts,
    _minted: Minted,
}

/// Proof: the viewer may text this contact; with everything the rules of sending ask about.
#[derive(Clone, Debug)]
pub struct Sender {
    pub user_id: i32,
    pub facts: Facts,
    _minted: Minted,
}

/// Proof, for the statement that asks all of it once more and for no other: the assignment was
/// this person's, and these were its terms, when they were last read.
#[derive(Clone, Debug)]
pub struct KnownSender {
    pub user_id: i32,
    pub session_epoch: i32,
    pub terms: Arc<Terms>,
    _minted: Minted,
}

/// Proof: the viewer may decide for this contact: whose assignment it is in, or an ADMIN.
#[derive(Clone, Debug)]
pub struct Caretaker {
    pub user_id: i32,
    pub organization_id: i32,
    pub contact: Contact,
    _minted: Minted,
}

/// The viewer's own assignment.
///
/// # Errors
/// [`Error::NotFound`], or as [`Viewer::require`].
pub async fn holder(app: &App, viewer: &Viewer, assignment_id: i32) -> Result<Holder> {
    let assignment = find_assignment(app, assignment_id).await?;
    viewer.require(
        assignment.organization_id,
        Role::Texter,
        Superadmins::NeedTheRole,
    )?;
    if assignment.user_id != viewer.id() {
        return Err(Error::Forbidden);
    }
    Ok(Holder {
        user_id: viewer.id(),
        assignment,
        _minted: Minted,
    })
}

/// Whoever may ask for a batch: the assignment's own texter. One statement reads the session's
/// user, the role and everything the rules ask about.
///
/// # Errors
/// [`Error::SignedOut`], [`Error::NotFound`], or as [`Viewer::require`]; superadmins need a role.
pub async fn asker(app: &App, session: Option<Session>, assignment_id: i32) -> Result<Asker> {
    let session = session.ok_or(Error::SignedOut)?;
    let facts = db::batch::find_facts(&app.db, session.user_id, assignment_id).await?;
    let Some(facts) = facts else {
        viewer(app, Some(session)).await?;
        return Err(Error::NotFound("There is no such assignment."));
    };
    if facts.session_epoch != session.epoch {
        return Err(Error::SignedOut);
    }
    check_role(facts.role, Role::Texter)?;
    if facts.assigned_to != session.user_id {
        return Err(Error::Forbidden);
    }
    Ok(Asker {
        user_id: session.user_id,
        facts,
        _minted: Minted,
    })
}

/// An assignment to look at: one's own, or as SUPERVOLUNTEER anybody's.
///
/// # Errors
/// [`Error::NotFound`], or as [`Viewer::require`].
pub async fn readable_assignment(app: &App, viewer: &Viewer, id: i32) -> Result<Assignment> {
    let assignment = find_assignment(app, id).await?;
    check_readable(viewer, &assignment)?;
    Ok(assignment)
}

fn check_readable(viewer: &Viewer, assignment: &Assignment) -> Result<()> {
    let needed = reader_of(assignment.user_id == viewer.id());
    viewer.require(assignment.organization_id, needed, Superadmins::Pass)
}

/// An assignment to look at, with the viewer, the campaign and the organization, in one statement.
///
/// # Errors
/// [`Error::SignedOut`], [`Error::NotFound`], or as [`Viewer::require`].
pub async fn opened_assignment(
    app: &App,
    session: Option<Session>,
    id: i32,
) -> Result<(Viewer, Opened)> {
    let session = session.ok_or(Error::SignedOut)?;
    let Some(opened) = db::opened::find(&app.db, session.user_id, id).await? else {
        viewer(app, Some(session)).await?;
        return Err(Error::NotFound("There is no such assignment."));
    };
    if opened.person.user.session_epoch != session.epoch {
        return Err(Error::SignedOut);
    }
    let viewer = Viewer::of(opened.person.clone());
    check_readable(&viewer, &opened.assignment)?;
    Ok((viewer, opened))
}

async fn find_assignment(app: &App, id: i32) -> Result<Assignment> {
    db::assignment::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such assignment."))
}

/// A contact to look at: of one's own assignment, or as SUPERVOLUNTEER any of the organization.
///
/// # Errors
/// [`Error::NotFound`], or as [`Viewer::require`].
pub async fn readable_contact(app: &App, viewer: &Viewer, id: i32) -> Result<Contact> {
    let contact = find_contact(app, id).await?;
    let campaign = find_campaign(app, contact.campaign_id).await?;
    let is_own = is_assigned_to(app, &contact, viewer.id()).await?;
    viewer.require(
        campaign.organization_id,
        reader_of(is_own),
        Superadmins::Pass,
    )?;
    Ok(contact)
}

/// A contact to look at, with the viewer and what stands around its assignment, in two statements; the latter is
/// there unless nobody has the contact.
///
/// # Errors
/// [`Error::SignedOut`], or as [`readable_contact`].
pub async fn opened_contact(
    app: &App,
    session: Option<Session>,
    id: i32,
) -> Result<(Viewer, Option<Opened>, Contact)> {
    let session = session.ok_or(Error::SignedOut)?;
    let contact = db::contact::find(&app.db, id).await?;
    let assignment = contact.as_ref().and_then(|contact| contact.assignment_id);
    let opened = match assignment {
        Some(assignment) => db::opened::find(&app.db, session.user_id, assignment).await?,
        None => None,
    };
    let Some((contact, opened)) = contact.zip(opened) else {
        let viewer = viewer(app, Some(session)).await?;
        let contact = readable_contact(app, &viewer, id).await?;
        return Ok((viewer, None, contact));
    };
    if opened.person.user.session_epoch != session.epoch {
        return Err(Error::SignedOut);
    }
    let viewer = Viewer::of(opened.person.clone());
    let is_own = opened.assignment.user_id == viewer.id();
    viewer.require(opened.organization.id, reader_of(is_own), Superadmins::Pass)?;
    Ok((viewer, Some(opened), contact))
}

/// Who may look at what is one's own, and at what is somebody else's.
fn reader_of(is_own: bool) -> Role {
    if is_own {
        Role::Texter
    } else {
        Role::Supervolunteer
    }
}

/// A contact to decide about: of one's own assignment, or as ADMIN any of the organization.
///
/// # Errors
/// [`Error::NotFound`], or as [`Viewer::require`].
pub async fn caretaker(app: &App, viewer: &Viewer, contact_id: i32) -> Result<Caretaker> {
    let contact = find_contact(app, contact_id).await?;
    let campaign = find_campaign(app, contact.campaign_id).await?;
    let needed = if is_assigned_to(app, &contact, viewer.id()).await? {
        Role::Texter
    } else {
        Role::Admin
    };
    viewer.require(campaign.organization_id, needed, Superadmins::Pass)?;
    Ok(Caretaker {
        user_id: viewer.id(),
        organization_id: campaign.organization_id,
        contact,
        _minted: Minted,
    })
}

async fn find_contact(app: &App, id: i32) -> Result<Contact> {
    db::contact::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such contact."))
}

async fn is_assigned_to(app: &App, contact: &Contact, user_id: i32) -> Result<bool> {
    let Some(id) = contact.assignment_id else {
        return Ok(false);
    };
    let assignment = db::assignment::find(&app.db, id).await?;
    Ok(assignment.is_some_and(|assignment| assignment.user_id == user_id))
}

/// Who may text in the assignment, as far as this process knows; asks the database nothing.
pub fn known_sender(
    app: &App,
    session: Option<Session>,
    assignment_id: i32,
) -> Option<KnownSender> {
    let session = session?;
    Some(KnownSender {
        user_id: session.user_id,
        session_epoch: session.epoch,
        terms: app.standings.terms(session.user_id, assignment_id)?,
        _minted: Minted,
    })
}

/// Who may text the contact: whose assignment it is in, or a SUPERVOLUNTEER acting from message
/// review. One statement reads the session's user, the role and everything the rules ask about.
///
/// # Errors
/// [`Error::SignedOut`], [`Error::NotFound`], or as [`Viewer::require`]; superadmins need a role.
pub async fn sender(
    app: &App,
    session: Option<Session>,
    contact_id: i32,
    key: Option<uuid::Uuid>,
) -> Result<Sender> {
    let session = session.ok_or(Error::SignedOut)?;
    let shared = app.config.opt_outs_shared;
    let facts = db::sending::find_facts(&app.db, session.user_id, contact_id, key, shared).await?;
    let Some(facts) = facts else {
        viewer(app, Some(session)).await?;
        return Err(Error::NotFound("There is no such contact."));
    };
    if facts.session_epoch != session.epoch {
        return Err(Error::SignedOut);
    }
    let is_own = facts.assigned_to == Some(session.user_id);
    let needed = reader_of(is_own);
    // A texter whose contact was given to somebody else hears just that, as before.
    match check_role(facts.role, needed) {
        Err(Error::Forbidden) if facts.role == Some(Role::Texter) => {
            Err(Error::NotFound("Your assignment has changed."))
        }
        Err(error) => Err(error),
        Ok(()) => {
            if let Some(assignment_id) = facts.contact.assignment_id.filter(|_| is_own) {
                app.standings
                    .remember(session.user_id, assignment_id, facts.terms.clone());
            }
            Ok(Sender {
                user_id: session.user_id,
                facts,
                _minted: Minted,
            })
        }
    }
}
