//! A queue's attributes: set, checked, answered with their defaults.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Queue;
use crate::Cloud;
use crate::error::{Answer, AwsError};

/// (name, default, least, most)
const NUMBERS: &[(&str, i64, i64, i64)] = &[
    ("DelaySeconds", 0, 0, 900),
    ("MaximumMessageSize", 1_048_576, 1024, 1_048_576),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, 20),
    ("VisibilityTimeout", 30, 0, 43_200),
    ("KmsDataKeyReusePeriodSeconds", 300, 60, 86_400),
];

/// When a message is given up, and where it goes.
pub(super) struct Redrive {
    pub(super) target: String,
    pub(super) most_receives: u32,
}

impl Queue {
    /// A numeric attribute or its default.
    pub(super) fn number(&self, name: &str) -> i64 {
        let default = NUMBERS.iter().find(|(known, ..)| *known == name);
        self.attributes
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| default.map_or(0, |(_, default, ..)| *default))
    }

    pub(super) fn redrive(&self) -> Option<Redrive> {
        redrive(self.attributes.get("RedrivePolicy")?).ok()
    }

    fn all(&self, cloud: &Cloud, now: DateTime<Utc>) -> BTreeMap<String, String> {
        let [visible, in_flight, delayed] = self.counts(now);
        let mut all: BTreeMap<String, String> = NUMBERS
            .iter()
            .filter(|(name, ..)| *name != "KmsDataKeyReusePeriodSeconds")
            .map(|(name, default, ..)| ((*name).to_owned(), default.to_string()))
            .collect();
        if !self.attributes.contains_key("KmsMasterKeyId") {
            all.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        }
        all.extend(self.attributes.clone());
        for (name, value) in [
            ("QueueArn", self.arn(cloud)),
            ("ApproximateNumberOfMessages", visible.to_string()),
            (
                "ApproximateNumberOfMessagesNotVisible",
                in_flight.to_string(),
            ),
            ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
            ("CreatedTimestamp", self.created.timestamp().to_string()),
            (
                "LastModifiedTimestamp",
                self.modified.timestamp().to_string(),
            ),
        ] {
            all.insert(name.to_owned(), value);
        }
        all
    }
}

/// `{"deadLetterTargetArn": "...", "maxReceiveCount": 5}`
fn redrive(policy: &str) -> Answer<Redrive> {
    let bad = |why: &str| {
        super::invalid_value(format!(
            "Value {policy} for parameter RedrivePolicy is invalid. Reason: {why}"
        ))
    };
    let policy: Value =
        serde_json::from_str(policy).map_err(|_| bad("Redrive policy is not a valid JSON map."))?;
    let target = policy["deadLetterTargetArn"].as_str().ok_or_else(|| {
        bad("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
    })?;
    let count = &policy["maxReceiveCount"];
    let most_receives = count
        .as_u64()
        .or_else(|| count.as_str()?.parse().ok())
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| bad("Invalid value for maxReceiveCount."))?;
    Ok(Redrive {
        target: target.to_owned(),
        most_receives,
    })
}

/// Refuses unknown attributes and values out of range. An empty text takes an attribute away.
pub(super) fn check(
    attributes: &BTreeMap<String, String>,
    queue_exists: impl Fn(&str) -> bool,
) -> Answer<()> {
    for (name, value) in attributes {
        let bad = |why: &str| {
            AwsError::new(
                "InvalidAttributeValue",
                format!("Invalid value for the parameter {name}. Reason: {why}"),
            )
        };
        if let Some((.., least, most)) = NUMBERS.iter().find(|(known, ..)| known == name) {
            let number: Option<i64> = value.parse().ok();
            if !number.is_some_and(|number| (*least..=*most).contains(&number)) {
                return Err(bad(&format!("Must be between {least} and {most}.")));
            }
            continue;
        }
        match name.as_str() {
            "RedrivePolicy" if !value.is_empty() => {
                let target = redrive(value)?.target;
                let dead_letters = target.rsplit(':').next().unwrap_or_default();
                if !queue_exists(dead_letters) {
                    return Err(super::invalid_value(format!(
                        "Value {value} for parameter RedrivePolicy is invalid. Reason: Dead \
                         letter target does not exist."
                    )));
                }
            }
            "Policy" | "RedriveAllowPolicy" if !value.is_empty() => {
                serde_json::from_str::<Value>(value).map_err(|_| bad("Not a JSON document."))?;
            }
            "SqsManagedSseEnabled" if !matches!(value.as_str(), "true" | "false" | "") => {
                return Err(bad("Must be true or false."));
            }
            "FifoQueue"
            | "ContentBasedDeduplication"
            | "DeduplicationScope"
            | "FifoThroughputLimit" => {
                return Err(AwsError::new(
                    "InvalidAttributeName",
                    format!("The local cloud offers standard queues, which have no {name}."),
                ));
            }
            "RedrivePolicy"
            | "Policy"
            | "RedriveAllowPolicy"
            | "SqsManagedSseEnabled"
            | "KmsMasterKeyId" => {}
            _ => {
                return Err(AwsError::new(
                    "InvalidAttributeName",
                    format!("Unknown Attribute {name}."),
                ));
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Get {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

pub(super) fn get(cloud: &Cloud, input: Get) -> Answer {
    let now = cloud.time.now();
    cloud.services.sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        queue.expire(cloud, now);
        let all = queue.all(cloud, now);
        if input.attribute_names.iter().any(|name| name == "All") {
            return Ok(json!({ "Attributes": all }));
        }
        let mut chosen = BTreeMap::new();
        for name in &input.attribute_names {
            if let Some(value) = all.get(name) {
                chosen.insert(name, value);
            } else if !is_known(name) {
                return Err(AwsError::new(
                    "InvalidAttributeName",
                    format!("Unknown Attribute {name}."),
                ));
            }
        }
        Ok(json!({ "Attributes": chosen }))
    })
}

/// Attributes a queue may have, though this one does not.
fn is_known(name: &str) -> bool {
    matches!(
        name,
        "Policy"
            | "RedrivePolicy"
            | "RedriveAllowPolicy"
            | "KmsMasterKeyId"
            | "KmsDataKeyReusePeriodSeconds"
            | "SqsManagedSseEnabled"
            | "FifoQueue"
            | "ContentBasedDeduplication"
            | "DeduplicationScope"
            | "FifoThroughputLimit"
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Set {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

pub(super) fn set(cloud: &Cloud, input: Set) -> Answer {
    let now = cloud.time.now();
    cloud.services.sqs.store.write(|model| {
        check(&input.attributes, |name| model.queues.contains_key(name))?;
        let queue = model.queue_mut(&input.queue_url)?;
        queue.attributes.extend(input.attributes);
        queue.attributes.retain(|_, value| !value.is_empty());
        queue.modified = now;
        Ok(json!({}))
    })
}
