//! Schedule groups: names that schedules share, and go with.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::{DEFAULT_GROUP, Group, group_arn};
use super::schedules::check_name;
use crate::services::tags::Tag;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    name: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(rename = "ClientToken")]
    _client_token: Option<String>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    check_name(&input.name)?;
    let group = Group {
        name: input.name.clone(),
        created: cloud.time.now(),
        tags: input.tags.into_iter().map(Tag::pair).collect(),
    };
    cloud.services.scheduler.store.write(|model| {
        if model.has_group(&group.name).is_ok() {
            return Err(AwsError::new(
                "ConflictException",
                format!("Schedule group {} already exists.", group.name),
            )
            .status(409));
        }
        let arn = group_arn(cloud, &group.name);
        model.groups.insert(group.name.clone(), group);
        Ok(json!({ "ScheduleGroupArn": arn }))
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.scheduler.store.read();
    model.has_group(&input.name)?;
    Ok(describe(cloud, &input.name, model.groups.get(&input.name)))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        name_prefix: Option<String>,
        #[serde(rename = "MaxResults")]
        _max_results: Option<Value>,
        #[serde(rename = "NextToken")]
        _next_token: Option<String>,
    }
    let input: Input = values::parse(input)?;
    let prefix = input.name_prefix.unwrap_or_default();
    let model = cloud.services.scheduler.store.read();
    let all: BTreeMap<&str, Option<&Group>> = model
        .groups
        .iter()
        .map(|(name, group)| (name.as_str(), Some(group)))
        .chain([(DEFAULT_GROUP, None)])
        .collect();
    let found: Vec<Value> = all
        .into_iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, group)| describe(cloud, name, group))
        .collect();
    Ok(json!({ "ScheduleGroups": found }))
}

/// The group's schedules go with it.
pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    if input.name == DEFAULT_GROUP {
        return Err(AwsError::validation(
            "The default schedule group cannot be deleted.",
        ));
    }
    cloud.services.scheduler.store.write(|model| {
        model.has_group(&input.name)?;
        model.groups.remove(&input.name);
        model
            .schedules
            .retain(|_, schedule| schedule.group != input.name);
        Ok(json!({}))
    })
}

fn describe(cloud: &Cloud, name: &str, group: Option<&Group>) -> Value {
    let created = group.map_or(DateTime::<Utc>::UNIX_EPOCH, |group| group.created);
    json!({
        "Arn": group_arn(cloud, name),
        "Name": name,
        "State": "ACTIVE",
        "CreationDate": values::timestamp(created),
        "LastModificationDate": values::timestamp(created),
    })
}
