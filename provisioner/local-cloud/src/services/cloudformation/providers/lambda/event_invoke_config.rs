//! `AWS::Lambda::EventInvokeConfig`.

use super::super::{Context, Made, PLAIN, Properties, Schema, pick, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "DestinationConfig",
        "MaximumEventAgeInSeconds",
        "MaximumRetryAttempts",
    ],
    fixed: &["FunctionName", "Qualifier"],
    required: &["FunctionName", "Qualifier"],
    numbers: &["MaximumEventAgeInSeconds", "MaximumRetryAttempts"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut names = SCHEMA.mutable.to_vec();
    names.extend(SCHEMA.fixed);
    // Put, not update: what the template leaves out goes back to its default.
    context
        .call(
            "lambda",
            "PutFunctionEventInvokeConfig",
            pick(properties, &names),
        )
        .await?;
    let function = property(properties, "FunctionName");
    Ok(Made::new(format!(
        "{function}|{}",
        property(properties, "Qualifier")
    )))
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
    _physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = pick(properties, SCHEMA.fixed);
    context
        .gone("lambda", "DeleteFunctionEventInvokeConfig", input)
        .await
}
