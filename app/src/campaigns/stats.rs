//! A campaign's numbers: read at most every three seconds, however many watch.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::db;
use crate::db::contact_tally::Share;

/// For how many seconds the numbers are kept.
const KEPT: u64 = 3;
/// Changes taken into the tally by one statement.
const AT_ONCE: i64 = 10_000;

/// The numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    pub shares: Vec<Share>,
    pub failed: i64,
}

impl Stats {
    /// The sum of one number over every share.
    pub fn sum(&self, number: impl Fn(&Share) -> i64) -> i32 {
        i32::try_from(self.shares.iter().map(number).sum::<i64>()).unwrap_or(i32::MAX)
    }

    /// How many texters have contacts.
    pub fn texters(&self) -> i32 {
        let count = self
            .shares
            .iter()
            .filter(|share| share.assignment_id.is_some())
            .count();
        i32::try_from(count).unwrap_or(i32::MAX)
    }
}

/// The campaign's numbers.
///
/// # Errors
/// When the database does not answer.
pub async fn read(app: &App, campaign_id: i32) -> sqlx::Result<Stats> {
    let key = format!("stats:{campaign_id}");
    if let Some(stats) = app.cache.get(&key).await {
        return Ok(stats);
    }
    let stats = Stats {
        shares: db::contact_tally::list_shares(&app.db, campaign_id).await?,
        failed: db::message::count_failed(&app.db, campaign_id).await?,
    };
    app.cache.set(&key, &stats, KEPT).await;
    Ok(stats)
}

/// Takes what has changed into the tally, so that the next who asks reads little; how many changes there were.
///
/// # Errors
/// When the database does not answer: what was taken in is so, the rest waits.
pub async fn fold(app: &App) -> sqlx::Result<i64> {
    let mut folded = 0;
    loop {
        let now = db::contact_tally::fold(&app.db, AT_ONCE).await?;
        folded += now;
        if now < AT_ONCE {
            return Ok(folded);
        }
    }
}
