//! CloudWatch's embedded metric format: a log line that says which of its own members are metrics.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Cloud;
use crate::services::cloudwatch;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_aws")]
    about: About,
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct About {
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    dimensions: Vec<Vec<String>>,
    metrics: Vec<Definition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: String,
    #[serde(default)]
    unit: String,
}

/// Notes the metrics of a line, now; a line that is none, or not as the format has it, is only a log line.
pub(super) fn record(cloud: &Cloud, message: &str) {
    if !message.contains("\"_aws\"") {
        return;
    }
    let Ok(line) = serde_json::from_str::<Line>(message) else {
        return;
    };
    for directive in &line.about.cloud_watch_metrics {
        for names in &directive.dimensions {
            for metric in &directive.metrics {
                note(cloud, &line.members, directive, names, metric);
            }
        }
    }
}

/// Members that are missing, or of another kind, make no datapoint.
fn note(
    cloud: &Cloud,
    members: &Map<String, Value>,
    directive: &Directive,
    names: &[String],
    metric: &Definition,
) {
    let dimensions: Option<Vec<_>> = names
        .iter()
        .map(|name| Some((name.as_str(), members.get(name)?.as_str()?)))
        .collect();
    let Some(dimensions) = dimensions else {
        return;
    };
    let values = match members.get(&metric.name) {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    let unit = if metric.unit.is_empty() {
        "None"
    } else {
        &metric.unit
    };
    for value in values.iter().filter_map(Value::as_f64) {
        cloudwatch::record(
            cloud,
            &directive.namespace,
            &metric.name,
            &dimensions,
            value,
            unit,
        );
    }
}
