//! `AWS::CloudWatch::CompositeAlarm`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property, without};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "ActionsEnabled",
        "ActionsSuppressor",
        "ActionsSuppressorExtensionPeriod",
        "ActionsSuppressorWaitPeriod",
        "AlarmActions",
        "AlarmDescription",
        "AlarmRule",
        "InsufficientDataActions",
        "OKActions",
        "Tags",
    ],
    fixed: &["AlarmName"],
    required: &["AlarmRule"],
    attributes: &["Arn"],
    numbers: &[
        "ActionsSuppressorExtensionPeriod",
        "ActionsSuppressorWaitPeriod",
    ],
    booleans: &["ActionsEnabled"],
    name: Some(Name {
        property: "AlarmName",
        longest: 255,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "AlarmName");
    context
        .call("cloudwatch", "PutCompositeAlarm", without(properties, &[]))
        .await?;
    let arn = context.cloud.arn("cloudwatch", &format!("alarm:{name}"));
    Ok(Made::new(name).with("Arn", arn))
}

pub(in super::super) async fn update(
    context: &Context,
    _physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    create(context, new).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "AlarmNames": [physical] });
    context.gone("cloudwatch", "DeleteAlarms", input).await
}
