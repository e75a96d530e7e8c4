//! Tags of schedule groups; schedules themselves have none.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::Model;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

impl Tag {
    pub(super) fn pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.scheduler.store.write(|model| {
        let tags = tags_of(model, &input.resource_arn)?;
        tags.extend(input.tags.into_iter().map(Tag::pair));
        Ok(json!({}))
    })
}

pub(super) fn untag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.scheduler.store.write(|model| {
        tags_of(model, &input.resource_arn)?.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let store = &cloud.services.scheduler.store;
    let tags = store.write(|model| tags_of(model, &input.resource_arn).cloned())?;
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "Tags": tags }))
}

fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut BTreeMap<String, String>> {
    let name = arn.split(":schedule-group/").nth(1).unwrap_or_default();
    match model.groups.get_mut(name) {
        Some(group) => Ok(&mut group.tags),
        None => Err(AwsError::new(
            "ResourceNotFoundException",
            format!("There is no schedule group with the ARN {arn} that can be tagged."),
        )
        .status(404)),
    }
}
