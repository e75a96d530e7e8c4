//! `cron(minutes hours day-of-month month day-of-week year)` in a time zone.
//! Facts: "Schedule types" of AWS's EventBridge Scheduler guide: one of the two day fields is
//! `?`; a time the clock skips in spring is skipped, one it repeats in autumn comes once.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;

/// How many days ahead the next time is looked for: a leap day may be eight years away.
const HORIZON_DAYS: u64 = 366 * 9;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cron {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Which,
    months: BTreeSet<u32>,
    years: Option<BTreeSet<u32>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Which {
    OfMonth(BTreeSet<u32>),
    LastOfMonth,
    /// 1 is Sunday.
    OfWeek(BTreeSet<u32>),
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// Reads the six fields.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.as_slice() else {
            return Err(format!("cron has six fields, not {}", fields.len()));
        };
        let days = match (*of_month, *of_week) {
            ("?", "?") => return Err("one of the two day fields must be given".to_owned()),
            ("L", "?") => Which::LastOfMonth,
            (days, "?") => Which::OfMonth(field(days, 1, 31, &[])?),
            ("?" | "*", days) => Which::OfWeek(field(days, 1, 7, WEEKDAYS)?),
            _ => return Err("one of the two day fields must be ?".to_owned()),
        };
        Ok(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days,
            months: field(months, 1, 12, MONTHS)?,
            years: match *years {
                "*" => None,
                years => Some(field(years, 1970, 2199, &[])?),
            },
        })
    }

    /// The first time after `after`.
    pub(super) fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let first = after.with_timezone(&zone).date_naive();
        (0..HORIZON_DAYS)
            .filter_map(|days| first.checked_add_days(Days::new(days)))
            .filter(|day| self.has_day(*day))
            .find_map(|day| self.next_of_day(day, after, zone))
    }

    fn next_of_day(&self, day: NaiveDate, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let times = self
            .hours
            .iter()
            .flat_map(|hour| self.minutes.iter().map(move |minute| (*hour, *minute)));
        times
            .filter_map(|(hour, minute)| day.and_hms_opt(hour, minute, 0))
            .filter_map(|local| zone.from_local_datetime(&local).earliest())
            .map(|at| at.with_timezone(&Utc))
            .find(|at| *at > after)
    }

    fn has_day(&self, day: NaiveDate) -> bool {
        let year = u32::try_from(day.year()).unwrap_or(0);
        let fits_day = match &self.days {
            Which::OfMonth(days) => days.contains(&day.day()),
            Which::LastOfMonth => day.succ_opt().is_some_and(|next| next.day() == 1),
            Which::OfWeek(days) => days.contains(&(day.weekday().num_days_from_sunday() + 1)),
        };
        fits_day
            && self.months.contains(&day.month())
            && self
                .years
                .as_ref()
                .is_none_or(|years| years.contains(&year))
    }
}

/// `*`, `5`, `1-5`, `0/15`, `MON,WED`, and lists of those.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Result<BTreeSet<u32>, String> {
    let mut values = BTreeSet::new();
    let number = |text: &str| -> Result<u32, String> {
        let named = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let value = match named.and_then(|place| u32::try_from(place).ok()) {
            Some(place) => place + least,
            None => text
                .parse()
                .map_err(|_| format!("'{text}' is not understood in cron"))?,
        };
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(format!("{value} is not between {least} and {most}"))
    };
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => {
                let step: u32 = step.parse().map_err(|_| format!("'{step}' is no step"))?;
                (range, Some(step.max(1)))
            }
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*", _) => (least, most),
            (_, Some((from, to))) => (number(from)?, number(to)?),
            // A step without a range goes on to the end.
            (one, None) if step.is_some() => (number(one)?, most),
            (one, None) => (number(one)?, number(one)?),
        };
        if from > to {
            return Err(format!("the range {range} runs backwards"));
        }
        let step = usize::try_from(step.unwrap_or(1)).unwrap_or(1);
        values.extend((from..=to).step_by(step));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::Tz;

    use super::Cron;

    fn next(cron: &str, after: &str, zone: Tz) -> String {
        let after: DateTime<Utc> = after.parse().unwrap();
        let next = Cron::read(cron).unwrap().next(after, zone);
        next.map_or_else(
            || "never".to_owned(),
            |at| at.format("%Y-%m-%dT%H:%M").to_string(),
        )
    }

    #[test]
    fn the_next_time_is_found() {
        let utc = Tz::UTC;
        for (cron, after, expected) in [
            ("* * * * ? *", "2026-01-31T23:59:30Z", "2026-02-01T00:00"),
            ("0/15 * * * ? *", "2026-01-01T00:00:00Z", "2026-01-01T00:15"),
            (
                "30 8 ? * MON-FRI *",
                "2026-01-02T09:00:00Z",
                "2026-01-05T08:30",
            ),
            ("0 12 L * ? *", "2026-02-01T00:00:00Z", "2026-02-28T12:00"),
            ("0 0 29 FEB ? *", "2026-01-01T00:00:00Z", "2028-02-29T00:00"),
            ("0 0 1 1 ? 2025", "2026-01-01T00:00:00Z", "never"),
        ] {
            assert_eq!(next(cron, after, utc), expected, "{cron}");
        }
    }

    #[test]
    fn time_zones_and_their_changes_are_kept() {
        let new_york = Tz::America__New_York;
        let morning = "0 9 * * ? *";
        assert_eq!(
            next(morning, "2026-01-01T00:00:00Z", new_york),
            "2026-01-01T14:00"
        );
        assert_eq!(
            next(morning, "2026-07-01T00:00:00Z", new_york),
            "2026-07-01T13:00"
        );
        // 02:30 does not exist on the day the clocks go forward.
        let night = "30 2 * * ? *";
        assert_eq!(
            next(night, "2026-03-08T06:00:00Z", new_york),
            "2026-03-09T06:30"
        );
        // 01:30 comes twice when they go back, the schedule once.
        let late = "30 1 * * ? *";
        assert_eq!(
            next(late, "2026-11-01T00:00:00Z", new_york),
            "2026-11-01T05:30"
        );
        assert_eq!(
            next(late, "2026-11-01T05:30:00Z", new_york),
            "2026-11-02T06:30"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for cron in [
            "* * * * *",
            "* * ? * ? *",
            "* * 1 * 1 *",
            "60 * * * ? *",
            "* 24 * * ? *",
            "5-1 * * * ? *",
            "* * 3W * ? *",
        ] {
            assert!(Cron::read(cron).is_err(), "{cron}");
        }
    }
}
