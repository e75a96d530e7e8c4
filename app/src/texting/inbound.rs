//! Texts coming in: kept as they are before anything else, then applied once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::access::{Admin, CampaignBy};
use crate::app::App;
use crate::contacts::phone;
use crate::db;
use crate::db::contact::Contact;
use crate::db::inbound_message::{Application, NewInbound};
use crate::db::message::Conversation;
use crate::error::{Error, Result};
use crate::texting::{keywords, opt_out};

/// So many kept texts that cannot be applied end a round.
const MAX_FAILURES: usize = 5;

/// The parameters of a carrier's webhook, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhook {
    pub parameters: BTreeMap<String, String>,
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is in a thread.
    Applied,
    /// Nobody has texted this number; kept.
    Unmatched,
    /// It was here before.
    Repeated,
    /// Not a text: a field every text has is missing.
    Malformed,
}

impl Webhook {
    /// Of these parameters.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let parameters = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Self { parameters }
    }

    /// From a form-encoded body, as the webhook and the queue carry it.
    pub fn decode(body: &[u8]) -> Self {
        let parameters = form_urlencoded::parse(body).into_owned().collect();
        Self { parameters }
    }

    /// As a form-encoded body.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .finish()
    }

    /// What of it can be kept: the database's text holds every character but NUL.
    fn without_nul(&self) -> Self {
        let clean = |text: &String| text.replace('\0', "");
        let pairs = self.parameters.iter();
        Self {
            parameters: pairs
                .map(|(name, value)| (clean(name), clean(value)))
                .collect(),
        }
    }

    /// A parameter; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    fn attachments(&self) -> Option<Value> {
        let count: usize = self
            .get("NumMedia")
            .parse()
            .ok()
            .filter(|count| *count > 0)?;
        let media = (0..count.min(10)).map(|index| {
            json!({
                "url": self.get(&format!("MediaUrl{index}")),
                "contentType": self.get(&format!("MediaContentType{index}")),
            })
        });
        Some(media.collect())
    }
}

/// Keeps the text and puts it into its conversation.
///
/// # Errors
/// When it could not even be kept: whoever brought it must bring it again. A text that was kept
/// but not applied is applied by the scheduled function.
pub async fn receive(app: &App, service: &str, webhook: &Webhook) -> Result<Received> {
    let now = app.clock.now();
    let webhook = &webhook.without_nul();
    let Some((sender, text)) = sender_and_text(app, webhook) else {
        tracing::warn!(
            sid = webhook.get("MessageSid"),
            "an inbound webhook is no text; ignored"
        );
        return Ok(Received::Malformed);
    };
    let new = NewInbound {
        service: service.to_owned(),
        service_id: webhook.get("MessageSid").to_owned(),
        payload: json!(webhook.parameters),
        contact_number: sender,
        user_number: webhook.get("To").to_owned(),
        messaging_service_sid: webhook.get("MessagingServiceSid").to_owned(),
        text,
        now,
    };
    keep(app, new).await
}

/// Keeps a text and puts it into the conversation it belongs to. One that was kept before and not applied is
/// applied now.
async fn keep(app: &App, new: NewInbound) -> Result<Received> {
    let new = Arc::new(new);
    let Some(kept) = app.grouped.inbound.ask((), new.clone()).await? else {
        return Ok(Received::Repeated);
    };
    let Some(conversation) = kept.conversation else {
        if keywords::is_opt_out(&new.text) {
            opt_out::without_conversation(app, &new.contact_number).await?;
        }
        db::inbound_message::update_unmatched(&app.db, kept.id, new.now).await?;
        return Ok(Received::Unmatched);
    };
    put(app, kept.id, &new, &conversation).await
}

/// Who it is from, with `OVERRIDE_RECIPIENT` reckoned in, and the text.
fn sender_and_text(app: &App, webhook: &Webhook) -> Option<(String, String)> {
    let required = ["From", "To", "MessageSid"];
    if required.iter().any(|name| webhook.get(name).is_empty())
        || !webhook.parameters.contains_key("Body")
    {
        return None;
    }
    let from = webhook.get("From");
    let body = webhook.get("Body");
    if app.config.override_recipient.as_deref() == Some(from) {
        let (number, rest) = body.strip_prefix('[')?.split_once("] ")?;
        return Some((number.to_owned(), rest.to_owned()));
    }
    let rules = phone::Rules {
        accepts_possible: true,
        country: &app.config.phone_number_country,
    };
    let number = phone::parse(from, rules).unwrap_or_else(|_| from.to_owned());
    Some((number, body.to_owned()))
}

/// Puts a kept text into a conversation, once.
async fn put(
    app: &App,
    id: i64,
    text: &NewInbound,
    conversation: &Conversation,
) -> Result<Received> {
    if keywords::is_opt_out(&text.text) {
        // Before the text is marked as applied: a crash between the two opts out twice, not never.
        opt_out::by_keyword(app, &text.contact_number, conversation).await?;
    }
    let application = Application {
        inbound_message_id: id,
        campaign_contact_id: conversation.campaign_contact_id,
        attachments: attachments(&text.payload),
        at: app.clock.now(),
    };
    let is_applied = app.grouped.applied.ask((), application.clone()).await?;
    // It was before, or somebody has the contact in hand: for them this one text waits.
    let is_new = is_applied || db::inbound_message::apply(&app.db, &application).await?;
    bump(app, conversation).await;
    Ok(if is_new {
        Received::Applied
    } else {
        Received::Repeated
    })
}

/// Puts an unmatched text into a contact's thread by hand.
///
/// # Errors
/// [`Error::NotFound`] when the organization sees no such text; [`Error::BadInput`] for a contact of a campaign that
/// was never started.
pub async fn assign(
    app: &App,
    by: &CampaignBy<Admin>,
    sees_all: bool,
    id: i64,
    contact: &Contact,
) -> Result<()> {
    // Its contacts can still be replaced, and nobody has texted them.
    if by.campaign.started_at.is_none() {
        return Err(Error::bad_input(
            "campaignContactId",
            "The contact's campaign has not been started: nobody has texted them in it yet.",
        ));
    }
    let organization = by.campaign.organization_id;
    let seen = db::inbound_message::list_unmatched(
        &app.db,
        organization,
        sees_all,
        id.saturating_add(1),
        1,
    )
    .await?;
    let missing = Error::NotFound("There is no such unmatched text.");
    if seen.first().is_none_or(|text| text.id != id) {
        return Err(missing);
    }
    let taken = db::inbound_message::take_unmatched(&app.db, id, by.by.user_id).await?;
    let inbound = taken.ok_or(missing)?;
    let conversation = Conversation {
        campaign_contact_id: contact.id,
        campaign_id: contact.campaign_id,
        organization_id: organization,
        assignment_id: contact.assignment_id,
    };
    let now = app.clock.now();
    put(app, inbound.id, &inbound.into_new(now), &conversation).await?;
    Ok(())
}

async fn bump(app: &App, conversation: &Conversation) {
    if let Some(assignment) = conversation.assignment_id {
        app.cache.bump(&[assignment], &app.ids.token()).await;
    }
}

/// What came with a kept text, as messages keep it.
pub fn attachments(payload: &Value) -> Option<Value> {
    webhook_of(payload).attachments()
}

fn webhook_of(payload: &Value) -> Webhook {
    let parameters = payload
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    Webhook { parameters }
}

/// Applies texts that were kept but not applied; answers how many. One that cannot be applied does not keep the others
/// waiting; several are a database that does not answer.
///
/// # Errors
/// The first failure, after the other texts were tried.
pub async fn apply_left(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let before = now - chrono::TimeDelta::seconds(30);
    let left = db::inbound_message::list_unapplied(&app.db, before, 500).await?;
    let count = left.len();
    let mut failures = Vec::new();
    for inbound in left {
        let sid = inbound.service_id.clone();
        if let Err(error) = keep(app, inbound.into_new(now)).await {
            tracing::error!(sid, cause = ?error, "a kept text was not applied; it is tried again");
            failures.push(error);
        }
        if failures.len() == MAX_FAILURES {
            break;
        }
    }
    failures.into_iter().next().map_or(Ok(count), Err)
}

#[cfg(test)]
mod tests {
    use super::Webhook;

    #[test]
    fn a_webhook_survives_its_encoding() {
        let webhook = Webhook::of(&[("Body", "a&b=c é ü +1"), ("From", "+16175550123")]);
        assert_eq!(Webhook::decode(webhook.encode().as_bytes()), webhook);
        assert_eq!(Webhook::decode(b"").get("Body"), "");
    }

    #[test]
    fn what_no_database_keeps_is_left_out() {
        let webhook = Webhook::of(&[("Bo\0dy", "a\0b"), ("From", "+1617")]);
        let kept = Webhook::of(&[("Body", "ab"), ("From", "+1617")]);
        assert_eq!(webhook.without_nul(), kept);
    }

    #[test]
    fn media_become_attachments() {
        let webhook = Webhook::of(&[
            ("NumMedia", "1"),
            ("MediaUrl0", "https://x/1"),
            ("MediaContentType0", "image/png"),
        ]);
        let expected = serde_json::json!([{"url": "https://x/1", "contentType": "image/png"}]);
        assert_eq!(webhook.attachments(), Some(expected));
        assert_eq!(Webhook::of(&[("NumMedia", "0")]).attachments(), None);
    }
}
