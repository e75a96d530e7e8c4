//! `AWS::Logs::LogGroup`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, differ, dropped_tags, property, tags_by_key,
};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["KmsKeyId", "RetentionInDays", "Tags"],
    fixed: &["LogGroupClass", "LogGroupName"],
    attributes: &["Arn"],
    numbers: &["RetentionInDays"],
    name: Some(Name {
        property: "LogGroupName",
        longest: 512,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

fn made(context: &Context, name: &str) -> Made {
    // CloudFormation's ARN ends in `:*`, so that it can stand in a policy for the streams.
    Made::new(name).with(
        "Arn",
        context.cloud.arn("logs", &format!("log-group:{name}:*")),
    )
}

async fn keep(context: &Context, name: &str, properties: &Properties) -> Answer<()> {
    let group = json!({ "logGroupName": name });
    let Some(days) = properties.get("RetentionInDays") else {
        return context
            .call("logs", "DeleteRetentionPolicy", group)
            .await
            .map(drop);
    };
    let input = json!({ "logGroupName": name, "retentionInDays": days });
    context
        .call("logs", "PutRetentionPolicy", input)
        .await
        .map(drop)
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "LogGroupName");
    let mut input = json!({ "logGroupName": name });
    let tags = tags_by_key(properties);
    if tags != json!({}) {
        input["tags"] = tags;
    }
    context.call("logs", "CreateLogGroup", input).await?;
    if properties.contains_key("RetentionInDays")
        && let Err(error) = keep(context, &name, properties).await
    {
        delete(context, &name, properties, false).await?;
        return Err(error);
    }
    Ok(made(context, &name))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if differ(old, new, &["RetentionInDays"]) {
        keep(context, physical, new).await?;
    }
    let arn = context.cloud.arn("logs", &format!("log-group:{physical}"));
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "resourceArn": arn, "tagKeys": dropped });
        context.call("logs", "UntagResource", input).await?;
    }
    if differ(old, new, &["Tags"]) && tags_by_key(new) != json!({}) {
        let input = json!({ "resourceArn": arn, "tags": tags_by_key(new) });
        context.call("logs", "TagResource", input).await?;
    }
    Ok(made(context, physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "logGroupName": physical });
    context.gone("logs", "DeleteLogGroup", input).await
}
