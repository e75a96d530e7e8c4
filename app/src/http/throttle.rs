//! Counting attempts in this process, for when there is no cache to count in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// More counters than this are forgotten: an attacker must not fill the memory.
const MAX_COUNTERS: usize = 10_000;

/// Counters, each with the end of its window.
#[derive(Debug, Default)]
pub struct Throttle {
    counters: Mutex<HashMap<String, (u64, DateTime<Utc>)>>,
}

impl Throttle {
    /// One more; answers how many there were in this window.
    pub fn count(&self, counter: &str, now: DateTime<Utc>, window: Duration) -> u64 {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= MAX_COUNTERS {
            counters.retain(|_, (_, end)| *end > now);
            if counters.len() >= MAX_COUNTERS {
                counters.clear();
            }
        }
        let (count, end) = counters
            .entry(counter.to_owned())
            .or_insert((0, now + window));
        if *end <= now {
            (*count, *end) = (0, now + window);
        }
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, Utc};

    use super::Throttle;

    #[test]
    fn a_window_ends() {
        let throttle = Throttle::default();
        let start: DateTime<Utc> = "2026-11-03T12:00:00Z".parse().unwrap();
        let minute = Duration::from_mins(1);
        assert_eq!(throttle.count("a", start, minute), 1);
        assert_eq!(
            throttle.count("a", start + Duration::from_secs(59), minute),
            2
        );
        assert_eq!(throttle.count("b", start, minute), 1);
        assert_eq!(throttle.count("a", start + minute, minute), 1);
    }
}
