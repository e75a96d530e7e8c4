//! CloudWatch Logs: groups and streams in the model, events in append-only files.

mod embedded;
mod events;
mod groups;
mod operations;
mod pattern;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart, beside the files of events.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    groups: BTreeMap<String, Group>,
}

/// A log group. Times here and below are milliseconds since 1970, as Logs counts.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Group {
    created: i64,
    retention_days: Option<i64>,
    kms_key: Option<String>,
    class: Option<String>,
    tags: BTreeMap<String, String>,
    streams: BTreeMap<String, Stream>,
}

/// A log stream and what is known of its events.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Stream {
    created: i64,
    first: Option<i64>,
    last: Option<i64>,
    ingested: Option<i64>,
}

/// The service.
pub struct Logs {
    pub(crate) store: Store<Model>,
    files: events::Files,
}

impl Logs {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "logs")?,
            files: events::Files::new(root),
        })
    }
}

/// Writes lines to a stream, creating group and stream where they are missing: how functions
/// and APIs log.
///
/// A line that cannot be written is reported in our own log and lost; whoever logs has no
/// use for the error.
pub fn append(cloud: &Cloud, group: &str, stream: &str, lines: Vec<(DateTime<Utc>, String)>) {
    let now = cloud.time.now().timestamp_millis();
    let logs = &cloud.services.logs;
    logs.store.write(|model| {
        let group = model
            .groups
            .entry(group.to_owned())
            .or_insert_with(|| Group {
                created: now,
                ..Group::default()
            });
        group
            .streams
            .entry(stream.to_owned())
            .or_insert_with(|| Stream {
                created: now,
                ..Stream::default()
            });
    });
    let events = lines
        .into_iter()
        .map(|(at, message)| (at.timestamp_millis(), message))
        .collect();
    if let Err(error) = events::append(cloud, group, stream, events) {
        tracing::warn!(%error, group, stream, "log lines were lost");
    }
}

fn group_missing() -> AwsError {
    AwsError::new(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
}

fn stream_missing() -> AwsError {
    AwsError::new(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

impl Model {
    fn group(&self, name: &str) -> Answer<&Group> {
        self.groups.get(name).ok_or_else(group_missing)
    }

    fn group_mut(&mut self, name: &str) -> Answer<&mut Group> {
        self.groups.get_mut(name).ok_or_else(group_missing)
    }
}

/// The name of a group given by name or by ARN, with or without the final `:*`.
fn group_name(name: Option<String>, identifier: Option<String>) -> Answer<String> {
    let given = name
        .or(identifier)
        .ok_or_else(|| invalid("Either logGroupName or logGroupIdentifier must be given."))?;
    Ok(name_in_arn(&given).to_owned())
}

fn name_in_arn(given: &str) -> &str {
    given
        .split_once(":log-group:")
        .map_or(given, |(_, rest)| rest.strip_suffix(":*").unwrap_or(rest))
}

/// A file name for any group or stream name: readable while short, a digest when long.
fn file_name(name: &str) -> PathBuf {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use sha2::{Digest as _, Sha256};
    const PLAIN: &percent_encoding::AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    let encoded = utf8_percent_encode(name, PLAIN).to_string();
    // "." and ".." are the two names that are places.
    if encoded.len() <= 200 && !encoded.trim_matches('.').is_empty() {
        encoded.into()
    } else {
        hex::encode(Sha256::digest(name)).into()
    }
}
