//! Metric alarms: put, described, set by hand, switched, deleted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::evaluate::{State, Treatment};
use super::metrics::{Dimension, start_of_page};
use super::model::{Alarm, Comparison, MetricWatch, Source, Watches};
use super::query::{self, Metric, MetricStat, Query};
use super::statistic::Statistic;
use super::{history, watch};
use crate::services::tags::Tag;

const DAY: i64 = 86_400;
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PutInput {
    alarm_name: String,
    alarm_description: Option<String>,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    actions_enabled: Option<bool>,
    #[serde(default, rename = "OKActions")]
    ok_actions: Vec<String>,
    #[serde(default)]
    alarm_actions: Vec<String>,
    #[serde(default)]
    insufficient_data_actions: Vec<String>,
    metric_name: Option<String>,
    namespace: Option<String>,
    statistic: Option<String>,
    extended_statistic: Option<String>,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    period: Option<i64>,
    unit: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    evaluation_periods: Option<i64>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    datapoints_to_alarm: Option<i64>,
    #[serde(default, deserialize_with = "values::optional_number")]
    threshold: Option<f64>,
    comparison_operator: Option<String>,
    treat_missing_data: Option<String>,
    #[serde(default)]
    metrics: Vec<Query>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn put(cloud: &Cloud, input: Value) -> Answer {
    let input: PutInput = values::parse(input)?;
    let watches = Watches::Metric(input.watch()?);
    let name = check_name(&input.alarm_name)?;
    let given = Given {
        description: input.alarm_description,
        actions_enabled: input.actions_enabled.unwrap_or(true),
        ok: input.ok_actions,
        alarm: input.alarm_actions,
        insufficient: input.insufficient_data_actions,
        tags: input.tags,
    };
    given.put(cloud, name, watches)
}

/// What both kinds of alarms are given.
pub(super) struct Given {
    pub description: Option<String>,
    pub actions_enabled: bool,
    pub ok: Vec<String>,
    pub alarm: Vec<String>,
    pub insufficient: Vec<String>,
    pub tags: Vec<Tag>,
}

impl Given {
    /// Puts the alarm: an existing one gets a new configuration and keeps its state.
    pub(super) fn put(self, cloud: &Cloud, name: &str, watches: Watches) -> Answer {
        for actions in [&self.ok, &self.alarm, &self.insufficient] {
            check_actions(actions)?;
        }
        let now = cloud.time.now();
        cloud.services.cloudwatch.store.write(|model| {
            let known = model.alarms.remove(name);
            let summary = match known {
                None => format!("Alarm \"{name}\" created"),
                Some(_) => format!("Alarm \"{name}\" updated"),
            };
            let mut alarm = known.unwrap_or_else(|| new_alarm(name, watches.clone(), now));
            alarm.watches = watches;
            alarm.description = self.description;
            alarm.actions_enabled = self.actions_enabled;
            alarm.ok_actions = self.ok;
            alarm.alarm_actions = self.alarm;
            alarm.insufficient_data_actions = self.insufficient;
            alarm.configured = now;
            alarm.tags.extend(self.tags.into_iter().map(Tag::pair));
            history::note(
                &mut alarm,
                now,
                "ConfigurationUpdate",
                summary,
                &json!({ "version": "1.0" }),
            );
            model.alarms.insert(name.to_owned(), alarm);
        });
        Ok(json!({}))
    }
}

fn new_alarm(name: &str, watches: Watches, now: chrono::DateTime<chrono::Utc>) -> Alarm {
    Alarm {
        name: name.to_owned(),
        description: None,
        actions_enabled: true,
        ok_actions: Vec::new(),
        alarm_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        watches,
        state: State::InsufficientData,
        reason: "Unchecked: Initial alarm creation".to_owned(),
        reason_data: String::new(),
        state_updated: now,
        configured: now,
        held_until: None,
        tags: BTreeMap::new(),
        history: VecDeque::new(),
    }
}

pub(super) fn check_name(name: &str) -> Answer<&str> {
    if (1..=255).contains(&name.chars().count()) {
        return Ok(name);
    }
    Err(refused("An alarm's name has 1 to 255 characters."))
}

/// Notifications and functions; everything else would never happen here.
fn check_actions(actions: &[String]) -> Answer<()> {
    if actions.len() > 5 {
        return Err(refused("An alarm has at most 5 actions for each state."));
    }
    let offered =
        |arn: &&String| arn.starts_with("arn:aws:sns:") || arn.starts_with("arn:aws:lambda:");
    match actions.iter().find(|arn| !offered(arn)) {
        None => Ok(()),
        Some(arn) => Err(refused(format!(
            "The local cloud performs actions on SNS topics and Lambda functions, not on {arn}."
        ))),
    }
}

impl PutInput {
    fn watch(&self) -> Answer<MetricWatch> {
        let n = self.evaluation_periods.unwrap_or(0);
        let m = self.datapoints_to_alarm;
        let watch = MetricWatch {
            source: self.source()?,
            n: usize::try_from(n).unwrap_or(0),
            m: m.and_then(|m| usize::try_from(m).ok()),
            threshold: self
                .threshold
                .ok_or_else(|| refused("Threshold is required."))?,
            comparison: read_comparison(self.comparison_operator.as_deref())?,
            missing: self
                .treat_missing_data
                .as_deref()
                .map(read_missing)
                .transpose()?,
        };
        if n < 1 || m.is_some_and(|m| m < 1 || m > n) {
            return Err(refused(
                "EvaluationPeriods is at least 1, DatapointsToAlarm between 1 and EvaluationPeriods.",
            ));
        }
        let period = watch.period();
        if period < 3600 && period * n > DAY {
            return Err(refused(
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
            ));
        }
        if period * n > 7 * DAY {
            return Err(refused(
                "Metrics cannot be checked across more than seven days.",
            ));
        }
        Ok(watch)
    }

    fn source(&self) -> Answer<Source> {
        if !self.metrics.is_empty() {
            let alone = self.metric_name.is_none()
                && self.namespace.is_none()
                && self.statistic.is_none()
                && self.period.is_none();
            if !alone {
                return Err(refused(
                    "Metrics cannot be given together with MetricName, Namespace, Statistic and Period.",
                ));
            }
            query::check(&self.metrics).map_err(as_validation)?;
            query::watched(&self.metrics)?;
            return Ok(Source::Math(self.metrics.clone()));
        }
        let (Some(metric_name), Some(namespace), Some(period)) = (
            self.metric_name.clone(),
            self.namespace.clone(),
            self.period,
        ) else {
            return Err(refused(
                "MetricName, Namespace and Period are required, or Metrics.",
            ));
        };
        query::check_period(period).map_err(as_validation)?;
        let stat = match (&self.statistic, &self.extended_statistic) {
            (Some(stat), None) | (None, Some(stat)) => stat.clone(),
            _ => {
                return Err(refused(
                    "Exactly one of Statistic and ExtendedStatistic is required.",
                ));
            }
        };
        if Statistic::read(&stat).is_none() {
            return Err(refused(format!("The statistic '{stat}' is not offered.")));
        }
        Ok(Source::Metric(MetricStat {
            metric: Metric {
                namespace,
                metric_name,
                dimensions: self.dimensions.clone(),
            },
            period,
            stat,
            unit: self.unit.clone(),
        }))
    }
}

fn as_validation(error: AwsError) -> AwsError {
    refused(error.message)
}

pub(super) fn refused(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

fn read_comparison(text: Option<&str>) -> Answer<Comparison> {
    let text = text.ok_or_else(|| refused("ComparisonOperator is required."))?;
    serde_json::from_value(json!(text))
        .map_err(|_| refused(format!("The comparison operator '{text}' is not offered.")))
}

fn read_missing(text: &str) -> Answer<Treatment> {
    match text {
        "missing" => Ok(Treatment::Missing),
        "ignore" => Ok(Treatment::Ignore),
        "breaching" => Ok(Treatment::Breaching),
        "notBreaching" => Ok(Treatment::NotBreaching),
        _ => Err(refused(format!(
            "TreatMissingData is missing, ignore, breaching or notBreaching, not {text}."
        ))),
    }
}

fn missing_text(missing: Treatment) -> &'static str {
    match missing {
        Treatment::Missing => "missing",
        Treatment::Ignore => "ignore",
        Treatment::Breaching => "breaching",
        Treatment::NotBreaching => "notBreaching",
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DescribeInput {
    alarm_names: Option<Vec<String>>,
    alarm_name_prefix: Option<String>,
    #[serde(default)]
    alarm_types: Vec<String>,
    state_value: Option<String>,
    action_prefix: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    max_records: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn describe_all(cloud: &Cloud, input: Value) -> Answer {
    let input: DescribeInput = values::parse(input)?;
    let model = cloud.services.cloudwatch.store.read();
    let size = input
        .max_records
        .and_then(|most| usize::try_from(most).ok());
    let size = size.filter(|size| *size > 0).unwrap_or(PAGE).min(PAGE);
    let from = start_of_page(input.next_token.as_deref())?;
    let mut found = model
        .alarms
        .values()
        .filter(|alarm| input.fits(alarm))
        .skip(from);
    let (mut plain, mut composite) = (Vec::new(), Vec::new());
    for alarm in found.by_ref().take(size) {
        if alarm.is_composite() {
            composite.push(describe(cloud, alarm));
        } else {
            plain.push(describe(cloud, alarm));
        }
    }
    let mut answer = json!({ "MetricAlarms": plain, "CompositeAlarms": composite });
    if found.next().is_some() {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer)
}

impl DescribeInput {
    fn fits(&self, alarm: &Alarm) -> bool {
        // Without types, metric alarms alone.
        let kind = if self.alarm_types.is_empty() {
            !alarm.is_composite()
        } else {
            self.alarm_types.iter().any(|kind| kind == alarm.kind())
        };
        let all_actions = [
            &alarm.ok_actions,
            &alarm.alarm_actions,
            &alarm.insufficient_data_actions,
        ];
        kind && self
            .alarm_names
            .as_ref()
            .is_none_or(|names| names.contains(&alarm.name))
            && self
                .alarm_name_prefix
                .as_ref()
                .is_none_or(|prefix| alarm.name.starts_with(prefix))
            && self
                .state_value
                .as_ref()
                .is_none_or(|state| state == alarm.state.text())
            && self.action_prefix.as_ref().is_none_or(|prefix| {
                all_actions
                    .iter()
                    .any(|actions| actions.iter().any(|arn| arn.starts_with(prefix)))
            })
    }
}

/// `DescribeAlarmsForMetric`.
pub(super) fn describe_for_metric(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        metric_name: String,
        namespace: String,
        statistic: Option<String>,
        extended_statistic: Option<String>,
        #[serde(default)]
        dimensions: Vec<Dimension>,
        #[serde(default, deserialize_with = "values::optional_integer")]
        period: Option<i64>,
    }
    let input: Input = values::parse(input)?;
    let stat = input.statistic.or(input.extended_statistic);
    let wanted = Metric {
        namespace: input.namespace,
        metric_name: input.metric_name,
        dimensions: input.dimensions,
    }
    .id();
    let model = cloud.services.cloudwatch.store.read();
    let fits = |watch: &MetricWatch| {
        let known_stat = match &watch.source {
            Source::Metric(known) => Some(&known.stat),
            Source::Math(_) => None,
        };
        watch.metrics().iter().any(|metric| metric.id() == wanted)
            && input.period.is_none_or(|period| period == watch.period())
            && stat.as_ref().is_none_or(|stat| Some(stat) == known_stat)
    };
    let found: Vec<Value> = model
        .alarms
        .values()
        .filter(|alarm| matches!(&alarm.watches, Watches::Metric(watch) if fits(watch)))
        .map(|alarm| describe(cloud, alarm))
        .collect();
    Ok(json!({ "MetricAlarms": found }))
}

/// `MetricAlarm` or `CompositeAlarm`.
pub(super) fn describe(cloud: &Cloud, alarm: &Alarm) -> Value {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| {
        answer.insert(name.to_owned(), value);
    };
    put("AlarmName", json!(alarm.name));
    put("AlarmArn", json!(alarm.arn(cloud)));
    if let Some(description) = &alarm.description {
        put("AlarmDescription", json!(description));
    }
    put(
        "AlarmConfigurationUpdatedTimestamp",
        values::timestamp(alarm.configured),
    );
    put("ActionsEnabled", json!(alarm.actions_enabled));
    put("OKActions", json!(alarm.ok_actions));
    put("AlarmActions", json!(alarm.alarm_actions));
    put(
        "InsufficientDataActions",
        json!(alarm.insufficient_data_actions),
    );
    put("StateValue", json!(alarm.state.text()));
    put("StateReason", json!(alarm.reason));
    if !alarm.reason_data.is_empty() {
        put("StateReasonData", json!(alarm.reason_data));
    }
    put(
        "StateUpdatedTimestamp",
        values::timestamp(alarm.state_updated),
    );
    put(
        "StateTransitionedTimestamp",
        values::timestamp(alarm.state_updated),
    );
    match &alarm.watches {
        Watches::Alarms(rule) => put("AlarmRule", json!(rule)),
        Watches::Metric(watch) => answer.extend(describe_watch(watch)),
    }
    Value::Object(answer)
}

fn describe_watch(watch: &MetricWatch) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| {
        answer.insert(name.to_owned(), value);
    };
    match &watch.source {
        Source::Math(queries) => put("Metrics", json!(queries)),
        Source::Metric(stat) => {
            put("MetricName", json!(stat.metric.metric_name));
            put("Namespace", json!(stat.metric.namespace));
            put("Dimensions", json!(stat.metric.dimensions));
            put("Period", json!(stat.period));
            let plain = !stat.stat.starts_with('p');
            let member = if plain {
                "Statistic"
            } else {
                "ExtendedStatistic"
            };
            put(member, json!(stat.stat));
            if let Some(unit) = &stat.unit {
                put("Unit", json!(unit));
            }
        }
    }
    put("EvaluationPeriods", json!(watch.n));
    if let Some(m) = watch.m {
        put("DatapointsToAlarm", json!(m));
    }
    put("Threshold", json!(watch.threshold));
    put("ComparisonOperator", json!(watch.comparison));
    if let Some(missing) = watch.missing {
        put("TreatMissingData", json!(missing_text(missing)));
    }
    answer
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SetInput {
    alarm_name: String,
    state_value: String,
    state_reason: String,
    state_reason_data: Option<String>,
}

/// `SetAlarmState`: holds until the alarm is evaluated again, a period later.
pub(super) fn set_state(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let input: SetInput = values::parse(input)?;
    let state = State::read(&input.state_value)
        .ok_or_else(|| refused(format!("'{}' is no state of an alarm.", input.state_value)))?;
    let data = input.state_reason_data.unwrap_or_default();
    if !data.is_empty() && serde_json::from_str::<Value>(&data).is_err() {
        return Err(AwsError::new(
            "InvalidFormatFault",
            "StateReasonData is not JSON.",
        ));
    }
    cloud.services.cloudwatch.store.write(|model| {
        let alarm = model
            .alarms
            .get_mut(&input.alarm_name)
            .ok_or_else(|| not_found(&input.alarm_name))?;
        let period = match &alarm.watches {
            Watches::Metric(watch) => u64::try_from(watch.period()).unwrap_or(60),
            Watches::Alarms(_) => 60,
        };
        let held = cloud.time.real(Duration::from_secs(period));
        alarm.held_until = Some(cloud.time.now() + held);
        Ok::<_, AwsError>(())
    })?;
    watch::change(cloud, &input.alarm_name, state, input.state_reason, data);
    watch::evaluate_composites(cloud);
    Ok(json!({}))
}

pub(super) fn not_found(name: &str) -> AwsError {
    AwsError::new(
        "ResourceNotFound",
        format!("There is no alarm named {name}."),
    )
    .status(404)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Names {
    #[serde(default)]
    alarm_names: Vec<String>,
}

/// `EnableAlarmActions`, `DisableAlarmActions`; names that are not there are passed over, as
/// on AWS.
pub(super) fn switch_actions(cloud: &Cloud, input: Value, enabled: bool) -> Answer {
    let input: Names = values::parse(input)?;
    cloud.services.cloudwatch.store.write(|model| {
        for name in &input.alarm_names {
            if let Some(alarm) = model.alarms.get_mut(name) {
                alarm.actions_enabled = enabled;
            }
        }
    });
    Ok(json!({}))
}

/// `DeleteAlarms`: all or none.
pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Names = values::parse(input)?;
    cloud.services.cloudwatch.store.write(|model| {
        let missing = input
            .alarm_names
            .iter()
            .find(|name| !model.alarms.contains_key(*name));
        if let Some(name) = missing {
            return Err(not_found(name));
        }
        for name in &input.alarm_names {
            model.alarms.remove(name);
        }
        Ok(json!({}))
    })
}
