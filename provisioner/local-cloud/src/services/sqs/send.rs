//! Sending.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Message, Queue, digest, invalid_value, later};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_integer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct One {
    queue_url: String,
    message_body: String,
    #[serde(default, deserialize_with = "optional_integer")]
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Value>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, Value>,
}

pub(super) fn one(cloud: &Cloud, input: One) -> Answer {
    let content = Content {
        body: input.message_body,
        delay: input.delay_seconds,
        attributes: input.message_attributes,
        system: input.message_system_attributes,
    };
    let sqs = &cloud.services.sqs;
    let sent = sqs
        .store
        .write(|model| content.send(cloud, model.queue_mut(&input.queue_url)?))?;
    sqs.changed.notify_waiters();
    Ok(sent)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Batch {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Entry {
    id: String,
    message_body: String,
    #[serde(default, deserialize_with = "optional_integer")]
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Value>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, Value>,
}

pub(super) fn batch(cloud: &Cloud, input: Batch) -> Answer {
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let sqs = &cloud.services.sqs;
    let answer = sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        let size: usize = input
            .entries
            .iter()
            .map(|entry| entry.message_body.len())
            .sum();
        let most = usize::try_from(queue.number("MaximumMessageSize")).unwrap_or(usize::MAX);
        if size > most {
            return Err(AwsError::new(
                "BatchRequestTooLong",
                format!(
                    "Batch requests cannot be longer than {most} bytes. You have sent {size} bytes."
                ),
            ));
        }
        Ok(each(input.entries, |entry| {
            let content = Content {
                body: entry.message_body,
                delay: entry.delay_seconds,
                attributes: entry.message_attributes,
                system: entry.message_system_attributes,
            };
            (entry.id, content.send(cloud, queue))
        }))
    })?;
    sqs.changed.notify_waiters();
    Ok(answer)
}

/// Performs every entry of a batch; some may fail.
pub(super) fn each<E>(entries: Vec<E>, mut perform: impl FnMut(E) -> (String, Answer)) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match perform(entry) {
            (id, Ok(mut done)) => {
                done["Id"] = id.into();
                successful.push(done);
            }
            (id, Err(error)) => failed.push(json!({
                "Id": id,
                "SenderFault": error.status < 500,
                "Code": error.code,
                "Message": error.message,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

/// One to ten, each once, of letters, digits, hyphens and underscores.
pub(super) fn check_ids<'a>(ids: impl Iterator<Item = &'a str> + Clone) -> Answer<()> {
    let refuse = |code: &str, message: &str| Err(AwsError::new(code, message));
    match ids.clone().count() {
        0 => {
            return refuse(
                "EmptyBatchRequest",
                "There should be at least one entry in the request.",
            );
        }
        1..=10 => {}
        count => {
            return refuse(
                "TooManyEntriesInBatchRequest",
                &format!("Maximum number of entries per request are 10. You have sent {count}."),
            );
        }
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut seen = HashSet::new();
    for id in ids {
        if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
            return refuse(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and \
                 underscores. It can be at most 80 letters long.",
            );
        }
        if !seen.insert(id) {
            return refuse("BatchEntryIdsNotDistinct", &format!("Id {id} repeated."));
        }
    }
    Ok(())
}

struct Content {
    body: String,
    delay: Option<i64>,
    attributes: BTreeMap<String, Value>,
    system: BTreeMap<String, Value>,
}

impl Content {
    fn send(self, cloud: &Cloud, queue: &mut Queue) -> Answer {
        self.check(queue)?;
        let delay = self.delay.unwrap_or_else(|| queue.number("DelaySeconds"));
        if !(0..=900).contains(&delay) {
            return Err(invalid_value(format!(
                "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must \
                 be >= 0 and <= 900."
            )));
        }
        let id = Uuid::new_v4().to_string();
        let digest = digest::of_attributes(&self.attributes)?;
        let answer = json!({
            "MessageId": id,
            "MD5OfMessageBody": digest::of_body(&self.body),
            "MD5OfMessageAttributes": digest,
        });
        let now = cloud.time.now();
        let trace = self.system.get("AWSTraceHeader");
        queue.messages.push_back(Message {
            id,
            body: self.body,
            attributes: self.attributes,
            sent: now,
            visible: later(cloud, now, delay),
            received: 0,
            first_received: None,
            receipt: None,
            dead_letter_source: None,
            trace: trace
                .and_then(|trace| trace["StringValue"].as_str())
                .map(str::to_owned),
        });
        Ok(answer)
    }

    fn check(&self, queue: &Queue) -> Answer<()> {
        if self.body.is_empty() {
            return Err(AwsError::new(
                "MissingParameter",
                "The request must contain the parameter MessageBody.",
            ));
        }
        let allowed =
            |c: char| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}' || "\t\n\r".contains(c);
        if !self.body.chars().all(allowed) {
            return Err(AwsError::new(
                "InvalidMessageContents",
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to \
                 #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
            ));
        }
        if self.attributes.len() > 10 {
            return Err(invalid_value("A message has at most 10 attributes."));
        }
        for (name, attribute) in &self.attributes {
            let kind = attribute["DataType"].as_str().unwrap_or_default();
            let base = kind.split('.').next().unwrap_or_default();
            if !matches!(base, "String" | "Number" | "Binary") {
                return Err(invalid_value(format!(
                    "The type of message (user) attribute '{name}' is invalid. You must use only \
                     the following supported type prefixes: Binary, Number, String."
                )));
            }
        }
        let size = self.body.len()
            + self
                .attributes
                .iter()
                .map(|(name, value)| name.len() + value.to_string().len())
                .sum::<usize>();
        let most = queue.number("MaximumMessageSize");
        if i64::try_from(size).unwrap_or(i64::MAX) > most {
            return Err(invalid_value(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            )));
        }
        Ok(())
    }
}
