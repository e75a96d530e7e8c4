//! `AWS::RDS::DBSubnetGroup`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, pick, property};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["DBSubnetGroupDescription", "SubnetIds", "Tags"],
    fixed: &["DBSubnetGroupName"],
    required: &["DBSubnetGroupDescription", "SubnetIds"],
    name: Some(Name {
        property: "DBSubnetGroupName",
        longest: 63,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let names = [
        "DBSubnetGroupDescription",
        "DBSubnetGroupName",
        "SubnetIds",
        "Tags",
    ];
    context
        .call("rds", "CreateDBSubnetGroup", pick(properties, &names))
        .await?;
    Ok(Made::new(
        property(properties, "DBSubnetGroupName").to_lowercase(),
    ))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = pick(new, &["DBSubnetGroupDescription", "SubnetIds"]);
    input["DBSubnetGroupName"] = json!(physical);
    context.call("rds", "ModifyDBSubnetGroup", input).await?;
    let arn = context.cloud.arn("rds", &format!("subgrp:{physical}"));
    super::retag(context, &arn, old, new).await?;
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "DBSubnetGroupName": physical });
    context.gone("rds", "DeleteDBSubnetGroup", input).await
}
