//! Log groups: made, kept for some days, tagged; and their streams.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Group, Stream, group_name, invalid, name_in_arn, stream_missing};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_integer;

/// The retentions AWS offers, in days.
const RETENTIONS: [i64; 23] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653, 3654,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Create {
    log_group_name: String,
    kms_key_id: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    log_group_class: Option<String>,
}

pub(super) fn create(cloud: &Cloud, input: Create) -> Answer {
    let name = input.log_group_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if name.is_empty() || name.len() > 512 || !name.chars().all(allowed) {
        return Err(invalid(format!(
            "Value '{name}' at 'logGroupName' failed to satisfy constraint: \
             1 to 512 characters of a-z, A-Z, 0-9, '_', '-', '/', '.' and '#'"
        )));
    }
    let created = cloud.time.now().timestamp_millis();
    cloud.services.logs.store.write(|model| {
        if model.groups.contains_key(&name) {
            return Err(exists("The specified log group already exists"));
        }
        let group = Group {
            created,
            kms_key: input.kms_key_id,
            class: input.log_group_class,
            tags: input.tags,
            ..Group::default()
        };
        model.groups.insert(name, group);
        Ok(json!({}))
    })
}

fn exists(message: &str) -> AwsError {
    AwsError::new("ResourceAlreadyExistsException", message)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Named {
    log_group_name: String,
}

pub(super) fn delete(cloud: &Cloud, input: Named) -> Answer {
    let logs = &cloud.services.logs;
    logs.store.write(|model| {
        model
            .groups
            .remove(&input.log_group_name)
            .map(drop)
            .ok_or_else(super::group_missing)
    })?;
    logs.files.remove_group(&input.log_group_name)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Retention {
    log_group_name: String,
    #[serde(default, deserialize_with = "optional_integer")]
    retention_in_days: Option<i64>,
}

pub(super) fn put_retention(cloud: &Cloud, input: Retention) -> Answer {
    let days = input
        .retention_in_days
        .filter(|days| RETENTIONS.contains(days))
        .ok_or_else(|| invalid(format!("retentionInDays must be one of {RETENTIONS:?}")))?;
    set_retention(cloud, &input.log_group_name, Some(days))
}

pub(super) fn delete_retention(cloud: &Cloud, input: Named) -> Answer {
    set_retention(cloud, &input.log_group_name, None)
}

fn set_retention(cloud: &Cloud, name: &str, days: Option<i64>) -> Answer {
    cloud.services.logs.store.write(|model| {
        model.group_mut(name)?.retention_days = days;
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Describe {
    #[serde(default)]
    log_group_name_prefix: String,
    #[serde(default)]
    log_group_name_pattern: String,
    #[serde(default, deserialize_with = "optional_integer")]
    limit: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn describe(cloud: &Cloud, input: Describe) -> Answer {
    let limit = super::read::limit(input.limit, 50, 50)?;
    let after = input.next_token.unwrap_or_default();
    let model = cloud.services.logs.store.read();
    let mut fitting = model.groups.iter().filter(|(name, _)| {
        name.starts_with(&input.log_group_name_prefix)
            && name.contains(&input.log_group_name_pattern)
            && **name > after
    });
    let page: Vec<_> = fitting.by_ref().take(limit).collect();
    let next = fitting
        .next()
        .and_then(|_| page.last().map(|(name, _)| (*name).clone()));
    let groups: Vec<Value> = page
        .into_iter()
        .map(|(name, group)| group_json(cloud, name, group))
        .collect();
    Ok(json!({ "logGroups": groups, "nextToken": next }))
}

fn group_json(cloud: &Cloud, name: &str, group: &Group) -> Value {
    let arn = cloud.arn("logs", &format!("log-group:{name}"));
    json!({
        "logGroupName": name,
        "creationTime": group.created,
        "retentionInDays": group.retention_days,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": cloud.services.logs.files.size(name),
        "kmsKeyId": group.kms_key,
        "logGroupClass": group.class.as_deref().unwrap_or("STANDARD"),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Tag {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

pub(super) fn tag(cloud: &Cloud, input: Tag) -> Answer {
    cloud.services.logs.store.write(|model| {
        let group = model.group_mut(name_in_arn(&input.resource_arn))?;
        group.tags.extend(input.tags);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Untag {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag(cloud: &Cloud, input: Untag) -> Answer {
    cloud.services.logs.store.write(|model| {
        let group = model.group_mut(name_in_arn(&input.resource_arn))?;
        group.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Tags {
    resource_arn: String,
}

pub(super) fn tags(cloud: &Cloud, input: Tags) -> Answer {
    let model = cloud.services.logs.store.read();
    let group = model.group(name_in_arn(&input.resource_arn))?;
    Ok(json!({ "tags": group.tags }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct StreamNamed {
    log_group_name: String,
    log_stream_name: String,
}

pub(super) fn create_stream(cloud: &Cloud, input: StreamNamed) -> Answer {
    let name = input.log_stream_name;
    if name.is_empty() || name.len() > 512 || name.contains([':', '*']) {
        return Err(invalid(format!(
            "Value '{name}' at 'logStreamName' failed to satisfy constraint: \
             1 to 512 characters other than ':' and '*'"
        )));
    }
    let created = cloud.time.now().timestamp_millis();
    cloud.services.logs.store.write(|model| {
        let group = model.group_mut(&input.log_group_name)?;
        if group.streams.contains_key(&name) {
            return Err(exists("The specified log stream already exists"));
        }
        let stream = Stream {
            created,
            ..Stream::default()
        };
        group.streams.insert(name, stream);
        Ok(json!({}))
    })
}

pub(super) fn delete_stream(cloud: &Cloud, input: StreamNamed) -> Answer {
    let group = group_name(Some(input.log_group_name), None)?;
    let logs = &cloud.services.logs;
    logs.store.write(|model| {
        let streams = &mut model.group_mut(&group)?.streams;
        let removed = streams.remove(&input.log_stream_name);
        removed.map(drop).ok_or_else(stream_missing)
    })?;
    logs.files.remove_stream(&group, &input.log_stream_name)?;
    Ok(json!({}))
}
