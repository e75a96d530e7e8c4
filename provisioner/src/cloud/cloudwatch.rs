//! CloudWatch: alarms and numbers.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, HistoryItemType, Metric, MetricDataQuery, MetricStat, ScanBy,
    Tag,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{sdk_time, time, words};

/// CloudWatch.
#[derive(Clone, Debug)]
pub struct Metrics(Client);

/// An alarm.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// AWS's sentence about the state.
    pub reason: String,
    /// The datapoints it was decided on.
    pub datapoints: Vec<f64>,
    /// The threshold.
    pub threshold: Option<f64>,
    /// Since when it is in this state.
    pub since: Option<DateTime<Utc>>,
    /// What it means, and its runbook.
    pub description: String,
}

impl Alarm {
    /// Whether it rings.
    #[must_use]
    pub fn rings(&self) -> bool {
        self.state == "ALARM"
    }
}

/// A number to ask for.
#[derive(Clone, Debug)]
pub struct Query {
    /// The key of the answer: lower-case letter first, letters, digits and underscores.
    pub id: String,
    /// `AWS/Lambda`.
    pub namespace: &'static str,
    /// `Errors`.
    pub metric: &'static str,
    /// `Sum`, `Average`, `Maximum`.
    pub stat: &'static str,
    /// Its dimensions.
    pub dimensions: Vec<(&'static str, String)>,
}

/// An alarm over an expression, looked at each minute: two of three at the threshold or above ring, no data is calm.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Its name.
    pub name: String,
    /// What it means, and its runbook.
    pub description: String,
    /// Metric math over the ids of `of`.
    pub expression: &'static str,
    /// What the expression is made of.
    pub of: Vec<Query>,
    /// From where on it rings.
    pub threshold: f64,
    /// Who is told, when it rings and when it is over.
    pub actions: Vec<String>,
    /// Tags of an alarm that is new.
    pub tags: [(&'static str, String); 2],
}

/// Values with their times, by query.
pub type Series = BTreeMap<String, Vec<(DateTime<Utc>, f64)>>;

impl Metrics {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// The alarms whose names start with `prefix`.
    pub async fn alarms(&self, prefix: &str) -> anyhow::Result<Vec<Alarm>> {
        let mut pages = self
            .0
            .describe_alarms()
            .alarm_name_prefix(prefix)
            .into_paginator()
            .send();
        let mut alarms = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| words(error).context("reading the alarms"))?;
            alarms.extend(
                page.metric_alarms
                    .unwrap_or_default()
                    .into_iter()
                    .map(|alarm| Alarm {
                        datapoints: datapoints(alarm.state_reason_data.as_deref()),
                        name: alarm.alarm_name.unwrap_or_default(),
                        state: alarm
                            .state_value
                            .as_ref()
                            .map_or_else(String::new, |state| state.as_str().to_owned()),
                        reason: alarm.state_reason.unwrap_or_default(),
                        threshold: alarm.threshold,
                        since: alarm
                            .state_transitioned_timestamp
                            .as_ref()
                            .or(alarm.state_updated_timestamp.as_ref())
                            .and_then(time),
                        description: alarm.alarm_description.unwrap_or_default(),
                    }),
            );
        }
        alarms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(alarms)
    }

    /// Who is told when an alarm rings.
    pub async fn actions(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let answer = self
            .0
            .describe_alarms()
            .alarm_names(name)
            .send()
            .await
            .map_err(|error| words(error).context(format!("reading alarm {name}")))?;
        let alarms = answer.metric_alarms.unwrap_or_default();
        let actions = alarms.into_iter().filter_map(|alarm| alarm.alarm_actions);
        Ok(actions.flatten().collect())
    }

    /// Puts an alarm; one of that name becomes this one.
    pub async fn put_rate(&self, rate: &Rate) -> anyhow::Result<()> {
        let expression = MetricDataQuery::builder()
            .id("rate")
            .label("errors in percent")
            .expression(rate.expression)
            .return_data(true)
            .build();
        let sums = rate.of.iter().map(|query| wire(query, 60));
        let metrics = sums.map(|mut query| {
            query.return_data = Some(false);
            query
        });
        let tags = rate
            .tags
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(value).build());
        self.0
            .put_metric_alarm()
            .alarm_name(&rate.name)
            .alarm_description(&rate.description)
            .set_metrics(Some(std::iter::once(expression).chain(metrics).collect()))
            .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
            .threshold(rate.threshold)
            .evaluation_periods(3)
            .datapoints_to_alarm(2)
            .treat_missing_data("notBreaching")
            .set_alarm_actions(Some(rate.actions.clone()))
            .set_ok_actions(Some(rate.actions.clone()))
            .set_tags(Some(tags.collect()))
            .send()
            .await
            .map_err(|error| words(error).context(format!("putting alarm {}", rate.name)))?;
        Ok(())
    }

    /// An alarm as it was when it last rang since a time: it may be quiet again by now.
    pub async fn rang(&self, name: &str, since: DateTime<Utc>) -> anyhow::Result<Option<Alarm>> {
        let answer = self
            .0
            .describe_alarm_history()
            .alarm_name(name)
            .history_item_type(HistoryItemType::StateUpdate)
            .start_date(sdk_time(since))
            .scan_by(ScanBy::TimestampDescending)
            .send()
            .await
            .map_err(|error| {
                words(error).context(format!("reading the history of alarm {name}"))
            })?;
        let items = answer.alarm_history_items.unwrap_or_default();
        let Some(state) = items
            .iter()
            .filter_map(|item| item.history_data.as_deref())
            .find_map(ringing_state)
        else {
            return Ok(None);
        };
        let now = self
            .alarms(name)
            .await?
            .into_iter()
            .find(|alarm| alarm.name == name);
        // AWS writes the data as an object or as text that holds one.
        let reason_data = &state["stateReasonData"];
        let reason_data = reason_data
            .as_str()
            .map_or_else(|| reason_data.to_string(), ToOwned::to_owned);
        Ok(now.map(|now| Alarm {
            state: "ALARM".to_owned(),
            reason: state["stateReason"].as_str().unwrap_or_default().to_owned(),
            datapoints: datapoints(Some(&reason_data)),
            ..now
        }))
    }

    /// The newest values of several metrics since a time, one per `period` seconds, newest first.
    pub async fn values(
        &self,
        queries: &[Query],
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        period: i32,
    ) -> anyhow::Result<BTreeMap<String, Vec<f64>>> {
        let series = self.series(queries, since, until, period).await?;
        let bare = |points: Vec<(DateTime<Utc>, f64)>| points.into_iter().map(|(_, value)| value);
        Ok(series
            .into_iter()
            .map(|(id, points)| (id, bare(points).collect()))
            .collect())
    }

    /// The same with the times they were measured at.
    pub async fn series(
        &self,
        queries: &[Query],
        since: DateTime<Utc>,
        until: DateTime<Utc>,
        period: i32,
    ) -> anyhow::Result<Series> {
        let mut values = Series::new();
        // 500 queries a request is AWS's limit; a screen has a few dozen.
        let answer = self
            .0
            .get_metric_data()
            .set_metric_data_queries(Some(
                queries.iter().map(|query| wire(query, period)).collect(),
            ))
            .start_time(sdk_time(since))
            .end_time(sdk_time(until))
            .send()
            .await
            .map_err(|error| words(error).context("reading metrics"))?;
        for result in answer.metric_data_results.unwrap_or_default() {
            let times = result.timestamps.unwrap_or_default();
            let points = times.iter().filter_map(time);
            values.insert(
                result.id.unwrap_or_default(),
                points.zip(result.values.unwrap_or_default()).collect(),
            );
        }
        Ok(values)
    }
}

/// The sum; of nothing it is plain zero (an empty sum of floats is minus zero).
#[must_use]
pub fn total(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |total, value| total + value)
}

fn wire(query: &Query, period: i32) -> MetricDataQuery {
    let dimensions = query
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(value).build())
        .collect();
    let metric = Metric::builder()
        .namespace(query.namespace)
        .metric_name(query.metric)
        .set_dimensions(Some(dimensions))
        .build();
    MetricDataQuery::builder()
        .id(&query.id)
        .metric_stat(
            MetricStat::builder()
                .metric(metric)
                .period(period)
                .stat(query.stat)
                .build(),
        )
        .build()
}

/// The new state of a history item, if it is a ringing one.
fn ringing_state(data: &str) -> Option<Value> {
    let mut data: Value = serde_json::from_str(data).ok()?;
    let state = data["newState"].take();
    (state["stateValue"] == "ALARM").then_some(state)
}

/// The numbers in `StateReasonData`: `recentDatapoints`, or `evaluatedDatapoints` of alarms over expressions.
fn datapoints(data: Option<&str>) -> Vec<f64> {
    let Some(data) = data.and_then(|data| serde_json::from_str::<Value>(data).ok()) else {
        return Vec::new();
    };
    let recent = data["recentDatapoints"]
        .as_array()
        .map(|points| points.iter().filter_map(Value::as_f64).collect::<Vec<_>>());
    recent
        .filter(|points| !points.is_empty())
        .unwrap_or_else(|| {
            data["evaluatedDatapoints"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|point| point["value"].as_f64())
                .collect()
        })
}

#[cfg(test)]
mod tests {
    use super::datapoints;

    #[test]
    fn only_a_change_into_ringing_counts() {
        let rang = r#"{"oldState":{"stateValue":"OK"},"newState":{"stateValue":"ALARM","stateReason":"r"}}"#;
        assert_eq!(super::ringing_state(rang).unwrap()["stateReason"], "r");
        let quiet = r#"{"oldState":{"stateValue":"ALARM"},"newState":{"stateValue":"OK"}}"#;
        assert_eq!(super::ringing_state(quiet), None);
    }

    #[test]
    fn datapoints_are_found_in_both_forms_aws_writes() {
        let recent = r#"{"version":"1.0","recentDatapoints":[2.4,3.0],"threshold":1.0}"#;
        assert_eq!(datapoints(Some(recent)), [2.4, 3.0]);
        let evaluated = r#"{"recentDatapoints":[],"evaluatedDatapoints":[{"timestamp":"2026-01-01T00:00:00Z","value":5.0}]}"#;
        assert_eq!(datapoints(Some(evaluated)), [5.0]);
        assert!(datapoints(Some("no JSON")).is_empty());
        assert!(datapoints(None).is_empty());
    }
}
