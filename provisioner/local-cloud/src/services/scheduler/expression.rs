//! Schedule expressions: `rate(5 minutes)`, `cron(...)`, `at(2026-01-31T12:00:00)`.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::cron::Cron;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Rate(TimeDelta),
    Cron(Box<Cron>, Tz),
    At(DateTime<Utc>),
}

/// Reads an expression in a time zone.
pub(super) fn read(text: &str, zone: &str) -> Result<Expression, String> {
    let zone: Tz = zone
        .parse()
        .map_err(|_| format!("'{zone}' is no time zone"))?;
    let inside = |kind: &str| text.strip_prefix(kind)?.strip_suffix(')');
    if let Some(rate) = inside("rate(") {
        return read_rate(rate).map(Expression::Rate);
    }
    if let Some(cron) = inside("cron(") {
        return Ok(Expression::Cron(Box::new(Cron::read(cron)?), zone));
    }
    if let Some(at) = inside("at(") {
        let local = NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M:%S")
            .map_err(|_| format!("'{at}' is not of the form yyyy-mm-ddThh:mm:ss"))?;
        let at = zone.from_local_datetime(&local).earliest();
        let at = at.ok_or_else(|| format!("{local} does not exist in {zone}"))?;
        return Ok(Expression::At(at.with_timezone(&Utc)));
    }
    Err(format!(
        "'{text}' is none of rate(...), cron(...) and at(...)"
    ))
}

fn read_rate(text: &str) -> Result<TimeDelta, String> {
    let refuse = || format!("'{text}' is not a number and minutes, hours or days");
    let (count, unit) = text.split_once(' ').ok_or_else(refuse)?;
    let count: i64 = count.parse().map_err(|_| refuse())?;
    let minutes = match unit {
        "minute" | "minutes" => 1,
        "hour" | "hours" => 60,
        "day" | "days" => 24 * 60,
        _ => return Err(refuse()),
    };
    if count < 1 {
        return Err("a rate is at least 1".to_owned());
    }
    count
        .checked_mul(minutes)
        .and_then(TimeDelta::try_minutes)
        .ok_or_else(refuse)
}

impl Expression {
    /// The first time after `after`.
    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Rate(every) => after.checked_add_signed(*every),
            Self::Cron(cron, zone) => cron.next(after, *zone),
            Self::At(at) => (*at > after).then_some(*at),
        }
    }

    pub(super) fn comes_once(&self) -> bool {
        matches!(self, Self::At(_))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn expressions_are_read_and_nonsense_is_not() {
        for text in ["rate(1 minute)", "rate(5 hours)", "at(2026-01-31T12:00:00)"] {
            assert!(read(text, "UTC").is_ok(), "{text}");
        }
        for text in [
            "rate(0 minutes)",
            "rate(5 weeks)",
            "at(tomorrow)",
            "every day",
            "rate(5)",
        ] {
            assert!(read(text, "UTC").is_err(), "{text}");
        }
        assert!(read("rate(1 minute)", "Mars/Olympus").is_err());
    }

    #[test]
    fn a_clock_time_is_meant_in_its_zone() {
        let at = read("at(2026-07-01T09:00:00)", "America/New_York").unwrap();
        let next = at.next("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(next.to_rfc3339(), "2026-07-01T13:00:00+00:00");
        assert_eq!(at.next(next), None);
    }
}
