//! Campaigns.

use async_graphql::{Context, Object};

use crate::access::{self, Superadmins};
use crate::app::App;
use crate::campaigns::{create, edit, start, status};
use crate::contacts::mapping::Mapped;
use crate::contacts::upload;
use crate::db;
use crate::error::{Error, Result};
use crate::graphql::context::{app, id, viewer};
use crate::graphql::types::campaign::Campaign;
use crate::graphql::types::inputs::{CampaignInput, ContactColumnInput};
use crate::texting::status::CampaignStatus;

/// Most campaigns that are archived at once.
const MAX_ARCHIVED: usize = 100;

#[derive(Default)]
pub(super) struct CampaignMutations;

#[Object]
impl CampaignMutations {
    /// JSON string of {s3Key, presignedPutUrl}: PUT the CSV file there as text/csv, within 900 seconds.
    async fn create_presigned_upload_url(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
    ) -> Result<String> {
        let by = viewer(ctx)
            .await?
            .admin(id(&organization_id)?, Superadmins::Pass)?;
        let link = upload::link(app(ctx), &by).await?;
        Ok(serde_json::to_string(&link).map_err(anyhow::Error::from)?)
    }

    /// `contactColumns`: what the file's columns are; those not in the list are left out. Without it their names say it.
    async fn create_campaign(
        &self,
        ctx: &Context<'_>,
        campaign: CampaignInput,
        contacts_s3_key: String,
        contact_file_name: Option<String>,
        contact_columns: Option<Vec<ContactColumnInput>>,
    ) -> Result<Campaign> {
        let organization_id = campaign
            .organization_id
            .as_deref()
            .ok_or_else(|| Error::bad_input("organizationId", "The organization is missing."))?;
        let by = viewer(ctx)
            .await?
            .admin(id(organization_id)?, Superadmins::Pass)?;
        let (changes, sections) = campaign.split()?;
        let file = upload::File {
            key: contacts_s3_key,
            name: contact_file_name,
            columns: mapping(contact_columns),
        };
        let created = create::create(app(ctx), &by, &changes, &sections, &file).await?;
        read(app(ctx), created).await
    }

    async fn edit_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] campaign_id: String,
        campaign: CampaignInput,
    ) -> Result<Campaign> {
        let viewer = viewer(ctx).await?;
        let by = access::campaign_supervolunteer(app(ctx), viewer, id(&campaign_id)?).await?;
        // A campaign never moves to another organization.
        if let Some(organization_id) = &campaign.organization_id
            && id(organization_id)? != by.campaign.organization_id
        {
            return Err(Error::Forbidden);
        }
        // Phone numbers cost money: an admin's business.
        if !campaign.phone_numbers.is_undefined() {
            viewer.admin(by.campaign.organization_id, Superadmins::Pass)?;
        }
        let (changes, sections) = campaign.split()?;
        edit::edit(app(ctx), &by, &changes, &sections).await?;
        read(app(ctx), by.campaign.id).await
    }

    /// `contactColumns`: what the file's columns are; those not in the list are left out. Without it their names say it.
    async fn upload_contacts(
        &self,
        ctx: &Context<'_>,
        campaign_id: String,
        s3_key: String,
        contact_file_name: Option<String>,
        contact_columns: Option<Vec<ContactColumnInput>>,
    ) -> Result<i32> {
        let viewer = viewer(ctx).await?;
        let by =
            access::campaign_admin(app(ctx), viewer, id(&campaign_id)?, Superadmins::Pass).await?;
        let file = upload::File {
            key: s3_key,
            name: contact_file_name,
            columns: mapping(contact_columns),
        };
        upload::replace(app(ctx), &by, &file).await
    }

    async fn start_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] campaign_id: String,
    ) -> Result<Campaign> {
        let viewer = viewer(ctx).await?;
        let by = access::campaign_admin(
            app(ctx),
            viewer,
            id(&campaign_id)?,
            Superadmins::NeedTheRole,
        )
        .await?;
        start::start(app(ctx), &by).await?;
        read(app(ctx), by.campaign.id).await
    }

    async fn update_campaign_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] campaign_id: String,
        status: CampaignStatus,
    ) -> Result<Campaign> {
        let viewer = viewer(ctx).await?;
        let by = access::campaign_admin(
            app(ctx),
            viewer,
            id(&campaign_id)?,
            Superadmins::NeedTheRole,
        )
        .await?;
        status::update(app(ctx), &by, status).await?;
        read(app(ctx), by.campaign.id).await
    }

    /// Not while it is being started.
    async fn archive_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] campaign_id: String,
    ) -> Result<Campaign> {
        let viewer = viewer(ctx).await?;
        let by = access::campaign_admin(
            app(ctx),
            viewer,
            id(&campaign_id)?,
            Superadmins::NeedTheRole,
        )
        .await?;
        status::archive(app(ctx), std::slice::from_ref(&by)).await?;
        read(app(ctx), by.campaign.id).await
    }

    /// All of them, or none where one is not the caller's to archive or is being started.
    async fn archive_campaigns(
        &self,
        ctx: &Context<'_>,
        ids: Option<Vec<String>>,
    ) -> Result<Vec<Campaign>> {
        let viewer = viewer(ctx).await?;
        let ids = ids.unwrap_or_default();
        if ids.len() > MAX_ARCHIVED {
            return Err(Error::bad_input(
                "ids",
                format!("At most {MAX_ARCHIVED} campaigns are archived at once."),
            ));
        }
        let mut all = Vec::new();
        for campaign in &ids {
            let rank = Superadmins::NeedTheRole;
            all.push(access::campaign_admin(app(ctx), viewer, id(campaign)?, rank).await?);
        }
        status::archive(app(ctx), &all).await?;
        let mut archived = Vec::new();
        for by in &all {
            archived.push(read(app(ctx), by.campaign.id).await?);
        }
        Ok(archived)
    }

    /// Phone numbers that archiving gave back stay with whoever has them now.
    async fn unarchive_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] campaign_id: String,
    ) -> Result<Campaign> {
        let viewer = viewer(ctx).await?;
        let by = access::campaign_admin(
            app(ctx),
            viewer,
            id(&campaign_id)?,
            Superadmins::NeedTheRole,
        )
        .await?;
        status::unarchive(app(ctx), &by).await?;
        read(app(ctx), by.campaign.id).await
    }
}

fn mapping(columns: Option<Vec<ContactColumnInput>>) -> Option<Vec<Mapped>> {
    columns.map(|columns| columns.into_iter().map(Mapped::from).collect())
}

/// The campaign as it is now.
async fn read(app: &App, campaign_id: i32) -> Result<Campaign> {
    db::campaign::find(&app.db, campaign_id)
        .await?
        .map(Campaign)
        .ok_or(Error::NotFound("There is no such campaign."))
}
