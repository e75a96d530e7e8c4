//! `AWS::CodeDeploy::Application`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, camel, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Tags"],
    fixed: &["ApplicationName", "ComputePlatform"],
    name: Some(Name {
        property: "ApplicationName",
        longest: 100,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = camel(properties, &["ApplicationName", "ComputePlatform"], &[]);
    if let Some(tags) = properties.get("Tags") {
        input["tags"] = tags.clone();
    }
    context
        .call("codedeploy", "CreateApplication", input)
        .await?;
    Ok(Made::new(property(properties, "ApplicationName")))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if let Some(tags) = new.get("Tags") {
        let arn = context
            .cloud
            .arn("codedeploy", &format!("application:{physical}"));
        let input = json!({ "ResourceArn": arn, "Tags": tags });
        context.call("codedeploy", "TagResource", input).await?;
    }
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "applicationName": physical });
    context.gone("codedeploy", "DeleteApplication", input).await
}
