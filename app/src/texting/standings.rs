//! What this process knows of who texts where and under which terms, so that it need not be read
//! again for each text.
//!
//! Nothing here is believed: it only says what to ask. The statement that writes a text asks the
//! rows whether all of it still holds, and writes nothing where it does not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::contacts::zones;
use crate::db::new_text::Openings;
use crate::db::sending::Terms;
use crate::texting::hours::{Opening, Policy, opening};

/// Assignments that are remembered at the most; then all are forgotten.
const MOST: usize = 10_000;

/// The terms of assignments, by whose they are, and the zones that are open.
#[derive(Debug, Default)]
pub struct Standings {
    terms: Mutex<HashMap<(i32, i32), Arc<Terms>>>,
    openings: Mutex<HashMap<Policy, (i64, Arc<Openings>)>>,
}

impl Standings {
    /// Keeps the terms of an assignment that is this user's.
    pub fn remember(&self, user_id: i32, assignment_id: i32, terms: Arc<Terms>) {
        let mut known = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((user_id, assignment_id), terms);
    }

    /// The terms of the assignment, when it is known to be this user's.
    pub fn terms(&self, user_id: i32, assignment_id: i32) -> Option<Arc<Terms>> {
        let known = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(user_id, assignment_id)).cloned()
    }

    /// The zones that are open in this minute, for hours begin and end with minutes, and until when;
    /// none when people may be texted at any time of day.
    pub fn openings(&self, policy: &Policy, now: DateTime<Utc>) -> Option<Arc<Openings>> {
        if !policy.hours().is_enforced {
            return None;
        }
        let minute = now.timestamp().div_euclid(60);
        let mut known = self.openings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, openings)) = known.get(policy)
            && *of == minute
        {
            return Some(openings.clone());
        }
        if known.len() >= MOST {
            known.clear();
        }
        let openings = Arc::new(open_zones(policy, now));
        known.insert(*policy, (minute, openings.clone()));
        Some(openings)
    }
}

fn open_zones(policy: &Policy, now: DateTime<Utc>) -> Openings {
    let mut names: Vec<&str> = zones::all().chain([""]).collect();
    names.sort_unstable();
    names.dedup();
    let mut open = Openings::default();
    for name in names {
        if let Opening::Open { until } = opening(policy, name.parse().ok(), now) {
            open.zones.push(name.to_owned());
            open.until.push(until);
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::Standings;
    use crate::texting::hours::{Policy, Window};

    const DAY: Window = Window {
        is_enforced: true,
        start: 9,
        end: 21,
    };

    fn zones(standings: &Standings, window: Window, now: &str) -> Option<Vec<String>> {
        let policy = Policy {
            organization: window,
            campaign: None,
            zone: chrono_tz::America::New_York,
        };
        let now: DateTime<Utc> = now.parse().unwrap();
        let openings = standings.openings(&policy, now)?;
        assert_eq!(openings.zones.len(), openings.until.len());
        Some(openings.zones.clone())
    }

    #[test]
    fn zones_open_and_close_by_their_own_clocks() {
        let standings = Standings::default();
        let has = |now: &str, zone: &str| {
            let zones = zones(&standings, DAY, now).unwrap();
            zones.iter().any(|name| name == zone)
        };
        // Nine in New York, six in Los Angeles; a contact without a zone has the campaign's.
        assert!(!has("2026-11-03T13:59:59Z", "America/New_York"));
        assert!(has("2026-11-03T14:00:00Z", "America/New_York"));
        assert!(has("2026-11-03T14:00:00Z", ""));
        assert!(!has("2026-11-03T14:00:00Z", "America/Los_Angeles"));
        // The last second before nine in the evening.
        assert!(has("2026-11-04T01:59:59Z", "America/New_York"));
        assert!(!has("2026-11-04T02:00:00Z", "America/New_York"));
        assert!(has("2026-11-04T02:00:00Z", "America/Los_Angeles"));
    }

    #[test]
    fn without_hours_there_is_nothing_to_ask() {
        let never = Window {
            is_enforced: false,
            ..DAY
        };
        let standings = Standings::default();
        assert_eq!(zones(&standings, never, "2026-11-03T08:00:00Z"), None);
    }
}
