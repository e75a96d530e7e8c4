//! Campaigns and their jobs.

use async_graphql::{Context, Object};

use crate::access::{self, Role, Superadmins};
use crate::db;
use crate::error::{Error, Result};
use crate::graphql::context::{app, id, viewer};
use crate::graphql::types::campaign::Campaign;
use crate::graphql::types::inputs::{CampaignsFilter, OffsetLimitCursor, SortCampaignsBy};
use crate::graphql::types::job::BackgroundJob;
use crate::graphql::types::organization::{CampaignsReturn, list, order, page};

#[derive(Default)]
pub(super) struct CampaignQueries;

#[Object]
impl CampaignQueries {
    async fn campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] campaign_id: String,
    ) -> Result<Option<Campaign>> {
        let viewer = viewer(ctx).await?;
        let found = access::campaign_supervolunteer(app(ctx), viewer, id(&campaign_id)?).await?;
        Ok(Some(Campaign(found.campaign)))
    }

    async fn campaigns(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
        cursor: Option<OffsetLimitCursor>,
        campaigns_filter: Option<CampaignsFilter>,
        sort_by: Option<SortCampaignsBy>,
    ) -> Result<CampaignsReturn> {
        let organization_id = id(&organization_id)?;
        viewer(ctx)
            .await?
            .supervolunteer(organization_id, Superadmins::NeedTheRole)?;
        let filter = campaigns_filter.unwrap_or_default().of(organization_id);
        match cursor {
            Some(cursor) => page(
                app(ctx),
                filter,
                order(sort_by),
                cursor.position(),
                cursor.limit,
            )
            .await
            .map(CampaignsReturn::Page),
            None => list(app(ctx), &filter, order(sort_by))
                .await
                .map(CampaignsReturn::List),
        }
    }

    async fn background_job(
        &self,
        ctx: &Context<'_>,
        job_id: String,
    ) -> Result<Option<BackgroundJob>> {
        let viewer = viewer(ctx).await?;
        let Some(job) = db::job::find(&app(ctx).db, id(&job_id)?).await? else {
            return Ok(None);
        };
        if job.user_id != Some(viewer.id()) {
            let organization_id = job.organization_id.ok_or(Error::Forbidden)?;
            viewer.require(organization_id, Role::Supervolunteer, Superadmins::Pass)?;
        }
        Ok(Some(BackgroundJob(job)))
    }
}
