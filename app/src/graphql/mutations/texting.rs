//! Sending, opting out, simulated answers.

use async_graphql::{Context, Object};
use uuid::Uuid;

use crate::access::{self, Superadmins};
use crate::db;
use crate::error::{Error, Result};
use crate::graphql::context::{app, id, request, viewer};
use crate::graphql::types::contact::CampaignContact;
use crate::graphql::types::inputs::{MessageInput, OptOutInput};
use crate::texting::send::{self, Draft};
use crate::texting::{opt_out, reply};

#[derive(Default)]
pub(super) struct TextingMutations;

#[Object]
impl TextingMutations {
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        message: MessageInput,
        campaign_contact_id: String,
    ) -> Result<CampaignContact> {
        let key = message.idempotency_key.as_deref().map(key).transpose()?;
        let by = access::sender(
            app(ctx),
            request(ctx).session,
            id(&campaign_contact_id)?,
            key,
        )
        .await?;
        let draft = Draft {
            text: message.text,
            assignment_id: id(&message.assignment_id)?,
            is_initial: message.is_initial_message.unwrap_or(false),
            canned_response_id: message.canned_response_id,
            key,
        };
        send::send(app(ctx), &by, &draft).await.map(CampaignContact)
    }

    async fn create_opt_out(
        &self,
        ctx: &Context<'_>,
        opt_out: OptOutInput,
        campaign_contact_id: String,
    ) -> Result<CampaignContact> {
        let by = access::caretaker(app(ctx), viewer(ctx).await?, id(&campaign_contact_id)?).await?;
        let reason = opt_out.reason.unwrap_or_default();
        let assignment_id = id(&opt_out.assignment_id)?;
        opt_out::create(app(ctx), &by, assignment_id, &opt_out.cell.0, &reason)
            .await
            .map(CampaignContact)
    }

    async fn send_reply(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] contact_id: String,
        message: String,
    ) -> Result<CampaignContact> {
        let viewer = viewer(ctx).await?;
        let contact = db::contact::find(&app(ctx).db, id(&contact_id)?)
            .await?
            .ok_or(Error::NotFound("There is no such contact."))?;
        let by = access::campaign_admin(
            app(ctx),
            viewer,
            contact.campaign_id,
            Superadmins::NeedTheRole,
        )
        .await?;
        reply::simulate(app(ctx), &by, &contact, &message)
            .await
            .map(CampaignContact)
    }
}

fn key(text: &str) -> Result<Uuid> {
    text.parse()
        .map_err(|_| Error::bad_input("idempotencyKey", "The idempotency key is not a UUID."))
}
