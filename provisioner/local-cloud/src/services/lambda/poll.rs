//! Pollers: messages of a queue become invocations, and leave the queue when they succeeded.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services;

use super::invoke::{self, Invocation};
use super::mappings::queue_name;
use super::model::Mapping;

/// How many batches of one queue are under way at once, unless the mapping says so. AWS
/// scales to 1,000; each is a process here.
const BATCHES_AT_ONCE: usize = 10;
/// How long one receive waits for messages, in seconds.
const LONG_POLL_SECONDS: u64 = 1;
/// How long a poller rests when something below it failed.
const REST: Duration = Duration::from_secs(1);

/// The pollers that run, by mapping.
#[derive(Default)]
pub(super) struct Pollers {
    running: Mutex<HashMap<String, CancellationToken>>,
}

impl Pollers {
    /// Lets the poller of a mapping end after what it has in hand.
    pub(super) fn forget(&self, id: &str) {
        if let Some(stop) = self.lock().remove(id) {
            stop.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the pollers of every mapping.
pub(super) fn resume(cloud: &Arc<Cloud>) {
    let ids: Vec<String> = {
        let model = cloud.services.lambda.store.read();
        model.mappings.keys().cloned().collect()
    };
    for id in ids {
        start(cloud, &id);
    }
}

/// Starts the poller of a mapping anew, with its present settings, unless it is disabled.
pub(super) fn start(cloud: &Arc<Cloud>, id: &str) {
    let pollers = &cloud.services.lambda.pollers;
    pollers.forget(id);
    let mapping = {
        let model = cloud.services.lambda.store.read();
        model.mappings.get(id).cloned()
    };
    let Some(mapping) = mapping.filter(|mapping| mapping.enabled) else {
        return;
    };
    let stop = CancellationToken::new();
    cloud
        .background
        .spawn(poll(Arc::clone(cloud), mapping, stop.clone()));
    pollers.lock().insert(id.to_owned(), stop);
}

/// A queue's URL, from its ARN.
pub(crate) async fn queue_url(cloud: &Arc<Cloud>, arn: &str) -> Answer<String> {
    let input = json!({ "QueueName": queue_name(arn) });
    let answer = services::call(cloud, "sqs", "GetQueueUrl", input).await?;
    answer["QueueUrl"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| AwsError::internal("GetQueueUrl answered without a URL"))
}

async fn poll(cloud: Arc<Cloud>, mapping: Mapping, stop: CancellationToken) {
    let at_once = Arc::new(Semaphore::new(
        mapping.maximum_concurrency.unwrap_or(BATCHES_AT_ONCE),
    ));
    while !stop.is_cancelled() {
        let Ok(place) = Arc::clone(&at_once).acquire_owned().await else {
            return;
        };
        // A deleted function's messages stay in their queue.
        if super::mappings::is_orphan(&cloud, &mapping) {
            tokio::time::sleep(REST).await;
            continue;
        }
        let batch = match gather(&cloud, &mapping, &stop).await {
            Ok(batch) => batch,
            Err(error) => {
                result(&cloud, &mapping.id, format!("PROBLEM: {}", error.message));
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        if batch.is_empty() {
            continue;
        }
        let (work, mapping) = (Arc::clone(&cloud), mapping.clone());
        cloud.background.spawn(async move {
            if let Err(error) = deliver(&work, &mapping, batch).await {
                result(&work, &mapping.id, format!("PROBLEM: {}", error.message));
                // Throttled, most likely: the messages come back after their time-out.
                tokio::time::sleep(REST).await;
            }
            drop(place);
        });
    }
}

/// Receives until the batch is full or its window is over.
async fn gather(
    cloud: &Arc<Cloud>,
    mapping: &Mapping,
    stop: &CancellationToken,
) -> Answer<Vec<Value>> {
    let url = queue_url(cloud, &mapping.queue_arn).await?;
    let window = cloud.time.real(Duration::from_secs(mapping.window_seconds));
    let mut batch = Vec::new();
    let mut until = None;
    loop {
        let left = mapping.batch_size - batch.len();
        let wait = if batch.is_empty() {
            LONG_POLL_SECONDS
        } else {
            0
        };
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": left.min(10),
            "WaitTimeSeconds": wait,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let received = services::call(cloud, "sqs", "ReceiveMessage", input).await?;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let nothing_new = messages.is_empty();
        batch.extend(messages);
        if stop.is_cancelled() || batch.is_empty() || batch.len() >= mapping.batch_size {
            return Ok(batch);
        }
        let until = *until.get_or_insert_with(|| Instant::now() + window);
        if Instant::now() >= until {
            return Ok(batch);
        }
        if nothing_new {
            let pause = until - Instant::now();
            tokio::time::sleep(pause.min(Duration::from_millis(50))).await;
        }
    }
}

/// Invokes the function with a batch and deletes what it dealt with.
async fn deliver(cloud: &Arc<Cloud>, mapping: &Mapping, batch: Vec<Value>) -> Answer<()> {
    let records: Vec<Value> = batch
        .iter()
        .map(|message| record(cloud, mapping, message))
        .collect();
    let invocation = Invocation {
        payload: Bytes::from(json!({ "Records": records }).to_string()),
        ..Invocation::default()
    };
    let id = Uuid::new_v4().to_string();
    let outcome = invoke::perform(cloud, &mapping.reference(), id, invocation).await?;
    if outcome.failed {
        result(
            cloud,
            &mapping.id,
            "PROBLEM: Function call failed".to_owned(),
        );
        return Ok(());
    }
    let failed = if mapping.reports_batch_item_failures {
        let Some(failed) = failures(&outcome.payload, &batch) else {
            // An answer that cannot be understood counts as a failure of the whole batch.
            let text = "PROBLEM: Function answered no valid batchItemFailures".to_owned();
            result(cloud, &mapping.id, text);
            return Ok(());
        };
        failed
    } else {
        BTreeSet::new()
    };
    result(cloud, &mapping.id, "OK".to_owned());
    delete(cloud, mapping, &batch, &failed).await
}

/// The ids of messages that failed. Facts: "Reporting batch item failures" of AWS's Lambda
/// guide: nothing, null or an empty list means none; an unknown or empty id means all.
fn failures(payload: &[u8], batch: &[Value]) -> Option<BTreeSet<String>> {
    let answer: Value = serde_json::from_slice(payload).unwrap_or(Value::Null);
    let listed = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Some(BTreeSet::new()),
        Some(listed) => listed.as_array()?,
    };
    let ids: BTreeSet<&str> = batch
        .iter()
        .filter_map(|message| message["MessageId"].as_str())
        .collect();
    listed
        .iter()
        .map(|item| {
            let id = item.get("itemIdentifier")?.as_str()?;
            ids.contains(id).then(|| id.to_owned())
        })
        .collect()
}

async fn delete(
    cloud: &Arc<Cloud>,
    mapping: &Mapping,
    batch: &[Value],
    failed: &BTreeSet<String>,
) -> Answer<()> {
    let url = queue_url(cloud, &mapping.queue_arn).await?;
    let done: Vec<&Value> = batch
        .iter()
        .filter(|message| {
            let id = message["MessageId"].as_str().unwrap_or_default();
            !failed.contains(id)
        })
        .collect();
    for some in done.chunks(10) {
        let entries: Vec<Value> = some
            .iter()
            .enumerate()
            .map(|(place, message)| {
                json!({ "Id": place.to_string(), "ReceiptHandle": message["ReceiptHandle"] })
            })
            .collect();
        let input = json!({ "QueueUrl": url, "Entries": entries });
        services::call(cloud, "sqs", "DeleteMessageBatch", input).await?;
    }
    Ok(())
}

/// One message in the shape Lambda hands to functions.
fn record(cloud: &Cloud, mapping: &Mapping, message: &Value) -> Value {
    let attributes: Map<String, Value> = message["MessageAttributes"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes").cloned().unwrap_or_else(|| json!({})),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.queue_arn,
        "awsRegion": cloud.options.region,
    })
}

fn attribute(value: &Value) -> Value {
    let mut attribute = json!({
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    });
    for (member, from) in [
        ("stringValue", "StringValue"),
        ("binaryValue", "BinaryValue"),
    ] {
        if let Some(found) = value.get(from).filter(|found| !found.is_null()) {
            attribute[member] = found.clone();
        }
    }
    attribute
}

fn result(cloud: &Cloud, id: &str, text: String) {
    let store = &cloud.services.lambda.store;
    let known = store
        .read()
        .mappings
        .get(id)
        .is_none_or(|mapping| mapping.last_result == text);
    if !known {
        store.write(|model| {
            if let Some(mapping) = model.mappings.get_mut(id) {
                mapping.last_result = text;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::failures;

    #[test]
    fn what_a_function_says_of_its_batch_is_read_as_aws_reads_it() {
        let batch = [json!({ "MessageId": "a" }), json!({ "MessageId": "b" })];
        let read = |answer: serde_json::Value| {
            failures(answer.to_string().as_bytes(), &batch)
                .map(|failed| failed.into_iter().collect::<Vec<_>>().join(","))
        };
        for nothing in [
            json!(null),
            json!({}),
            json!({ "batchItemFailures": [] }),
            json!({ "batchItemFailures": null }),
            json!("fine"),
        ] {
            assert_eq!(read(nothing.clone()).as_deref(), Some(""), "{nothing}");
        }
        let some = json!({ "batchItemFailures": [{ "itemIdentifier": "b" }] });
        assert_eq!(read(some).as_deref(), Some("b"));
        for all in [
            json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }),
            json!({ "batchItemFailures": [{ "itemIdentifier": "zzz" }] }),
            json!({ "batchItemFailures": [{}] }),
            json!({ "batchItemFailures": "b" }),
        ] {
            assert_eq!(read(all.clone()), None, "{all}");
        }
    }
}
