//! Who may do what: the one place that makes permission values.
//!
//! Work functions ask for a [`Holder`], a [`Campaign<Admin>`](CampaignBy) and so on as arguments.
//! Only this module can build one, from rows it has read, so forgetting a check does not compile.

mod texting;

use std::collections::HashMap;

use async_graphql::Enum;

use crate::app::App;
use crate::db;
use crate::db::campaign::Campaign;
use crate::db::membership::Person;
use crate::error::{Error, Result};

pub use texting::{
    Asker, Caretaker, Holder, KnownSender, Sender, asker, caretaker, holder, known_sender,
    opened_assignment, opened_contact, readable_assignment, readable_contact, sender,
};

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
