//! Tags of APIs and stages.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::model::Model;
use super::refusals::not_found;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    resource_arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.apigateway.store.write(|model| {
        tags_of(model, &input.resource_arn)?.extend(input.tags);
        Ok(json!({}))
    })
}

pub(super) fn untag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.apigateway.store.write(|model| {
        tags_of(model, &input.resource_arn)?.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let store = &cloud.services.apigateway.store;
    let tags = store.write(|model| tags_of(model, &input.resource_arn).cloned())?;
    Ok(json!({ "tags": tags }))
}

/// `arn:aws:apigateway:<region>::/apis/<id>` or the same with `/stages/<name>`.
fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut BTreeMap<String, String>> {
    let path = arn.split("::/apis/").nth(1).unwrap_or_default();
    let (id, stage) = match path.split_once("/stages/") {
        Some((id, stage)) => (id, Some(stage)),
        None => (path, None),
    };
    let api = model.api_mut(id)?;
    match stage {
        None => Ok(&mut api.tags),
        Some(name) => match api.stages.get_mut(name) {
            Some(stage) => Ok(&mut stage.tags),
            None => Err(not_found("stage", name)),
        },
    }
}
