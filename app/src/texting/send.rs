//! Sending one text: the row first, then the carrier, then the outcome.
//!
//! Three statements: the facts, the row, the outcome. A text of somebody whose terms this process knows costs two: the
//! row's statement asks whether what is known still holds, and where it writes nothing the facts are read after all.
//! Both are shared with whoever else texts at that moment (`db/group.rs`).
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
use crate::db::known_texts::{Conditions, KnownText};
use crate::db::outcome::Attempt;
use crate::db::sending::{Facts, IDEMPOTENCY_KEY, NewText, Openings, Terms, Written};
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
    let (terms, now) = (&by.terms, app.clock.now());
    let body = text::normalise(&draft.text);
    let takes_first = derived(terms.status, terms.due_by, now) == CampaignStatus::Active;
    let is_open = takes_first || (terms.status.allows_replies() && !draft.is_initial);
    if !is_open || text::check(&body, app.config.max_message_length).is_err() {
        return Ok(None);
    }
    let openings = app
        .standings
        .openings(&policy(terms, app.config.reference_zone), now);
    let entry = Entry {
        user_id: by.user_id,
        session_epoch: by.session_epoch,
        contact_id,
        terms,
        openings: openings.as_deref(),
        now,
    };
    let conditions = Conditions {
        terms: terms.clone(),
        takes_first,
        openings: openings.clone(),
        service: entry.service(app).to_owned(),
        messaging_service_sid: entry.messaging_service(app),
        opt_outs_shared: app.config.opt_outs_shared,
        now,
    };
    let key = conditions.key();
    let text = KnownText {
        conditions: Arc::new(conditions),
        contact_id,
        assignment_id: draft.assignment_id,
        user_id: by.user_id,
        session_epoch: by.session_epoch,
        text: body.clone(),
        is_initial: draft.is_initial,
        canned_response_id: draft.canned_response_id,
        key: draft.key,
    };
    match app.grouped.texts.ask(key, text).await {
        Ok(Some(written)) => hand_over(app, &entry, written, body).await.map(Some),
        Ok(None) => Ok(None),
        // A text with this key was written before, and the contact put back since.
        Err(error) if breaks_constraint(&error, IDEMPOTENCY_KEY) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Sends the draft, unless a rule says no, and answers the contact as it is then.
///
/// # Errors
/// The refusal, with the code the client switches on.
pub async fn send(app: &App, by: &Sender, draft: &Draft) -> Result<Contact> {
    let facts = &by.facts;
    if facts.is_repeated {
        return first_result(app, facts.id).await;
    }
    let now = app.clock.now();
    let body = text::normalise(&draft.text);
    let openings = decide(app, facts, draft, &body, now)?
        .until()
        .map(|until| Openings {
            zones: vec![facts.timezone.clone().unwrap_or_default()],
            until: vec![until],
        });
    let entry = Entry {
        user_id: by.user_id,
        session_epoch: facts.session_epoch,
        contact_id: facts.id,
        terms: &facts.terms,
        openings: openings.as_ref(),
        now,
    };
    match write(app, &entry, &facts.message_status, draft, &body).await {
        Ok(Some(written)) => hand_over(app, &entry, written, body).await,
        Ok(None) => overtaken(app, by, draft, &body).await,
        // The same click, twice at once: the other one has written it.
        Err(error) if breaks_constraint(&error, IDEMPOTENCY_KEY) => {
            first_result(app, facts.id).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Who writes to whom, and what has been decided.
struct Entry<'a> {
    user_id: i32,
    session_epoch: i32,
    contact_id: i32,
    terms: &'a Terms,
    /// None: at any time of day.
    openings: Option<&'a Openings>,
    now: DateTime<Utc>,
}

impl Entry<'_> {
    fn service<'a>(&'a self, app: &'a App) -> &'a str {
        let ours = self.terms.service.as_deref();
        ours.unwrap_or(&app.config.default_service)
    }

    fn messaging_service(&self, app: &App) -> Option<String> {
        sms::messaging_service(app, self.terms.messaging_service_sid.as_deref())
    }
}

async fn write(
    app: &App,
    entry: &Entry<'_>,
    status_before: &str,
    draft: &Draft,
    body: &str,
) -> sqlx::Result<Option<Written>> {
    let messaging_service_sid = entry.messaging_service(app);
    let new = NewText {
        contact_id: entry.contact_id,
        assignment_id: draft.assignment_id,
        user_id: entry.user_id,
        session_epoch: entry.session_epoch,
        terms: entry.terms,
        text: body,
        status_before,
        canned_response_id: draft.canned_response_id,
        key: draft.key,
        service: entry.service(app),
        messaging_service_sid: messaging_service_sid.as_deref(),
        openings: entry.openings,
        now: entry.now,
        opt_outs_shared: app.config.opt_outs_shared,
    };
    db::sending::insert_text(&app.db, new).await
}

/// Hands the written text to the carrier, and answers the contact as it is then.
async fn hand_over(
    app: &App,
    entry: &Entry<'_>,
    written: Written,
    body: String,
) -> Result<Contact> {
    let outgoing = Outgoing {
        to: written.contact.cell.clone(),
        body,
        service: entry.service(app).to_owned(),
        messaging_service_sid: entry.messaging_service(app),
        send_before: written.send_before,
        message_id: written.message_id,
        attempt: FIRST_ATTEMPT,
        taken_up_at: entry.now,
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
    let terms = &facts.terms;
    if !terms.status.allows_replies() {
        return Err(refusal(terms.status));
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
async fn record(app: &App, written: Written, outcome: &Outcome) -> Result<Contact> {
    let attempt = Attempt {
        message_id: written.message_id,
        number: FIRST_ATTEMPT,
    };
    let contact = written.contact;
    let Outcome::NotAttempted { code, why } = outcome else {
        outcome::record(app, attempt, contact.id, outcome).await?;
        return Ok(contact);
    };
    let after = &contact.message_status;
    let now = app.clock.now();
    let before = &written.status_before;
    db::outcome::update_not_attempted(&app.db, attempt, why, before, after, now).await?;
    bump(app, contact.assignment_id).await;
    Err(Error::refused(code, why.clone()))
}
