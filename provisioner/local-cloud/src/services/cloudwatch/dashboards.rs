//! Dashboards: kept and checked; nothing here draws them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::metrics::{invalid, start_of_page};
use super::model::Dashboard;
use crate::services::tags::Tag;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    dashboard_name: String,
    dashboard_body: Option<String>,
    #[serde(default)]
    dashboard_names: Vec<String>,
    dashboard_name_prefix: Option<String>,
    next_token: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn put(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.dashboard_name;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 255 || !name.chars().all(plain) {
        return Err(invalid(format!(
            "The value {name} for field DashboardName contains invalid characters. It can only contain \
             alphanumerics, dash (-) and underscore (_)."
        )));
    }
    let body = input.dashboard_body.unwrap_or_default();
    check(&body)?;
    let modified = cloud.time.now();
    cloud.services.cloudwatch.store.write(|model| {
        let known = model.dashboards.remove(&name);
        let mut tags = known.map(|known| known.tags).unwrap_or_default();
        tags.extend(input.tags.into_iter().map(Tag::pair));
        let dashboard = Dashboard {
            name: name.clone(),
            body,
            modified,
            tags,
        };
        model.dashboards.insert(name, dashboard);
    });
    Ok(json!({ "DashboardValidationMessages": [] }))
}

/// The body is an object with widgets, each with a known type and properties.
fn check(body: &str) -> Answer<()> {
    const TYPES: &[&str] = &["metric", "text", "log", "alarm", "explorer", "custom"];
    let refuse = |path: &str, message: &str| {
        AwsError::new(
            "DashboardInvalidInputError",
            format!("The field DashboardBody must be a valid dashboard: {path}: {message}"),
        )
    };
    let body: Value =
        serde_json::from_str(body).map_err(|error| refuse("/", &error.to_string()))?;
    let Some(widgets) = body.get("widgets").and_then(Value::as_array) else {
        return Err(refuse("/widgets", "should be a list"));
    };
    for (place, widget) in widgets.iter().enumerate() {
        let kind = widget["type"].as_str().unwrap_or_default();
        if !TYPES.contains(&kind) {
            return Err(refuse(
                &format!("/widgets/{place}/type"),
                &format!("'{kind}' is none of {TYPES:?}"),
            ));
        }
        if !widget["properties"].is_object() {
            return Err(refuse(
                &format!("/widgets/{place}/properties"),
                "should be an object",
            ));
        }
    }
    Ok(())
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.cloudwatch.store.read();
    let dashboard = model
        .dashboards
        .get(&input.dashboard_name)
        .ok_or_else(|| missing(&input.dashboard_name))?;
    Ok(json!({
        "DashboardArn": arn(cloud, &dashboard.name),
        "DashboardBody": dashboard.body,
        "DashboardName": dashboard.name,
    }))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    const PAGE: usize = 1000;
    let input: Input = values::parse(input)?;
    let prefix = input.dashboard_name_prefix.unwrap_or_default();
    let from = start_of_page(input.next_token.as_deref())?;
    let model = cloud.services.cloudwatch.store.read();
    let entries: Vec<Value> = model
        .dashboards
        .values()
        .filter(|dashboard| dashboard.name.starts_with(&prefix))
        .skip(from)
        .take(PAGE)
        .map(|dashboard| {
            json!({
                "DashboardName": dashboard.name,
                "DashboardArn": arn(cloud, &dashboard.name),
                "LastModified": values::timestamp(dashboard.modified),
                "Size": dashboard.body.len(),
            })
        })
        .collect();
    Ok(json!({ "DashboardEntries": entries }))
}

/// All or none.
pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.cloudwatch.store.write(|model| {
        let absent = input
            .dashboard_names
            .iter()
            .find(|name| !model.dashboards.contains_key(*name));
        if let Some(name) = absent {
            return Err(missing(name));
        }
        for name in &input.dashboard_names {
            model.dashboards.remove(name);
        }
        Ok(json!({}))
    })
}

fn missing(name: &str) -> AwsError {
    AwsError::new(
        "DashboardNotFoundError",
        format!("Dashboard {name} does not exist"),
    )
    .status(404)
}

/// Dashboards belong to no region.
fn arn(cloud: &Cloud, name: &str) -> String {
    format!(
        "arn:aws:cloudwatch::{}:dashboard/{name}",
        cloud.options.account
    )
}
