//! `AWS::CodeDeploy::DeploymentGroup`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, camel, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AlarmConfiguration",
        "AutoRollbackConfiguration",
        "DeploymentConfigName",
        "DeploymentStyle",
        "ServiceRoleArn",
        "Tags",
        "TriggerConfigurations",
    ],
    fixed: &["ApplicationName", "DeploymentGroupName"],
    required: &["ApplicationName", "ServiceRoleArn"],
    booleans: &[
        "AlarmConfiguration.Enabled",
        "AlarmConfiguration.IgnorePollAlarmFailure",
        "AutoRollbackConfiguration.Enabled",
    ],
    name: Some(Name {
        property: "DeploymentGroupName",
        longest: 100,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

const SETTINGS: [&str; 7] = [
    "AlarmConfiguration",
    "ApplicationName",
    "AutoRollbackConfiguration",
    "DeploymentConfigName",
    "DeploymentStyle",
    "ServiceRoleArn",
    "TriggerConfigurations",
];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "DeploymentGroupName");
    let mut input = camel(properties, &SETTINGS, &[]);
    input["deploymentGroupName"] = json!(name);
    if let Some(tags) = properties.get("Tags") {
        input["tags"] = tags.clone();
    }
    context
        .call("codedeploy", "CreateDeploymentGroup", input)
        .await?;
    Ok(Made::new(name))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = camel(new, &SETTINGS, &[]);
    input["currentDeploymentGroupName"] = json!(physical);
    context
        .call("codedeploy", "UpdateDeploymentGroup", input)
        .await?;
    if let Some(tags) = new.get("Tags") {
        let group = format!(
            "deploymentgroup:{}/{physical}",
            property(new, "ApplicationName")
        );
        let input = json!({ "ResourceArn": context.cloud.arn("codedeploy", &group), "Tags": tags });
        context.call("codedeploy", "TagResource", input).await?;
    }
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({
        "applicationName": property(properties, "ApplicationName"),
        "deploymentGroupName": physical,
    });
    context
        .gone("codedeploy", "DeleteDeploymentGroup", input)
        .await
}
