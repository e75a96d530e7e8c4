//! Sending one text: the row first, then the carrier, then the outcome.
//!
//! Three statements: the facts, the row, the outcome. A text of somebody whose terms this process knows costs two: the
//! row's statement asks whether what is known still holds. Where it writes nothing the row is asked for once more, by
//! the terms it answered if they had been edited, and waiting for who has the contact in hand; that makes three as well.
//! The facts are read only of what is refused twice, by terms that say no, or for its key. The row and the outcome are
//! shared with whoever else texts at that moment (`db/group.rs`).
//!
//! A crash after the row was written leaves it SENDING, where everybody can see it: `reconcile`
//! asks the carrier about it before anything is sent again.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::access::{KnownSender, Sender};
use crate::app::App;
use crate::db;
use crate::db::contact::Contact;
use crate::db::new_text::{Conditions, Entry, IDEMPOTENCY_KEY, NewText, Openings, Written};
use crate::db::outcome::Attempt;
use crate::db::sending::{Facts, Terms};
use crate::error::{Error, Result, breaks_constraint};
use crate::sms::{self, Outcome, Outgoing};
use crate::texting::hours::{Opening, Policy, Window, opening};
use crate::texting::status::{CampaignStatus, derived};
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

/// Sends a text without reading anything before, where all that is known of the sender allows it. None: something says
/// no, or is not known; nothing has been written.
///
/// # Errors
/// When the database does not answer; as [`send`] once the text is written.
pub async fn send_known(
    app: &App,
    by: &KnownSender,
    contact_id: i32,
    draft: &Draft,
) -> Result<Option<Contact>> {
    let Some(text) = known_text(app, by, by.terms.clone(), contact_id, draft) else {
        return Ok(None);
    };
    let key = text.conditions.key();
    let again = match app.grouped.texts.ask(key, text.clone()).await {
        Ok(Entry::Written(written)) => return hand_over(app, text, *written).await.map(Some),
        Ok(Entry::Edited(terms)) => {
            let assignment_id = draft.assignment_id;
            app.standings
                .remember(by.user_id, assignment_id, terms.clone());
            known_text(app, by, terms, contact_id, draft)
        }
        Ok(Entry::Refused) => known_text(app, by, by.terms.clone(), contact_id, draft),
        // A text with this key was written before, and the contact put back since.
        Err(error) if breaks_constraint(&error, IDEMPOTENCY_KEY) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(text) = again else {
        return Ok(None);
    };
    match db::new_text::insert_waiting(&app.db, &text).await {
        Ok(Entry::Written(written)) => hand_over(app, text, *written).await.map(Some),
        Ok(Entry::Edited(_) | Entry::Refused) => Ok(None),
        Err(error) if breaks_constraint(&error, IDEMPOTENCY_KEY) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The text as it is to be written under these terms; None where they already say no.
fn known_text(
    app: &App,
    by: &KnownSender,
    terms: Arc<Terms>,
    contact_id: i32,
    draft: &Draft,
) -> Option<NewText> {
    let now = app.clock.now();
    let body = text::normalise(&draft.text);
    text::check(&body, app.config.max_message_length).ok()?;
    let openings = app
        .standings
        .openings(&policy(&terms, app.config.reference_zone), now);
    let allows_replies = terms.status.allows_replies();
    let conditions = conditions(app, terms, openings, now);
    let is_open = conditions.takes_first || (allows_replies && !draft.is_initial);
    is_open.then(|| NewText {
        conditions: Arc::new(conditions),
        contact_id,
        assignment_id: draft.assignment_id,
        user_id: by.user_id,
        session_epoch: by.session_epoch,
        text: body,
        is_initial: draft.is_initial,
        canned_response_id: draft.canned_response_id,
        key: draft.key,
    })
}

fn conditions(
    app: &App,
    terms: Arc<Terms>,
    openings: Option<Arc<Openings>>,
    now: DateTime<Utc>,
) -> Conditions {
    let service = terms.service.as_deref();
    Conditions {
        takes_first: derived(terms.status, terms.due_by, now) == CampaignStatus::Active,
        openings,
        carrier_needs: carrier_needs(now),
        service: service.unwrap_or(&app.config.default_service).to_owned(),
        messaging_service_sid: sms::messaging_service(app, terms.messaging_service_sid.as_deref()),
        opt_outs_shared: app.config.opt_outs_shared,
        now,
        terms,
    }
}

/// Until when hours must last for the carrier to be in time.
fn carrier_needs(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(sms::VALIDITY_PADDING)
}

/// Sends the draft, unless a rule says no, and answers the contact as it is then.
///
/// # Errors
/// The refusal, with the code the client switches on.
pub async fn send(app: &App, by: &Sender, draft: &Draft) -> Result<Contact> {
    let facts = &by.facts;
    if facts.is_repeated {
        return Ok(facts.contact.clone());
    }
    let now = app.clock.now();
    let body = text::normalise(&draft.text);
    let openings = decide(app, facts, draft, &body, now)?.until().map(|until| {
        Arc::new(Openings {
            zones: vec![facts.contact.timezone.clone().unwrap_or_default()],
            until: vec![until],
        })
    });
    let text = NewText {
        conditions: Arc::new(conditions(app, facts.terms.clone(), openings, now)),
        contact_id: facts.contact.id,
        assignment_id: draft.assignment_id,
        user_id: by.user_id,
        session_epoch: facts.session_epoch,
        text: body,
        is_initial: facts.is_untexted,
        canned_response_id: draft.canned_response_id,
        key: draft.key,
    };
    match db::new_text::insert_waiting(&app.db, &text).await {
        Ok(Entry::Written(written)) => hand_over(app, text, *written).await,
        Ok(Entry::Edited(_) | Entry::Refused) => overtaken(app, by, draft, &text.text).await,
        // The same click, twice at once: the other one has written it.
        Err(error) if breaks_constraint(&error, IDEMPOTENCY_KEY) => {
            db::contact::find(&app.db, text.contact_id)
                .await?
                .ok_or(Error::NotFound("There is no such contact."))
        }
        Err(error) => Err(error.into()),
    }
}

/// Hands the written text to the carrier, and answers the contact as it is then.
async fn hand_over(app: &App, text: NewText, written: Written) -> Result<Contact> {
    let conditions = &text.conditions;
    let outgoing = Outgoing {
        to: written.contact.cell.clone(),
        body: text.text,
        service: conditions.service.clone(),
        messaging_service_sid: conditions.messaging_service_sid.clone(),
        send_before: written.send_before,
        message_id: written.message_id,
        attempt: FIRST_ATTEMPT,
        taken_up_at: conditions.now,
    };
    let outcome = sms::send(app, &outgoing).await;
    let contact = record(app, written, &outcome).await?;
    bump(app, contact.assignment_id).await;
    Ok(contact)
}

async fn bump(app: &App, assignment_id: Option<i32>) {
    let assignments: Vec<i32> = assignment_id.into_iter().collect();
    app.cache.bump(&assignments, &app.ids.token()).await;
}

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
    let terms = &facts.terms;
    if !terms.status.allows_replies() {
        return Err(refusal(terms.status));
    }
    if facts.contact.assignment_id != Some(draft.assignment_id) {
        return Err(Error::NotFound("Your assignment has changed."));
    }
    if facts.is_opted_out {
        return Err(Error::refused(
            "OPTED_OUT",
            "This person has opted out of texts.",
        ));
    }
    text::check(body, app.config.max_message_length)?;
    let is_initial = facts.is_untexted;
    if draft.is_initial && !is_initial {
        return Err(Error::refused(
            "DUPLICATE_MESSAGE",
            "This person has got their first message already.",
        ));
    }
    // Past due or closed for initial sends: answers only.
    if is_initial
        && derived(terms.status, terms.due_by, now) == CampaignStatus::ClosedForInitialSends
    {
        return Err(refusal(CampaignStatus::ClosedForInitialSends));
    }
    let opening = opening(&policy(terms, app.config.reference_zone), zone(facts), now);
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
    if opening
        .until()
        .is_some_and(|until| until < carrier_needs(now))
    {
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
    facts
        .contact
        .timezone
        .as_deref()
        .and_then(|name| name.parse().ok())
}

fn policy(terms: &Terms, reference: Tz) -> Policy {
    let campaign = terms.overrides_hours.then(|| Window {
        is_enforced: terms.hours_enforced,
        start: hour(terms.hours_start),
        end: hour(terms.hours_end),
    });
    Policy {
        organization: Window {
            is_enforced: terms.organization_hours_enforced,
            start: hour(terms.organization_hours_start),
            end: hour(terms.organization_hours_end),
        },
        campaign,
        zone: terms.campaign_timezone.parse().unwrap_or(reference),
    }
}

fn hour(value: i16) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// Something changed between reading the facts and writing the row: asks the rules again.
async fn overtaken(app: &App, by: &Sender, draft: &Draft, body: &str) -> Result<Contact> {
    let shared = app.config.opt_outs_shared;
    let facts =
        db::sending::find_facts(&app.db, by.user_id, by.facts.contact.id, draft.key, shared)
            .await?
            .ok_or(Error::NotFound("There is no such contact."))?;
    // The same click, twice at once: the other one came through.
    if facts.is_repeated {
        return Ok(facts.contact);
    }
    let is_texted_meanwhile = by.facts.is_untexted && !facts.is_untexted;
    let now = app.clock.now();
    Err(match decide(app, &facts, draft, body, now) {
        Err(error) => error,
        // Two first messages at once, neither saying so, by people this process does not know: of those it
        // knows the second is a follow-up, as it would be a moment later.
        Ok(_) if is_texted_meanwhile => Error::refused(
            "DUPLICATE_MESSAGE",
            "This person has got their first message already.",
        ),
        Ok(_) => Error::Busy,
    })
}

/// Writes down what the carrier made of it. What was not even tried leaves the contact as it was.
async fn record(app: &App, written: Written, outcome: &Outcome) -> Result<Contact> {
    let attempt = Attempt {
        message_id: written.message_id,
        number: FIRST_ATTEMPT,
    };
    let contact = written.contact;
    let Outcome::NotAttempted { code, why } = outcome else {
        outcome::record(app, attempt, outcome).await?;
        return Ok(contact);
    };
    let after = &contact.message_status;
    let now = app.clock.now();
    let before = &written.status_before;
    db::outcome::update_not_attempted(&app.db, attempt, why, before, after, now).await?;
    bump(app, contact.assignment_id).await;
    Err(Error::refused(code, why.clone()))
}
