//! Texts that wait because the carrier took none: tried again, with growing pauses, or given up.

use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::app::App;
use crate::db;
use crate::db::outcome::{Attempt, TakenUp};
use crate::error::Result;
use crate::sms::{self, Outgoing};
use crate::texting::outcome;

/// Texts handed over at once.
const AT_ONCE: usize = 16;
/// Texts taken up at a time: what a crash in between leaves to be reconciled.
const HANDFUL: i64 = 64;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub tried: usize,
    pub given_up: u64,
}

/// Gives up texts whose time is over and tries the others that are due, for as long as `time`
/// lasts or until the carrier fails again.
///
/// # Errors
/// When the database does not answer; a text that fails is no error.
pub async fn waiting_texts(app: &App, time: Duration) -> Result<Settled> {
    let given_up = db::outcome::expire_waiting(&app.db, app.clock.now()).await?;
    let start = Instant::now();
    let mut tried = 0;
    while start.elapsed() < time && !app.carrier.is_paused(app.clock.now()) {
        let shared = app.config.opt_outs_shared;
        let now = app.clock.now();
        let waiting = db::outcome::claim_waiting(&app.db, now, shared, HANDFUL).await?;
        if waiting.is_empty() {
            break;
        }
        tried += waiting.len();
        let attempts: Vec<_> = waiting.iter().map(|text| try_again(app, text)).collect();
        let mut attempts = futures::stream::iter(attempts).buffer_unordered(AT_ONCE);
        while let Some(done) = attempts.next().await {
            done?;
        }
    }
    Ok(Settled { tried, given_up })
}

async fn try_again(app: &App, text: &TakenUp) -> Result<()> {
    let outgoing = Outgoing {
        to: text.contact_number.clone(),
        body: text.text.clone(),
        service: text.service.clone(),
        messaging_service_sid: text.messaging_service_sid.clone(),
        send_before: text.send_before,
        message_id: text.id,
        attempt: text.send_attempts,
        taken_up_at: app.clock.now(),
    };
    let outcome = sms::send(app, &outgoing).await;
    outcome::record(app, attempt(text), text.campaign_contact_id, &outcome).await
}

/// The attempt this text is in.
pub fn attempt(text: &TakenUp) -> Attempt {
    Attempt {
        message_id: text.id,
        number: text.send_attempts,
    }
}
