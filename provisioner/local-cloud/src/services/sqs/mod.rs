//! SQS: standard queues with visibility time-outs and dead-letter queues.
//!
//! Delays, visibility and retention pass in the cloud's time: at speed 60 a message that is
//! invisible for a minute comes back after a second. Queues deliver in order here, which
//! standard queues may do and nobody may rely on. FIFO queues are not offered.

mod attributes;
mod digest;
mod moves;
mod operations;
mod queues;
mod receive;
mod send;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::tags::Tags;
use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    queues: BTreeMap<String, Queue>,
}

/// A queue; attributes as they were set, the defaults left out.
#[derive(Clone, Serialize, Deserialize)]
struct Queue {
    name: String,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
    purged: Option<DateTime<Utc>>,
    attributes: BTreeMap<String, String>,
    tags: Tags,
    messages: VecDeque<Message>,
    /// Dead letters sent back from here, the latest last.
    #[serde(default)]
    moves: Vec<moves::Move>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Message {
    id: String,
    body: String,
    /// As sent, in the model's shape.
    attributes: BTreeMap<String, Value>,
    sent: DateTime<Utc>,
    /// Hidden until then, because of a delay or a receiver.
    visible: DateTime<Utc>,
    received: u32,
    first_received: Option<DateTime<Utc>>,
    /// What the last receiver's handle ends in.
    receipt: Option<String>,
    /// The ARN of the queue it was moved from.
    dead_letter_source: Option<String>,
    trace: Option<String>,
}

/// The service.
pub struct Sqs {
    pub(crate) store: Store<Model>,
    /// Rings when a message may have become receivable earlier than receivers expect.
    changed: Notify,
}

impl Sqs {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "sqs")?,
            changed: Notify::new(),
        })
    }
}

impl Model {
    fn queue(&self, url: &str) -> Answer<&Queue> {
        self.queues.get(name_in_url(url)).ok_or_else(no_queue)
    }

    fn queue_mut(&mut self, url: &str) -> Answer<&mut Queue> {
        self.queues.get_mut(name_in_url(url)).ok_or_else(no_queue)
    }
}

/// The last part of a URL, or a bare name.
fn name_in_url(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn url(cloud: &Cloud, name: &str) -> String {
    format!("{}/{}/{name}", cloud.endpoint(), cloud.options.account)
}

fn no_queue() -> AwsError {
    AwsError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

fn invalid_value(why: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", why)
}

/// `cloud` seconds from `now`, in real time.
fn later(cloud: &Cloud, now: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let wait = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    now + TimeDelta::from_std(cloud.time.real(wait)).unwrap_or_default()
}

impl Queue {
    fn arn(&self, cloud: &Cloud) -> String {
        cloud.arn("sqs", &self.name)
    }

    /// Forgets messages older than the queue keeps them.
    fn expire(&mut self, cloud: &Cloud, now: DateTime<Utc>) {
        let kept = self.number("MessageRetentionPeriod");
        self.messages
            .retain(|message| later(cloud, message.sent, kept) > now);
    }

    /// Visible, in flight, delayed.
    fn counts(&self, now: DateTime<Utc>) -> [usize; 3] {
        let mut counts = [0; 3];
        for message in &self.messages {
            let state = match (message.visible <= now, &message.receipt) {
                (true, _) => 0,
                (false, Some(_)) => 1,
                (false, None) => 2,
            };
            counts[state] += 1;
        }
        counts
    }
}

/// Publishes each queue's depth and oldest message once a cloud minute, as SQS does.
pub(crate) async fn publish_metrics(cloud: Arc<Cloud>) {
    loop {
        cloud.time.sleep(Duration::from_mins(1)).await;
        let now = cloud.time.now();
        let queues: Vec<_> = {
            let model = cloud.services.sqs.store.read();
            let queues = model.queues.values();
            queues
                .map(|queue| {
                    let oldest = queue.messages.iter().map(|message| message.sent).min();
                    (queue.name.clone(), queue.counts(now), oldest)
                })
                .collect()
        };
        for (name, [visible, in_flight, delayed], oldest) in queues {
            // An age is counted in the cloud's time, like the delays beside it.
            let age = oldest.map_or(0.0, |sent| {
                (now - sent).as_seconds_f64().max(0.0) * cloud.time.speed()
            });
            for (metric, value, unit) in [
                (
                    "ApproximateNumberOfMessagesVisible",
                    count(visible),
                    "Count",
                ),
                (
                    "ApproximateNumberOfMessagesNotVisible",
                    count(in_flight),
                    "Count",
                ),
                (
                    "ApproximateNumberOfMessagesDelayed",
                    count(delayed),
                    "Count",
                ),
                ("ApproximateAgeOfOldestMessage", age.floor(), "Seconds"),
            ] {
                let dimensions = [("QueueName", name.as_str())];
                crate::services::cloudwatch::record(
                    &cloud,
                    "AWS/SQS",
                    metric,
                    &dimensions,
                    value,
                    unit,
                );
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a queue's length fits a double")]
fn count(number: usize) -> f64 {
    number as f64
}
