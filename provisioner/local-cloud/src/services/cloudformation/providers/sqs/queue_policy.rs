//! `AWS::SQS::QueuePolicy`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, document, texts};
use crate::error::Answer;

use super::super::names::random;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["PolicyDocument", "Queues"],
    required: &["PolicyDocument", "Queues"],
    attributes: &["Id"],
    documents: &["PolicyDocument"],
    ..PLAIN
};

async fn set(context: &Context, queue: &str, policy: &str) -> Answer<()> {
    let input = json!({ "QueueUrl": queue, "Attributes": { "Policy": policy } });
    context
        .call("sqs", "SetQueueAttributes", input)
        .await
        .map(drop)
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let id = format!("{}-{}-{}", context.stack, context.logical, random(12));
    update(context, &id, &Properties::new(), properties).await
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let queues = texts(new, "Queues");
    for queue in &queues {
        set(context, queue, &document(new, "PolicyDocument")).await?;
    }
    for queue in texts(old, "Queues")
        .iter()
        .filter(|queue| !queues.contains(queue))
    {
        set(context, queue, "").await?;
    }
    Ok(Made::new(physical).with("Id", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    _physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    for queue in texts(properties, "Queues") {
        match set(context, &queue, "").await {
            Err(error) if !super::super::is_gone(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
