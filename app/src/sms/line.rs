//! Whether the carrier is worth asking: after it has failed several times in a row, texts wait
//! for a while without asking it, so that neither texters nor the carrier wait for nothing.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// So many failures in a row mean that the carrier is down.
const FAILURES: u32 = 3;
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// Pauses double up to `FIRST_PAUSE` times two to this power: 80 seconds.
const MAX_DOUBLINGS: u32 = 4;

/// What this process has seen of the carrier.
#[derive(Debug, Default)]
pub struct Line {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    failures: u32,
    paused_until: Option<DateTime<Utc>>,
}

impl Line {
    /// Whether to leave the carrier alone.
    pub fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.seen().paused_until.is_some_and(|until| now < until)
    }

    /// The carrier has answered like one that is there.
    pub fn worked(&self) {
        *self.seen() = Seen::default();
    }

    /// It has not.
    pub fn failed(&self, now: DateTime<Utc>) {
        let mut seen = self.seen();
        seen.failures = seen.failures.saturating_add(1);
        if let Some(more) = seen.failures.checked_sub(FAILURES) {
            let pause = FIRST_PAUSE * 2_i32.pow(more.min(MAX_DOUBLINGS));
            seen.paused_until = Some(now + pause);
            tracing::warn!(
                failures = seen.failures,
                seconds = pause.num_seconds(),
                "the carrier is not working; texts wait"
            );
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::Line;

    #[test]
    fn three_failures_in_a_row_pause_and_pauses_grow() {
        let line = Line::default();
        let mut now = "2026-11-03T12:00:00Z".parse().unwrap();
        line.failed(now);
        line.failed(now);
        line.worked();
        for _ in 0..2 {
            line.failed(now);
        }
        assert!(!line.is_paused(now));
        for seconds in [5, 10, 20, 40, 80, 80] {
            line.failed(now);
            assert!(line.is_paused(now + TimeDelta::seconds(seconds - 1)));
            now += TimeDelta::seconds(seconds);
            assert!(!line.is_paused(now));
        }
        line.worked();
        line.failed(now);
        assert!(!line.is_paused(now));
    }
}
