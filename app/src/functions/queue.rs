//! Events of queues, and which of their messages must come again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A batch.
#[derive(Clone, Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One message.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub message_id: String,
    pub body: String,
    #[serde(default)]
    pub message_attributes: BTreeMap<String, Attribute>,
}

/// An attribute of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Absent where the attribute is no text.
    pub string_value: Option<String>,
}

/// The messages that failed; the others are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    pub batch_item_failures: Vec<Failure>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub item_identifier: String,
}

impl Failures {
    /// One more.
    pub fn push(&mut self, record: &Record) {
        self.batch_item_failures.push(Failure {
            item_identifier: record.message_id.clone(),
        });
    }

    /// All of a batch.
    pub fn all(batch: &Batch) -> Self {
        let mut failures = Self::default();
        for record in &batch.records {
            failures.push(record);
        }
        failures
    }
}
