//! Metrics: measured inside, put from outside, listed, asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::query::{self, Query, Window};
use super::series::{Bucket, MetricId};
use super::statistic::Statistic;

/// How finely measured values are told apart in time, in milliseconds, in real time.
const FINEST_MS: f64 = 1000.0;
const FINEST_AT_MOST_MS: f64 = 50.0;
/// How often the datapoints are written.
const KEEP_EVERY: Duration = Duration::from_mins(1);
/// Series without a datapoint for so long are dropped: 15 days, as AWS's lists do.
const FORGOTTEN_AFTER_MS: i64 = 15 * 24 * 3600 * 1000;
const PAGE: usize = 500;

/// Notes a value that one of the cloud's services measured, now.
pub fn record(
    cloud: &Cloud,
    namespace: &str,
    metric: &str,
    dimensions: &[(&str, &str)],
    value: f64,
    unit: &str,
) {
    let id = MetricId::new(namespace, metric, dimensions.iter().copied());
    let bucket = Bucket::of(step(cloud, cloud.time.now()), value, 1.0);
    add(cloud, id, unit, &bucket);
}

fn add(cloud: &Cloud, id: MetricId, unit: &str, bucket: &Bucket) {
    let mut metrics = cloud
        .services
        .cloudwatch
        .metrics
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let series = metrics.series.entry(id).or_default();
    if series.unit.is_empty() {
        unit.clone_into(&mut series.unit);
    }
    series.add(bucket);
}

/// The beginning of the fine bucket a time falls into.
fn step(cloud: &Cloud, at: DateTime<Utc>) -> i64 {
    let width = (FINEST_MS / cloud.time.speed()).clamp(FINEST_AT_MOST_MS, FINEST_MS);
    #[expect(clippy::cast_possible_truncation, reason = "between 50 and 1000")]
    let width = width as i64;
    let at = at.timestamp_millis();
    at - at.rem_euclid(width)
}

/// Writes the datapoints now and then, and forgets what is old.
pub(super) fn keep(cloud: &Arc<Cloud>) {
    let work = Arc::clone(cloud);
    cloud.background.spawn(async move {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            let cloud = Arc::clone(&work);
            let saved = tokio::task::spawn_blocking(move || save(&cloud)).await;
            if let Ok(Err(error)) = saved {
                tracing::error!(error = format!("{error:#}"), "metrics could not be written");
            }
        }
    });
}

pub(super) fn save(cloud: &Cloud) -> anyhow::Result<()> {
    let cloudwatch = &cloud.services.cloudwatch;
    let bytes = {
        let mut metrics = cloudwatch
            .metrics
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        metrics.forget_before(cloud.time.now().timestamp_millis() - FORGOTTEN_AFTER_MS);
        metrics.bytes()?
    };
    let file = &cloudwatch.file;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    let partial = file.with_extension("cbor.partial");
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, file))
        .with_context(|| format!("writing {}", file.display()))
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Dimension {
    pub name: String,
    #[serde(default)]
    pub value: String,
}

impl Dimension {
    pub(super) fn pair(&self) -> (&str, &str) {
        (&self.name, &self.value)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PutInput {
    namespace: String,
    #[serde(default)]
    metric_data: Vec<Datum>,
    #[serde(rename = "StrictEntityValidation")]
    _strict: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Datum {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(default, deserialize_with = "values::optional_time")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_number")]
    value: Option<f64>,
    statistic_values: Option<Set>,
    #[serde(default)]
    values: Vec<Number>,
    #[serde(default)]
    counts: Vec<Number>,
    unit: Option<String>,
    #[serde(rename = "StorageResolution")]
    _storage_resolution: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Set {
    sample_count: Number,
    sum: Number,
    minimum: Number,
    maximum: Number,
}

/// A number that may come as text.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = values::optional_number(from)?;
        number
            .map(Number)
            .ok_or_else(|| serde::de::Error::custom("a number is missing"))
    }
}

pub(super) fn put(cloud: &Cloud, input: Value) -> Answer {
    let input: PutInput = values::parse(input)?;
    if input.namespace.starts_with("AWS/") {
        return Err(invalid(
            "The value AWS/ for parameter Namespace is invalid.",
        ));
    }
    if input.metric_data.is_empty() {
        return Err(AwsError::new(
            "MissingRequiredParameterException",
            "The parameter MetricData is required.",
        ));
    }
    let mut taken = Vec::new();
    for datum in &input.metric_data {
        let at = step(cloud, datum.timestamp.unwrap_or_else(|| cloud.time.now()));
        let dimensions = datum.dimensions.iter().map(Dimension::pair);
        let id = MetricId::new(&input.namespace, &datum.metric_name, dimensions);
        for bucket in datum.buckets(at)? {
            taken.push((id.clone(), datum.unit.as_deref().unwrap_or("None"), bucket));
        }
    }
    // All or nothing.
    for (id, unit, bucket) in taken {
        add(cloud, id, unit, &bucket);
    }
    Ok(json!({}))
}

impl Datum {
    fn buckets(&self, at: i64) -> Answer<Vec<Bucket>> {
        let buckets = match (self.value, &self.statistic_values) {
            (Some(value), None) if self.values.is_empty() => vec![Bucket::of(at, value, 1.0)],
            (None, Some(set)) if self.values.is_empty() => vec![Bucket::of_set(
                at,
                set.sample_count.0,
                set.sum.0,
                set.minimum.0,
                set.maximum.0,
            )],
            (None, None) if !self.values.is_empty() => {
                if !self.counts.is_empty() && self.counts.len() != self.values.len() {
                    return Err(invalid("Values and Counts must be of the same length."));
                }
                let counts = self.counts.iter().map(|count| count.0);
                let counts = counts.chain(std::iter::repeat(1.0));
                let values = self.values.iter().zip(counts);
                values
                    .map(|(value, count)| Bucket::of(at, value.0, count))
                    .collect()
            }
            _ => {
                return Err(AwsError::new(
                    "InvalidParameterCombinationException",
                    format!(
                        "The metric {} needs exactly one of Value, Values and StatisticValues.",
                        self.metric_name
                    ),
                ));
            }
        };
        let sound = buckets
            .iter()
            .all(|bucket: &Bucket| bucket.sum.is_finite() && bucket.count > 0.0);
        if sound {
            return Ok(buckets);
        }
        Err(invalid(format!(
            "The values of {} must be finite and counted at least once.",
            self.metric_name
        )))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ListInput {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<DimensionFilter>,
    next_token: Option<String>,
    #[serde(rename = "RecentlyActive")]
    _recently_active: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DimensionFilter {
    name: String,
    value: Option<String>,
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: ListInput = values::parse(input)?;
    let metrics = cloud
        .services
        .cloudwatch
        .metrics
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let fits = |id: &&MetricId| {
        input
            .namespace
            .as_ref()
            .is_none_or(|wanted| *wanted == id.namespace)
            && input
                .metric_name
                .as_ref()
                .is_none_or(|wanted| *wanted == id.name)
            && input.dimensions.iter().all(|filter| {
                id.dimensions.iter().any(|(name, value)| {
                    *name == filter.name && filter.value.as_ref().is_none_or(|one| one == value)
                })
            })
    };
    let from = start_of_page(input.next_token.as_deref())?;
    let mut found = metrics.series.keys().filter(fits).skip(from);
    let page: Vec<Value> = found.by_ref().take(PAGE).map(describe).collect();
    let mut answer = json!({ "Metrics": page });
    if found.next().is_some() {
        answer["NextToken"] = json!((from + PAGE).to_string());
    }
    Ok(answer)
}

pub(super) fn start_of_page(token: Option<&str>) -> Answer<usize> {
    match token {
        None => Ok(0),
        Some(token) => token
            .parse()
            .map_err(|_| AwsError::new("InvalidNextToken", "The NextToken is not one of ours.")),
    }
}

fn describe(id: &MetricId) -> Value {
    let dimensions: Vec<Value> = id
        .dimensions
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    json!({
        "Namespace": id.namespace,
        "MetricName": id.name,
        "Dimensions": dimensions,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct StatisticsInput {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(default, deserialize_with = "values::optional_time")]
    start_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_time")]
    end_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "values::integer")]
    period: i64,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    extended_statistics: Vec<String>,
    unit: Option<String>,
}

/// `GetMetricStatistics`.
pub(super) fn statistics(cloud: &Cloud, input: Value) -> Answer {
    let input: StatisticsInput = values::parse(input)?;
    query::check_period(input.period)?;
    let window = window(input.start_time, input.end_time, input.period)?;
    let wanted = |names: &[String]| -> Answer<Vec<(String, Statistic)>> {
        let read = names.iter().map(|name| {
            let statistic = Statistic::read(name);
            let statistic = statistic
                .ok_or_else(|| invalid(format!("The statistic '{name}' is not offered.")))?;
            Ok((name.clone(), statistic))
        });
        read.collect()
    };
    let (plain, extended) = (
        wanted(&input.statistics)?,
        wanted(&input.extended_statistics)?,
    );
    if plain.is_empty() && extended.is_empty() {
        return Err(AwsError::new(
            "MissingRequiredParameterException",
            "Statistics or ExtendedStatistics is required.",
        ));
    }
    let dimensions = input.dimensions.iter().map(Dimension::pair);
    let id = MetricId::new(&input.namespace, &input.metric_name, dimensions);
    let metrics = cloud
        .services
        .cloudwatch
        .metrics
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let mut datapoints = Vec::new();
    let series = metrics.series.get(&id);
    let fitting =
        series.filter(|series| input.unit.as_ref().is_none_or(|unit| *unit == series.unit));
    if let Some(series) = fitting {
        for bucket in series
            .periods(window.from, window.to, window.period)
            .values()
        {
            datapoints.push(datapoint(bucket, &series.unit, &plain, &extended));
        }
    }
    Ok(json!({ "Label": input.metric_name, "Datapoints": datapoints }))
}

fn datapoint(
    bucket: &Bucket,
    unit: &str,
    plain: &[(String, Statistic)],
    extended: &[(String, Statistic)],
) -> Value {
    let mut datapoint = json!({ "Timestamp": time(bucket.at), "Unit": unit });
    for (name, statistic) in plain {
        datapoint[name] = json!(statistic.of(bucket));
    }
    if !extended.is_empty() {
        let values: BTreeMap<&String, f64> = extended
            .iter()
            .map(|(name, statistic)| (name, statistic.of(bucket)))
            .collect();
        datapoint["ExtendedStatistics"] = json!(values);
    }
    datapoint
}

pub(super) fn time(millis: i64) -> Value {
    values::timestamp(DateTime::from_timestamp_millis(millis).unwrap_or_default())
}

/// From start to end, cut into periods that begin with a whole minute (or period, if shorter).
fn window(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    seconds: i64,
) -> Answer<Window> {
    let missing = |name: &str| {
        AwsError::new(
            "MissingRequiredParameterException",
            format!("The parameter {name} is required."),
        )
    };
    let start = start.ok_or_else(|| missing("StartTime"))?;
    let end = end.ok_or_else(|| missing("EndTime"))?;
    if start >= end {
        return Err(invalid(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let from = start.timestamp_millis();
    Ok(Window {
        from: from - from.rem_euclid(seconds.min(60) * 1000),
        to: end.timestamp_millis(),
        period: seconds * 1000,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DataInput {
    metric_data_queries: Vec<Query>,
    #[serde(default, deserialize_with = "values::optional_time")]
    start_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_time")]
    end_time: Option<DateTime<Utc>>,
    scan_by: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    max_datapoints: Option<i64>,
    #[serde(rename = "NextToken")]
    _next_token: Option<String>,
}

/// `GetMetricData`.
pub(super) fn data(cloud: &Cloud, input: Value) -> Answer {
    let input: DataInput = values::parse(input)?;
    query::check(&input.metric_data_queries)?;
    window(input.start_time, input.end_time, 60)?;
    let stretch = |seconds: i64| {
        window(input.start_time, input.end_time, seconds).unwrap_or(Window {
            from: 0,
            to: 0,
            period: 1000,
        })
    };
    let found = query::evaluate(cloud, &input.metric_data_queries, stretch)?;
    let ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    let most = input
        .max_datapoints
        .and_then(|most| usize::try_from(most).ok());
    let results: Vec<Value> = input
        .metric_data_queries
        .iter()
        .filter(|query| query.returns_data())
        .map(|query| {
            let mut points: Vec<(i64, f64)> = found[&query.id].clone().into_iter().collect();
            if !ascending {
                points.reverse();
            }
            points.truncate(most.unwrap_or(usize::MAX));
            json!({
                "Id": query.id,
                "Label": label(query),
                "Timestamps": points.iter().map(|(at, _)| time(*at)).collect::<Vec<_>>(),
                "Values": points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
                "StatusCode": "Complete",
            })
        })
        .collect();
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
}

fn label(query: &Query) -> String {
    query.label.clone().unwrap_or_else(|| {
        let metric = query.metric_stat.as_ref();
        metric.map_or_else(|| query.id.clone(), |stat| stat.metric.metric_name.clone())
    })
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValueException", message)
}
