//! Who is asking, and organizations.

use async_graphql::{Context, Object};

use crate::access::{Role, Superadmins};
use crate::error::{Error, Result};
use crate::graphql::context::{id, request, viewer};
use crate::graphql::types::assignment::organization;
use crate::graphql::types::organization::Organization;
use crate::graphql::types::user::User;

#[derive(Default)]
pub(super) struct PeopleQueries;

#[Object]
impl PeopleQueries {
    async fn current_user(
        &self,
        ctx: &Context<'_>,
        allow_null: Option<bool>,
    ) -> Result<Option<User>> {
        if allow_null == Some(true) && request(ctx).session.is_none() {
            return Ok(None);
        }
        match viewer(ctx).await {
            Ok(viewer) => Ok(Some(User(viewer.person().user.clone()))),
            Err(Error::SignedOut) if allow_null == Some(true) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn current_user_with_access(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
        role: String,
    ) -> Result<Option<User>> {
        let viewer = viewer(ctx).await?;
        let role = Role::from_name(&role)
            .ok_or_else(|| Error::bad_input("role", "There is no such role."))?;
        viewer.require(id(&organization_id)?, role, Superadmins::NeedTheRole)?;
        Ok(Some(User(viewer.person().user.clone())))
    }

    async fn organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] organization_id: String,
    ) -> Result<Option<Organization>> {
        let organization_id = id(&organization_id)?;
        // Suspended members still see the name of the organization that suspended them.
        viewer(ctx)
            .await?
            .require(organization_id, Role::Suspended, Superadmins::Pass)?;
        organization(ctx, organization_id)
            .await
            .map(Organization)
            .map(Some)
    }
}
