//! Subscriptions: who gets what is published.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::topics::PAGE;
use super::{Protocol, Subscription, invalid, not_found};
use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values::optional_boolean;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Subscribe {
    topic_arn: String,
    protocol: String,
    endpoint: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "optional_boolean")]
    return_subscription_arn: Option<bool>,
}

fn protocol(name: &str, endpoint: &str) -> Answer<Protocol> {
    let (protocol, fits) = match name {
        "sqs" => (Protocol::Sqs, endpoint.starts_with("arn:aws:sqs:")),
        "lambda" => (Protocol::Lambda, endpoint.starts_with("arn:aws:lambda:")),
        "email" => (Protocol::Email, endpoint.contains('@')),
        "email-json" => (Protocol::EmailJson, endpoint.contains('@')),
        _ => {
            return Err(invalid(format!(
                "Protocol {name}: the local cloud offers sqs, lambda, email and email-json"
            )));
        }
    };
    if fits {
        Ok(protocol)
    } else {
        Err(invalid(format!("{name} endpoint {endpoint}")))
    }
}

/// The one attribute offered; filters, which decide who gets what, are refused.
fn raw(name: &str, value: &str) -> Answer<bool> {
    match (name, value) {
        ("RawMessageDelivery", "true") => Ok(true),
        ("RawMessageDelivery", "false") => Ok(false),
        _ => Err(invalid(format!(
            "Attributes Reason: {name}={value}: the local cloud offers RawMessageDelivery"
        ))),
    }
}

pub(super) fn subscribe(cloud: &Cloud, input: Subscribe) -> Answer {
    let protocol = protocol(&input.protocol, &input.endpoint)?;
    let mut is_raw = false;
    for (name, value) in &input.attributes {
        is_raw = raw(name, value)?;
    }
    let pending = matches!(protocol, Protocol::Email | Protocol::EmailJson);
    let arn = cloud.services.sns.store.write(|model| -> Answer<String> {
        model.topic(&input.topic_arn)?;
        // Subscribing twice is subscribing once.
        let known = model.subscriptions.iter().find(|(_, kept)| {
            kept.topic == input.topic_arn
                && kept.protocol == protocol
                && kept.endpoint == input.endpoint
        });
        if let Some((arn, _)) = known {
            return Ok(arn.clone());
        }
        let arn = format!("{}:{}", input.topic_arn, Uuid::new_v4());
        let subscription = Subscription {
            topic: input.topic_arn,
            protocol,
            endpoint: input.endpoint,
            pending,
            raw: is_raw,
        };
        model.subscriptions.insert(arn.clone(), subscription);
        Ok(arn)
    })?;
    let hidden = pending && !input.return_subscription_arn.unwrap_or(false);
    Ok(json!({
        "SubscriptionArn": if hidden { "pending confirmation" } else { &arn },
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    subscription_arn: String,
}

pub(super) fn unsubscribe(cloud: &Cloud, input: Named) -> Answer {
    cloud.services.sns.store.write(|model| {
        model.subscriptions.remove(&input.subscription_arn);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    next_token: String,
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    Ok(page(cloud, &input.next_token, |_| true))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ListOfTopic {
    topic_arn: String,
    #[serde(default)]
    next_token: String,
}

pub(super) fn list_of_topic(cloud: &Cloud, input: ListOfTopic) -> Answer {
    cloud.services.sns.store.read().topic(&input.topic_arn)?;
    Ok(page(cloud, &input.next_token, |kept| {
        kept.topic == input.topic_arn
    }))
}

fn page(cloud: &Cloud, after: &str, fits: impl Fn(&Subscription) -> bool) -> Value {
    let model = cloud.services.sns.store.read();
    let mut following = model
        .subscriptions
        .iter()
        .filter(|(arn, kept)| arn.as_str() > after && fits(kept));
    let page: Vec<_> = following.by_ref().take(PAGE).collect();
    let more = following.next().is_some();
    let next = page.last().filter(|_| more).map(|(arn, _)| *arn);
    let entries: Vec<Value> = page
        .iter()
        .map(|(arn, kept)| {
            json!({
                "SubscriptionArn": if kept.pending { "PendingConfirmation" } else { arn },
                "Owner": cloud.options.account,
                "Protocol": kept.protocol,
                "Endpoint": kept.endpoint,
                "TopicArn": kept.topic,
            })
        })
        .collect();
    json!({ "Subscriptions": entries, "NextToken": next })
}

pub(super) fn attributes(cloud: &Cloud, input: Named) -> Answer {
    let model = cloud.services.sns.store.read();
    let arn = input.subscription_arn;
    let kept = model.subscriptions.get(&arn);
    let kept = kept.ok_or_else(|| not_found("Subscription"))?;
    Ok(json!({ "Attributes": {
        "SubscriptionArn": arn,
        "TopicArn": kept.topic,
        "Owner": cloud.options.account,
        "Protocol": kept.protocol,
        "Endpoint": kept.endpoint,
        "PendingConfirmation": kept.pending.to_string(),
        "RawMessageDelivery": kept.raw.to_string(),
        "ConfirmationWasAuthenticated": (!kept.pending).to_string(),
    }}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct SetAttribute {
    subscription_arn: String,
    attribute_name: String,
    #[serde(default)]
    attribute_value: String,
}

pub(super) fn set_attribute(cloud: &Cloud, input: SetAttribute) -> Answer {
    let raw = raw(&input.attribute_name, &input.attribute_value)?;
    cloud.services.sns.store.write(|model| {
        let kept = model.subscriptions.get_mut(&input.subscription_arn);
        kept.ok_or_else(|| not_found("Subscription"))?.raw = raw;
        Ok(json!({}))
    })
}
