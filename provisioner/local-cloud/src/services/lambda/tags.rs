//! Tags of functions and event source mappings.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::model::Model;
use super::names::Reference;
use super::refusals::not_found;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    resource: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.lambda.store.write(|model| {
        tags_of(cloud, model, &input.resource)?.extend(input.tags);
        Ok(json!({}))
    })
}

pub(super) fn untag(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    cloud.services.lambda.store.write(|model| {
        tags_of(cloud, model, &input.resource)?.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let lambda = &cloud.services.lambda;
    let tags = lambda
        .store
        .write(|model| tags_of(cloud, model, &input.resource).cloned())?;
    Ok(json!({ "Tags": tags }))
}

fn tags_of<'a>(
    cloud: &Cloud,
    model: &'a mut Model,
    arn: &str,
) -> Answer<&'a mut BTreeMap<String, String>> {
    if let Some((_, id)) = arn.split_once(":event-source-mapping:") {
        return match model.mappings.get_mut(id) {
            Some(mapping) => Ok(&mut mapping.tags),
            None => Err(not_found("The resource you requested does not exist.")),
        };
    }
    let name = Reference::read(arn, None)?.name;
    Ok(&mut model.function_mut(cloud, &name)?.tags)
}
