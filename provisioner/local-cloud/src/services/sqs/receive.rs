//! Receiving, and what a receiver does with a message then.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::send::{check_ids, each};
use super::{Message, Model, Queue, digest, invalid_value, later};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_integer;

/// How many messages a queue may have in flight.
const IN_FLIGHT: usize = 120_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Receive {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    max_number_of_messages: Option<i64>,
    #[serde(default, deserialize_with = "optional_integer")]
    visibility_timeout: Option<i64>,
    #[serde(default, deserialize_with = "optional_integer")]
    wait_time_seconds: Option<i64>,
}

fn between(name: &str, value: i64, least: i64, most: i64) -> Answer<i64> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(invalid_value(format!(
        "Value {value} for parameter {name} is invalid. Reason: Must be >= {least} and <= {most}, \
         if provided."
    )))
}

/// Answers at once if there is something, else waits as long as the receiver or the queue says.
pub(super) async fn receive(cloud: &Cloud, input: Receive) -> Answer {
    let most = between(
        "MaxNumberOfMessages",
        input.max_number_of_messages.unwrap_or(1),
        1,
        10,
    )?;
    let wait = if let Some(wait) = input.wait_time_seconds {
        between("WaitTimeSeconds", wait, 0, 20)?
    } else {
        let model = cloud.services.sqs.store.read();
        let queue = model.queue(&input.queue_url)?;
        queue.number("ReceiveMessageWaitTimeSeconds")
    };
    if let Some(timeout) = input.visibility_timeout {
        between("VisibilityTimeout", timeout, 0, 43_200)?;
    }
    let until = later(cloud, cloud.time.now(), wait);
    loop {
        // Registered before looking, so that what arrives in between is not missed.
        let changed = cloud.services.sqs.changed.notified();
        let mut changed = std::pin::pin!(changed);
        changed.as_mut().enable();
        let now = cloud.time.now();
        let (messages, next) = take(cloud, &input, most, now)?;
        if !messages.is_empty() || now >= until {
            let any = !messages.is_empty();
            return Ok(json!({ "Messages": any.then_some(messages) }));
        }
        let pause = next.map_or(until, |next| next.min(until)) - now;
        let pause = pause.to_std().unwrap_or_default() + Duration::from_millis(1);
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Takes what is visible; or tells when the next message will be.
fn take(
    cloud: &Cloud,
    input: &Receive,
    most: i64,
    now: DateTime<Utc>,
) -> Answer<(Vec<Value>, Option<DateTime<Utc>>)> {
    let sqs = &cloud.services.sqs;
    {
        // Polling an idle queue must not mark the model changed.
        let model = sqs.store.read();
        let queue = model.queue(&input.queue_url)?;
        if !queue.messages.iter().any(|message| message.visible <= now) {
            let next = queue.messages.iter().map(|message| message.visible).min();
            return Ok((Vec::new(), next));
        }
    }
    sqs.store.write(|model| {
        bury(cloud, model, &input.queue_url, now)?;
        let queue = model.queue_mut(&input.queue_url)?;
        queue.expire(cloud, now);
        if queue.counts(now)[1] >= IN_FLIGHT {
            return Err(AwsError::new("OverLimit", "Too many messages in flight."));
        }
        let timeout = input
            .visibility_timeout
            .unwrap_or_else(|| queue.number("VisibilityTimeout"));
        let hidden = later(cloud, now, timeout);
        let mut taken = Vec::new();
        for message in &mut queue.messages {
            if message.visible > now {
                continue;
            }
            message.received += 1;
            message.first_received.get_or_insert(now);
            message.visible = hidden;
            message.receipt = Some(Uuid::new_v4().to_string());
            taken.push(shown(cloud, message, input)?);
            if i64::try_from(taken.len()).unwrap_or(most) >= most {
                break;
            }
        }
        let next = queue.messages.iter().map(|message| message.visible).min();
        Ok((taken, next))
    })
}

/// Moves messages that were received often enough to the dead-letter queue.
fn bury(cloud: &Cloud, model: &mut Model, url: &str, now: DateTime<Utc>) -> Answer<()> {
    let queue = model.queue_mut(url)?;
    let Some(redrive) = queue.redrive() else {
        return Ok(());
    };
    let source = queue.arn(cloud);
    let given_up =
        |message: &Message| message.visible <= now && message.received >= redrive.most_receives;
    if !queue.messages.iter().any(given_up) {
        return Ok(());
    }
    let (dead, alive): (Vec<_>, Vec<_>) = queue.messages.drain(..).partition(given_up);
    queue.messages.extend(alive);
    let target = redrive.target.rsplit(':').next().unwrap_or_default();
    match model.queues.get_mut(target) {
        Some(target) => target
            .messages
            .extend(dead.into_iter().map(|message| Message {
                received: 0,
                first_received: None,
                receipt: None,
                visible: now,
                dead_letter_source: Some(source.clone()),
                ..message
            })),
        // The dead-letter queue was deleted: the messages stay where they are.
        None => model.queue_mut(url)?.messages.extend(dead),
    }
    cloud.services.sqs.changed.notify_waiters();
    Ok(())
}

fn shown(cloud: &Cloud, message: &Message, input: &Receive) -> Answer {
    let receipt = message.receipt.as_deref().unwrap_or_default();
    let handle = STANDARD.encode(format!("{} {receipt}", message.id));
    let wanted: BTreeMap<String, Value> = message
        .attributes
        .iter()
        .filter(|(name, _)| is_wanted(&input.message_attribute_names, name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let digest = digest::of_attributes(&wanted)?;
    let system = system_attributes(cloud, message, input);
    Ok(json!({
        "MessageId": message.id,
        "ReceiptHandle": handle,
        "MD5OfBody": digest::of_body(&message.body),
        "Body": message.body,
        "Attributes": (!system.is_empty()).then_some(system),
        "MD5OfMessageAttributes": digest,
        "MessageAttributes": (!wanted.is_empty()).then_some(wanted),
    }))
}

/// `All`, a name, or a prefix that ends in `.*`.
fn is_wanted(names: &[String], name: &str) -> bool {
    names.iter().any(|wanted| match wanted.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == name || wanted == "All",
    })
}

fn system_attributes(cloud: &Cloud, message: &Message, input: &Receive) -> Map<String, Value> {
    let first = message.first_received.map(|at| at.timestamp_millis());
    let all = [
        ("SenderId", Some(cloud.options.account.clone())),
        (
            "SentTimestamp",
            Some(message.sent.timestamp_millis().to_string()),
        ),
        (
            "ApproximateReceiveCount",
            Some(message.received.to_string()),
        ),
        (
            "ApproximateFirstReceiveTimestamp",
            first.map(|at| at.to_string()),
        ),
        ("AWSTraceHeader", message.trace.clone()),
        (
            "DeadLetterQueueSourceArn",
            message.dead_letter_source.clone(),
        ),
    ];
    let wanted = |name: &str| {
        let mut names = input
            .attribute_names
            .iter()
            .chain(&input.message_system_attribute_names);
        names.any(|wanted| wanted == name || wanted == "All")
    };
    all.into_iter()
        .filter(|(name, _)| wanted(name))
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect()
}

/// The message id and receipt in a handle.
fn opened(handle: &str) -> Answer<(String, String)> {
    STANDARD
        .decode(handle)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (id, receipt) = text.split_once(' ')?;
            Some((id.to_owned(), receipt.to_owned()))
        })
        .ok_or_else(|| {
            AwsError::new(
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
            )
        })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    queue_url: String,
    receipt_handle: String,
}

pub(super) fn delete(cloud: &Cloud, input: Delete) -> Answer {
    cloud
        .services
        .sqs
        .store
        .write(|model| remove(model.queue_mut(&input.queue_url)?, &input.receipt_handle))
}

/// Deleting with a handle that another receiver's has replaced succeeds and deletes nothing,
/// as on AWS; so does deleting what is gone.
fn remove(queue: &mut Queue, handle: &str) -> Answer {
    let (id, receipt) = opened(handle)?;
    queue
        .messages
        .retain(|message| message.id != id || message.receipt.as_ref() != Some(&receipt));
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct DeleteBatch {
    queue_url: String,
    entries: Vec<DeleteEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

pub(super) fn delete_batch(cloud: &Cloud, input: DeleteBatch) -> Answer {
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    cloud.services.sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        Ok(each(input.entries, |entry| {
            (entry.id, remove(queue, &entry.receipt_handle))
        }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Change {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

pub(super) fn change_visibility(cloud: &Cloud, input: Change) -> Answer {
    let sqs = &cloud.services.sqs;
    let answer = sqs.store.write(|model| {
        let queue = model.queue_mut(&input.queue_url)?;
        hide(
            cloud,
            queue,
            &input.receipt_handle,
            input.visibility_timeout,
        )
    })?;
    sqs.changed.notify_waiters();
    Ok(answer)
}

fn hide(cloud: &Cloud, queue: &mut Queue, handle: &str, seconds: i64) -> Answer {
    between("VisibilityTimeout", seconds, 0, 43_200)?;
    let (id, receipt) = opened(handle)?;
    let now = cloud.time.now();
    let message = queue
        .messages
        .iter_mut()
        .find(|message| message.id == id)
        .ok_or_else(|| {
            invalid_value(format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not \
                 exist or is not available for visibility timeout change."
            ))
        })?;
    if message.visible <= now || message.receipt.as_ref() != Some(&receipt) {
        return Err(AwsError::new(
            "MessageNotInflight",
            "The specified message isn't in flight.",
        ));
    }
    message.visible = later(cloud, now, seconds);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ChangeBatch {
    queue_url: String,
    entries: Vec<ChangeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ChangeEntry {
    id: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

pub(super) fn change_visibility_batch(cloud: &Cloud, input: ChangeBatch) -> Answer {
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let sqs = &cloud.services.sqs;
    let answer = sqs.store.write(|model| -> Answer {
        let queue = model.queue_mut(&input.queue_url)?;
        Ok(each(input.entries, |entry| {
            let hidden = hide(
                cloud,
                queue,
                &entry.receipt_handle,
                entry.visibility_timeout,
            );
            (entry.id, hidden)
        }))
    })?;
    sqs.changed.notify_waiters();
    Ok(answer)
}
