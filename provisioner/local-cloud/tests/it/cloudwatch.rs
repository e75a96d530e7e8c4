//! CloudWatch: datapoints in, statistics, math, alarms and their actions out.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::client::TestCloud;
use crate::functions::eventually;

/// A minute in half a second.
const FAST: f64 = 120.0;

async fn put(cloud: &TestCloud, name: &str, value: f64) {
    let input = json!({
        "Namespace": "Test",
        "MetricData": [{ "MetricName": name, "Value": value, "Unit": "Count" }],
    });
    cloud.aws("cloudwatch", "PutMetricData", input).await;
}

fn alarm(name: &str, more: &Value) -> Value {
    let mut input = json!({
        "AlarmName": name,
        "Namespace": "Test",
        "MetricName": "errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    });
    for (key, value) in more.as_object().unwrap() {
        input[key] = value.clone();
    }
    input
}

async fn described(cloud: &TestCloud, name: &str) -> Value {
    let input = json!({
        "AlarmNames": [name],
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
    });
    let found = cloud.aws("cloudwatch", "DescribeAlarms", input).await;
    let plain = &found["MetricAlarms"][0];
    if plain.is_null() {
        found["CompositeAlarms"][0].clone()
    } else {
        plain.clone()
    }
}

async fn state(cloud: &TestCloud, name: &str) -> String {
    let alarm = described(cloud, name).await;
    alarm["StateValue"].as_str().unwrap().to_owned()
}

/// Puts values until the alarm is in a state.
async fn feed_until(cloud: &TestCloud, name: &str, value: f64, wanted: &str) {
    eventually(&format!("{name} is {wanted}"), || async {
        put(cloud, "errors", value).await;
        state(cloud, name).await == wanted
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_are_of_what_was_put() {
    let cloud = TestCloud::start().await;
    let now = Utc::now();
    let input = json!({
        "Namespace": "Test",
        "MetricData": [{
            "MetricName": "latency",
            "Dimensions": [{ "Name": "Page", "Value": "home" }],
            "Timestamp": now.to_rfc3339(),
            "Values": [10.0, 20.0, 30.0],
            "Counts": [1.0, 2.0, 1.0],
            "Unit": "Milliseconds",
        }],
    });
    cloud.aws("cloudwatch", "PutMetricData", input).await;
    let ask = |value: &str| {
        json!({
            "Namespace": "Test",
            "MetricName": "latency",
            "Dimensions": [{ "Name": "Page", "Value": value }],
            "StartTime": (now - TimeDelta::minutes(5)).to_rfc3339(),
            "EndTime": (now + TimeDelta::minutes(5)).to_rfc3339(),
            "Period": 600,
            "Statistics": ["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
            "ExtendedStatistics": ["p50"],
        })
    };
    let found = cloud
        .aws("cloudwatch", "GetMetricStatistics", ask("home"))
        .await;
    let [point] = found["Datapoints"].as_array().unwrap().as_slice() else {
        panic!("{found}")
    };
    assert_eq!(point["Sum"], 80.0);
    assert_eq!(point["Average"], 20.0);
    assert_eq!(point["Minimum"], 10.0);
    assert_eq!(point["Maximum"], 30.0);
    assert_eq!(point["SampleCount"], 4.0);
    assert_eq!(point["ExtendedStatistics"]["p50"], 20.0);
    assert_eq!(point["Unit"], "Milliseconds");
    let other = cloud
        .aws("cloudwatch", "GetMetricStatistics", ask("other"))
        .await;
    assert_eq!(other["Datapoints"], json!([]));
    let listed = cloud
        .aws("cloudwatch", "ListMetrics", json!({ "Namespace": "Test" }))
        .await;
    assert_eq!(listed["Metrics"][0]["MetricName"], "latency");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_datapoint_is_refused() {
    let cloud = TestCloud::start().await;
    for (namespace, datum, code) in [
        (
            "AWS/Lambda",
            json!({ "MetricName": "x", "Value": 1.0 }),
            "InvalidParameterValueException",
        ),
        (
            "T",
            json!({ "MetricName": "x" }),
            "InvalidParameterCombinationException",
        ),
        (
            "T",
            json!({ "MetricName": "x", "Values": [1.0, 2.0], "Counts": [1.0] }),
            "InvalidParameterValueException",
        ),
    ] {
        let input = json!({ "Namespace": namespace, "MetricData": [datum] });
        let error = cloud.refusal("cloudwatch", "PutMetricData", input).await;
        assert_eq!(error.code, code);
    }
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metric_math_runs_over_metrics_and_datapoints_survive_a_restart() {
    let cloud = TestCloud::start().await;
    put(&cloud, "errors", 1.0).await;
    put(&cloud, "calls", 4.0).await;
    let root = cloud.stop().await;
    let cloud = TestCloud::resume(root, 1.0).await;
    let stat = |id: &str, name: &str| {
        json!({
            "Id": id,
            "ReturnData": false,
            "MetricStat": {
                "Metric": { "Namespace": "Test", "MetricName": name },
                "Period": 300,
                "Stat": "Sum",
            },
        })
    };
    let now = Utc::now();
    let input = json!({
        "MetricDataQueries": [
            { "Id": "rate", "Expression": "IF(calls > 0, errors * 100 / calls, 0)" },
            stat("errors", "errors"),
            stat("calls", "calls"),
        ],
        "StartTime": (now - TimeDelta::minutes(2)).to_rfc3339(),
        "EndTime": (now + TimeDelta::minutes(1)).to_rfc3339(),
    });
    let found = cloud
        .aws("cloudwatch", "GetMetricData", input.clone())
        .await;
    let results = found["MetricDataResults"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["Id"], "rate");
    assert_eq!(results[0]["Values"], json!([25.0]));
    let mut broken = input;
    broken["MetricDataQueries"][0]["Expression"] = json!("errors +");
    let error = cloud.refusal("cloudwatch", "GetMetricData", broken).await;
    assert_eq!(error.code, "InvalidParameterValueException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_needs_m_of_n_and_tells_its_datapoints() {
    let cloud = TestCloud::at_speed(FAST).await;
    cloud
        .aws("cloudwatch", "PutMetricAlarm", alarm("errors", &json!({})))
        .await;
    assert_eq!(state(&cloud, "errors").await, "INSUFFICIENT_DATA");
    feed_until(&cloud, "errors", 0.0, "OK").await;
    feed_until(&cloud, "errors", 5.0, "ALARM").await;
    let alarm = described(&cloud, "errors").await;
    let reason = alarm["StateReason"].as_str().unwrap();
    assert!(
        reason.starts_with("Threshold Crossed: ")
            && reason.contains("out of the last 3 datapoints")
            && reason.contains("greater than the threshold (1.0)"),
        "{reason}"
    );
    let data: Value = serde_json::from_str(alarm["StateReasonData"].as_str().unwrap()).unwrap();
    let breaching = data["recentDatapoints"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|value| value.as_f64().unwrap() > 1.0)
        .count();
    assert!(breaching >= 2, "{data}");
    assert_eq!(data["threshold"], 1.0);
    // The metric falls silent: all datapoints are missing in the end.
    eventually("data is missing", || async {
        state(&cloud, "errors").await == "INSUFFICIENT_DATA"
    })
    .await;
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_data_is_what_the_alarm_says_it_is() {
    let cloud = TestCloud::at_speed(FAST).await;
    for (name, treatment) in [
        ("bad", "breaching"),
        ("good", "notBreaching"),
        ("same", "ignore"),
        ("unknown", "missing"),
    ] {
        let input = alarm(name, &json!({ "TreatMissingData": treatment }));
        cloud.aws("cloudwatch", "PutMetricAlarm", input).await;
    }
    eventually("the verdicts are there", || async {
        state(&cloud, "bad").await == "ALARM" && state(&cloud, "good").await == "OK"
    })
    .await;
    assert_eq!(state(&cloud, "same").await, "INSUFFICIENT_DATA");
    assert_eq!(state(&cloud, "unknown").await, "INSUFFICIENT_DATA");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_happen_on_a_change_of_state_only() {
    let cloud = TestCloud::at_speed(FAST).await;
    let diary = cloud.root.path().join("diary");
    let function = cloud.function("pager", json!({ "DIARY": diary })).await;
    let arn = function["FunctionArn"].as_str().unwrap();
    let input = alarm(
        "errors",
        &json!({ "AlarmActions": [arn], "EvaluationPeriods": 1, "DatapointsToAlarm": 1 }),
    );
    cloud.aws("cloudwatch", "PutMetricAlarm", input).await;
    // Without permission the action fails, and the history says so.
    feed_until(&cloud, "errors", 5.0, "ALARM").await;
    let history = |kind: &'static str| {
        let input = json!({ "AlarmName": "errors", "HistoryItemType": kind });
        let cloud = &cloud;
        async move {
            let found = cloud.aws("cloudwatch", "DescribeAlarmHistory", input).await;
            found["AlarmHistoryItems"].as_array().unwrap().clone()
        }
    };
    eventually("the refusal is noted", || async {
        let actions = history("Action").await;
        actions.len() == 1
            && actions[0]["HistorySummary"]
                .as_str()
                .unwrap()
                .starts_with("Failed to execute")
    })
    .await;
    let permission = json!({
        "FunctionName": "pager",
        "StatementId": "alarms",
        "Action": "lambda:InvokeFunction",
        "Principal": "lambda.alarms.cloudwatch.amazonaws.com",
    });
    cloud.aws("lambda", "AddPermission", permission).await;
    feed_until(&cloud, "errors", 0.0, "OK").await;
    feed_until(&cloud, "errors", 5.0, "ALARM").await;
    let read = || std::fs::read_to_string(&diary).unwrap_or_default();
    eventually("the function is invoked", || async { !read().is_empty() }).await;
    // It stays in alarm for some more evaluations, and nobody is paged again.
    let evaluations = std::time::Instant::now();
    while evaluations.elapsed() < std::time::Duration::from_secs(2) {
        put(&cloud, "errors", 5.0).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(state(&cloud, "errors").await, "ALARM");
    let events: Vec<Value> = read()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["source"], "aws.cloudwatch");
    let data = &events[0]["alarmData"];
    assert_eq!(data["alarmName"], "errors");
    assert_eq!(data["state"]["value"], "ALARM");
    assert_eq!(data["previousState"]["value"], "OK");
    let changes = history("StateUpdate").await;
    assert_eq!(
        changes[0]["HistorySummary"],
        "Alarm updated from OK to ALARM"
    );
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_alarm_watches_metric_math() {
    let cloud = TestCloud::at_speed(FAST).await;
    let stat = |id: &str, name: &str| {
        json!({
            "Id": id,
            "ReturnData": false,
            "MetricStat": {
                "Metric": { "Namespace": "Test", "MetricName": name },
                "Period": 60,
                "Stat": "Sum",
            },
        })
    };
    let input = json!({
        "AlarmName": "rate",
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Metrics": [
            { "Id": "rate", "Expression": "IF(calls>0, errors*100/calls, 0)" },
            stat("errors", "errors"),
            stat("calls", "calls"),
        ],
    });
    cloud
        .aws("cloudwatch", "PutMetricAlarm", input.clone())
        .await;
    eventually("few errors are fine", || async {
        put(&cloud, "calls", 100.0).await;
        put(&cloud, "errors", 1.0).await;
        state(&cloud, "rate").await == "OK"
    })
    .await;
    eventually("many are not", || async {
        put(&cloud, "calls", 100.0).await;
        put(&cloud, "errors", 50.0).await;
        state(&cloud, "rate").await == "ALARM"
    })
    .await;
    let mut two = input;
    two["Metrics"][1]["ReturnData"] = json!(true);
    let error = cloud.refusal("cloudwatch", "PutMetricAlarm", two).await;
    assert_eq!(error.code, "ValidationError");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_composite_alarm_follows_its_children() {
    let cloud = TestCloud::start().await;
    for name in ["a", "b"] {
        cloud
            .aws("cloudwatch", "PutMetricAlarm", alarm(name, &json!({})))
            .await;
    }
    let rule = json!({ "AlarmName": "both", "AlarmRule": "ALARM(\"a\") AND NOT OK(b)" });
    cloud.aws("cloudwatch", "PutCompositeAlarm", rule).await;
    let circle = json!({ "AlarmName": "both", "AlarmRule": "ALARM(both)" });
    let error = cloud
        .refusal("cloudwatch", "PutCompositeAlarm", circle)
        .await;
    assert_eq!(error.code, "ValidationError");
    let set = |name: &str, state: &str| json!({ "AlarmName": name, "StateValue": state, "StateReason": "by hand" });
    cloud
        .aws("cloudwatch", "SetAlarmState", set("a", "ALARM"))
        .await;
    assert_eq!(state(&cloud, "both").await, "ALARM");
    cloud
        .aws("cloudwatch", "SetAlarmState", set("b", "OK"))
        .await;
    assert_eq!(state(&cloud, "both").await, "OK");
    let error = cloud
        .refusal("cloudwatch", "SetAlarmState", set("zzz", "OK"))
        .await;
    assert_eq!(error.code, "ResourceNotFound");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_that_make_no_sense_are_refused() {
    let cloud = TestCloud::start().await;
    for more in [
        json!({ "Period": 45 }),
        json!({ "EvaluationPeriods": 0 }),
        json!({ "DatapointsToAlarm": 4 }),
        json!({ "EvaluationPeriods": 1441, "DatapointsToAlarm": 1 }),
        json!({ "Statistic": "Median" }),
        json!({ "ComparisonOperator": "Equals" }),
        json!({ "TreatMissingData": "maybe" }),
        json!({ "AlarmActions": ["arn:aws:automate:us-east-1:ec2:reboot"] }),
        json!({ "Colour": "red" }),
    ] {
        let error = cloud
            .refusal("cloudwatch", "PutMetricAlarm", alarm("x", &more))
            .await;
        assert!(error.code.starts_with("Validation"), "{more}: {error}");
    }
    let gone = json!({ "AlarmNames": ["x"] });
    let error = cloud.refusal("cloudwatch", "DeleteAlarms", gone).await;
    assert_eq!(error.code, "ResourceNotFound");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_are_checked_and_kept() {
    let cloud = TestCloud::start().await;
    let body = json!({ "widgets": [{ "type": "text", "properties": { "markdown": "hi" } }] });
    let put = |body: &str| json!({ "DashboardName": "main", "DashboardBody": body });
    cloud
        .aws("cloudwatch", "PutDashboard", put(&body.to_string()))
        .await;
    let got = cloud
        .aws(
            "cloudwatch",
            "GetDashboard",
            json!({ "DashboardName": "main" }),
        )
        .await;
    assert_eq!(got["DashboardBody"], json!(body.to_string()));
    for broken in [
        "{",
        "{}",
        "{\"widgets\":[{\"type\":\"pie\",\"properties\":{}}]}",
    ] {
        let error = cloud
            .refusal("cloudwatch", "PutDashboard", put(broken))
            .await;
        assert_eq!(error.code, "DashboardInvalidInputError");
    }
    let other = json!({ "DashboardName": "other" });
    let error = cloud.refusal("cloudwatch", "GetDashboard", other).await;
    assert_eq!(error.code, "DashboardNotFoundError");
    cloud.stop().await;
}

const LIVE: &[(&str, &str)] = &[
    ("FunctionName", "web"),
    ("Resource", "web:Live"),
    ("ExecutedVersion", "1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_measured_by_alias_and_version() {
    let cloud = TestCloud::start().await;
    cloud.function("web", json!({})).await;
    let one = cloud.publish("web", "one").await;
    let alias = json!({ "FunctionName": "web", "Name": "Live", "FunctionVersion": one });
    cloud.aws("lambda", "CreateAlias", alias).await;
    cloud.invoke("web:Live", json!({})).await;
    cloud.invoke("web:Live", json!({ "do": "error" })).await;
    cloud.invoke("web:1", json!({})).await;
    let now = Utc::now();
    let sum = |metric: &'static str, dimensions: &'static [(&str, &str)]| {
        let dimensions: Vec<Value> = dimensions
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        let input = json!({
            "Namespace": "AWS/Lambda",
            "MetricName": metric,
            "Dimensions": dimensions,
            "StartTime": (now - TimeDelta::minutes(5)).to_rfc3339(),
            "EndTime": (now + TimeDelta::minutes(5)).to_rfc3339(),
            "Period": 3600,
            "Statistics": ["Sum"],
        });
        let cloud = &cloud;
        async move {
            let found = cloud.aws("cloudwatch", "GetMetricStatistics", input).await;
            found["Datapoints"][0]["Sum"].as_f64()
        }
    };
    assert_eq!(
        sum("Invocations", &[("FunctionName", "web")]).await,
        Some(3.0)
    );
    assert_eq!(sum("Invocations", LIVE).await, Some(2.0));
    assert_eq!(sum("Errors", LIVE).await, Some(1.0));
    assert_eq!(
        sum(
            "Invocations",
            &[("FunctionName", "web"), ("Resource", "web:1")]
        )
        .await,
        Some(1.0)
    );
    cloud.stop().await;
}
