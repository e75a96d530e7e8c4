//! `AWS::Lambda::Version`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, and, pick, text};
use super::split_qualifier;
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    fixed: &["CodeSha256", "Description", "FunctionName"],
    required: &["FunctionName"],
    attributes: &["FunctionArn", "Version"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let input = pick(properties, &["CodeSha256", "Description", "FunctionName"]);
    let answer = context
        .call("lambda", "PublishVersion", and(input, &[]))
        .await?;
    let arn = text(&answer, "/FunctionArn")?;
    Ok(Made::new(&arn)
        .with("Version", text(&answer, "/Version")?)
        .with("FunctionArn", arn))
}

/// Versions never change: every property replaces.
#[expect(clippy::unused_async, reason = "every type is updated the same way")]
pub(in super::super) async fn update(
    _context: &Context,
    physical: &str,
    _old: &Properties,
    _new: &Properties,
) -> Answer<Made> {
    let version = physical.rsplit(':').next().unwrap_or_default();
    Ok(Made::new(physical)
        .with("Version", version)
        .with("FunctionArn", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let (function, version) = split_qualifier(physical);
    let input = json!({ "FunctionName": function, "Qualifier": version });
    context.gone("lambda", "DeleteFunction", input).await
}
