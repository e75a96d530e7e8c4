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

fn rows(stage: &Stage) -> Vec<Vec<Widget>> {
    let web = Function::Web.lambda_name(&stage.name);
    let by_version = |metric: &str| {
        // A release has two versions for a while, whose numbers no template knows.
        json!([{
            "expression": format!(
                "SEARCH('{{AWS/Lambda,ExecutedVersion,FunctionName,Resource}} MetricName=\"{metric}\" FunctionName=\"{web}\"', 'Sum', 60)"
            ),
            "id": metric.to_lowercase(),
        }])
    };
    let api = |metric: &str| json!(["AWS/ApiGateway", metric, "ApiId", "${Api}"]);
    let database = |metric: &str| {
        json!([
            "AWS/RDS",
            metric,
            stage.database.dimension(),
            "${DatabaseId}"
        ])
    };
    let functions = |metric: &str| -> Vec<Value> {
        Function::ALL
            .into_iter()
            .filter(|function| !function.is_hook())
            .map(|function| {
                let name = function.lambda_name(&stage.name);
                json!([
                    "AWS/Lambda",
                    metric,
                    "FunctionName",
                    name,
                    "Resource",
                    format!("{name}:{LIVE}")
                ])
            })
            .collect()
    };
    let queues = |metric: &str| -> Vec<Value> {
        ["inbound", "reports"]
            .into_iter()
            .map(|queue| {
                json!([
                    "AWS/SQS",
                    metric,
                    "QueueName",
                    format!("spoke-{}-{queue}", stage.name)
                ])
            })
            .collect()
    };
    let dead: Vec<Value> = ["inbound", "reports", "worker"]
        .into_iter()
        .map(|queue| {
            json!([
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                "QueueName",
                format!("spoke-{}-{queue}-dead", stage.name)
            ])
        })
        .collect();
    let widget = |title, stat, metrics| Widget {
        title,
        stat,
        metrics,
    };
    vec![
        vec![
            widget("Requests and 5xx", "Sum", vec![api("Count"), api("5xx")]),
            widget("Latency, p95 (ms)", "p95", vec![api("Latency")]),
            widget("Web errors by version", "Sum", vec![by_version("Errors")]),
        ],
        vec![
            widget(
                "Database CPU (%)",
                "Average",
                vec![database("CPUUtilization")],
            ),
            widget(
                "Database connections",
                "Maximum",
                vec![database("DatabaseConnections")],
            ),
            widget(
                "Web calls by version",
                "Sum",
                vec![by_version("Invocations")],
            ),
        ],
        vec![
            widget("Errors by function", "Sum", functions("Errors")),
            widget(
                "Concurrency by function",
                "Maximum",
                functions("ConcurrentExecutions"),
            ),
            widget("Throttles by function", "Sum", functions("Throttles")),
        ],
        vec![
            widget(
                "Oldest message (s)",
                "Maximum",
                queues("ApproximateAgeOfOldestMessage"),
            ),
            widget("Messages taken in", "Sum", queues("NumberOfMessagesSent")),
            widget("Dead letters", "Maximum", dead),
        ],
    ]
}
