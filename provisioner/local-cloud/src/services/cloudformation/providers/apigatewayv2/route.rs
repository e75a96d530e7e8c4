//! `AWS::ApiGatewayV2::Route`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, property, text};
use crate::error::Answer;

use super::of_api;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["AuthorizationType", "OperationName", "RouteKey", "Target"],
    fixed: &["ApiId"],
    required: &["ApiId", "RouteKey"],
    attributes: &["RouteId"],
    numbers: &[],
    booleans: &[],
    ..PLAIN
};

/// Maps whose keys are the template's own words.
const MAPS: [&str; 0] = [];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let input = of_api(properties, SCHEMA.mutable, &MAPS);
    let answer = context.call("apigateway", "CreateRoute", input).await?;
    let id = text(&answer, "/routeId")?;
    Ok(Made::new(&id).with("RouteId", id))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = of_api(new, SCHEMA.mutable, &MAPS);
    input["routeId"] = json!(physical);
    context.call("apigateway", "UpdateRoute", input).await?;
    Ok(Made::new(physical).with("RouteId", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "apiId": property(properties, "ApiId"), "routeId": physical });
    context.gone("apigateway", "DeleteRoute", input).await
}
