//! Topics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Model, Topic, invalid};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::tags::{self, Tag};

/// How many entries a page of a list has.
pub(super) const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Create {
    name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn check_attribute(name: &str, value: &str) -> Answer<()> {
    match name {
        "DisplayName" | "KmsMasterKeyId" => Ok(()),
        "Policy" => serde_json::from_str::<Value>(value)
            .map(drop)
            .map_err(|_| invalid("Policy Error: null")),
        _ => Err(invalid(format!(
            "AttributeName {name}: the local cloud offers DisplayName, KmsMasterKeyId and Policy"
        ))),
    }
}

pub(super) fn create(cloud: &Cloud, input: Create) -> Answer {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name = &input.name;
    if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
        return Err(invalid(
            "Topic Name (the local cloud offers no FIFO topics)",
        ));
    }
    for (attribute, value) in &input.attributes {
        check_attribute(attribute, value)?;
    }
    let arn = cloud.arn("sns", name);
    cloud.services.sns.store.write(|model| {
        if let Some(topic) = model.topics.get(&arn) {
            let same = |(key, value)| topic.attributes.get(key) == Some(value);
            if !input.attributes.iter().all(same) {
                return Err(invalid(
                    "Attributes Reason: Topic already exists with different attributes",
                ));
            }
        }
        let topic = model.topics.entry(arn.clone()).or_insert(Topic {
            attributes: input.attributes,
            ..Topic::default()
        });
        tags::add(&mut topic.tags, input.tags, "InvalidParameter")?;
        Ok(json!({ "TopicArn": arn }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    topic_arn: String,
}

/// Deleting what is not there is fine.
pub(super) fn delete(cloud: &Cloud, input: Named) -> Answer {
    cloud.services.sns.store.write(|model| {
        model.topics.remove(&input.topic_arn);
        model
            .subscriptions
            .retain(|_, subscription| subscription.topic != input.topic_arn);
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
    let model = cloud.services.sns.store.read();
    let mut following = model.topics.keys().filter(|arn| **arn > input.next_token);
    let page: Vec<&String> = following.by_ref().take(PAGE).collect();
    let more = following.next().is_some();
    let next = page.last().filter(|_| more);
    let topics: Vec<Value> = page.iter().map(|arn| json!({ "TopicArn": arn })).collect();
    Ok(json!({ "Topics": topics, "NextToken": next }))
}

pub(super) fn attributes(cloud: &Cloud, input: Named) -> Answer {
    let model = cloud.services.sns.store.read();
    let topic = model.topic(&input.topic_arn)?;
    let mut all = topic.attributes.clone();
    let [confirmed, pending] = counts(&model, &input.topic_arn);
    for (name, value) in [
        ("TopicArn", input.topic_arn.clone()),
        ("Owner", cloud.options.account.clone()),
        ("SubscriptionsConfirmed", confirmed.to_string()),
        ("SubscriptionsPending", pending.to_string()),
        ("SubscriptionsDeleted", "0".to_owned()),
    ] {
        all.insert(name.to_owned(), value);
    }
    all.entry("DisplayName".to_owned()).or_default();
    Ok(json!({ "Attributes": all }))
}

fn counts(model: &Model, topic: &str) -> [usize; 2] {
    let of = |pending: bool| {
        let all = model.subscriptions.values();
        all.filter(|s| s.topic == topic && s.pending == pending)
            .count()
    };
    [of(false), of(true)]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct SetAttribute {
    topic_arn: String,
    attribute_name: String,
    #[serde(default)]
    attribute_value: String,
}

pub(super) fn set_attribute(cloud: &Cloud, input: SetAttribute) -> Answer {
    check_attribute(&input.attribute_name, &input.attribute_value)?;
    cloud.services.sns.store.write(|model| {
        let topic = model.topic_mut(&input.topic_arn)?;
        topic
            .attributes
            .insert(input.attribute_name, input.attribute_value);
        Ok(json!({}))
    })
}

fn no_resource() -> AwsError {
    AwsError::new("ResourceNotFound", "Resource does not exist").status(404)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tagging {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag(cloud: &Cloud, input: Tagging) -> Answer {
    cloud.services.sns.store.write(|model| {
        let topic = model.topics.get_mut(&input.resource_arn);
        let topic = topic.ok_or_else(no_resource)?;
        tags::add(&mut topic.tags, input.tags, "InvalidParameter")?;
        Ok(json!({}))
    })
}

pub(super) fn untag(cloud: &Cloud, input: Tagging) -> Answer {
    cloud.services.sns.store.write(|model| {
        let topic = model.topics.get_mut(&input.resource_arn);
        let topic = topic.ok_or_else(no_resource)?;
        topic.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn list_tags(cloud: &Cloud, input: Tagging) -> Answer {
    let model = cloud.services.sns.store.read();
    let topic = model.topics.get(&input.resource_arn);
    let topic = topic.ok_or_else(no_resource)?;
    Ok(json!({ "Tags": tags::list(&topic.tags) }))
}
