//! What an alarm does when its state changes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::Cloud;
use crate::services::{self, lambda};

use super::evaluate::State;
use super::history;
use super::model::{Alarm, MetricWatch, Source, Watches};

/// Who alarms are, to the functions they invoke.
const PRINCIPAL: &str = "lambda.alarms.cloudwatch.amazonaws.com";

/// A change of state.
pub(super) struct Change {
    /// The alarm after the change.
    pub alarm: Alarm,
    pub from: State,
    pub from_reason: String,
    pub from_reason_data: String,
    pub from_updated: DateTime<Utc>,
}

/// Performs the actions of the new state and notes how they went.
pub(super) fn perform(cloud: &Arc<Cloud>, change: Change) {
    if !change.alarm.actions_enabled {
        return;
    }
    let work = Arc::clone(cloud);
    cloud.background.spawn(async move {
        for arn in change.alarm.actions(change.alarm.state) {
            let outcome = act(&work, &change, arn).await;
            note(&work, &change.alarm.name, arn, outcome);
        }
    });
}

async fn act(cloud: &Arc<Cloud>, change: &Change, arn: &str) -> Result<(), String> {
    let alarm = &change.alarm;
    let (service, operation, input) = if arn.starts_with("arn:aws:sns:") {
        let subject = format!(
            "{}: \"{}\" in {}",
            alarm.state.text(),
            alarm.name,
            region_name(&cloud.options.region)
        );
        let subject: String = subject.chars().take(100).collect();
        let message = notification(cloud, change).to_string();
        let input = json!({ "TopicArn": arn, "Subject": subject, "Message": message });
        ("sns", "Publish", input)
    } else {
        if !lambda::may_invoke(cloud, arn, PRINCIPAL, &alarm.arn(cloud)) {
            return Err(format!(
                "{arn} does not allow {PRINCIPAL} to invoke it: lambda:AddPermission is missing"
            ));
        }
        let payload = STANDARD.encode(event(cloud, change).to_string());
        let input = json!({ "FunctionName": arn, "InvocationType": "Event", "Payload": payload });
        ("lambda", "Invoke", input)
    };
    services::call(cloud, service, operation, input)
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

fn note(cloud: &Cloud, name: &str, arn: &str, outcome: Result<(), String>) {
    let summary = match &outcome {
        Ok(()) => format!("Successfully executed action {arn}"),
        Err(_) => format!("Failed to execute action {arn}"),
    };
    let error = outcome.err();
    if let Some(error) = &error {
        tracing::warn!(alarm = name, arn, error, "an alarm's action failed");
    }
    let data = json!({
        "actionState": if error.is_none() { "Succeeded" } else { "Failed" },
        "notificationResource": arn,
        "error": error,
    });
    let now = cloud.time.now();
    cloud.services.cloudwatch.store.write(|model| {
        if let Some(alarm) = model.alarms.get_mut(name) {
            history::note(alarm, now, "Action", summary, &data);
        }
    });
}

/// The message topics receive.
fn notification(cloud: &Cloud, change: &Change) -> Value {
    let alarm = &change.alarm;
    let mut message = json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": cloud.options.account,
        "AlarmConfigurationUpdatedTimestamp": instant(alarm.configured),
        "NewStateValue": alarm.state.text(),
        "NewStateReason": alarm.reason,
        "StateChangeTime": instant(alarm.state_updated),
        "Region": region_name(&cloud.options.region),
        "AlarmArn": alarm.arn(cloud),
        "OldStateValue": change.from.text(),
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    });
    match &alarm.watches {
        Watches::Metric(watch) => message["Trigger"] = trigger(watch),
        Watches::Alarms(rule) => message["AlarmRule"] = json!(rule),
    }
    message
}

fn trigger(watch: &MetricWatch) -> Value {
    let mut trigger = json!({
        "Period": watch.period(),
        "EvaluationPeriods": watch.n,
        "DatapointsToAlarm": watch.datapoints_to_alarm(),
        "ComparisonOperator": watch.comparison,
        "Threshold": watch.threshold,
    });
    match &watch.source {
        Source::Metric(stat) => {
            trigger["MetricName"] = json!(stat.metric.metric_name);
            trigger["Namespace"] = json!(stat.metric.namespace);
            trigger["Statistic"] = json!(stat.stat);
            let dimensions = stat.metric.dimensions.iter();
            let dimensions: Vec<Value> = dimensions
                .map(|dimension| json!({ "name": dimension.name, "value": dimension.value }))
                .collect();
            trigger["Dimensions"] = json!(dimensions);
        }
        Source::Math(queries) => trigger["Metrics"] = json!(queries),
    }
    trigger
}

/// The event functions receive.
fn event(cloud: &Cloud, change: &Change) -> Value {
    let alarm = &change.alarm;
    let configuration = match &alarm.watches {
        Watches::Metric(watch) => {
            json!({ "description": alarm.description, "metrics": metrics(watch) })
        }
        Watches::Alarms(rule) => json!({ "description": alarm.description, "alarmRule": rule }),
    };
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn(cloud),
        "accountId": cloud.options.account,
        "time": instant(alarm.state_updated),
        "region": cloud.options.region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": {
                "value": alarm.state.text(),
                "reason": alarm.reason,
                "reasonData": alarm.reason_data,
                "timestamp": instant(alarm.state_updated),
            },
            "previousState": {
                "value": change.from.text(),
                "reason": change.from_reason,
                "reasonData": change.from_reason_data,
                "timestamp": instant(change.from_updated),
            },
            "configuration": configuration,
        },
    })
}

fn metrics(watch: &MetricWatch) -> Vec<Value> {
    let queries = watch.queries();
    let described = queries.iter().map(|query| {
        let mut metric = json!({ "id": query.id, "returnData": query.returns_data() });
        if let Some(stat) = &query.metric_stat {
            let dimensions: serde_json::Map<String, Value> = stat
                .metric
                .dimensions
                .iter()
                .map(|dimension| (dimension.name.clone(), json!(dimension.value)))
                .collect();
            metric["metricStat"] = json!({
                "metric": {
                    "namespace": stat.metric.namespace,
                    "name": stat.metric.metric_name,
                    "dimensions": dimensions,
                },
                "period": stat.period,
                "stat": stat.stat,
            });
        }
        if let Some(expression) = &query.expression {
            metric["expression"] = json!(expression);
        }
        metric
    });
    described.collect()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
        .replace('Z', "+0000")
}

fn region_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-2" => "US West (Oregon)",
        other => other,
    }
}
