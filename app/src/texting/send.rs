//! Sending one text: the row first, then the carrier, then the outcome. Three statements.
//!
//! A crash after the row was written leaves it SENDING, where everybody can see it: `reconcile`
//! asks the carrier about it before anything is sent again.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::access::Sender;
use crate::app::App;
use crate::db;
use crate::db::contact::Contact;
use crate::db::outcome::Attempt;
use crate::db::sending::{Facts, IDEMPOTENCY_KEY, NewText, Written};
use crate::error::{Error, Result, breaks_constraint};
use crate::sms::{self, Outcome, Outgoing};
use crate::texting::hours::{Opening, Policy, Window, opening};
use crate::texting::status::{CampaignStatus, derived, start_of_day};
use crate::texting::{outcome, text};

/// A text somebody wants to send.
#[derive(Clone, Debug)]
pub struct Draft {
    pub text: String,
    /// The assignment the sender's screen shows the contact in.
    pub assignment_id: i32,
    /// The sender believes this is the first message.
    pub is_initial: bool,
    pub canned_response_id: Option<i32>,
    pub key: Option<Uuid>,
}

/// Sends the draft, unless a rule says no, and answers the contact as it is then.
///
/// # Errors
/// The refusal, with the code the client switches on.
pub async fn send(app: &App, by: &Sender, draft: &Draft) -> Result<Contact> {
    if by.facts.is_repeated {
        return first_result(app, by.facts.id).await;
    }
    let now = app.clock.now();
    let body = text::normalise(&draft.text);
    let allowed = decide(app, &by.facts, draft, &body, now)?;
    let service = by
        .facts
        .service
        .as_deref()
        .unwrap_or(&app.config.default_service);
    let messaging_service_sid =
        sms::messaging_service(app, by.facts.messaging_service_sid.as_deref());
    let new = NewText {
        contact_id: by.facts.id,
        assignment_id: draft.assignment_id,
        user_id: by.user_id,
        text: &body,
        is_initial: by.facts.message_status == NEEDS_MESSAGE,
        canned_response_id: draft.canned_response_id,
        key: draft.key,
        service,
        messaging_service_sid: messaging_service_sid.as_deref(),
        send_before: allowed.until(),
        now,
        start_of_day: start_of_day(now),
        opt_outs_shared: app.config.opt_outs_shared,
    };
    let written = match db::sending::insert_text(&app.db, new).await {
        Ok(Some(written)) => written,
        // The same click, twice at once: the other one has written it.
        Err(error) if breaks_constraint(&error, IDEMPOTENCY_KEY) => {
            return first_result(app, by.facts.id).await;
        }
        Ok(None) => return overtaken(app, by, draft, &body).await,
        Err(error) => return Err(error.into()),
    };
    let outgoing = Outgoing {
        to: written.contact.cell.clone(),
        body,
        service: service.to_owned(),
        messaging_service_sid,
        send_before: allowed.until(),
        message_id: written.message_id,
        attempt: FIRST_ATTEMPT,
        taken_up_at: now,
    };
    let outcome = sms::send(app, &outgoing).await;
    let contact = record(app, &by.facts, written, &outcome).await?;
    app.cache
        .bump(&[draft.assignment_id], &app.ids.token())
        .await;
    Ok(contact)
}

const NEEDS_MESSAGE: &str = "needsMessage";
const FIRST_ATTEMPT: i16 = 1;

/// Every rule, asked of the facts.
fn decide(
    app: &App,
    facts: &Facts,
    draft: &Draft,
    body: &str,
    now: DateTime<Utc>,
) -> Result<Opening> {
    // An archived, closed or unstarted campaign takes no texts at all.
    if !facts.status.allows_replies() {
        return Err(refusal(facts.status));
    }
    if facts.assignment_id != Some(draft.assignment_id) {
        return Err(Error::NotFound("Your assignment has changed."));
    }
    if facts.is_opted_out {
        return Err(Error::refused(
            "OPTED_OUT",
            "This person has opted out of texts.",
        ));
    }
    text::check(body, app.config.max_message_length)?;
    let is_initial = facts.message_status == NEEDS_MESSAGE;
    if draft.is_initial && !is_initial {
        return Err(Error::refused(
            "DUPLICATE_MESSAGE",
            "This person has got their first message already.",
        ));
    }
    // Past due or closed for initial sends: answers only.
    if is_initial
        && derived(facts.status, facts.due_by, now) == CampaignStatus::ClosedForInitialSends
    {
        return Err(refusal(CampaignStatus::ClosedForInitialSends));
    }
    let opening = opening(&policy(facts, app.config.reference_zone), zone(facts), now);
    if let Opening::Closed { opens_at } = opening {
        return Err(Error::refused(
            "TEXTING_HOURS",
            format!(
                "It is outside texting hours for this person until {}.",
                opens_at.to_rfc3339()
            ),
        ));
    }
    // Too late for the carrier to be in time: said before anything is written.
    let latest = now + TimeDelta::seconds(sms::VALIDITY_PADDING);
    if opening.until().is_some_and(|until| until < latest) {
        return Err(Error::refused(
            "TEXTING_HOURS",
            "Texting hours for this person are just ending.",
        ));
    }
    Ok(opening)
}

fn refusal(status: CampaignStatus) -> Error {
    let (code, message) = status.refusal();
    Error::refused(code, message)
}

fn zone(facts: &Facts) -> Option<Tz> {
    facts.timezone.as_deref().and_then(|name| name.parse().ok())
}

fn policy(facts: &Facts, reference: Tz) -> Policy {
    let campaign = facts.overrides_hours.then(|| Window {
        is_enforced: facts.hours_enforced,
        start: hour(facts.hours_start),
        end: hour(facts.hours_end),
    });
    Policy {
        organization: Window {
            is_enforced: facts.organization_hours_enforced,
            start: hour(facts.organization_hours_start),
            end: hour(facts.organization_hours_end),
        },
        campaign,
        zone: facts.campaign_timezone.parse().unwrap_or(reference),
    }
}

fn hour(value: i16) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// The contact, as the first text with this key left it.
async fn first_result(app: &App, contact_id: i32) -> Result<Contact> {
    db::contact::find(&app.db, contact_id)
        .await?
        .ok_or(Error::NotFound("There is no such contact."))
}

/// Something changed between reading the facts and writing the row: asks the rules again.
async fn overtaken(app: &App, by: &Sender, draft: &Draft, body: &str) -> Result<Contact> {
    let shared = app.config.opt_outs_shared;
    let facts = db::sending::find_facts(&app.db, by.user_id, by.facts.id, draft.key, shared)
        .await?
        .ok_or(Error::NotFound("There is no such contact."))?;
    // The same click, twice at once: the other one came through.
    if facts.is_repeated {
        return first_result(app, facts.id).await;
    }
    let is_answered_meanwhile =
        by.facts.message_status == NEEDS_MESSAGE && facts.message_status != NEEDS_MESSAGE;
    let now = app.clock.now();
    Err(match decide(app, &facts, draft, body, now) {
        Err(error) => error,
        // Two first messages at once, neither saying so.
        Ok(_) if is_answered_meanwhile => Error::refused(
            "DUPLICATE_MESSAGE",
            "This person has got their first message already.",
        ),
        Ok(_) => Error::Busy,
    })
}

/// Writes down what the carrier made of it. What was not even tried leaves the contact as it was.
async fn record(app: &App, facts: &Facts, written: Written, outcome: &Outcome) -> Result<Contact> {
    let attempt = Attempt {
        message_id: written.message_id,
        number: FIRST_ATTEMPT,
    };
    let contact = written.contact;
    let Outcome::NotAttempted { code, why } = outcome else {
        outcome::record(app, attempt, contact.id, outcome).await?;
        return Ok(contact);
    };
    let (before, after) = (&facts.message_status, &contact.message_status);
    let now = app.clock.now();
    db::outcome::update_not_attempted(&app.db, attempt, why, before, after, now).await?;
    let assignment: Vec<i32> = facts.assignment_id.into_iter().collect();
    app.cache.bump(&assignment, &app.ids.token()).await;
    Err(Error::refused(code, why.clone()))
}
