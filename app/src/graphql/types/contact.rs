//! Contacts and their threads. Whoever gets one has been found allowed to read it.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db;
use crate::error::Result;
use crate::graphql::context::{app, loaders};
use crate::graphql::loaders::{OptOutsOf, ThreadOf};
use crate::graphql::types::assignment::{campaign, hours_of};
use crate::graphql::types::campaign::Campaign;
use crate::graphql::types::scalars::{Json, Phone};
use crate::sms::errors::meaning;
use crate::texting::status::{CampaignStatus, derived};

pub struct CampaignContact(pub db::contact::Contact);

#[Object]
impl CampaignContact {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn first_name(&self) -> &str {
        &self.0.first_name
    }

    async fn last_name(&self) -> &str {
        &self.0.last_name
    }

    async fn cell(&self) -> Phone {
        Phone(self.0.cell.clone())
    }

    async fn state_code(&self) -> Option<&str> {
        self.0.state_code.as_deref()
    }

    async fn external_id(&self) -> Option<&str> {
        Some(self.0.external_id.as_str()).filter(|text| !text.is_empty())
    }

    async fn external_id_type(&self) -> Option<&str> {
        self.0.external_id_type.as_deref()
    }

    /// JSON object of strings, encoded as a string.
    async fn custom_fields(&self) -> Json {
        Json(self.0.custom_fields.clone())
    }

    async fn message_status(&self) -> &str {
        &self.0.message_status
    }

    async fn is_opted_out(&self) -> bool {
        self.0.is_opted_out
    }

    /// The carrier's code, if the last text this person was sent failed.
    async fn error_code(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let thread = loaders(ctx).load_one(ThreadOf(self.0.id)).await?;
        let thread = thread.unwrap_or_default();
        let last = thread.iter().rfind(|message| !message.is_from_contact);
        Ok(last
            .filter(|message| message.send_status == "ERROR")
            .and_then(|message| message.error_code))
    }

    async fn assignment_id(&self) -> Option<ID> {
        self.0.assignment_id.map(ID::from)
    }

    async fn campaign(&self, ctx: &Context<'_>) -> Result<Campaign> {
        campaign(ctx, self.0.campaign_id).await.map(Campaign)
    }

    async fn messages(&self, ctx: &Context<'_>) -> Result<Vec<Message>> {
        // Nobody has written yet: the database need not be asked.
        if self.0.message_status == "needsMessage" {
            return Ok(Vec::new());
        }
        let thread = loaders(ctx).load_one(ThreadOf(self.0.id)).await?;
        Ok(thread
            .unwrap_or_default()
            .into_iter()
            .map(Message)
            .collect())
    }

    async fn opt_out(&self, ctx: &Context<'_>) -> Result<Option<OptOut>> {
        if !self.0.is_opted_out {
            return Ok(None);
        }
        let opt_outs = loaders(ctx)
            .load_one(OptOutsOf(self.0.cell.clone()))
            .await?
            .unwrap_or_default();
        let organization_id = campaign(ctx, self.0.campaign_id).await?.organization_id;
        let shared = app(ctx).config.opt_outs_shared;
        let own = opt_outs
            .into_iter()
            .find(|opt_out| shared || opt_out.organization_id == organization_id);
        Ok(own.map(OptOut))
    }

    /// IANA name the texting hours of this contact are reckoned in.
    async fn timezone(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(hours_of(ctx, &self.0).await?.0)
    }

    /// Whether a text may be sent to this contact now.
    async fn is_textable(&self, ctx: &Context<'_>) -> Result<bool> {
        let (_, is_open, campaign) = hours_of(ctx, &self.0).await?;
        let status = derived(campaign.status, campaign.due_by, app(ctx).clock.now());
        let takes_texts = if self.0.message_status == "needsMessage" {
            status == CampaignStatus::Active
        } else {
            status.allows_replies()
        };
        Ok(is_open && takes_texts && !self.0.is_opted_out)
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

pub struct Message(pub db::message::Message);

#[Object]
impl Message {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Pictures and the like that came with it.
    async fn attachments(&self) -> Vec<Attachment> {
        Attachment::list(self.0.attachments.as_ref())
    }

    async fn is_from_contact(&self) -> bool {
        self.0.is_from_contact
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// QUEUED, SENDING, SENT, DELIVERED, ERROR
    async fn send_status(&self) -> &str {
        &self.0.send_status
    }

    async fn error_code(&self) -> Option<i32> {
        self.0.error_code
    }

    /// What went wrong and who can do something about it, when it went wrong.
    async fn error_meaning(&self) -> Option<&str> {
        (self.0.send_status == "ERROR").then(|| meaning(self.0.error_code))
    }
}

/// A file the carrier holds.
#[derive(SimpleObject)]
pub struct Attachment {
    url: String,
    content_type: String,
}

impl Attachment {
    /// Of what is kept of a text.
    pub fn list(kept: Option<&serde_json::Value>) -> Vec<Self> {
        let all = kept.and_then(|all| all.as_array());
        all.into_iter().flatten().filter_map(Self::of).collect()
    }

    /// Only what a browser can safely be led to.
    fn of(kept: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| kept.get(name).and_then(|value| value.as_str());
        let url = text("url").filter(|url| url.starts_with("https://"))?;
        Some(Self {
            url: url.to_owned(),
            content_type: text("contentType").unwrap_or("").to_owned(),
        })
    }
}

pub struct OptOut(pub db::opt_out::OptOut);

#[Object]
impl OptOut {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn cell(&self) -> &str {
        &self.0.cell
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
