//! Joining, batches, marking, reassigning.

use async_graphql::{Context, Object, SimpleObject};

use crate::access::{self, Superadmins};
use crate::assignments::{batch, join, mark, reassign};
use crate::error::Result;
use crate::graphql::context::{app, id, request, viewer};
use crate::graphql::types::assignment::Assignment;
use crate::graphql::types::contact::CampaignContact;
use crate::graphql::types::inputs::CampaignIdContactId;

#[derive(Default)]
pub(super) struct AssignmentMutations;

#[derive(SimpleObject)]
pub(super) struct ContactsFound {
    found: bool,
    count: i32,
}

/// A texter's assignment in a campaign.
#[derive(SimpleObject)]
pub(super) struct CampaignIdAssignmentId {
    campaign_id: String,
    assignment_id: String,
}

#[Object]
impl AssignmentMutations {
    async fn assign_user_to_campaign(
        &self,
        ctx: &Context<'_>,
        token: String,
    ) -> Result<Assignment> {
        let viewer = viewer(ctx).await?;
        join::join(app(ctx), viewer, &token).await.map(Assignment)
    }

    async fn find_new_campaign_contact(
        &self,
        ctx: &Context<'_>,
        assignment_id: String,
        number_contacts: Option<i32>,
    ) -> Result<ContactsFound> {
        let by = access::asker(app(ctx), request(ctx).session, id(&assignment_id)?).await?;
        let count = batch::request(app(ctx), &by, number_contacts).await?;
        Ok(ContactsFound {
            found: count > 0,
            count,
        })
    }

    async fn release_unmessaged_contacts(
        &self,
        ctx: &Context<'_>,
        assignment_id: String,
    ) -> Result<i32> {
        let by = access::holder(app(ctx), viewer(ctx).await?, id(&assignment_id)?).await?;
        batch::release(app(ctx), &by).await
    }

    async fn edit_campaign_contact_message_status(
        &self,
        ctx: &Context<'_>,
        message_status: String,
        campaign_contact_id: String,
    ) -> Result<CampaignContact> {
        let by = access::caretaker(app(ctx), viewer(ctx).await?, id(&campaign_contact_id)?).await?;
        mark::mark(app(ctx), &by, &message_status)
            .await
            .map(CampaignContact)
    }

    /// Gives every one of the contacts to the texter, or none of them.
    async fn reassign_campaign_contacts(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
        campaign_ids_contact_ids: Vec<CampaignIdContactId>,
        new_texter_user_id: String,
    ) -> Result<Vec<CampaignIdAssignmentId>> {
        let by = viewer(ctx)
            .await?
            .admin(id(&organization_id)?, Superadmins::Pass)?;
        let places = campaign_ids_contact_ids
            .iter()
            .map(CampaignIdContactId::place)
            .collect::<Result<_>>()?;
        let texter = id(&new_texter_user_id)?;
        let assignments = reassign::reassign(app(ctx), &by, &places, texter).await?;
        let told = |(campaign_id, assignment_id): (i32, i32)| CampaignIdAssignmentId {
            campaign_id: campaign_id.to_string(),
            assignment_id: assignment_id.to_string(),
        };
        Ok(assignments.into_iter().map(told).collect())
    }
}
