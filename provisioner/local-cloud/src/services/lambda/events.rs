//! Asynchronous invocations: kept on disk until they are through, retried with back-off, and
//! handed on to a destination when they are given up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::Answer;
use crate::services;

use super::invoke::{self, Invocation, Outcome};
use super::metrics::Target;
use super::model::Retries;
use super::names::Reference;

/// How often AWS tries again after an error, and how long it waits before each time.
const BACK_OFF: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];
/// How long a throttled event waits at first and at most.
const THROTTLED_FIRST: Duration = Duration::from_secs(1);
const THROTTLED_MOST: Duration = Duration::from_mins(5);
/// An event older than this is given up.
const OLDEST_SECONDS: u64 = 21_600;

/// An event that was accepted and is not through.
#[derive(Serialize, Deserialize)]
struct Event {
    id: String,
    name: String,
    qualifier: Option<String>,
    payload: String,
    client_context: Option<String>,
    accepted: DateTime<Utc>,
    /// How often the function has failed on it.
    attempts: u32,
}

/// How an attempt, and then the event, ended.
enum Ended {
    Through(Outcome),
    GivenUp(&'static str, Option<Outcome>),
}

/// Takes an event in. When this returns it will be tried, even if the cloud restarts.
pub(super) fn accept(
    cloud: &Arc<Cloud>,
    reference: &Reference,
    invocation: Invocation,
) -> Answer<()> {
    let event = Event {
        id: Uuid::new_v4().to_string(),
        name: reference.name.clone(),
        qualifier: reference.qualifier.clone(),
        payload: STANDARD.encode(&invocation.payload),
        client_context: invocation.client_context,
        accepted: cloud.time.now(),
        attempts: 0,
    };
    save(cloud, &event)?;
    spawn(cloud, event);
    Ok(())
}

/// Takes up the events that were not through when the cloud stopped.
pub(super) fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder(cloud)) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        // A half-written event was never accepted.
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let event = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is not readable as an event", path.display()))?;
        spawn(cloud, event);
    }
    Ok(())
}

fn spawn(cloud: &Arc<Cloud>, event: Event) {
    let work = Arc::clone(cloud);
    cloud
        .background
        .spawn(async move { carry_through(&work, event).await });
}

async fn carry_through(cloud: &Arc<Cloud>, mut event: Event) {
    let reference = Reference {
        name: event.name.clone(),
        qualifier: event.qualifier.clone(),
    };
    let ended = attempt_until_ended(cloud, &reference, &mut event).await;
    if let Ended::GivenUp(..) = ended {
        let target = Target {
            reference: &reference,
            executed: "",
        };
        target.record(cloud, "AsyncEventsDropped", 1.0, "Count");
    }
    hand_on(cloud, &reference, &event, &ended).await;
    // Gone already is as good as removed.
    drop(std::fs::remove_file(path(cloud, &event.id)));
}

async fn attempt_until_ended(
    cloud: &Arc<Cloud>,
    reference: &Reference,
    event: &mut Event,
) -> Ended {
    let mut throttled = THROTTLED_FIRST;
    loop {
        let retries = retries(cloud, reference);
        let oldest = retries.age_seconds.unwrap_or(OLDEST_SECONDS);
        if age_seconds(cloud, event) > oldest {
            return Ended::GivenUp("EventAgeExceeded", None);
        }
        let invocation = Invocation {
            payload: Bytes::from(STANDARD.decode(&event.payload).unwrap_or_default()),
            client_context: event.client_context.clone(),
            ..Invocation::default()
        };
        let wait = match invoke::perform(cloud, reference, event.id.clone(), invocation).await {
            Ok(outcome) if !outcome.failed => return Ended::Through(outcome),
            Ok(outcome) => {
                event.attempts += 1;
                let most = retries.attempts.unwrap_or(2);
                let Some(wait) = BACK_OFF
                    .get(event.attempts as usize - 1)
                    .filter(|_| event.attempts <= most)
                else {
                    return Ended::GivenUp("RetriesExhausted", Some(outcome));
                };
                *wait
            }
            Err(error) if error.status == 404 => return Ended::GivenUp("RetriesExhausted", None),
            Err(_throttled) => {
                let wait = throttled;
                throttled = (throttled * 2).min(THROTTLED_MOST);
                wait
            }
        };
        if let Err(error) = save(cloud, event) {
            tracing::warn!(%error, event = event.id, "an asynchronous event could not be kept on disk");
        }
        cloud.time.sleep(wait).await;
    }
}

/// Cloud seconds since the event was accepted.
fn age_seconds(cloud: &Cloud, event: &Event) -> u64 {
    let real = (cloud.time.now() - event.accepted)
        .to_std()
        .unwrap_or_default();
    real.mul_f64(cloud.time.speed()).as_secs()
}

fn retries(cloud: &Cloud, reference: &Reference) -> Retries {
    let qualifier = reference.published().unwrap_or_default();
    let model = cloud.services.lambda.store.read();
    model
        .functions
        .get(&reference.name)
        .and_then(|function| function.retries.get(qualifier).cloned())
        .unwrap_or(Retries {
            attempts: None,
            age_seconds: None,
            on_success: None,
            on_failure: None,
            last_modified: DateTime::UNIX_EPOCH,
        })
}

/// Tells the destination, and for events that were given up the dead-letter queue.
async fn hand_on(cloud: &Arc<Cloud>, reference: &Reference, event: &Event, ended: &Ended) {
    let retries = retries(cloud, reference);
    let (destination, dead_letter) = match ended {
        Ended::Through(_) => (retries.on_success, None),
        Ended::GivenUp(..) => (retries.on_failure, dead_letter(cloud, reference)),
    };
    if let Some(arn) = destination {
        let record = record(cloud, reference, event, ended).to_string();
        report(&arn, send(cloud, &arn, &record, &[]).await);
    }
    if let Some(arn) = dead_letter {
        let payload = STANDARD.decode(&event.payload).unwrap_or_default();
        let payload = String::from_utf8_lossy(&payload).into_owned();
        let message = match ended {
            Ended::GivenUp(_, Some(outcome)) => {
                String::from_utf8_lossy(&outcome.payload).into_owned()
            }
            _ => "The event was given up.".to_owned(),
        };
        let attributes = [
            ("RequestID", event.id.as_str()),
            ("ErrorCode", "200"),
            ("ErrorMessage", message.as_str()),
        ];
        report(&arn, send(cloud, &arn, &payload, &attributes).await);
    }
}

fn dead_letter(cloud: &Cloud, reference: &Reference) -> Option<String> {
    let model = cloud.services.lambda.store.read();
    let function = model.functions.get(&reference.name)?;
    let version = function.at(cloud, reference.qualifier.as_deref()).ok()?;
    version.settings.dead_letter.clone()
}

/// The record a destination receives.
fn record(cloud: &Cloud, reference: &Reference, event: &Event, ended: &Ended) -> Value {
    let (condition, outcome) = match ended {
        Ended::Through(outcome) => ("Success", Some(outcome)),
        Ended::GivenUp(condition, outcome) => (*condition, outcome.as_ref()),
    };
    let executed = outcome.map_or("", |outcome| outcome.executed_version.as_str());
    let payload = STANDARD.decode(&event.payload).unwrap_or_default();
    let mut record = json!({
        "version": "1.0",
        "timestamp": cloud.time.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "requestContext": {
            "requestId": event.id,
            "functionArn": invoke::executed_arn(cloud, &reference.name, executed),
            "condition": condition,
            "approximateInvokeCount": event.attempts.max(1),
        },
        "requestPayload": serde_json::from_slice::<Value>(&payload).unwrap_or(Value::Null),
    });
    if let Some(outcome) = outcome {
        record["responseContext"] =
            json!({ "statusCode": 200, "executedVersion": outcome.executed_version });
        if outcome.failed {
            record["responseContext"]["functionError"] = json!("Unhandled");
        }
        record["responsePayload"] = serde_json::from_slice(&outcome.payload).unwrap_or(Value::Null);
    }
    record
}

/// Sends text to a queue, a topic or a function.
async fn send(
    cloud: &Arc<Cloud>,
    arn: &str,
    text: &str,
    attributes: &[(&str, &str)],
) -> Answer<()> {
    let attributes: serde_json::Map<String, Value> = attributes
        .iter()
        .map(|(name, value)| {
            let value = json!({ "DataType": "String", "StringValue": value });
            ((*name).to_owned(), value)
        })
        .collect();
    let (service, operation, input) = match arn.split(':').nth(2) {
        Some("sqs") => {
            let input = json!({
                "QueueUrl": super::poll::queue_url(cloud, arn).await?,
                "MessageBody": text,
                "MessageAttributes": attributes,
            });
            ("sqs", "SendMessage", input)
        }
        Some("sns") => {
            let input =
                json!({ "TopicArn": arn, "Message": text, "MessageAttributes": attributes });
            ("sns", "Publish", input)
        }
        _ => {
            let input = json!({
                "FunctionName": arn,
                "InvocationType": "Event",
                "Payload": STANDARD.encode(text),
            });
            ("lambda", "Invoke", input)
        }
    };
    services::call(cloud, service, operation, input)
        .await
        .map(drop)
}

fn report(arn: &str, sent: Answer<()>) {
    if let Err(error) = sent {
        tracing::warn!(%error, arn, "an event could not be handed to its destination");
    }
}

fn folder(cloud: &Cloud) -> PathBuf {
    cloud.options.root.join("lambda-events")
}

fn path(cloud: &Cloud, id: &str) -> PathBuf {
    folder(cloud).join(format!("{id}.json"))
}

fn save(cloud: &Cloud, event: &Event) -> Answer<()> {
    std::fs::create_dir_all(folder(cloud))?;
    let path = path(cloud, &event.id);
    let partial = path.with_extension("partial");
    let bytes = serde_json::to_vec(event).map_err(crate::error::AwsError::internal)?;
    std::fs::write(&partial, bytes)?;
    std::fs::rename(&partial, &path)?;
    Ok(())
}
