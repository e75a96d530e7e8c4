//! A campaign's status as everybody sees it, and what it allows.

use async_graphql::Enum;
use chrono::{DateTime, NaiveTime, Utc};
use serde::Deserialize;

/// Where a campaign is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Deserialize, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CampaignStatus {
    Active,
    Archived,
    Closed,
    ClosedForInitialSends,
    NotStarted,
}

impl CampaignStatus {
    /// Its name in the database, the API and error codes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Archived => "ARCHIVED",
            Self::Closed => "CLOSED",
            Self::ClosedForInitialSends => "CLOSED_FOR_INITIAL_SENDS",
            Self::NotStarted => "NOT_STARTED",
        }
    }

    /// Whether texters may answer.
    pub fn allows_replies(self) -> bool {
        matches!(self, Self::Active | Self::ClosedForInitialSends)
    }

    /// The code and sentence for a text this status refuses.
    pub fn refusal(self) -> (&'static str, &'static str) {
        match self {
            Self::Archived => ("CAMPAIGN_ARCHIVED", "This campaign has been archived."),
            Self::Closed => ("CAMPAIGN_CLOSED", "This campaign is closed."),
            Self::NotStarted => (
                "CAMPAIGN_NOT_STARTED",
                "This campaign has not been started.",
            ),
            Self::Active | Self::ClosedForInitialSends => (
                "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS",
                "This campaign takes no more first messages.",
            ),
        }
    }
}

/// The status with the due date reckoned in: from the day after it on (UTC), first messages are closed.
pub fn derived(
    stored: CampaignStatus,
    due_by: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> CampaignStatus {
    let is_past_due = due_by.is_some_and(|due| start_of_day(now) > due);
    if stored == CampaignStatus::Active && is_past_due {
        CampaignStatus::ClosedForInitialSends
    } else {
        stored
    }
}

/// Midnight UTC of that day.
pub fn start_of_day(now: DateTime<Utc>) -> DateTime<Utc> {
    now.date_naive().and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::CampaignStatus::{Active, Archived, Closed, ClosedForInitialSends, NotStarted};
    use super::derived;

    #[test]
    fn only_an_active_campaign_closes_by_its_due_date() {
        let now = "2026-11-03T12:00:00Z".parse().unwrap();
        let cases = [
            (Active, None, Active),
            (Active, Some("2026-11-03T00:00:00Z"), Active),
            (Active, Some("2026-11-02T23:59:59Z"), ClosedForInitialSends),
            (NotStarted, Some("2026-11-01T00:00:00Z"), NotStarted),
            (Closed, Some("2026-11-01T00:00:00Z"), Closed),
            (Archived, Some("2026-11-01T00:00:00Z"), Archived),
            (ClosedForInitialSends, None, ClosedForInitialSends),
        ];
        for (stored, due, expected) in cases {
            let due = due.map(|text| text.parse().unwrap());
            assert_eq!(derived(stored, due, now), expected, "{stored:?} {due:?}");
        }
    }
}
