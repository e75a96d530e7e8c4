//! Sending dead letters back to where they came from, or to another queue. A move is done by
//! the time it is answered, so there is none to cancel.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Message, Model};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_integer;

/// How many moves are remembered.
const REMEMBERED: usize = 10;

/// A finished move.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Move {
    started: DateTime<Utc>,
    destination: Option<String>,
    moved: usize,
}

fn no_resource(what: &str) -> AwsError {
    AwsError::new(
        "ResourceNotFoundException",
        format!("The resource that you specified for the {what} parameter doesn't exist."),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Start {
    source_arn: String,
    destination_arn: Option<String>,
    /// Everything is moved at once.
    #[serde(rename = "MaxNumberOfMessagesPerSecond")]
    _pace: Option<Value>,
}

pub(super) fn start(cloud: &Cloud, input: Start) -> Answer {
    let now = cloud.time.now();
    let sqs = &cloud.services.sqs;
    let answer = sqs.store.write(|model| {
        let source = name(&input.source_arn).to_owned();
        if !model.queues.contains_key(&source) {
            return Err(no_resource("SourceArn"));
        }
        let is_target = |queue: &super::Queue| {
            let redrive = queue.redrive();
            redrive.is_some_and(|redrive| name(&redrive.target) == source)
        };
        if !model.queues.values().any(is_target) {
            return Err(super::invalid_value(
                "Source queue must be configured as a Dead Letter Queue.",
            ));
        }
        let destination = input.destination_arn.as_deref();
        if destination.is_some_and(|arn| !model.queues.contains_key(name(arn))) {
            return Err(no_resource("DestinationArn"));
        }
        let moved = perform(model, &source, destination, now);
        if let Some(queue) = model.queues.get_mut(&source) {
            queue.moves.push(Move {
                started: now,
                destination: input.destination_arn,
                moved,
            });
            let surplus = queue.moves.len().saturating_sub(REMEMBERED);
            queue.moves.drain(..surplus);
        }
        Ok(json!({ "TaskHandle": Uuid::new_v4().to_string() }))
    })?;
    sqs.changed.notify_waiters();
    Ok(answer)
}

/// Moves what is not in flight; what has nowhere to go stays.
fn perform(
    model: &mut Model,
    source: &str,
    destination: Option<&str>,
    now: DateTime<Utc>,
) -> usize {
    let waiting: Vec<Message> = match model.queues.get_mut(source) {
        Some(queue) => queue.messages.drain(..).collect(),
        None => return 0,
    };
    let mut moved = 0;
    for message in waiting {
        let target = destination.or(message.dead_letter_source.as_deref());
        let target = target.filter(|_| message.visible <= now).map(name);
        let target = target.filter(|target| model.queues.contains_key(*target));
        moved += usize::from(target.is_some());
        let queue = model.queues.get_mut(target.unwrap_or(source));
        if let Some(queue) = queue {
            let message = if target.is_some() {
                fresh(message, now)
            } else {
                message
            };
            queue.messages.push_back(message);
        }
    }
    moved
}

/// A message that was moved is as new: its receivers have not tried it yet.
fn fresh(message: Message, now: DateTime<Utc>) -> Message {
    Message {
        sent: now,
        visible: now,
        received: 0,
        first_received: None,
        receipt: None,
        dead_letter_source: None,
        ..message
    }
}

fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    source_arn: String,
    #[serde(default, deserialize_with = "optional_integer")]
    max_results: Option<i64>,
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    let limit = usize::try_from(input.max_results.unwrap_or(1)).unwrap_or(1);
    let model = cloud.services.sqs.store.read();
    let queue = model.queues.get(name(&input.source_arn));
    let queue = queue.ok_or_else(|| no_resource("SourceArn"))?;
    let results: Vec<Value> = queue
        .moves
        .iter()
        .rev()
        .take(limit.clamp(1, REMEMBERED))
        .map(|done| {
            json!({
                "Status": "COMPLETED",
                "SourceArn": input.source_arn,
                "DestinationArn": done.destination,
                "ApproximateNumberOfMessagesMoved": done.moved,
                "ApproximateNumberOfMessagesToMove": done.moved,
                "StartedTimestamp": done.started.timestamp_millis(),
            })
        })
        .collect();
    Ok(json!({ "Results": results }))
}
