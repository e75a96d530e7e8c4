//! `AWS::RDS::DBParameterGroup`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Parameters", "Tags"],
    fixed: &["DBParameterGroupName", "Description", "Family"],
    required: &["Description", "Family"],
    name: Some(Name {
        property: "DBParameterGroupName",
        longest: 255,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "DBParameterGroupName").to_lowercase();
    let mut input = json!({
        "DBParameterGroupName": name,
        "DBParameterGroupFamily": property(properties, "Family"),
        "Description": property(properties, "Description"),
    });
    if let Some(tags) = properties.get("Tags") {
        input["Tags"] = tags.clone();
    }
    context.call("rds", "CreateDBParameterGroup", input).await?;
    let set = super::set_parameters(
        context,
        "ModifyDBParameterGroup",
        "DBParameterGroupName",
        &name,
        properties,
    );
    if let Err(error) = set.await {
        delete(context, &name, properties, false).await?;
        return Err(error);
    }
    Ok(Made::new(name))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    // Reset first: a parameter the template no longer names goes back to its default.
    let input = json!({ "DBParameterGroupName": physical, "ResetAllParameters": true });
    context.call("rds", "ResetDBParameterGroup", input).await?;
    super::set_parameters(
        context,
        "ModifyDBParameterGroup",
        "DBParameterGroupName",
        physical,
        new,
    )
    .await?;
    let arn = context.cloud.arn("rds", &format!("pg:{physical}"));
    super::retag(context, &arn, old, new).await?;
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "DBParameterGroupName": physical });
    context.gone("rds", "DeleteDBParameterGroup", input).await
}
