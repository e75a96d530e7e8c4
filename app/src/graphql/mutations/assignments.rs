//! Joining, batches, marking.

use async_graphql::{Context, Object, SimpleObject};

use crate::access;
use crate::assignments::{batch, join, mark};
use crate::error::Result;
use crate::graphql::context::{app, id, request, viewer};
use crate::graphql::types::assignment::Assignment;
use crate::graphql::types::contact::CampaignContact;

#[derive(Default)]
pub(super) struct AssignmentMutations;

#[derive(SimpleObject)]
pub(super) struct ContactsFound {
    found: bool,
    count: i32,
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
}
