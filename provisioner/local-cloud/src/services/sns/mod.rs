//! SNS: topics that fan out to queues, functions and addresses.
//!
//! Queues and functions get what is published; an e-mail subscription stays pending, as
//! nobody can confirm it here. Messages are not signed.

mod operations;
mod publish;
mod subscriptions;
mod topics;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Answer, AwsError};
use crate::services::tags::Tags;
use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart: topics and subscriptions by ARN.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    topics: BTreeMap<String, Topic>,
    subscriptions: BTreeMap<String, Subscription>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Topic {
    attributes: BTreeMap<String, String>,
    tags: Tags,
}

#[derive(Clone, Serialize, Deserialize)]
struct Subscription {
    topic: String,
    protocol: Protocol,
    endpoint: String,
    pending: bool,
    /// Queues get the message alone, not the envelope around it.
    raw: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Protocol {
    Sqs,
    Lambda,
    Email,
    EmailJson,
}

/// The service.
pub struct Sns {
    pub(crate) store: Store<Model>,
}

impl Sns {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "sns")?,
        })
    }
}

impl Model {
    fn topic(&self, arn: &str) -> Answer<&Topic> {
        self.topics.get(arn).ok_or_else(no_topic)
    }

    fn topic_mut(&mut self, arn: &str) -> Answer<&mut Topic> {
        self.topics.get_mut(arn).ok_or_else(no_topic)
    }
}

fn not_found(what: &str) -> AwsError {
    AwsError::new("NotFound", format!("{what} does not exist")).status(404)
}

fn no_topic() -> AwsError {
    not_found("Topic")
}

fn invalid(why: impl std::fmt::Display) -> AwsError {
    AwsError::new("InvalidParameter", format!("Invalid parameter: {why}"))
}
