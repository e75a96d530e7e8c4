//! Sending, opting out, simulated answers.

use async_graphql::{Context, Object};
use uuid::Uuid;

use crate::access::{self, Superadmins};
use crate::db;
use crate::error::{Error, Result};
use crate::graphql::context::{app, id, request, viewer, wide_id};
use crate::graphql::types::contact::CampaignContact;
use crate::graphql::types::inputs::{MessageInput, OptOutInput};
use crate::graphql::types::job::BackgroundJob;
use crate::graphql::types::scalars::Phone;
use crate::texting::send::{self, Draft};
use crate::texting::{inbound, opt_out, opt_out_export, opt_out_import, reply};

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
        let (session, contact_id) = (request(ctx).session, id(&campaign_contact_id)?);
        let draft = Draft {
            text: message.text,
            assignment_id: id(&message.assignment_id)?,
            is_initial: message.is_initial_message.unwrap_or(false),
            canned_response_id: message.canned_response_id,
            key,
        };
        if let Some(by) = access::known_sender(app(ctx), session, draft.assignment_id)
            && let Some(contact) = send::send_known(app(ctx), &by, contact_id, &draft).await?
        {
            return Ok(CampaignContact(contact));
        }
        let by = access::sender(app(ctx), session, contact_id, key).await?;
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

    /// At most 100 numbers, without any conversation.
    async fn bulk_create_opt_outs(
        &self,
        ctx: &Context<'_>,
        cells: Vec<String>,
        organization_id: String,
        reason_code: String,
    ) -> Result<bool> {
        let by = viewer(ctx)
            .await?
            .admin(id(&organization_id)?, Superadmins::NeedTheRole)?;
        opt_out::create_many(app(ctx), &by, &cells, &reason_code).await?;
        Ok(true)
    }

    /// Opts out every number of an uploaded CSV file: a column `cell` or `phone_number`, perhaps a column `reason`.
    async fn import_opt_outs(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
        s3_key: String,
        reason_code: String,
    ) -> Result<BackgroundJob> {
        let by = viewer(ctx)
            .await?
            .admin(id(&organization_id)?, Superadmins::Pass)?;
        opt_out_import::order(app(ctx), &by, &s3_key, &reason_code)
            .await
            .map(BackgroundJob)
    }

    /// Writes the opt-outs that hold in the organization into a CSV file.
    async fn export_opt_outs(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
    ) -> Result<BackgroundJob> {
        let by = viewer(ctx)
            .await?
            .admin(id(&organization_id)?, Superadmins::Pass)?;
        opt_out_export::order(app(ctx), &by)
            .await
            .map(BackgroundJob)
    }

    /// Undoes an opt-out that was a mistake; the reason is kept.
    async fn undo_opt_out(
        &self,
        ctx: &Context<'_>,
        organization_id: String,
        cell: Phone,
        reason: String,
    ) -> Result<bool> {
        let by = viewer(ctx)
            .await?
            .admin(id(&organization_id)?, Superadmins::NeedTheRole)?;
        opt_out::undo(app(ctx), &by, &cell.0, &reason).await?;
        Ok(true)
    }

    /// Puts a text that matched no conversation into a contact's thread.
    async fn assign_unmatched_message(
        &self,
        ctx: &Context<'_>,
        message_id: String,
        campaign_contact_id: String,
    ) -> Result<CampaignContact> {
        let (app, viewer) = (app(ctx), viewer(ctx).await?);
        let missing = Error::NotFound("There is no such contact.");
        let contact = db::contact::find(&app.db, id(&campaign_contact_id)?).await?;
        let contact = contact.ok_or(missing)?;
        let campaign = contact.campaign_id;
        let by = access::campaign_admin(app, viewer, campaign, Superadmins::Pass).await?;
        let message = wide_id(&message_id)?;
        inbound::assign(app, &by, viewer.is_superadmin(), message, &contact).await?;
        db::contact::find(&app.db, contact.id)
            .await?
            .map(CampaignContact)
            .ok_or(Error::NotFound("There is no such contact."))
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
