//! Assignments and contacts.

use async_graphql::{Context, Object};

use crate::assignments::stamp;
use crate::error::Result;
use crate::graphql::context::{app, id, open_assignment, open_contact, request};
use crate::graphql::types::assignment::{Assignment, contacts};
use crate::graphql::types::contact::CampaignContact;
use crate::graphql::types::inputs::ContactsFilter;

#[derive(Default)]
pub(super) struct TextingQueries;

#[Object]
impl TextingQueries {
    async fn assignment(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] assignment_id: String,
    ) -> Result<Option<Assignment>> {
        let assignment = open_assignment(ctx, id(&assignment_id)?).await?;
        Ok(Some(Assignment(assignment)))
    }

    /// The assignment's stamp alone, for polling: as long as nothing has changed, and the
    /// assignment was read in the last minute, the database is not asked at all.
    async fn assignment_stamp(&self, ctx: &Context<'_>, assignment_id: String) -> Result<String> {
        let assignment_id = id(&assignment_id)?;
        if let Some(session) = request(ctx).session
            && let Some(stamp) = stamp::cached(app(ctx), session, assignment_id).await
        {
            return Ok(stamp);
        }
        let assignment = open_assignment(ctx, assignment_id).await?;
        stamp::read(app(ctx), request(ctx).session, &assignment).await
    }

    async fn contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] contact_id: String,
    ) -> Result<Option<CampaignContact>> {
        let contact = open_contact(ctx, id(&contact_id)?).await?;
        Ok(Some(CampaignContact(contact)))
    }

    async fn contacts_for_assignment(
        &self,
        ctx: &Context<'_>,
        assignment_id: String,
        contacts_filter: Option<ContactsFilter>,
    ) -> Result<Vec<CampaignContact>> {
        let assignment = open_assignment(ctx, id(&assignment_id)?).await?;
        contacts(ctx, &assignment, contacts_filter).await
    }
}
