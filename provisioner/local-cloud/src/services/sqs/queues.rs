//! Queues themselves.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Queue, attributes, invalid_value, url};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_integer;
use crate::services::tags::Tags;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Create {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// Called `tags` in AWS's model, in lower case.
    #[serde(default, rename = "tags")]
    tags: Tags,
}

pub(super) fn create(cloud: &Cloud, mut input: Create) -> Answer {
    let name = input.queue_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(allowed) {
        return Err(invalid_value(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length. \
             (The local cloud offers no FIFO queues.)",
        ));
    }
    let now = cloud.time.now();
    cloud.services.sqs.store.write(|model| {
        attributes::check(&input.attributes, |name| model.queues.contains_key(name))?;
        input.attributes.retain(|_, value| !value.is_empty());
        let location = json!({ "QueueUrl": url(cloud, &name) });
        if let Some(queue) = model.queues.get(&name) {
            let same = |(key, value)| queue.attributes.get(key) == Some(value);
            return if input.attributes.iter().all(same) {
                Ok(location)
            } else {
                Err(AwsError::new(
                    "QueueNameExists",
                    "A queue already exists with the same name and a different value for an attribute",
                ))
            };
        }
        let queue = Queue {
            name: name.clone(),
            created: now,
            modified: now,
            purged: None,
            attributes: input.attributes,
            tags: input.tags,
            messages: VecDeque::new(),
            moves: Vec::new(),
        };
        model.queues.insert(name, queue);
        Ok(location)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct At {
    queue_url: String,
}

pub(super) fn delete(cloud: &Cloud, input: At) -> Answer {
    let sqs = &cloud.services.sqs;
    sqs.store.write(|model| {
        let removed = model.queues.remove(super::name_in_url(&input.queue_url));
        removed.map(drop).ok_or_else(super::no_queue)
    })?;
    // Whoever waits for its messages is to hear of it.
    sqs.changed.notify_waiters();
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct GetUrl {
    queue_name: String,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

pub(super) fn get_url(cloud: &Cloud, input: GetUrl) -> Answer {
    let model = cloud.services.sqs.store.read();
    let ours = input
        .owner
        .is_none_or(|owner| owner == cloud.options.account);
    if ours && model.queues.contains_key(&input.queue_name) {
        Ok(json!({ "QueueUrl": url(cloud, &input.queue_name) }))
    } else {
        Err(super::no_queue())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    queue_name_prefix: String,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    max_results: Option<i64>,
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    let limit = usize::try_from(input.max_results.unwrap_or(1000))
        .ok()
        .filter(|limit| (1..=1000).contains(limit))
        .ok_or_else(|| invalid_value("MaxResults must be between 1 and 1000."))?;
    let after = input.next_token.unwrap_or_default();
    let model = cloud.services.sqs.store.read();
    let mut fitting = model
        .queues
        .keys()
        .filter(|name| name.starts_with(&input.queue_name_prefix) && **name > after);
    let page: Vec<&String> = fitting.by_ref().take(limit).collect();
    let more = fitting.next().is_some();
    let next = page.last().filter(|_| more);
    let urls: Vec<String> = page.iter().map(|name| url(cloud, name)).collect();
    Ok(json!({ "QueueUrls": urls, "NextToken": next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Sources {
    queue_url: String,
    #[serde(rename = "MaxResults")]
    _max_results: Option<Value>,
}

/// The queues whose dead letters come here.
pub(super) fn list_sources(cloud: &Cloud, input: Sources) -> Answer {
    let model = cloud.services.sqs.store.read();
    let arn = model.queue(&input.queue_url)?.arn(cloud);
    let urls: Vec<String> = model
        .queues
        .values()
        .filter(|queue| queue.redrive().is_some_and(|redrive| redrive.target == arn))
        .map(|queue| url(cloud, &queue.name))
        .collect();
    Ok(json!({ "queueUrls": urls }))
}

pub(super) fn purge(cloud: &Cloud, input: At) -> Answer {
    let now = cloud.time.now();
    cloud.services.sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        if queue
            .purged
            .is_some_and(|at| super::later(cloud, at, 60) - now > TimeDelta::zero())
        {
            return Err(AwsError::new(
                "PurgeQueueInProgress",
                format!(
                    "Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                    queue.name
                ),
            ));
        }
        queue.purged = Some(now);
        queue.messages.clear();
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tagging {
    queue_url: String,
    tags: Tags,
}

pub(super) fn tag(cloud: &Cloud, input: Tagging) -> Answer {
    cloud.services.sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        queue.tags.extend(input.tags);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Untagging {
    queue_url: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag(cloud: &Cloud, input: Untagging) -> Answer {
    cloud.services.sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        queue.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn list_tags(cloud: &Cloud, input: At) -> Answer {
    let model = cloud.services.sqs.store.read();
    Ok(json!({ "Tags": model.queue(&input.queue_url)?.tags }))
}
