//! Who may do what: the one place that makes permission values.
//!
//! Work functions ask for a [`Texter`], a [`Campaign<Admin>`](CampaignBy) and so on as arguments.
//! Only this module can build one, from rows it has read, so forgetting a check does not compile.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Enum;

use crate::app::App;
use crate::db;
use crate::db::assignment::Assignment;
use crate::db::batch::BatchFacts;
use crate::db::campaign::Campaign;
use crate::db::contact::Contact;
use crate::db::membership::Person;
use crate::db::opened::Opened;
use crate::db::sending::{Facts, Terms};
use crate::error::{Error, Result};

/// Roles in an organization, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
pub enum Role {
    Suspended,
    Texter,
    Supervolunteer,
    Admin,
    Owner,
}

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Self; 5] = [
        Self::Suspended,
        Self::Texter,
        Self::Supervolunteer,
        Self::Admin,
        Self::Owner,
    ];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspended => "SUSPENDED",
            Self::Texter => "TEXTER",
            Self::Supervolunteer => "SUPERVOLUNTEER",
            Self::Admin => "ADMIN",
            Self::Owner => "OWNER",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What a session cookie says; believed only as far as the user's row agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub user_id: i32,
    /// The user's `session_epoch` when they signed in.
    pub epoch: i32,
}

/// Somebody signed in whose session has not been ended.
#[derive(Clone, Debug)]
pub struct Viewer {
    person: Person,
    roles: HashMap<i32, Role>,
}

/// What every proof holds and nobody outside this module has.
#[derive(Clone, Copy, Debug)]
struct Minted;

/// Proof: the viewer is SUPERVOLUNTEER or higher in the organization, or a superadmin where the
/// operation lets those pass.
#[derive(Clone, Copy, Debug)]
pub struct Supervolunteer {
    pub user_id: i32,
    pub organization_id: i32,
    _minted: Minted,
}

/// Proof: ADMIN or higher, or a superadmin where the operation lets those pass.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    pub user_id: i32,
    pub organization_id: i32,
    _minted: Minted,
}

/// Proof: the viewer is OWNER of the organization, or a superadmin where the operation lets those
/// pass.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub user_id: i32,
    pub organization_id: i32,
    _minted: Minted,
}

/// Proof: the viewer runs the instance.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    pub user_id: i32,
    _minted: Minted,
}

/// Proof: the viewer may make organizations.
#[derive(Clone, Copy, Debug)]
pub struct Founder {
    pub user_id: i32,
    _minted: Minted,
}

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

/// Proof: the viewer may act for this person: it is themselves, or a member where they are ADMIN.
#[derive(Clone, Copy, Debug)]
pub struct Acquaintance {
    pub user_id: i32,
    _minted: Minted,
}

/// A campaign together with the proof of what the viewer may do to it.
#[derive(Clone, Debug)]
pub struct CampaignBy<Proof> {
    pub by: Proof,
    pub campaign: Campaign,
}

/// Whether superadmins pass where an organization's role is asked for: per operation, as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Superadmins {
    Pass,
    NeedTheRole,
}

impl Viewer {
    fn of(person: Person) -> Self {
        let roles = person.roles.iter().copied().collect();
        Self { person, roles }
    }

    /// The person.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Their id.
    pub fn id(&self) -> i32 {
        self.person.user.id
    }

    /// Whether they run the instance.
    pub fn is_superadmin(&self) -> bool {
        self.person.user.is_superadmin
    }

    /// Their role in the organization.
    pub fn role(&self, organization_id: i32) -> Option<Role> {
        self.roles.get(&organization_id).copied()
    }

    /// The one check all others are made of.
    ///
    /// # Errors
    /// [`Error::Suspended`] for suspended members, [`Error::Forbidden`] for everybody else below `role`.
    pub fn require(
        &self,
        organization_id: i32,
        role: Role,
        superadmins: Superadmins,
    ) -> Result<()> {
        if superadmins == Superadmins::Pass && self.is_superadmin() {
            return Ok(());
        }
        check_role(self.role(organization_id), role)
    }

    /// # Errors
    /// As [`Viewer::require`].
    pub fn supervolunteer(
        &self,
        organization_id: i32,
        superadmins: Superadmins,
    ) -> Result<Supervolunteer> {
        self.require(organization_id, Role::Supervolunteer, superadmins)?;
        Ok(Supervolunteer {
            user_id: self.id(),
            organization_id,
            _minted: Minted,
        })
    }

    /// # Errors
    /// As [`Viewer::require`].
    pub fn admin(&self, organization_id: i32, superadmins: Superadmins) -> Result<Admin> {
        self.require(organization_id, Role::Admin, superadmins)?;
        Ok(Admin {
            user_id: self.id(),
            organization_id,
            _minted: Minted,
        })
    }

    /// # Errors
    /// As [`Viewer::require`].
    pub fn owner(&self, organization_id: i32, superadmins: Superadmins) -> Result<Owner> {
        self.require(organization_id, Role::Owner, superadmins)?;
        Ok(Owner {
            user_id: self.id(),
            organization_id,
            _minted: Minted,
        })
    }

    /// Whom the viewer may act for: themselves, and as an ADMIN members of the organization.
    ///
    /// # Errors
    /// As [`Viewer::require`]; [`Error::NotFound`] for people who are not in the organization.
    pub async fn acquaintance(
        &self,
        app: &App,
        organization_id: i32,
        user_id: i32,
    ) -> Result<Acquaintance> {
        if user_id != self.id() {
            self.require(organization_id, Role::Admin, Superadmins::Pass)?;
            let role = db::membership::find_role(&app.db, user_id, organization_id).await?;
            role.ok_or(Error::NotFound(
                "There is no such person in this organization.",
            ))?;
        }
        Ok(Acquaintance {
            user_id,
            _minted: Minted,
        })
    }

    /// # Errors
    /// [`Error::Forbidden`] for everybody but superadmins.
    pub fn operator(&self) -> Result<Operator> {
        if !self.is_superadmin() {
            return Err(Error::Forbidden);
        }
        Ok(Operator {
            user_id: self.id(),
            _minted: Minted,
        })
    }

    /// # Errors
    /// [`Error::Forbidden`] when only superadmins make organizations here.
    pub fn founder(&self, is_self_invite_suppressed: bool) -> Result<Founder> {
        if is_self_invite_suppressed && !self.is_superadmin() {
            return Err(Error::Forbidden);
        }
        Ok(Founder {
            user_id: self.id(),
            _minted: Minted,
        })
    }

    /// Whether they may open `GraphiQL`: ADMIN anywhere, or superadmin.
    pub fn may_explore(&self) -> bool {
        self.is_superadmin() || self.roles.values().any(|role| *role >= Role::Admin)
    }
}

fn check_role(found: Option<Role>, needed: Role) -> Result<()> {
    match found {
        Some(role) if role >= needed => Ok(()),
        Some(Role::Suspended) => Err(Error::Suspended),
        Some(_) | None => Err(Error::Forbidden),
    }
}

/// The person behind the session, if it has not been ended.
///
/// # Errors
/// [`Error::SignedOut`].
pub async fn viewer(app: &App, session: Option<Session>) -> Result<Viewer> {
    let session = session.ok_or(Error::SignedOut)?;
    let person = db::membership::find_person(&app.db, session.user_id)
        .await?
        .filter(|person| person.user.session_epoch == session.epoch)
        .ok_or(Error::SignedOut)?;
    Ok(Viewer::of(person))
}

/// The campaign, for someone who may edit it.
///
/// # Errors
/// [`Error::NotFound`], or as [`Viewer::require`].
pub async fn campaign_supervolunteer(
    app: &App,
    viewer: &Viewer,
    id: i32,
) -> Result<CampaignBy<Supervolunteer>> {
    let campaign = find_campaign(app, id).await?;
    let by = viewer.supervolunteer(campaign.organization_id, Superadmins::NeedTheRole)?;
    Ok(CampaignBy { by, campaign })
}

/// The campaign, for an admin of its organization.
///
/// # Errors
/// [`Error::NotFound`], or as [`Viewer::require`].
pub async fn campaign_admin(
    app: &App,
    viewer: &Viewer,
    id: i32,
    superadmins: Superadmins,
) -> Result<CampaignBy<Admin>> {
    let campaign = find_campaign(app, id).await?;
    let by = viewer.admin(campaign.organization_id, superadmins)?;
    Ok(CampaignBy { by, campaign })
}

async fn find_campaign(app: &App, id: i32) -> Result<Campaign> {
    db::campaign::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such campaign."))
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
            if let Some(assignment_id) = facts.assignment_id.filter(|_| is_own) {
                app.standings
                    .remember(session.user_id, assignment_id, &facts.terms);
            }
            Ok(Sender {
                user_id: session.user_id,
                facts,
                _minted: Minted,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, check_role};
    use crate::error::Error;

    #[test]
    fn roles_are_ordered_and_suspension_has_its_own_code() {
        for (index, needed) in Role::ALL.into_iter().enumerate().skip(1) {
            for (place, found) in Role::ALL.into_iter().enumerate() {
                let answer = check_role(Some(found), needed);
                match (place >= index, found) {
                    (true, _) => assert!(answer.is_ok()),
                    (false, Role::Suspended) => assert!(matches!(answer, Err(Error::Suspended))),
                    (false, _) => assert!(matches!(answer, Err(Error::Forbidden))),
                }
            }
            assert!(matches!(check_role(None, needed), Err(Error::Forbidden)));
        }
        assert_eq!(
            Role::from_name("SUPERVOLUNTEER"),
            Some(Role::Supervolunteer)
        );
        assert_eq!(Role::from_name("SUPERADMIN"), None);
    }
}
