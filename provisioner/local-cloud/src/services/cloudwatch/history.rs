//! The history of alarms.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::metrics::start_of_page;
use super::model::{Alarm, HistoryItem};

/// How many items an alarm keeps.
const KEPT: usize = 200;

/// Adds an item; the oldest goes.
pub(super) fn note(
    alarm: &mut Alarm,
    at: DateTime<Utc>,
    kind: &str,
    summary: String,
    data: &Value,
) {
    alarm.history.push_back(HistoryItem {
        at,
        kind: kind.to_owned(),
        summary,
        data: data.to_string(),
    });
    while alarm.history.len() > KEPT {
        alarm.history.pop_front();
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    alarm_name: Option<String>,
    #[serde(default)]
    alarm_types: Vec<String>,
    history_item_type: Option<String>,
    #[serde(default, deserialize_with = "values::optional_time")]
    start_date: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_time")]
    end_date: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    max_records: Option<i64>,
    next_token: Option<String>,
    scan_by: Option<String>,
}

/// `DescribeAlarmHistory`.
pub(super) fn describe(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.cloudwatch.store.read();
    let mut items: Vec<(&Alarm, &HistoryItem)> = model
        .alarms
        .values()
        .filter(|alarm| input.fits_alarm(alarm))
        .flat_map(|alarm| alarm.history.iter().map(move |item| (alarm, item)))
        .filter(|(_, item)| input.fits(item))
        .collect();
    items.sort_by_key(|(_, item)| item.at);
    if input.scan_by.as_deref() != Some("TimestampAscending") {
        items.reverse();
    }
    let size = input
        .max_records
        .and_then(|most| usize::try_from(most).ok());
    let size = size.filter(|size| (1..=100).contains(size)).unwrap_or(100);
    let from = start_of_page(input.next_token.as_deref())?;
    let page: Vec<Value> = items
        .iter()
        .skip(from)
        .take(size)
        .map(|(alarm, item)| {
            json!({
                "AlarmName": alarm.name,
                "AlarmType": alarm.kind(),
                "Timestamp": values::timestamp(item.at),
                "HistoryItemType": item.kind,
                "HistorySummary": item.summary,
                "HistoryData": item.data,
            })
        })
        .collect();
    let mut answer = json!({ "AlarmHistoryItems": page });
    if items.len() > from + size {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer)
}

impl Input {
    fn fits_alarm(&self, alarm: &Alarm) -> bool {
        let kind = if self.alarm_types.is_empty() {
            // By name, either kind; otherwise metric alarms alone.
            self.alarm_name.is_some() || !alarm.is_composite()
        } else {
            self.alarm_types.iter().any(|kind| kind == alarm.kind())
        };
        kind && self
            .alarm_name
            .as_ref()
            .is_none_or(|name| *name == alarm.name)
    }

    fn fits(&self, item: &HistoryItem) -> bool {
        self.history_item_type
            .as_ref()
            .is_none_or(|kind| *kind == item.kind)
            && self.start_date.is_none_or(|start| item.at >= start)
            && self.end_date.is_none_or(|end| item.at <= end)
    }
}
