//! Metric data queries: metrics and expressions over them, for `GetMetricData` and alarms.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::expression::{self, Points, Scope, Value};
use super::metrics::{Dimension, invalid};
use super::series::MetricId;
use super::statistic::Statistic;

/// `MetricDataQuery`, as it is given.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Query {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(
        default,
        deserialize_with = "values::optional_boolean",
        skip_serializing_if = "Option::is_none"
    )]
    pub return_data: Option<bool>,
    #[serde(
        default,
        deserialize_with = "values::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub period: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct MetricStat {
    pub metric: Metric,
    #[serde(deserialize_with = "values::integer")]
    pub period: i64,
    pub stat: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "CloudWatch's names")]
pub(super) struct Metric {
    pub namespace: String,
    pub metric_name: String,
    #[serde(default)]
    pub dimensions: Vec<Dimension>,
}

impl Metric {
    pub(super) fn id(&self) -> MetricId {
        let dimensions = self.dimensions.iter().map(Dimension::pair);
        MetricId::new(&self.namespace, &self.metric_name, dimensions)
    }
}

/// A stretch of time cut into periods, in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub from: i64,
    pub to: i64,
    pub period: i64,
}

impl Window {
    /// The beginnings of its periods.
    pub(super) fn grid(self) -> Vec<i64> {
        let mut grid = Vec::new();
        let mut at = self.from;
        while at < self.to {
            grid.push(at);
            at += self.period;
        }
        grid
    }
}

impl Query {
    pub(super) fn returns_data(&self) -> bool {
        self.return_data.unwrap_or(true)
    }

    /// The period in seconds it names itself.
    pub(super) fn own_period(&self) -> Option<i64> {
        self.metric_stat
            .as_ref()
            .map(|stat| stat.period)
            .or(self.period)
    }
}

/// Checks a set of queries: ids, one of metric and expression, known statistics, expressions
/// that can be read and refer to each other without a circle.
pub(super) fn check(queries: &[Query]) -> Answer<()> {
    for (place, query) in queries.iter().enumerate() {
        check_one(query)?;
        if queries[..place].iter().any(|other| other.id == query.id) {
            return Err(invalid(format!("The id {} is given twice.", query.id)));
        }
    }
    order(queries).map(drop)
}

fn check_one(query: &Query) -> Answer<()> {
    let starts_low = query.id.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !starts_low || !query.id.chars().all(plain) {
        return Err(invalid(format!(
            "The id '{}' must begin with a lower-case letter and hold letters, digits and underscores.",
            query.id
        )));
    }
    match (&query.metric_stat, &query.expression) {
        (Some(stat), None) => {
            check_period(stat.period)?;
            if Statistic::read(&stat.stat).is_none() {
                return Err(invalid(format!(
                    "The statistic '{}' is not offered.",
                    stat.stat
                )));
            }
            Ok(())
        }
        (None, Some(text)) => expression::read(text)
            .map(drop)
            .map_err(|error| invalid(format!("Error in expression '{}': {error}", query.id))),
        _ => Err(invalid(format!(
            "The query '{}' needs either MetricStat or Expression.",
            query.id
        ))),
    }
}

pub(super) fn check_period(seconds: i64) -> Answer<()> {
    if matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds >= 60 && seconds % 60 == 0) {
        return Ok(());
    }
    Err(invalid(format!(
        "A period is 1, 5, 10, 20, 30 or a multiple of 60 seconds, not {seconds}."
    )))
}

/// Evaluates all queries. `window` tells the stretch for a period in seconds.
pub(super) fn evaluate(
    cloud: &Cloud,
    queries: &[Query],
    window: impl Fn(i64) -> Window,
) -> Answer<BTreeMap<String, Points>> {
    let mut found: BTreeMap<String, Points> = BTreeMap::new();
    let periods = queries.iter().filter_map(Query::own_period);
    let common = periods.max().unwrap_or(60);
    for query in order(queries)? {
        let points = match (&query.metric_stat, &query.expression) {
            (Some(stat), _) => measured(cloud, stat, window(stat.period)),
            (None, Some(text)) => {
                let seconds = query.period.unwrap_or(common);
                let window = window(seconds);
                calculated(text, &found, window, seconds).map_err(|error| {
                    invalid(format!("Error in expression '{}': {error}", query.id))
                })?
            }
            (None, None) => Points::new(),
        };
        found.insert(query.id.clone(), points);
    }
    Ok(found)
}

fn measured(cloud: &Cloud, stat: &MetricStat, window: Window) -> Points {
    let Some(statistic) = Statistic::read(&stat.stat) else {
        return Points::new();
    };
    let metrics = cloud
        .services
        .cloudwatch
        .metrics
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let Some(series) = metrics.series.get(&stat.metric.id()) else {
        return Points::new();
    };
    series
        .periods(window.from, window.to, window.period)
        .iter()
        .map(|(at, bucket)| (*at, statistic.of(bucket)))
        .collect()
}

fn calculated(
    text: &str,
    names: &BTreeMap<String, Points>,
    window: Window,
    seconds: i64,
) -> Result<Points, String> {
    let grid = window.grid();
    #[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
    let scope = Scope {
        names,
        grid: &grid,
        period_seconds: seconds as f64,
    };
    match expression::evaluate(&expression::read(text)?, &scope)? {
        Value::Series(points) => Ok(points),
        Value::Number(number) => Ok(grid.iter().map(|at| (*at, number)).collect()),
        Value::Several(_) => Err("an expression of an alarm is one series".to_owned()),
    }
}

/// Queries in an order in which each comes after those it refers to.
fn order(queries: &[Query]) -> Answer<Vec<&Query>> {
    let mut ordered: Vec<&Query> = Vec::new();
    let mut left: Vec<&Query> = queries.iter().collect();
    while !left.is_empty() {
        let ready = left.iter().position(|query| {
            let text = query.expression.as_deref().unwrap_or("0");
            let names = expression::read(text).map(|read| expression::names(&read));
            names.unwrap_or_default().iter().all(|name| {
                ordered.iter().any(|known| known.id == *name)
                    || !queries.iter().any(|known| known.id == *name)
            })
        });
        let Some(place) = ready else {
            return Err(invalid("The expressions refer to each other in a circle."));
        };
        ordered.push(left.remove(place));
    }
    Ok(ordered)
}

/// The only query whose data an alarm looks at.
pub(super) fn watched(queries: &[Query]) -> Answer<&Query> {
    let mut returning = queries.iter().filter(|query| query.returns_data());
    match (returning.next(), returning.next()) {
        (Some(query), None) => Ok(query),
        _ => Err(AwsError::new(
            "ValidationError",
            "Exactly one element of the metrics list should return data.",
        )),
    }
}
