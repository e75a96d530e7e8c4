//! Writing and reading events.

use serde::Deserialize;
use serde_json::{Value, json};

use super::events::{self, Event};
use super::pattern::Pattern;
use super::{group_name, invalid, stream_missing};
use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values::optional_integer;

const DAY: i64 = 24 * 60 * 60 * 1000;
const HOUR: i64 = 60 * 60 * 1000;

/// A page's size, within what AWS allows.
pub(super) fn limit(given: Option<i64>, default: usize, most: usize) -> Answer<usize> {
    let Some(given) = given else {
        return Ok(default);
    };
    usize::try_from(given)
        .ok()
        .filter(|limit| (1..=most).contains(limit))
        .ok_or_else(|| invalid(format!("limit must be between 1 and {most}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Put {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<Line>,
    /// Ignored, as AWS does since 2023.
    #[serde(rename = "sequenceToken")]
    _sequence_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    timestamp: i64,
    message: String,
}

pub(super) fn put(cloud: &Cloud, input: Put) -> Answer {
    let count = input.log_events.len();
    if !(1..=10_000).contains(&count) {
        return Err(invalid("A request holds 1 to 10,000 log events."));
    }
    if input
        .log_events
        .iter()
        .map(|e| e.message.len() + 26)
        .sum::<usize>()
        > 1_048_576
    {
        return Err(invalid(
            "Upload too large: a request holds 1,048,576 bytes, each event counting 26 more.",
        ));
    }
    if !input.log_events.is_sorted_by_key(|event| event.timestamp) {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let retention = {
        let model = cloud.services.logs.store.read();
        let group = model.group(&input.log_group_name)?;
        let stream = group.streams.get(&input.log_stream_name);
        stream.ok_or_else(stream_missing)?;
        group.retention_days
    };
    let now = cloud.time.now().timestamp_millis();
    let oldest = now - 14 * DAY;
    let expired = retention.map_or(i64::MIN, |days| now - days * DAY);
    let before = |limit: i64| input.log_events.partition_point(|e| e.timestamp < limit);
    let (old, expired) = (before(oldest), before(expired));
    let new = before(now + 2 * HOUR);
    let accepted = input
        .log_events
        .into_iter()
        .take(new)
        .skip(old.max(expired))
        .map(|event| (event.timestamp, event.message))
        .collect();
    events::append(
        cloud,
        &input.log_group_name,
        &input.log_stream_name,
        accepted,
    )?;
    let rejected = json!({
        "tooOldLogEventEndIndex": (old > 0).then_some(old),
        "expiredLogEventEndIndex": (expired > 0).then_some(expired),
        "tooNewLogEventStartIndex": (new < count).then_some(new),
    });
    let any = old > 0 || expired > 0 || new < count;
    Ok(json!({ "nextSequenceToken": "0", "rejectedLogEventsInfo": any.then_some(rejected) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct DescribeStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    #[serde(default)]
    log_stream_name_prefix: String,
    #[serde(default)]
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    limit: Option<i64>,
}

pub(super) fn describe_streams(cloud: &Cloud, input: DescribeStreams) -> Answer {
    let name = group_name(input.log_group_name, input.log_group_identifier)?;
    let limit = limit(input.limit, 50, 50)?;
    let by_time = input.order_by.as_deref() == Some("LastEventTime");
    if by_time && !input.log_stream_name_prefix.is_empty() {
        return Err(invalid(
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ));
    }
    let skip: usize = match input.next_token {
        Some(token) => token
            .parse()
            .map_err(|_| invalid("The specified nextToken is invalid."))?,
        None => 0,
    };
    let model = cloud.services.logs.store.read();
    let mut streams: Vec<_> = model
        .group(&name)?
        .streams
        .iter()
        .filter(|(stream, _)| stream.starts_with(&input.log_stream_name_prefix))
        .collect();
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.last);
    }
    if input.descending {
        streams.reverse();
    }
    let next = (streams.len() > skip + limit).then(|| (skip + limit).to_string());
    let page: Vec<Value> = streams
        .into_iter()
        .skip(skip)
        .take(limit)
        .map(|(stream, kept)| {
            json!({
                "logStreamName": stream,
                "creationTime": kept.created,
                "firstEventTimestamp": kept.first,
                "lastEventTimestamp": kept.last,
                "lastIngestionTime": kept.ingested,
                "uploadSequenceToken": "0",
                "arn": cloud.arn("logs", &format!("log-group:{name}:log-stream:{stream}")),
                "storedBytes": 0,
            })
        })
        .collect();
    Ok(json!({ "logStreams": page, "nextToken": next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Get {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    #[serde(default, deserialize_with = "optional_integer")]
    start_time: Option<i64>,
    #[serde(default, deserialize_with = "optional_integer")]
    end_time: Option<i64>,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    limit: Option<i64>,
    #[serde(default)]
    start_from_head: bool,
}

pub(super) fn get(cloud: &Cloud, input: Get) -> Answer {
    let group = group_name(input.log_group_name, input.log_group_identifier)?;
    let limit = limit(input.limit, 10_000, 10_000)?;
    let oldest = {
        let model = cloud.services.logs.store.read();
        let kept = model.group(&group)?;
        let stream = kept.streams.get(&input.log_stream_name);
        stream.ok_or_else(stream_missing)?;
        expiry(cloud, kept.retention_days)
    };
    let from = input.start_time.unwrap_or(i64::MIN).max(oldest);
    let to = input.end_time.unwrap_or(i64::MAX);
    let mut events = cloud
        .services
        .logs
        .files
        .read(&group, &input.log_stream_name)?;
    events.retain(|event| (from..to).contains(&event.timestamp));
    let (start, end) = window(
        events.len(),
        limit,
        input.next_token.as_deref(),
        input.start_from_head,
    )?;
    let page: Vec<Value> = events[start..end]
        .iter()
        .map(|event| {
            json!({
                "timestamp": event.timestamp,
                "ingestionTime": event.ingested,
                "message": event.message,
            })
        })
        .collect();
    Ok(json!({
        "events": page,
        "nextForwardToken": format!("f/{end}"),
        "nextBackwardToken": format!("b/{start}"),
    }))
}

/// Where a page begins and ends. At an end of the stream the token stays the same.
fn window(count: usize, limit: usize, token: Option<&str>, head: bool) -> Answer<(usize, usize)> {
    let bad = || invalid("The specified nextToken is invalid.");
    let Some(token) = token else {
        let start = if head { 0 } else { count.saturating_sub(limit) };
        return Ok((start, count.min(start + limit)));
    };
    let (direction, place) = token.split_once('/').ok_or_else(bad)?;
    let place = place.parse::<usize>().map_err(|_| bad())?.min(count);
    match direction {
        "f" => Ok((place, count.min(place + limit))),
        "b" => Ok((place.saturating_sub(limit), place)),
        _ => Err(bad()),
    }
}

/// The time before which events have expired.
fn expiry(cloud: &Cloud, retention_days: Option<i64>) -> i64 {
    retention_days.map_or(i64::MIN, |days| {
        cloud.time.now().timestamp_millis() - days * DAY
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Filter {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    start_time: Option<i64>,
    #[serde(default, deserialize_with = "optional_integer")]
    end_time: Option<i64>,
    #[serde(default, rename = "filterPattern")]
    pattern: String,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    limit: Option<i64>,
    /// Always so, as AWS does since 2019.
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
}

pub(super) fn filter(cloud: &Cloud, input: Filter) -> Answer {
    let group = group_name(input.log_group_name, input.log_group_identifier)?;
    let limit = limit(input.limit, 10_000, 10_000)?;
    let pattern = Pattern::parse(&input.pattern)?;
    if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
        return Err(invalid(
            "Only one of logStreamNames and logStreamNamePrefix may be given.",
        ));
    }
    let (streams, oldest) = {
        let model = cloud.services.logs.store.read();
        let kept = model.group(&group)?;
        let prefix = input.log_stream_name_prefix.unwrap_or_default();
        let streams: Vec<String> = match input.log_stream_names {
            Some(names) if names.iter().any(|name| !kept.streams.contains_key(name)) => {
                return Err(stream_missing());
            }
            Some(names) => names,
            None => kept
                .streams
                .keys()
                .filter(|name| name.starts_with(&prefix))
                .cloned()
                .collect(),
        };
        (streams, expiry(cloud, kept.retention_days))
    };
    let from = input.start_time.unwrap_or(i64::MIN).max(oldest);
    let to = input.end_time.unwrap_or(i64::MAX);
    let after = input.next_token.unwrap_or_default();
    let mut found: Vec<(String, &String, Event)> = Vec::new();
    for stream in &streams {
        for event in cloud.services.logs.files.read(&group, stream)? {
            let id = event_id(stream, &event);
            // Both ends count here, unlike in GetLogEvents.
            if (from..=to).contains(&event.timestamp)
                && id > after
                && pattern.matches(&event.message)
            {
                found.push((id, stream, event));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let next = (found.len() > limit).then(|| found[limit - 1].0.clone());
    found.truncate(limit);
    let events: Vec<Value> = found
        .into_iter()
        .map(|(id, stream, event)| {
            json!({
                "logStreamName": stream,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingested,
                "eventId": id,
            })
        })
        .collect();
    Ok(json!({ "events": events, "searchedLogStreams": [], "nextToken": next }))
}

/// 56 digits that sort as the events happened, so that the last one read is a page's token.
fn event_id(stream: &str, event: &Event) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(stream);
    let stream = u64::from_be_bytes(digest[..8].try_into().unwrap_or_default());
    format!("{:016}{stream:020}{:020}", event.timestamp, event.line)
}
