//! Every minute: what was left behind is taken up again.

use serde_json::{Value, json};

use crate::app::App;
use crate::error::Result;
use crate::texting::{inbound, reports, settle};
use crate::{db, jobs};

/// Texts tried again in one round.
const MAX_TEXTS: i64 = 200;

/// One round. Each part is tried, whatever became of the ones before it. Before the first release there is no
/// schema, and nothing that could have been left behind.
///
/// # Errors
/// The first failure, after every part was tried.
pub async fn answer(app: &App) -> Result<Value> {
    if app.config.release == 0 {
        return Ok(json!({ "release": 0 }));
    }
    let jobs = jobs::take_up_abandoned(app).await;
    let inbound = inbound::apply_left(app).await;
    let reports = reports::apply_kept(app).await;
    let texts = settle::waiting_texts(app, MAX_TEXTS).await;
    let numbers = db::phone_number::release_expired(&app.db, app.clock.now()).await;
    let unknown = db::sending::count_unknown(&app.db, app.clock.now()).await?;
    if unknown > 0 {
        tracing::warn!(
            unknown,
            "texts of unknown outcome are waiting to be reconciled with the carrier"
        );
    }
    let texts = texts?;
    Ok(json!({
        "jobs": jobs?,
        "inbound": inbound?,
        "reports": reports?,
        "textsTried": texts.tried,
        "textsGivenUp": texts.given_up,
        "reservationsExpired": numbers?,
        "textsOfUnknownOutcome": unknown,
    }))
}
