//! `AWS::SNS::Subscription`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, document, property, text};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
    ],
    fixed: &["Endpoint", "Protocol", "TopicArn"],
    required: &["Protocol", "TopicArn"],
    booleans: &["RawMessageDelivery"],
    documents: &["FilterPolicy", "RedrivePolicy"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut attributes = json!({});
    for name in SCHEMA
        .mutable
        .iter()
        .filter(|name| properties.contains_key(**name))
    {
        attributes[*name] = json!(document(properties, name));
    }
    let input = json!({
        "TopicArn": property(properties, "TopicArn"),
        "Protocol": property(properties, "Protocol"),
        "Endpoint": property(properties, "Endpoint"),
        "Attributes": attributes,
        "ReturnSubscriptionArn": true,
    });
    let answer = context.call("sns", "Subscribe", input).await?;
    Ok(Made::new(text(&answer, "/SubscriptionArn")?))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    for name in SCHEMA
        .mutable
        .iter()
        .filter(|name| old.get(**name) != new.get(**name))
    {
        let input = json!({
            "SubscriptionArn": physical,
            "AttributeName": name,
            "AttributeValue": document(new, name),
        });
        context
            .call("sns", "SetSubscriptionAttributes", input)
            .await?;
    }
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "SubscriptionArn": physical });
    context.gone("sns", "Unsubscribe", input).await
}
