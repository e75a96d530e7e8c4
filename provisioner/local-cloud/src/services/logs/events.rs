//! The events of a stream: one JSON line each, in a file that only grows.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{embedded, file_name, group_missing, stream_missing};
use crate::Cloud;
use crate::error::Answer;

/// The folder of events. One writer at a time, so that lines stay whole.
pub(super) struct Files {
    folder: PathBuf,
    writing: Mutex<()>,
}

/// One event.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Event {
    /// When it happened.
    #[serde(rename = "t")]
    pub(super) timestamp: i64,
    /// When it was written here.
    #[serde(rename = "i")]
    pub(super) ingested: i64,
    #[serde(rename = "m")]
    pub(super) message: String,
    /// Its line in the file.
    #[serde(skip)]
    pub(super) line: usize,
}

impl Files {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            folder: root.join("logs"),
            writing: Mutex::new(()),
        }
    }

    fn path(&self, group: &str, stream: &str) -> PathBuf {
        let mut name = file_name(stream).into_os_string();
        name.push(".jsonl");
        self.folder.join(file_name(group)).join(name)
    }

    fn append(&self, group: &str, stream: &str, events: &[Event]) -> std::io::Result<()> {
        let path = self.path(group, stream);
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)?
            .write_all(&lines)
    }

    /// The events of a stream in the order they happened; a line cut off by a crash is left
    /// out.
    pub(super) fn read(&self, group: &str, stream: &str) -> std::io::Result<Vec<Event>> {
        let file = match File::open(self.path(group, stream)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut events = Vec::new();
        for (line, text) in BufReader::new(file).lines().enumerate() {
            if let Ok(event) = serde_json::from_str::<Event>(&text?) {
                events.push(Event { line, ..event });
            }
        }
        events.sort_by_key(|event| event.timestamp);
        Ok(events)
    }

    pub(super) fn remove_stream(&self, group: &str, stream: &str) -> std::io::Result<()> {
        absent_is_fine(std::fs::remove_file(self.path(group, stream)))
    }

    pub(super) fn remove_group(&self, group: &str) -> std::io::Result<()> {
        absent_is_fine(std::fs::remove_dir_all(self.folder.join(file_name(group))))
    }

    /// Bytes a group's events take.
    pub(super) fn size(&self, group: &str) -> u64 {
        std::fs::read_dir(self.folder.join(file_name(group)))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()))
            .sum()
    }
}

fn absent_is_fine(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Writes events (time and message) to an existing stream.
pub(super) fn append(
    cloud: &Cloud,
    group: &str,
    stream: &str,
    events: Vec<(i64, String)>,
) -> Answer<()> {
    let ingested = cloud.time.now().timestamp_millis();
    let logs = &cloud.services.logs;
    let events: Vec<Event> = events
        .into_iter()
        .map(|(timestamp, message)| Event {
            timestamp,
            ingested,
            message,
            line: 0,
        })
        .collect();
    logs.files.append(group, stream, &events)?;
    for event in &events {
        embedded::record(cloud, &event.message);
    }
    let first = events.iter().map(|event| event.timestamp).min();
    let last = events.iter().map(|event| event.timestamp).max();
    logs.store.write(|model| {
        let group = model.groups.get_mut(group).ok_or_else(group_missing)?;
        let stream = group.streams.get_mut(stream).ok_or_else(stream_missing)?;
        stream.first = stream.first.into_iter().chain(first).min();
        stream.last = stream.last.into_iter().chain(last).max();
        stream.ingested = Some(ingested);
        Ok(())
    })
}
