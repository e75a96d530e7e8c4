//! An assignment's contacts, as the filters of the API ask for them.

use chrono::{TimeDelta, Utc};

use crate::db::campaign::Campaign;
use crate::db::contact::Filter;

/// The filter as it comes in.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub contact_id: Option<i32>,
    pub message_status: Option<String>,
    pub is_opted_out: Option<bool>,
    pub includes_past_due: bool,
    pub after_id: Option<i32>,
    pub is_paged: bool,
}

/// What to ask the database for; none when the answer is empty by rule.
pub fn filter(
    wanted: &Wanted,
    assignment_id: i32,
    campaign: &Campaign,
    now: chrono::DateTime<Utc>,
) -> Option<Filter> {
    let filter = Filter {
        assignment_id,
        contact_id: wanted.contact_id,
        ..Filter::default()
    };
    // One contact is wanted: no other filter matters.
    if wanted.contact_id.is_some() {
        return Some(filter);
    }
    let is_past_due = campaign
        .due_by
        .is_some_and(|due| due + TimeDelta::hours(24) < now);
    let status = wanted.message_status.as_deref();
    if is_past_due && status == Some("needsMessage") && !wanted.includes_past_due {
        return None;
    }
    Some(Filter {
        statuses: Some(statuses(status, is_past_due)),
        is_opted_out: wanted.is_opted_out,
        after_id: wanted.after_id,
        is_by_age: !wanted.is_paged,
        ..filter
    })
}

fn statuses(wanted: Option<&str>, is_past_due: bool) -> Vec<String> {
    let names: Vec<&str> = match wanted {
        Some("allActiveContacts") => vec!["needsResponse", "needsMessage", "convo"],
        Some("needsMessageOrResponse") => vec!["needsMessage", "needsResponse"],
        Some(list) => list.split(',').map(str::trim).collect(),
        None if is_past_due => vec!["needsResponse"],
        None => vec!["needsMessage", "needsResponse"],
    };
    names.into_iter().map(str::to_owned).collect()
}
