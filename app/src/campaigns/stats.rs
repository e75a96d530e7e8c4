//! A campaign's numbers: one walk over its contacts, at most every three seconds however many watch,
//! and less often the more contacts it has: up to 3,600,000 of them, watching costs at most a fiftieth of a core.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::db;
use crate::db::contact::Share;

/// For how long the numbers are kept: at least, at most, and between them a second for so many contacts,
/// of which some 3,000,000 are counted in a second of one core. Not by what the walk took: who waits
/// for a connection once would see old numbers for a minute.
const AT_LEAST: Duration = Duration::from_secs(3);
const AT_MOST: Duration = Duration::from_mins(1);
const CONTACTS_A_SECOND: u64 = 60_000;

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

    fn keep(&self) -> Duration {
        let contacts = u64::try_from(self.sum(|share| share.total.into())).unwrap_or_default();
        Duration::from_secs(contacts / CONTACTS_A_SECOND).clamp(AT_LEAST, AT_MOST)
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
        shares: db::contact::list_shares(&app.db, campaign_id).await?,
        failed: db::message::count_failed(&app.db, campaign_id).await?,
    };
    app.cache.set(&key, &stats, stats.keep().as_secs()).await;
    Ok(stats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_contacts_the_longer_the_numbers_are_kept() {
        let kept = |total| {
            let share = Share {
                total,
                ..Share::default()
            };
            let shares = vec![share];
            Stats { shares, failed: 0 }.keep().as_secs()
        };
        assert_eq!(
            [0, 12, 200_000, 1_000_000, 10_000_000].map(kept),
            [3, 3, 3, 16, 60]
        );
    }
}
