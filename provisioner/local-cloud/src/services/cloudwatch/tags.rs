//! Tags of alarms and dashboards.

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
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.cloudwatch.store.write(|model| {
        let tags = tags_of(model, &input.resource_arn)?;
        tags.extend(input.tags.into_iter().map(Tag::pair));
        Ok(json!({}))
    })
}

pub(super) fn untag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.cloudwatch.store.write(|model| {
        tags_of(model, &input.resource_arn)?.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let store = &cloud.services.cloudwatch.store;
    let tags = store.write(|model| tags_of(model, &input.resource_arn).cloned())?;
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "Tags": tags }))
}

fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut BTreeMap<String, String>> {
    let tags = if let Some((_, name)) = arn.split_once(":alarm:") {
        model.alarms.get_mut(name).map(|alarm| &mut alarm.tags)
    } else if let Some((_, name)) = arn.split_once(":dashboard/") {
        model
            .dashboards
            .get_mut(name)
            .map(|dashboard| &mut dashboard.tags)
    } else {
        None
    };
    tags.ok_or_else(|| {
        AwsError::new(
            "ResourceNotFoundException",
            format!("The resource {arn} does not exist."),
        )
        .status(404)
    })
}
