//! `AWS::SNS::TopicPolicy`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, document, texts};
use crate::error::Answer;

use super::super::names::random;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["PolicyDocument", "Topics"],
    required: &["PolicyDocument", "Topics"],
    attributes: &["Id"],
    documents: &["PolicyDocument"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let id = format!("{}-{}-{}", context.stack, context.logical, random(12));
    update(context, &id, &Properties::new(), properties).await
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    for topic in texts(new, "Topics") {
        let input = json!({
            "TopicArn": topic,
            "AttributeName": "Policy",
            "AttributeValue": document(new, "PolicyDocument"),
        });
        context.call("sns", "SetTopicAttributes", input).await?;
    }
    Ok(Made::new(physical).with("Id", physical))
}

/// AWS puts the topic's default policy back; ours are recorded and not enforced, so there is nothing to undo.
#[expect(clippy::unused_async, reason = "every type is deleted the same way")]
pub(in super::super) async fn delete(
    _context: &Context,
    _physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    Ok(())
}
