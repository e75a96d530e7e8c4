//! Tags of applications and deployment groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::{Model, no_group};

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
    cloud.services.codedeploy.store.write(|model| {
        let tags = tags_of(model, &input.resource_arn)?;
        tags.extend(input.tags.into_iter().map(Tag::pair));
        Ok(json!({}))
    })
}

pub(super) fn untag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.codedeploy.store.write(|model| {
        tags_of(model, &input.resource_arn)?.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let store = &cloud.services.codedeploy.store;
    let tags = store.write(|model| tags_of(model, &input.resource_arn).cloned())?;
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "Tags": tags }))
}

/// `arn:aws:codedeploy:<region>:<account>:application:<name>` or
/// `...:deploymentgroup:<application>/<group>`.
fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut BTreeMap<String, String>> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts.as_slice() {
        [.., "application", name] => Ok(&mut model.application_mut(name)?.tags),
        [.., "deploymentgroup", path] => {
            let (application, group) = path.split_once('/').unwrap_or((path, ""));
            let application = model.application_mut(application)?;
            match application.groups.get_mut(group) {
                Some(group) => Ok(&mut group.tags),
                None => Err(no_group(group)),
            }
        }
        _ => Err(AwsError::new(
            "InvalidArnException",
            format!("{arn} is neither an application nor a deployment group."),
        )),
    }
}
