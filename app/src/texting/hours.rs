//! Texting hours: when a contact may be texted, in the contact's own time zone.

use chrono::{DateTime, Days, LocalResult, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// From the start hour until just before the end hour; end 24 is midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub is_enforced: bool,
    pub start: u32,
    pub end: u32,
}

/// Whose hours hold for a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    pub organization: Window,
    /// The campaign's own, when it overrides the organization's.
    pub campaign: Option<Window>,
    /// The zone of contacts whose own is unknown.
    pub zone: Tz,
}

impl Policy {
    /// The hours that hold.
    pub fn hours(&self) -> Window {
        self.campaign.unwrap_or(self.organization)
    }
}

/// Whether the contact may be texted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// At any time of day.
    Always,
    /// Now; a text must be with the carrier before `until`.
    Open { until: DateTime<Utc> },
    /// Not now.
    Closed { opens_at: DateTime<Utc> },
}

impl Opening {
    /// Whether a text may be sent now.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed { .. })
    }

    /// Until when a text may be handed to the carrier; none when hours are not enforced.
    pub fn until(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open { until } => Some(until),
            Self::Always | Self::Closed { .. } => None,
        }
    }
}

/// The opening at `now` for a contact in `zone`.
pub fn opening(policy: &Policy, zone: Option<Tz>, now: DateTime<Utc>) -> Opening {
    let window = policy.hours();
    if !window.is_enforced {
        return Opening::Always;
    }
    let zone = zone.unwrap_or(policy.zone);
    let local = now.with_timezone(&zone);
    let today = local.date_naive();
    if local.hour() < window.start {
        return Opening::Closed {
            opens_at: instant(zone, today, window.start),
        };
    }
    if local.hour() >= window.end {
        return Opening::Closed {
            opens_at: instant(zone, today + Days::new(1), window.start),
        };
    }
    Opening::Open {
        until: instant(zone, today, window.end),
    }
}

/// The first moment of `hour` on that day: of a repeated hour the earlier one, of a skipped
/// hour the moment the clocks jump to.
fn instant(zone: Tz, day: NaiveDate, hour: u32) -> DateTime<Utc> {
    let (day, hour) = if hour == 24 {
        (day + Days::new(1), 0)
    } else {
        (day, hour)
    };
    let Some(wall) = day.and_hms_opt(hour, 0, 0) else {
        return zone.from_utc_datetime(&day.into()).to_utc();
    };
    for minutes in [0, 30, 60, 90, 120] {
        match zone.from_local_datetime(&(wall + TimeDelta::minutes(minutes))) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => return time.to_utc(),
            LocalResult::None => {}
        }
    }
    zone.from_utc_datetime(&wall).to_utc()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::Tz;

    use super::{Opening, Policy, Window, opening};

    const DAY: Window = Window {
        is_enforced: true,
        start: 9,
        end: 21,
    };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn policy(organization: Window, campaign: Option<Window>) -> Policy {
        Policy {
            organization,
            campaign,
            zone: chrono_tz::America::New_York,
        }
    }

    #[test]
    fn both_ends_hold_in_the_contacts_own_zone() {
        // zone, UTC time, open?, the moment that matters
        let cases = [
            // New York in winter is five hours behind.
            (
                "America/New_York",
                "2026-01-15T13:59:59Z",
                false,
                "2026-01-15T14:00:00Z",
            ),
            (
                "America/New_York",
                "2026-01-15T14:00:00Z",
                true,
                "2026-01-16T02:00:00Z",
            ),
            (
                "America/New_York",
                "2026-01-16T01:59:59Z",
                true,
                "2026-01-16T02:00:00Z",
            ),
            (
                "America/New_York",
                "2026-01-16T02:00:00Z",
                false,
                "2026-01-16T14:00:00Z",
            ),
            // Arizona keeps its clocks all year; the Navajo Nation does not.
            (
                "America/Phoenix",
                "2026-07-15T15:59:00Z",
                false,
                "2026-07-15T16:00:00Z",
            ),
            (
                "America/Phoenix",
                "2026-07-15T16:00:00Z",
                true,
                "2026-07-16T04:00:00Z",
            ),
            (
                "America/Phoenix",
                "2026-01-15T16:00:00Z",
                true,
                "2026-01-16T04:00:00Z",
            ),
            (
                "America/Denver",
                "2026-07-15T15:00:00Z",
                true,
                "2026-07-16T03:00:00Z",
            ),
            // Half hours.
            (
                "America/St_Johns",
                "2026-01-15T12:29:00Z",
                false,
                "2026-01-15T12:30:00Z",
            ),
            (
                "America/St_Johns",
                "2026-01-15T12:30:00Z",
                true,
                "2026-01-16T00:30:00Z",
            ),
            // A day ahead of everybody else.
            (
                "Pacific/Guam",
                "2026-01-14T23:00:00Z",
                true,
                "2026-01-15T11:00:00Z",
            ),
            (
                "Pacific/Honolulu",
                "2026-01-15T18:59:59Z",
                false,
                "2026-01-15T19:00:00Z",
            ),
        ];
        for (zone, now, is_open, moment) in cases {
            let zone: Tz = zone.parse().unwrap();
            let expected = if is_open {
                Opening::Open { until: at(moment) }
            } else {
                Opening::Closed {
                    opens_at: at(moment),
                }
            };
            assert_eq!(
                opening(&policy(DAY, None), Some(zone), at(now)),
                expected,
                "{zone} {now}"
            );
        }
    }

    #[test]
    fn nights_when_the_clocks_change_are_right() {
        let early = |start, end| Window {
            is_enforced: true,
            start,
            end,
        };
        let new_york = Some(chrono_tz::America::New_York);
        let cases = [
            // 8 March 2026: 02:00 becomes 03:00. A window that opens in the skipped hour opens at 03:00.
            (
                early(2, 5),
                "2026-03-08T06:59:59Z",
                Opening::Closed {
                    opens_at: at("2026-03-08T07:00:00Z"),
                },
            ),
            (
                early(2, 5),
                "2026-03-08T07:00:00Z",
                Opening::Open {
                    until: at("2026-03-08T09:00:00Z"),
                },
            ),
            // One that ends in it ends at the jump.
            (
                early(0, 2),
                "2026-03-08T06:30:00Z",
                Opening::Open {
                    until: at("2026-03-08T07:00:00Z"),
                },
            ),
            // 1 November 2026: 01:00 to 02:00 comes twice, and both belong to the window.
            (
                early(0, 2),
                "2026-11-01T05:30:00Z",
                Opening::Open {
                    until: at("2026-11-01T07:00:00Z"),
                },
            ),
            (
                early(0, 2),
                "2026-11-01T06:30:00Z",
                Opening::Open {
                    until: at("2026-11-01T07:00:00Z"),
                },
            ),
            // The evening before a change already reckons with it.
            (
                early(9, 21),
                "2026-11-01T02:00:00Z",
                Opening::Closed {
                    opens_at: at("2026-11-01T14:00:00Z"),
                },
            ),
        ];
        for (window, now, expected) in cases {
            assert_eq!(
                opening(&policy(window, None), new_york, at(now)),
                expected,
                "{now}"
            );
        }
    }

    #[test]
    fn end_24_is_midnight() {
        let late = Window {
            is_enforced: true,
            start: 0,
            end: 24,
        };
        let now = at("2026-01-16T04:59:59Z");
        let until = at("2026-01-16T05:00:00Z");
        let zone = Some(chrono_tz::America::New_York);
        assert_eq!(
            opening(&policy(late, None), zone, now),
            Opening::Open { until }
        );
    }

    #[test]
    fn the_campaigns_hours_win_and_unknown_zones_use_the_campaigns() {
        let off = Window {
            is_enforced: false,
            ..DAY
        };
        let night = at("2026-01-15T06:00:00Z");
        assert_eq!(
            opening(&policy(DAY, Some(off)), None, night),
            Opening::Always
        );
        assert_eq!(opening(&policy(off, None), None, night), Opening::Always);
        assert!(!opening(&policy(off, Some(DAY)), None, night).is_open());
        // 13:30 UTC is 08:30 in New York: closed there, whatever UTC says.
        assert!(!opening(&policy(DAY, None), None, at("2026-01-15T13:30:00Z")).is_open());
    }
}
