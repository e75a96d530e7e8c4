//! `AWS::ElastiCache::ParameterGroup`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Properties", "Tags"],
    fixed: &[
        "CacheParameterGroupFamily",
        "CacheParameterGroupName",
        "Description",
    ],
    required: &["CacheParameterGroupFamily", "Description"],
    name: Some(Name {
        property: "CacheParameterGroupName",
        longest: 255,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "CacheParameterGroupName").to_lowercase();
    let input = json!({
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": property(properties, "CacheParameterGroupFamily"),
        "Description": property(properties, "Description"),
    });
    context
        .call("elasticache", "CreateCacheParameterGroup", input)
        .await?;
    if let Err(error) = set(context, &name, properties).await {
        delete(context, &name, properties, false).await?;
        return Err(error);
    }
    Ok(Made::new(name))
}

async fn set(context: &Context, name: &str, properties: &Properties) -> Answer<()> {
    let settings = properties.get("Properties").and_then(Value::as_object);
    let settings: Vec<Value> = settings
        .into_iter()
        .flatten()
        .map(|(name, value)| json!({ "ParameterName": name, "ParameterValue": value }))
        .collect();
    if settings.is_empty() {
        return Ok(());
    }
    let input = json!({ "CacheParameterGroupName": name, "ParameterNameValues": settings });
    context
        .call("elasticache", "ModifyCacheParameterGroup", input)
        .await
        .map(drop)
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    set(context, physical, new).await?;
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "CacheParameterGroupName": physical });
    context
        .gone("elasticache", "DeleteCacheParameterGroup", input)
        .await
}
