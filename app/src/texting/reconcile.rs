//! Texts nobody knows the outcome of: the process died, or the carrier's answer was lost. The
//! carrier is asked before anything is sent again.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::app::App;
use crate::db;
use crate::db::outcome::{Accepted, SERVICE_ID, TakenUp};
use crate::error::{Error, Result, breaks_constraint};
use crate::sms::twilio::messages::Taken;
use crate::sms::{self, line};
use crate::texting::settle::attempt;

/// How far the carrier's clock may be behind ours.
const CLOCKS: TimeDelta = TimeDelta::seconds(60);

/// Texts taken up at once: so many at most are not asked about for three minutes when the time is over.
const HANDFUL: i64 = 16;

/// What a round found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The carrier had them.
    pub found: usize,
    /// It had not: they wait to be sent.
    pub waiting: usize,
    /// It did not say: they are asked for again.
    pub unclear: usize,
}

enum Finding {
    Found,
    Waiting,
    Unclear,
}

/// Asks the carrier about texts of unknown outcome, for as long as `time` lasts or until the carrier fails again. A text
/// taken up and not asked about is taken up again three minutes later.
///
/// # Errors
/// When the database does not answer.
pub async fn unknown_texts(app: &App, time: Duration) -> Result<Reconciled> {
    let mut reconciled = Reconciled::default();
    let start = Instant::now();
    let mut unknown = Vec::new();
    while start.elapsed() < time && !line::is_paused(app).await {
        if unknown.is_empty() {
            unknown = db::outcome::claim_unknown(&app.db, app.clock.now(), HANDFUL).await?;
        }
        // One after the other: two rows with the same words must not both take the same text.
        let Some(text) = unknown.pop() else { break };
        match reconcile(app, &text).await? {
            Finding::Found => reconciled.found += 1,
            Finding::Waiting => reconciled.waiting += 1,
            Finding::Unclear => reconciled.unclear += 1,
        }
    }
    Ok(reconciled)
}

async fn reconcile(app: &App, text: &TakenUp) -> Result<Finding> {
    if !sms::reaches_carrier(app, &text.service, &text.contact_number) {
        return wait(app, text, "it was never handed to a carrier").await;
    }
    match candidates(app, text).await {
        Err(error) => {
            tracing::warn!(message = text.id, %error, "the carrier does not say whether it has a text");
            line::failed(app).await;
            Ok(Finding::Unclear)
        }
        Ok(candidates) => {
            app.carrier.worked();
            attribute(app, text, candidates).await
        }
    }
}

/// The texts the carrier has that may be this one, oldest first.
async fn candidates(app: &App, text: &TakenUp) -> anyhow::Result<Vec<Taken>> {
    let Some(twilio) = &app.twilio else {
        return Ok(Vec::new());
    };
    let override_recipient = app.config.override_recipient.as_deref();
    let (to, body) = sms::addressed(override_recipient, &text.contact_number, &text.text);
    let since = text.created_at - CLOCKS;
    let taken = twilio.list(app.web().await?, &to).await?;
    let is_it = |taken: &Taken| {
        say_the_same(&taken.body, &body)
            && taken.messaging_service_sid == text.messaging_service_sid
            && taken.created_at >= since
    };
    let mut found: Vec<Taken> = taken.into_iter().filter(is_it).collect();
    found.sort_by_key(|taken| taken.created_at);
    Ok(found)
}

/// Whether what the carrier has is what it was given. It may show other quotes, dashes and spaces: Twilio's smart encoding
/// replaces them in what it sends.
fn say_the_same(taken: &str, given: &str) -> bool {
    let spoken = |text: &str| {
        text.chars()
            .filter(|char| char.is_alphanumeric())
            .collect::<String>()
    };
    taken.trim() == given.trim() || (!spoken(given).is_empty() && spoken(taken) == spoken(given))
}

/// Gives the text the first of these carrier ids that is nobody else's.
async fn attribute(app: &App, text: &TakenUp, candidates: Vec<Taken>) -> Result<Finding> {
    let sids: Vec<String> = candidates.into_iter().map(|taken| taken.sid).collect();
    let known = db::outcome::list_known(&app.db, &sids).await?;
    let Some(sid) = sids.iter().find(|sid| !known.contains(sid)) else {
        return wait(app, text, "the carrier does not have it").await;
    };
    let found = Accepted {
        attempt: attempt(text),
        service_id: sid.clone(),
        response: "found at the carrier after its answer was lost".to_owned(),
        at: app.clock.now(),
    };
    match db::outcome::update_accepted(&app.db, &[found]).await {
        Ok(()) => Ok(Finding::Found),
        // Somebody was quicker: the next round looks again.
        Err(error) if breaks_constraint(&error, SERVICE_ID) => Ok(Finding::Unclear),
        Err(error) => Err(Error::from(error)),
    }
}

async fn wait(app: &App, text: &TakenUp, why: &str) -> Result<Finding> {
    let now = app.clock.now();
    db::outcome::update_queued(&app.db, attempt(text), None, why, now).await?;
    Ok(Finding::Waiting)
}
