//! `AWS::Lambda::EventSourceMapping`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, and, pick, text};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "BatchSize",
        "Enabled",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig",
    ],
    fixed: &["EventSourceArn"],
    required: &["FunctionName"],
    attributes: &["Id"],
    numbers: &[
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig.MaximumConcurrency",
    ],
    booleans: &["Enabled"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut names = SCHEMA.mutable.to_vec();
    names.push("EventSourceArn");
    let answer = context
        .call(
            "lambda",
            "CreateEventSourceMapping",
            pick(properties, &names),
        )
        .await?;
    let id = text(&answer, "/UUID")?;
    Ok(Made::new(&id).with("Id", id))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let input = and(pick(new, SCHEMA.mutable), &[("UUID", json!(physical))]);
    context
        .call("lambda", "UpdateEventSourceMapping", input)
        .await?;
    Ok(Made::new(physical).with("Id", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "UUID": physical });
    context
        .gone("lambda", "DeleteEventSourceMapping", input)
        .await
}
