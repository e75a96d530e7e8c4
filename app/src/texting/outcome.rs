//! Writing down what the carrier made of a text: one place for every attempt.

use crate::app::App;
use crate::db;
use crate::db::outcome::{Accepted, Attempt};
use crate::error::{CanFail, Result};
use crate::sms::{self, Outcome};
use crate::texting::simulation;

/// Records the outcome of an attempt at a text, and does what follows from it.
/// [`Outcome::NotAttempted`] counts as refused: whoever can put the contact back does it before.
///
/// # Errors
/// When the database does not answer: then the text stays SENDING, and is reconciled.
pub async fn record(app: &App, attempt: Attempt, outcome: &Outcome) -> Result<()> {
    let (db, now) = (&app.db, app.clock.now());
    match outcome {
        Outcome::Accepted {
            service_id,
            response,
            encore,
        } => {
            let accepted = Accepted {
                attempt,
                service_id: service_id.clone(),
                response: response.clone(),
                at: now,
            };
            app.grouped.accepted.ask((), accepted).await?;
            simulation::play(app, service_id, encore)
                .await
                .can_fail("simulating what follows a text");
        }
        Outcome::Refused {
            error_code: Some(code @ sms::twilio::UNSUBSCRIBED),
            response,
        } => {
            let shared = app.config.opt_outs_shared;
            let changed =
                db::outcome::update_unsubscribed(db, attempt, *code, response, shared, now).await?;
            app.cache.bump(&changed, &app.ids.token()).await;
        }
        Outcome::Refused {
            error_code,
            response,
        } => db::outcome::update_refused(db, attempt, *error_code, response, now).await?,
        Outcome::NotAttempted { why, .. } => {
            db::outcome::update_refused(db, attempt, None, why, now).await?;
        }
        Outcome::Later { why, error_code } => {
            db::outcome::update_queued(db, attempt, *error_code, why, now).await?;
        }
        Outcome::Unknown { why } => {
            let message_id = attempt.message_id;
            tracing::warn!(message_id, %why, "nobody knows yet whether a text was sent; the carrier will be asked");
            db::outcome::update_unknown(db, attempt, why, now).await?;
        }
    }
    Ok(())
}
