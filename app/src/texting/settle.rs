//! Texts that wait because the carrier took none: tried again, with growing pauses, or given up.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::db;
use crate::db::outcome::{Attempt, TakenUp};
use crate::error::Result;
use crate::sms::{self, Outgoing, line};
use crate::texting::outcome;

/// Texts taken up and handed over at once: none waits for others once its contact has been asked for opt-outs, and no
/// more are left to be reconciled when the process dies.
const HANDFUL: i64 = 16;

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
    while start.elapsed() < time && !line::is_paused(app).await {
        let shared = app.config.opt_outs_shared;
        let now = app.clock.now();
        let waiting = db::outcome::claim_waiting(&app.db, now, shared, HANDFUL).await?;
        if waiting.is_empty() {
            break;
        }
        tried += waiting.len();
        let attempts = waiting.iter().map(|text| try_again(app, text, now));
        for done in futures::future::join_all(attempts).await {
            done?;
        }
    }
    Ok(Settled { tried, given_up })
}

/// `taken_up_at`: when it was claimed. A process that was frozen since must not send what others have reconciled.
async fn try_again(app: &App, text: &TakenUp, taken_up_at: DateTime<Utc>) -> Result<()> {
    let outgoing = Outgoing {
        to: text.contact_number.clone(),
        body: text.text.clone(),
        service: text.service.clone(),
        messaging_service_sid: text.messaging_service_sid.clone(),
        send_before: text.send_before,
        message_id: text.id,
        attempt: text.send_attempts,
        taken_up_at,
    };
    let outcome = sms::send(app, &outgoing).await;
    outcome::record(app, attempt(text), &outcome).await
}

/// The attempt this text is in.
pub fn attempt(text: &TakenUp) -> Attempt {
    Attempt {
        message_id: text.id,
        number: text.send_attempts,
    }
}
