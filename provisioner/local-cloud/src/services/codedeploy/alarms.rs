//! The alarms of a deployment: which are in alarm, and whether they can be read at all.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::Cloud;
use crate::services;

use super::model::Alarms;

/// Why a deployment must not go on; none if it may.
pub(super) async fn objection(cloud: &Arc<Cloud>, alarms: &Alarms) -> Option<String> {
    if !alarms.enabled {
        return None;
    }
    let names: Vec<&str> = alarms
        .alarms
        .iter()
        .map(|alarm| alarm.name.as_str())
        .collect();
    let input = json!({
        "AlarmNames": names,
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
    });
    let states = services::call(cloud, "cloudwatch", "DescribeAlarms", input).await;
    let states = states.unwrap_or_else(|error| {
        tracing::warn!(%error, "the alarms of a deployment could not be read");
        Value::Null
    });
    let state_of = |name: &str| {
        ["MetricAlarms", "CompositeAlarms"]
            .iter()
            .filter_map(|kind| states[*kind].as_array())
            .flatten()
            .find(|alarm| alarm["AlarmName"] == name)
            .and_then(|alarm| alarm["StateValue"].as_str())
    };
    let active: Vec<String> = names
        .iter()
        .filter(|name| state_of(name) == Some("ALARM"))
        .map(|name| format!("<{name}>"))
        .collect();
    if !active.is_empty() {
        return Some(format!(
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, \
             and the affected deployments have been stopped. Activated alarms: {}",
            active.join(" ")
        ));
    }
    let unreadable = names.iter().find(|name| state_of(name).is_none())?;
    if alarms.ignore_poll_alarm_failure {
        return None;
    }
    Some(format!(
        "The state of the alarm <{unreadable}> could not be retrieved from Amazon CloudWatch, and the affected \
         deployments have been stopped."
    ))
}
