//! Oneself, and organizations.

use async_graphql::{Context, Object};

use crate::error::{Error, Result};
use crate::graphql::context::{app, id, request, viewer};
use crate::graphql::types::inputs::{UserPasswordChange, UserSelfInput};
use crate::graphql::types::organization::Organization;
use crate::graphql::types::user::User;
use crate::people::{organizations, profile};

#[derive(Default)]
pub(super) struct PeopleMutations;

#[Object]
impl PeopleMutations {
    async fn create_organization(&self, ctx: &Context<'_>, name: String) -> Result<Organization> {
        let by = viewer(ctx)
            .await?
            .founder(app(ctx).config.suppress_self_invite)?;
        organizations::create(app(ctx), &by, &name)
            .await
            .map(Organization)
    }

    async fn edit_self(&self, ctx: &Context<'_>, user_data: UserSelfInput) -> Result<User> {
        let viewer = viewer(ctx).await?;
        let UserSelfInput {
            first_name,
            last_name,
            subscribed_to_reminders,
        } = user_data;
        profile::edit(
            app(ctx),
            viewer,
            &first_name,
            &last_name,
            subscribed_to_reminders,
        )
        .await
        .map(User)
    }

    /// The code of conduct is agreed to.
    async fn user_agree_terms(&self, ctx: &Context<'_>) -> Result<User> {
        let viewer = viewer(ctx).await?;
        profile::agree_to_terms(app(ctx), viewer).await.map(User)
    }

    /// Auth0 sends a link to a new password, to oneself or to a member of one's organization.
    async fn initiate_password_reset(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
        user_id: String,
    ) -> Result<bool> {
        let person = viewer(ctx)
            .await?
            .acquaintance(app(ctx), id(&organization_id)?, id(&user_id)?)
            .await?;
        profile::reset_password(app(ctx), &person).await?;
        Ok(true)
    }

    /// New password for oneself; the old one must be given.
    async fn change_user_password(
        &self,
        ctx: &Context<'_>,
        user_id: String,
        form_data: UserPasswordChange,
    ) -> Result<User> {
        let viewer = viewer(ctx).await?;
        if id(&user_id)? != viewer.id() {
            return Err(Error::Forbidden);
        }
        if form_data.new_password != form_data.password_confirm {
            return Err(Error::bad_input(
                "passwordConfirm",
                "The two new passwords differ.",
            ));
        }
        let session = profile::change_password(
            app(ctx),
            viewer,
            &form_data.password,
            &form_data.new_password,
        )
        .await?;
        request(ctx).renew(session);
        Ok(User(viewer.person().user.clone()))
    }
}
