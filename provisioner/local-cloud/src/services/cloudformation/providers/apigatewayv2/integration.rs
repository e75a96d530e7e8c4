//! `AWS::ApiGatewayV2::Integration`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, property, text};
use crate::error::Answer;

use super::of_api;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "ConnectionType",
        "CredentialsArn",
        "Description",
        "IntegrationMethod",
        "IntegrationSubtype",
        "IntegrationType",
        "IntegrationUri",
        "PayloadFormatVersion",
        "RequestParameters",
        "TimeoutInMillis",
    ],
    fixed: &["ApiId"],
    required: &["ApiId", "IntegrationType"],
    attributes: &["IntegrationId"],
    numbers: &["TimeoutInMillis"],
    booleans: &[],
    ..PLAIN
};

/// Maps whose keys are the template's own words.
const MAPS: [&str; 1] = ["RequestParameters"];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let input = of_api(properties, SCHEMA.mutable, &MAPS);
    let answer = context
        .call("apigateway", "CreateIntegration", input)
        .await?;
    let id = text(&answer, "/integrationId")?;
    Ok(Made::new(&id).with("IntegrationId", id))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = of_api(new, SCHEMA.mutable, &MAPS);
    input["integrationId"] = json!(physical);
    context
        .call("apigateway", "UpdateIntegration", input)
        .await?;
    Ok(Made::new(physical).with("IntegrationId", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "apiId": property(properties, "ApiId"), "integrationId": physical });
    context.gone("apigateway", "DeleteIntegration", input).await
}
