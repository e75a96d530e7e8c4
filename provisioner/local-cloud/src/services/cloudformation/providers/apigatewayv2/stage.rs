//! `AWS::ApiGatewayV2::Stage`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property};
use crate::error::Answer;

use super::of_api;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AccessLogSettings",
        "AutoDeploy",
        "DefaultRouteSettings",
        "DeploymentId",
        "Description",
        "RouteSettings",
        "StageVariables",
        "Tags",
    ],
    fixed: &["ApiId", "StageName"],
    required: &["ApiId", "StageName"],
    numbers: &[
        "DefaultRouteSettings.ThrottlingBurstLimit",
        "DefaultRouteSettings.ThrottlingRateLimit",
    ],
    booleans: &["AutoDeploy", "DefaultRouteSettings.DetailedMetricsEnabled"],
    documents: &["RouteSettings"],
    tags: Tags::Map,
    ..PLAIN
};

const SETTINGS: [&str; 7] = [
    "AccessLogSettings",
    "AutoDeploy",
    "DefaultRouteSettings",
    "DeploymentId",
    "Description",
    "RouteSettings",
    "StageVariables",
];
/// Maps whose keys are the template's own words.
const MAPS: [&str; 3] = ["RouteSettings", "StageVariables", "Tags"];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut names = SETTINGS.to_vec();
    names.extend(["StageName", "Tags"]);
    let input = of_api(properties, &names, &MAPS);
    context.call("apigateway", "CreateStage", input).await?;
    Ok(Made::new(property(properties, "StageName")))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let stage = json!({ "apiId": property(new, "ApiId"), "stageName": physical });
    if old.contains_key("AccessLogSettings") && !new.contains_key("AccessLogSettings") {
        context
            .call("apigateway", "DeleteAccessLogSettings", stage)
            .await?;
    }
    let mut input = of_api(new, &SETTINGS, &MAPS);
    input["stageName"] = json!(physical);
    context.call("apigateway", "UpdateStage", input).await?;
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "apiId": property(properties, "ApiId"), "stageName": physical });
    context.gone("apigateway", "DeleteStage", input).await
}
