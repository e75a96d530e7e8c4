//! Whether the carrier is worth asking: after it has failed several times in a row, texts wait
//! for a while without asking it, so that neither texters nor the carrier wait for nothing.
//!
//! The processes tell one another through the cache. Without it each finds out for itself.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;

/// So many failures in a row mean that the carrier is down.
const FAILURES: u32 = 3;
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// Pauses double up to `FIRST_PAUSE` times two to this power: 80 seconds.
const MAX_DOUBLINGS: u32 = 4;
/// How often a process asks the cache what the others have met.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(2);
/// Where in the cache it stands until when the carrier is left alone.
pub const PAUSED_UNTIL: &str = "carrier-paused-until";

/// Whether to leave the carrier alone, for what this process or another one has met.
pub async fn is_paused(app: &App) -> bool {
    let now = app.clock.now();
    if app.carrier.looks_again(now)
        && let Some(until) = app.cache.get(PAUSED_UNTIL).await
    {
        app.carrier.pause_until(until);
    }
    app.carrier.is_paused(now)
}

/// The carrier has not answered like one that is there.
pub async fn failed(app: &App) {
    let now = app.clock.now();
    if let Some(until) = app.carrier.failed(now) {
        let seconds = (until - now).num_seconds().unsigned_abs();
        app.cache.set(PAUSED_UNTIL, &until, seconds).await;
    }
}

/// What this process knows of the carrier.
#[derive(Debug, Default)]
pub struct Line {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    failures: u32,
    paused_until: Option<DateTime<Utc>>,
    looked_at: Option<DateTime<Utc>>,
}

impl Line {
    /// The carrier has answered like one that is there.
    pub fn worked(&self) {
        let mut seen = self.seen();
        seen.failures = 0;
        seen.paused_until = None;
    }

    fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.seen().paused_until.is_some_and(|until| now < until)
    }

    /// Until when the carrier is left alone, if this failure was one too many.
    fn failed(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut seen = self.seen();
        seen.failures = seen.failures.saturating_add(1);
        let more = seen.failures.checked_sub(FAILURES)?;
        let pause = FIRST_PAUSE * 2_i32.pow(more.min(MAX_DOUBLINGS));
        seen.paused_until = Some(now + pause);
        tracing::warn!(
            failures = seen.failures,
            seconds = pause.num_seconds(),
            "the carrier is not working; texts wait"
        );
        seen.paused_until
    }

    /// Another process has met failures: this one waits as well, and not less than it does already.
    fn pause_until(&self, until: DateTime<Utc>) {
        let mut seen = self.seen();
        seen.paused_until = seen.paused_until.max(Some(until));
    }

    /// Whether it is time to ask the cache again; then it is asked now.
    fn looks_again(&self, now: DateTime<Utc>) -> bool {
        let mut seen = self.seen();
        let due = seen.looked_at.is_none_or(|at| now >= at + LOOK_EVERY);
        if due {
            seen.looked_at = Some(now);
        }
        due
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
