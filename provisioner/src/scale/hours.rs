//! Times of the week in which a database is left alone.

use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

/// Volunteers text after work: an outage costs most then.
const EVENING: (u32, u32) = (16, 22);

/// From one time of day to another, on one day of the week or on all; over midnight if it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    day: Option<Weekday>,
    from: NaiveTime,
    to: NaiveTime,
}

impl Window {
    /// Reads `18:00-21:30` or `Tue 17:00-22:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (day, hours) = match text.split_once(' ') {
            Some((day, hours)) => (Some(day.parse().ok()?), hours),
            None => (None, text),
        };
        let (from, to) = hours.split_once('-')?;
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        let (from, to) = (time(from)?, time(to)?);
        (from != to).then_some(Self { day, from, to })
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn holds(&self, now: DateTime<Tz>) -> bool {
        let is_day = |at: DateTime<Tz>| self.day.is_none_or(|day| day == at.weekday());
        let time = now.time();
        if self.from < self.to {
            return is_day(now) && self.from <= time && time < self.to;
        }
        // What runs over midnight began the day before.
        (is_day(now) && time >= self.from) || (is_day(now - TimeDelta::days(1)) && time < self.to)
    }
}

/// The window of `quiet` a moment lies in.
#[must_use]
pub fn quiet(quiet: &[String], zone: Tz, now: DateTime<Utc>) -> Option<&str> {
    let now = now.with_timezone(&zone);
    quiet
        .iter()
        .find(|text| Window::parse(text).is_some_and(|window| window.holds(now)))
        .map(String::as_str)
}

/// Whether it is evening there.
#[must_use]
pub fn is_evening(zone: Tz, now: DateTime<Utc>) -> bool {
    use chrono::Timelike as _;
    let hour = now.with_timezone(&zone).hour();
    (EVENING.0..EVENING.1).contains(&hour)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Window, is_evening, quiet};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn windows_hold_in_their_zone_on_their_day_and_over_midnight() {
        let zone = chrono_tz::America::New_York;
        // 2026-11-03 is a Tuesday; New York is five hours behind then.
        for (window, moment, holds) in [
            ("18:00-21:30", "2026-11-03T23:00:00Z", true),
            ("18:00-21:30", "2026-11-04T02:30:00Z", false),
            ("Tue 18:00-21:30", "2026-11-03T23:00:00Z", true),
            ("Wed 18:00-21:30", "2026-11-03T23:00:00Z", false),
            ("Tue 22:00-02:00", "2026-11-04T06:00:00Z", true),
            ("Tue 22:00-02:00", "2026-11-03T06:00:00Z", false),
        ] {
            let found = quiet(&[window.to_owned()], zone, at(moment)).is_some();
            assert_eq!(found, holds, "{window} at {moment}");
        }
    }

    #[test]
    fn what_is_no_window_is_not_read() {
        for wrong in ["18-21", "Xyz 18:00-21:00", "18:00-18:00", "", "25:00-26:00"] {
            assert_eq!(Window::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn evening_is_where_the_texters_are() {
        let noon = at("2026-11-03T17:00:00Z");
        assert!(!is_evening(chrono_tz::America::New_York, noon));
        assert!(is_evening(chrono_tz::Europe::Berlin, noon));
    }
}
