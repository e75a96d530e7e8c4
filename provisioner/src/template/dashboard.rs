//! The dashboard: what somebody on call wants to see first, top to bottom.

use serde_json::{Value, json};
use spoke_contract::functions::{Function, LIVE};

use crate::stage::Stage;

/// How far the body is indented under `DashboardBody: !Sub |`.
const INDENT: &str = "        ";

/// The dashboard's body as an indented block of JSON, for `!Sub`.
pub fn body(stage: &Stage) -> anyhow::Result<String> {
    let widgets: Vec<Value> = rows(stage)
        .into_iter()
        .enumerate()
        .flat_map(|(y, row)| {
            row.into_iter()
                .enumerate()
                .map(move |(x, widget)| placed(&widget, x, y))
        })
        .collect();
    let body = serde_json::to_string_pretty(&json!({ "widgets": widgets }))?;
    let lines: Vec<String> = body.lines().map(|line| format!("{INDENT}{line}")).collect();
    Ok(lines.join("\n"))
}

/// A line of metrics with its title.
struct Widget {
    title: &'static str,
    stat: &'static str,
    metrics: Vec<Value>,
}

/// Three in a row of CloudWatch's 24 columns.
fn placed(widget: &Widget, x: usize, y: usize) -> Value {
    json!({
        "type": "metric",
        "x": x * 8,
        "y": y * 6,
        "width": 8,
        "height": 6,
        "properties": {
            "title": widget.title,
            "region": "${AWS::Region}",
            "view": "timeSeries",
            "period": 60,
            "stat": widget.stat,
            "metrics": widget.metrics,
        },
    })
}

fn widget(title: &'static str, stat: &'static str, metrics: Vec<Value>) -> Widget {
    Widget {
        title,
        stat,
        metrics,
    }
}

fn rows(stage: &Stage) -> Vec<Vec<Widget>> {
    vec![
        requests(stage),
        database(stage),
        functions(stage),
        queues(stage),
    ]
}

/// A release has two versions for a while, whose numbers no template knows: they are searched.
fn by_version(stage: &Stage, metric: &str) -> Value {
    let web = Function::Web.lambda_name(&stage.name);
    json!([{
        "expression": format!(
            "SEARCH('{{AWS/Lambda,ExecutedVersion,FunctionName,Resource}} MetricName=\"{metric}\" FunctionName=\"{web}\"', 'Sum', 60)"
        ),
        "id": metric.to_lowercase(),
    }])
}

fn requests(stage: &Stage) -> Vec<Widget> {
    let api = |metric: &str| json!(["AWS/ApiGateway", metric, "ApiId", "${Api}"]);
    vec![
        widget("Requests and 5xx", "Sum", vec![api("Count"), api("5xx")]),
        widget("Latency, p95 (ms)", "p95", vec![api("Latency")]),
        widget(
            "Web errors by version",
            "Sum",
            vec![by_version(stage, "Errors")],
        ),
    ]
}

fn database(stage: &Stage) -> Vec<Widget> {
    let dimension = stage.database.dimension();
    let of = |metric: &str| vec![json!(["AWS/RDS", metric, dimension, "${DatabaseId}"])];
    vec![
        widget("Database CPU (%)", "Average", of("CPUUtilization")),
        widget("Database connections", "Maximum", of("DatabaseConnections")),
        widget(
            "Web calls by version",
            "Sum",
            vec![by_version(stage, "Invocations")],
        ),
    ]
}

fn functions(stage: &Stage) -> Vec<Widget> {
    let of = |metric: &str| -> Vec<Value> {
        let functions = Function::ALL
            .into_iter()
            .filter(|function| !function.is_hook());
        functions
            .map(|function| {
                let name = function.lambda_name(&stage.name);
                let live = format!("{name}:{LIVE}");
                json!(["AWS/Lambda", metric, "FunctionName", name, "Resource", live])
            })
            .collect()
    };
    vec![
        widget("Errors by function", "Sum", of("Errors")),
        widget(
            "Concurrency by function",
            "Maximum",
            of("ConcurrentExecutions"),
        ),
        widget("Throttles by function", "Sum", of("Throttles")),
    ]
}

fn queues(stage: &Stage) -> Vec<Widget> {
    let of = |metric: &str, names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| {
                let queue = format!("spoke-{}-{name}", stage.name);
                json!(["AWS/SQS", metric, "QueueName", queue])
            })
            .collect()
    };
    let live = ["inbound", "reports"];
    let dead = ["inbound-dead", "reports-dead", "worker-dead"];
    vec![
        widget(
            "Oldest message (s)",
            "Maximum",
            of("ApproximateAgeOfOldestMessage", &live),
        ),
        widget(
            "Messages taken in",
            "Sum",
            of("NumberOfMessagesSent", &live),
        ),
        widget(
            "Dead letters",
            "Maximum",
            of("ApproximateNumberOfMessagesVisible", &dead),
        ),
    ]
}
