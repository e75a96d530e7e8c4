//! `AWS::SQS::Queue`.

use serde_json::{Value, json};

use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, document, dropped_tags, property, tags_by_key,
    text,
};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "ContentBasedDeduplication",
        "DelaySeconds",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "Tags",
        "VisibilityTimeout",
    ],
    fixed: &["FifoQueue", "QueueName"],
    attributes: &["Arn", "QueueName", "QueueUrl"],
    numbers: &["RedrivePolicy.maxReceiveCount"],
    booleans: &["FifoQueue"],
    name: Some(Name {
        property: "QueueName",
        longest: 80,
        style: Style::Queue,
    }),
    tags: Tags::List,
    ..PLAIN
};

/// Attributes of a queue and what each is when the template leaves it out.
const ATTRIBUTES: [(&str, &str); 12] = [
    ("ContentBasedDeduplication", "false"),
    ("DelaySeconds", "0"),
    ("FifoQueue", "false"),
    ("KmsDataKeyReusePeriodSeconds", "300"),
    ("KmsMasterKeyId", ""),
    ("MaximumMessageSize", "262144"),
    ("MessageRetentionPeriod", "345600"),
    ("ReceiveMessageWaitTimeSeconds", "0"),
    ("RedriveAllowPolicy", ""),
    ("RedrivePolicy", ""),
    ("SqsManagedSseEnabled", "true"),
    ("VisibilityTimeout", "30"),
];

/// What differs, as the operations take it: texts by name.
fn attributes(old: &Properties, new: &Properties) -> Value {
    let mut attributes = json!({});
    for (name, default) in ATTRIBUTES {
        if old.get(name) == new.get(name) {
            continue;
        }
        attributes[name] = if new.contains_key(name) {
            json!(document(new, name))
        } else {
            json!(default)
        };
    }
    attributes
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = json!({
        "QueueName": property(properties, "QueueName"),
        "Attributes": attributes(&Properties::new(), properties),
    });
    let tags = tags_by_key(properties);
    if tags != json!({}) {
        input["tags"] = tags;
    }
    let answer = context.call("sqs", "CreateQueue", input).await?;
    made(context, &text(&answer, "/QueueUrl")?).await
}

async fn made(context: &Context, url: &str) -> Answer<Made> {
    let input = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
    let answer = context.call("sqs", "GetQueueAttributes", input).await?;
    let arn = text(&answer, "/Attributes/QueueArn")?;
    let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
    Ok(Made::new(url)
        .with("Arn", arn)
        .with("QueueName", name)
        .with("QueueUrl", url))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let attributes = attributes(old, new);
    if attributes != json!({}) {
        let input = json!({ "QueueUrl": physical, "Attributes": attributes });
        context.call("sqs", "SetQueueAttributes", input).await?;
    }
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "QueueUrl": physical, "TagKeys": dropped });
        context.call("sqs", "UntagQueue", input).await?;
    }
    if old.get("Tags") != new.get("Tags") && tags_by_key(new) != json!({}) {
        let input = json!({ "QueueUrl": physical, "Tags": tags_by_key(new) });
        context.call("sqs", "TagQueue", input).await?;
    }
    made(context, physical).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "QueueUrl": physical });
    context.gone("sqs", "DeleteQueue", input).await
}
