//! Every minute: what was left behind is taken up again.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::App;
use crate::campaigns::stats;
use crate::error::Result;
use crate::numbers::release;
use crate::texting::{inbound, reconcile, reports, settle};
use crate::{db, jobs, releases};

/// How long one round asks the carrier about texts of unknown outcome, and then how long it tries waiting texts again.
/// The last question of each may take ten seconds more; the function has 55.
const ASKING: Duration = Duration::from_secs(15);
const TRYING: Duration = Duration::from_secs(15);

/// How old the recorded sizes of the tables may get.
const SIZES_AGE: Duration = Duration::from_hours(1);
/// When this process recorded them last.
static SIZES_RECORDED: Mutex<Option<Instant>> = Mutex::new(None);

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
    let numbers = release::expired(app).await;
    let counted = stats::fold(app).await;
    // Last: these wait for the carrier.
    let reconciled = Box::pin(reconcile::unknown_texts(app, ASKING)).await;
    let texts = Box::pin(settle::waiting_texts(app, TRYING)).await;
    let unknown = db::outcome::count_unknown(&app.db, app.clock.now()).await?;
    if unknown > 0 {
        tracing::warn!(
            unknown,
            "texts of unknown outcome could not be reconciled with the carrier yet"
        );
    }
    if let Err(error) = record_sizes(app).await {
        tracing::warn!(%error, "the sizes of the tables were not recorded");
    }
    let (texts, reconciled) = (texts?, reconciled?);
    Ok(json!({
        "jobs": jobs?,
        "inbound": inbound?,
        "reports": reports?,
        "textsTried": texts.tried,
        "textsFoundAtTheCarrier": reconciled.found,
        "textsGivenUp": texts.given_up,
        "reservationsExpired": numbers?,
        "contactChangesCounted": counted?,
        "textsOfUnknownOutcome": unknown,
    }))
}

/// Once an hour, so that `spokectl plan` can say how long a migration holds a table: it has no way to the database.
async fn record_sizes(app: &App) -> anyhow::Result<()> {
    let is_recent = SIZES_RECORDED
        .lock()
        .is_ok_and(|at| at.is_some_and(|at| at.elapsed() < SIZES_AGE));
    if is_recent || app.config.pointer_parameter.is_none() {
        return Ok(());
    }
    let sizes = db::size::of_tables(&app.db, app.clock.now()).await?;
    releases::set_table_sizes(app, &sizes).await?;
    if let Ok(mut at) = SIZES_RECORDED.lock() {
        *at = Some(Instant::now());
    }
    Ok(())
}
