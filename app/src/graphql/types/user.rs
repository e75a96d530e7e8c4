//! People.

use async_graphql::{Context, ID, Object};

use crate::access::{Role, Superadmins};
use crate::db;
use crate::error::{Error, Result};
use crate::graphql::context::{app, id, loaders, viewer};
use crate::graphql::loaders::OrganizationId;
use crate::graphql::types::assignment::Assignment;
use crate::graphql::types::organization::Organization;

pub struct User(pub db::user::User);

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn first_name(&self) -> &str {
        &self.0.first_name
    }

    async fn last_name(&self) -> &str {
        &self.0.last_name
    }

    async fn display_name(&self) -> String {
        format!("{} {}", self.0.first_name, self.0.last_name)
    }

    async fn email(&self) -> &str {
        &self.0.email
    }

    /// From SUSPENDED up to the highest role in the organization.
    async fn roles(&self, ctx: &Context<'_>, organization_id: String) -> Result<Vec<&'static str>> {
        let organization_id = id(&organization_id)?;
        let viewer = viewer(ctx).await?;
        let role = if viewer.id() == self.0.id {
            viewer.role(organization_id)
        } else {
            viewer.require(organization_id, Role::Supervolunteer, Superadmins::Pass)?;
            db::membership::find_role(&app(ctx).db, self.0.id, organization_id).await?
        };
        let held = Role::ALL.into_iter().take_while(|held| Some(*held) <= role);
        Ok(held.map(Role::name).collect())
    }

    async fn organizations(
        &self,
        ctx: &Context<'_>,
        role: Option<String>,
    ) -> Result<Vec<Organization>> {
        let least = match role.as_deref().map(Role::from_name) {
            Some(None) => return Err(Error::bad_input("role", "There is no such role.")),
            Some(Some(role)) => role,
            None => Role::Suspended,
        };
        let person = db::membership::find_person(&app(ctx).db, self.0.id);
        let viewer = viewer(ctx).await?;
        let roles = if viewer.id() == self.0.id {
            viewer.person().roles.clone()
        } else if viewer.is_superadmin() {
            person.await?.map(|person| person.roles).unwrap_or_default()
        } else {
            return Err(Error::Forbidden);
        };
        let ids = roles
            .into_iter()
            .filter(|(_, role)| *role >= least)
            .map(|(id, _)| OrganizationId(id));
        let found = loaders(ctx).load_many(ids).await?;
        let mut organizations: Vec<Organization> = found.into_values().map(Organization).collect();
        organizations.sort_by_key(|organization| organization.0.id);
        Ok(organizations)
    }

    async fn terms(&self) -> bool {
        self.0.terms
    }

    async fn is_superadmin(&self) -> bool {
        self.0.is_superadmin
    }

    async fn subscribed_to_reminders(&self) -> bool {
        self.0.subscribed_to_reminders
    }

    async fn assignment_summaries(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
    ) -> Result<Vec<Assignment>> {
        let organization_id = id(&organization_id)?;
        let viewer = viewer(ctx).await?;
        let needed = if viewer.id() == self.0.id {
            Role::Texter
        } else {
            Role::Supervolunteer
        };
        viewer.require(organization_id, needed, Superadmins::Pass)?;
        let assignments =
            db::assignment::list_open(&app(ctx).db, self.0.id, organization_id).await?;
        Ok(assignments.into_iter().map(Assignment).collect())
    }
}
