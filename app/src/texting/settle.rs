//! Texts that wait because the carrier took none: tried again, with growing pauses, or given up.

use crate::app::App;
use crate::db;
use crate::db::sending::Waiting;
use crate::error::{CanFail, Result};
use crate::sms::{self, Outcome, Outgoing};
use crate::texting::simulation;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub tried: usize,
    pub given_up: u64,
}

/// Gives up texts whose time is over and tries the others that are due.
///
/// # Errors
/// When the database does not answer; a text that fails is no error.
pub async fn waiting_texts(app: &App, limit: i64) -> Result<Settled> {
    let given_up = db::sending::expire_waiting(&app.db, app.clock.now()).await?;
    let waiting = db::sending::claim_waiting(&app.db, app.clock.now(), limit).await?;
    for text in &waiting {
        try_again(app, text).await?;
    }
    Ok(Settled {
        tried: waiting.len(),
        given_up,
    })
}

async fn try_again(app: &App, text: &Waiting) -> Result<()> {
    let outgoing = Outgoing {
        to: text.contact_number.clone(),
        body: text.text.clone(),
        service: text.service.clone(),
        messaging_service_sid: text.messaging_service_sid.clone(),
        send_before: text.send_before,
    };
    let outcome = sms::send(app, &outgoing).await;
    let now = app.clock.now();
    match outcome {
        Outcome::Accepted {
            service_id,
            response,
            encore,
        } => {
            db::sending::update_accepted(&app.db, text.id, &service_id, &response, now).await?;
            simulation::play(app, &service_id, &encore)
                .await
                .can_fail("simulating what follows a text");
        }
        Outcome::Refused {
            error_code,
            response,
        } => {
            db::sending::update_refused(&app.db, text.id, error_code, &response, now).await?;
        }
        Outcome::NotAttempted { why, .. } => {
            db::sending::update_refused(&app.db, text.id, None, &why, now).await?;
        }
        Outcome::Later { why } => {
            db::sending::update_queued(&app.db, text.id, &why, now).await?;
        }
        Outcome::Unknown { why } => {
            db::sending::update_unknown(&app.db, text.id, &why, now).await?;
        }
    }
    Ok(())
}
