//! Phone numbers. Operators know both by heart, from `GraphiQL`.

use async_graphql::{Context, Object};

use crate::access::Superadmins;
use crate::db;
use crate::error::{Error, Result};
use crate::graphql::context::{app, id, viewer};
use crate::graphql::types::job::BackgroundJob;
use crate::graphql::types::organization::Organization;
use crate::numbers::{self, buy};

#[derive(Default)]
pub(super) struct NumberMutations;

#[Object]
impl NumberMutations {
    async fn enable_campaign_phone_numbers(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
    ) -> Result<Organization> {
        let by = viewer(ctx)
            .await?
            .owner(id(&organization_id)?, Superadmins::Pass)?;
        let (db, organization) = (&app(ctx).db, by.organization_id);
        db::organization::enable_feature(db, organization, numbers::FEATURE)
            .await?
            .map(Organization)
            .ok_or(Error::NotFound("There is no such organization."))
    }

    async fn buy_numbers(
        &self,
        ctx: &Context<'_>,
        area_code: String,
        limit: i32,
    ) -> Result<BackgroundJob> {
        let by = viewer(ctx).await?.operator()?;
        buy::order(app(ctx), &by, &area_code, limit)
            .await
            .map(BackgroundJob)
    }
}
