//! `AWS::SSM::Parameter`.

use serde_json::{Value, json};

use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, and, differ, dropped_tags, pick, property,
};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AllowedPattern",
        "Description",
        "Tags",
        "Tier",
        "Type",
        "Value",
    ],
    fixed: &["DataType", "Name"],
    required: &["Type", "Value"],
    attributes: &["Type", "Value"],
    moving: &[("Type", "Type"), ("Value", "Value")],
    name: Some(Name {
        property: "Name",
        longest: 1000,
        style: Style::Parameter,
    }),
    tags: Tags::Map,
    ..PLAIN
};

const ALL: [&str; 7] = [
    "AllowedPattern",
    "DataType",
    "Description",
    "Name",
    "Tier",
    "Type",
    "Value",
];

fn tags(properties: &Properties) -> Value {
    match properties.get("Tags") {
        Some(Value::Object(tags)) => tags
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect(),
        _ => json!([]),
    }
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = and(pick(properties, &ALL), &[("Overwrite", json!(false))]);
    if tags(properties) != json!([]) {
        input["Tags"] = tags(properties);
    }
    context.call("ssm", "PutParameter", input).await?;
    Ok(made(properties))
}

fn made(properties: &Properties) -> Made {
    Made::new(property(properties, "Name"))
        .with("Type", property(properties, "Type"))
        .with("Value", property(properties, "Value"))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if differ(old, new, &ALL) {
        let input = and(pick(new, &ALL), &[("Overwrite", json!(true))]);
        context.call("ssm", "PutParameter", input).await?;
    }
    let target = json!({ "ResourceType": "Parameter", "ResourceId": physical });
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = and(target.clone(), &[("TagKeys", json!(dropped))]);
        context.call("ssm", "RemoveTagsFromResource", input).await?;
    }
    if old.get("Tags") != new.get("Tags") && tags(new) != json!([]) {
        let input = and(target, &[("Tags", tags(new))]);
        context.call("ssm", "AddTagsToResource", input).await?;
    }
    Ok(made(new))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "Name": physical });
    context.gone("ssm", "DeleteParameter", input).await
}
