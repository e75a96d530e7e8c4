//! `AWS::Lambda::Permission`.

use serde_json::{Value, json};

use super::super::names::random;
use super::super::{Context, Made, PLAIN, Properties, Schema, property};
use super::split_qualifier;
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    fixed: &[
        "Action",
        "FunctionName",
        "Principal",
        "SourceAccount",
        "SourceArn",
    ],
    required: &["Action", "FunctionName", "Principal"],
    attributes: &["Id"],
    ..PLAIN
};

/// The function and alias the statement belongs to, as the operations take them.
fn target(properties: &Properties) -> Value {
    let (function, qualifier) = split_qualifier(&property(properties, "FunctionName"));
    let mut input = json!({ "FunctionName": function });
    if let Some(qualifier) = qualifier {
        input["Qualifier"] = json!(qualifier);
    }
    input
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let id = format!("{}-{}-{}", context.stack, context.logical, random(12));
    let mut input = target(properties);
    input["StatementId"] = json!(id);
    for name in ["Action", "Principal", "SourceAccount", "SourceArn"] {
        if let Some(value) = properties.get(name) {
            input[name] = value.clone();
        }
    }
    context.call("lambda", "AddPermission", input).await?;
    Ok(Made::new(&id).with("Id", id))
}

/// Every property replaces.
#[expect(clippy::unused_async, reason = "every type is updated the same way")]
pub(in super::super) async fn update(
    _context: &Context,
    physical: &str,
    _old: &Properties,
    _new: &Properties,
) -> Answer<Made> {
    Ok(Made::new(physical).with("Id", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let mut input = target(properties);
    input["StatementId"] = json!(physical);
    context.gone("lambda", "RemovePermission", input).await
}
