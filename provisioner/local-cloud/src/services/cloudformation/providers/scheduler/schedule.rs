//! `AWS::Scheduler::Schedule`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{Context, Made, PLAIN, Properties, Schema, pick, property, text};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "Description",
        "EndDate",
        "FlexibleTimeWindow",
        "KmsKeyArn",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartDate",
        "State",
        "Target",
    ],
    fixed: &["GroupName", "Name"],
    required: &["FlexibleTimeWindow", "ScheduleExpression", "Target"],
    attributes: &["Arn"],
    numbers: &[
        "FlexibleTimeWindow.MaximumWindowInMinutes",
        "Target.RetryPolicy.MaximumEventAgeInSeconds",
        "Target.RetryPolicy.MaximumRetryAttempts",
    ],
    name: Some(Name {
        property: "Name",
        longest: 64,
        style: Style::Mixed,
    }),
    ..PLAIN
};

async fn put(context: &Context, operation: &str, properties: &Properties) -> Answer<Made> {
    let mut names = SCHEMA.mutable.to_vec();
    names.extend(SCHEMA.fixed);
    let answer = context
        .call("scheduler", operation, pick(properties, &names))
        .await?;
    let arn = text(&answer, "/ScheduleArn")?;
    Ok(Made::new(property(properties, "Name")).with("Arn", arn))
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    put(context, "CreateSchedule", properties).await
}

pub(in super::super) async fn update(
    context: &Context,
    _physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    put(context, "UpdateSchedule", new).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let mut input = json!({ "Name": physical });
    if let Some(group) = properties.get("GroupName") {
        input["GroupName"] = group.clone();
    }
    context.gone("scheduler", "DeleteSchedule", input).await
}
