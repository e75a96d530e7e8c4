//! A campaign's numbers: one walk over its contacts, at most every three seconds however many watch,
//! and less often the longer it takes: a campaign that is watched costs at most a fiftieth of a core.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::db;
use crate::db::contact::Share;

/// For how long the numbers are kept: at least, at most, and in times of what they took.
const AT_LEAST: Duration = Duration::from_secs(3);
const AT_MOST: Duration = Duration::from_mins(1);
const TIMES: u32 = 50;

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
    let started = Instant::now();
    let stats = Stats {
        shares: db::contact::list_shares(&app.db, campaign_id).await?,
        failed: db::message::count_failed(&app.db, campaign_id).await?,
    };
    let keep = (started.elapsed() * TIMES).clamp(AT_LEAST, AT_MOST);
    app.cache.set(&key, &stats, keep.as_secs()).await;
    Ok(stats)
}
