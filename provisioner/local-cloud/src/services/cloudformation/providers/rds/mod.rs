//! RDS types.

pub(super) mod cluster;
pub(super) mod cluster_parameter_group;
pub(super) mod instance;
pub(super) mod parameter_group;
pub(super) mod subnet_group;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Context, Properties, is_gone};
use crate::error::{Answer, AwsError};

/// Waits until what an operation describes has a status, as CloudFormation does before it goes on.
async fn until(
    context: &Context,
    operation: &str,
    input: Value,
    list: &str,
    status: &str,
) -> Answer {
    loop {
        let answer = context.call("rds", operation, input.clone()).await?;
        let found = answer
            .pointer(&format!("/{list}/0"))
            .cloned()
            .unwrap_or_default();
        match found.get(status).and_then(Value::as_str) {
            Some("available") => return Ok(found),
            Some(state) if state.contains("failed") || state.starts_with("incompatible") => {
                return Err(AwsError::new(
                    "NotStabilized",
                    format!("the database is {state}"),
                ));
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Waits until what an operation describes is gone.
async fn until_gone(context: &Context, operation: &str, input: Value) -> Answer<()> {
    loop {
        match context.call("rds", operation, input.clone()).await {
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(error),
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// What a deletion is told about a last snapshot.
fn snapshot(context: &Context, physical: &str, wanted: bool, member: &str) -> Value {
    if !wanted {
        return json!({ "SkipFinalSnapshot": true });
    }
    let suffix = super::names::random(12).to_lowercase();
    let stack: String = context.stack.chars().take(40).collect();
    json!({ member: format!("{stack}-snapshot-{physical}-{suffix}") })
}

/// Which logs are exported from now on, as the modifying operations take it.
fn log_types(old: &Properties, new: &Properties) -> Value {
    let before = super::texts(old, "EnableCloudwatchLogsExports");
    let after = super::texts(new, "EnableCloudwatchLogsExports");
    let enable: Vec<_> = after.iter().filter(|name| !before.contains(name)).collect();
    let disable: Vec<_> = before.iter().filter(|name| !after.contains(name)).collect();
    json!({ "EnableLogTypes": enable, "DisableLogTypes": disable })
}

/// Puts changed tags on a resource.
async fn retag(context: &Context, arn: &str, old: &Properties, new: &Properties) -> Answer<()> {
    let dropped = super::dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "ResourceName": arn, "TagKeys": dropped });
        context.call("rds", "RemoveTagsFromResource", input).await?;
    }
    if super::differ(old, new, &["Tags"])
        && let Some(tags) = new.get("Tags")
    {
        let input = json!({ "ResourceName": arn, "Tags": tags });
        context.call("rds", "AddTagsToResource", input).await?;
    }
    Ok(())
}

/// Settings of a parameter group, as the operations take them: twenty at a time.
async fn set_parameters(
    context: &Context,
    operation: &str,
    member: &str,
    group: &str,
    properties: &Properties,
) -> Answer<()> {
    let settings = properties.get("Parameters").and_then(Value::as_object);
    let settings: Vec<Value> = settings
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            json!({
                "ParameterName": name,
                "ParameterValue": value,
                "ApplyMethod": "pending-reboot",
            })
        })
        .collect();
    for some in settings.chunks(20) {
        let input = json!({ member: group, "Parameters": some });
        context.call("rds", operation, input).await?;
    }
    Ok(())
}
