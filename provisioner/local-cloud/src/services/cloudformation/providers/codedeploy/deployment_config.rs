//! `AWS::CodeDeploy::DeploymentConfig`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{Context, Made, PLAIN, Properties, Schema, camel, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    fixed: &[
        "ComputePlatform",
        "DeploymentConfigName",
        "TrafficRoutingConfig",
    ],
    numbers: &[
        "TrafficRoutingConfig.TimeBasedCanary.CanaryInterval",
        "TrafficRoutingConfig.TimeBasedCanary.CanaryPercentage",
        "TrafficRoutingConfig.TimeBasedLinear.LinearInterval",
        "TrafficRoutingConfig.TimeBasedLinear.LinearPercentage",
    ],
    name: Some(Name {
        property: "DeploymentConfigName",
        longest: 100,
        style: Style::Mixed,
    }),
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let input = camel(properties, SCHEMA.fixed, &[]);
    context
        .call("codedeploy", "CreateDeploymentConfig", input)
        .await?;
    Ok(Made::new(property(properties, "DeploymentConfigName")))
}

/// Every property replaces.
#[expect(clippy::unused_async, reason = "every type is updated the same way")]
pub(in super::super) async fn update(
    _context: &Context,
    physical: &str,
    _old: &Properties,
    _new: &Properties,
) -> Answer<Made> {
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "deploymentConfigName": physical });
    context
        .gone("codedeploy", "DeleteDeploymentConfig", input)
        .await
}
