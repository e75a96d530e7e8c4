//! `AWS::ElastiCache::SubnetGroup`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Description", "SubnetIds", "Tags"],
    fixed: &["CacheSubnetGroupName"],
    required: &["Description", "SubnetIds"],
    name: Some(Name {
        property: "CacheSubnetGroupName",
        longest: 255,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

fn input(properties: &Properties, name: &str) -> Value {
    json!({
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": property(properties, "Description"),
        "SubnetIds": properties.get("SubnetIds").cloned().unwrap_or(json!([])),
    })
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "CacheSubnetGroupName").to_lowercase();
    let mut input = input(properties, &name);
    if let Some(tags) = properties.get("Tags") {
        input["Tags"] = tags.clone();
    }
    context
        .call("elasticache", "CreateCacheSubnetGroup", input)
        .await?;
    Ok(Made::new(name))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let input = input(new, physical);
    context
        .call("elasticache", "ModifyCacheSubnetGroup", input)
        .await?;
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "CacheSubnetGroupName": physical });
    context
        .gone("elasticache", "DeleteCacheSubnetGroup", input)
        .await
}
