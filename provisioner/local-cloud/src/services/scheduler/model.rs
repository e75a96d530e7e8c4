//! What the scheduler remembers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Cloud;
use crate::error::{Answer, AwsError};

/// The group schedules are in unless they say otherwise. It always exists.
pub(super) const DEFAULT_GROUP: &str = "default";

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) groups: BTreeMap<String, Group>,
    /// By group and name.
    pub(super) schedules: BTreeMap<String, Schedule>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Group {
    pub name: String,
    pub created: DateTime<Utc>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Schedule {
    pub name: String,
    pub group: String,
    pub description: Option<String>,
    pub expression: String,
    pub timezone: String,
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
    pub enabled: bool,
    /// Minutes within which it may come late; none: not at all.
    pub window: Option<u32>,
    pub target: Target,
    pub deletes_itself: bool,
    pub created: DateTime<Utc>,
    pub modified: DateTime<Utc>,
    pub next: Option<Due>,
}

/// When a schedule comes next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Due {
    /// The time its expression means.
    pub meant: DateTime<Utc>,
    /// When that is reached, cloud time being faster.
    pub real: DateTime<Utc>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Target {
    pub arn: String,
    pub role_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqs_parameters: Option<SqsParameters>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct RetryPolicy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_in_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<u32>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct DeadLetter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct SqsParameters {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_group_id: Option<String>,
}

pub(super) fn key(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

impl Schedule {
    pub(super) fn key(&self) -> String {
        key(&self.group, &self.name)
    }

    pub(super) fn arn(&self, cloud: &Cloud) -> String {
        cloud.arn("scheduler", &format!("schedule/{}", self.key()))
    }
}

pub(super) fn group_arn(cloud: &Cloud, name: &str) -> String {
    cloud.arn("scheduler", &format!("schedule-group/{name}"))
}

impl Model {
    pub(super) fn schedule(&self, group: &str, name: &str) -> Answer<&Schedule> {
        self.schedules.get(&key(group, name)).ok_or_else(|| {
            AwsError::new(
                "ResourceNotFoundException",
                format!("Schedule {name} does not exist."),
            )
            .status(404)
        })
    }

    pub(super) fn has_group(&self, name: &str) -> Answer<()> {
        if name == DEFAULT_GROUP || self.groups.contains_key(name) {
            return Ok(());
        }
        Err(AwsError::new(
            "ResourceNotFoundException",
            format!("Schedule group {name} does not exist."),
        )
        .status(404))
    }
}
