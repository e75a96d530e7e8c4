//! Deployment groups: how deployments of one alias go, what stops them, what follows.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::configs::{self, ALL_AT_ONCE};
use super::model::{Alarms, Deployment, Group, Model, Rollback, no_group};
use crate::services::tags::Tag;

const MOST_ALARMS: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    application_name: String,
    #[serde(alias = "currentDeploymentGroupName")]
    deployment_group_name: Option<String>,
    new_deployment_group_name: Option<String>,
    deployment_config_name: Option<String>,
    service_role_arn: Option<String>,
    alarm_configuration: Option<Alarms>,
    auto_rollback_configuration: Option<Rollback>,
    deployment_style: Option<Style>,
    #[serde(default)]
    trigger_configurations: Vec<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Style {
    deployment_type: Option<String>,
    deployment_option: Option<String>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let mut input: Input = values::parse(input)?;
    let name = input.deployment_group_name.clone().unwrap_or_default();
    if name.is_empty() || name.len() > 100 {
        return Err(AwsError::new(
            "InvalidDeploymentGroupNameException",
            format!("A deployment group's name has 1 to 100 characters: '{name}'"),
        ));
    }
    let role = input
        .service_role_arn
        .clone()
        .ok_or_else(|| AwsError::new("RoleRequiredException", "The role ARN is missing."))?;
    let group = Group {
        id: Uuid::new_v4().to_string(),
        name: name.clone(),
        role,
        config: ALL_AT_ONCE.to_owned(),
        alarms: Alarms::default(),
        rollback: Rollback::default(),
        tags: std::mem::take(&mut input.tags)
            .into_iter()
            .map(Tag::pair)
            .collect(),
    };
    cloud.services.codedeploy.store.write(|model| {
        let group = changed(model, group, &input)?;
        let application = model.application_mut(&input.application_name)?;
        if application.groups.contains_key(&name) {
            return Err(AwsError::new(
                "DeploymentGroupAlreadyExistsException",
                format!("Deployment group name already exists: {name}"),
            ));
        }
        let id = group.id.clone();
        application.groups.insert(name, group);
        Ok(json!({ "deploymentGroupId": id }))
    })
}

pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.deployment_group_name.clone().unwrap_or_default();
    cloud.services.codedeploy.store.write(|model| {
        let group = model.group(&input.application_name, &name)?.clone();
        let mut group = changed(model, group, &input)?;
        if let Some(role) = &input.service_role_arn {
            group.role.clone_from(role);
        }
        if let Some(new) = &input.new_deployment_group_name {
            group.name.clone_from(new);
        }
        let application = model.application_mut(&input.application_name)?;
        application.groups.remove(&name);
        application.groups.insert(group.name.clone(), group);
        Ok(json!({ "hooksNotCleanedUp": [] }))
    })
}

fn changed(model: &Model, mut group: Group, input: &Input) -> Answer<Group> {
    model.application(&input.application_name)?;
    if !input.trigger_configurations.is_empty() {
        return Err(AwsError::new(
            "InvalidTriggerConfigException",
            "The local cloud offers no deployment triggers.",
        ));
    }
    if let Some(style) = &input.deployment_style {
        check_style(style)?;
    }
    if let Some(config) = &input.deployment_config_name {
        configs::routing(model, config)?;
        group.config.clone_from(config);
    }
    if let Some(alarms) = &input.alarm_configuration {
        check_alarms(alarms)?;
        group.alarms = alarms.clone();
    }
    if let Some(rollback) = &input.auto_rollback_configuration {
        check_rollback(rollback)?;
        group.rollback = rollback.clone();
    }
    Ok(group)
}

fn check_style(style: &Style) -> Answer<()> {
    let fits = matches!(style.deployment_type.as_deref(), None | Some("BLUE_GREEN"))
        && matches!(
            style.deployment_option.as_deref(),
            None | Some("WITH_TRAFFIC_CONTROL")
        );
    if fits {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidDeploymentStyleException",
        "For Lambda the deployment style is BLUE_GREEN, WITH_TRAFFIC_CONTROL.",
    ))
}

pub(super) fn check_alarms(alarms: &Alarms) -> Answer<()> {
    if alarms.alarms.len() > MOST_ALARMS {
        return Err(AwsError::new(
            "AlarmsLimitExceededException",
            format!("A deployment group has at most {MOST_ALARMS} alarms."),
        ));
    }
    let mut names: Vec<&str> = alarms
        .alarms
        .iter()
        .map(|alarm| alarm.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let named = names.iter().all(|name| !name.is_empty());
    let wanted = !alarms.enabled || !names.is_empty();
    if named && wanted && names.len() == alarms.alarms.len() {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidAlarmConfigException",
        "Alarms have names, each given once; enabled, there is at least one.",
    ))
}

pub(super) fn check_rollback(rollback: &Rollback) -> Answer<()> {
    const EVENTS: &[&str] = &[
        "DEPLOYMENT_FAILURE",
        "DEPLOYMENT_STOP_ON_ALARM",
        "DEPLOYMENT_STOP_ON_REQUEST",
    ];
    let known = rollback
        .events
        .iter()
        .all(|event| EVENTS.contains(&event.as_str()));
    if known && (!rollback.enabled || !rollback.events.is_empty()) {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidAutoRollbackConfigException",
        format!("Automatic rollback takes events among {EVENTS:?}; enabled, at least one."),
    ))
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.deployment_group_name.unwrap_or_default();
    let model = cloud.services.codedeploy.store.read();
    let group = model.group(&input.application_name, &name)?;
    let info = describe(&model, &input.application_name, group);
    Ok(json!({ "deploymentGroupInfo": info }))
}

/// `BatchGetDeploymentGroups`.
pub(super) fn batch_get(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Input {
        application_name: String,
        deployment_group_names: Vec<String>,
    }
    let input: Input = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let application = model.application(&input.application_name)?;
    let found: Vec<Value> = input
        .deployment_group_names
        .iter()
        .filter_map(|name| application.groups.get(name))
        .map(|group| describe(&model, &application.name, group))
        .collect();
    Ok(json!({ "deploymentGroupsInfo": found }))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Input {
        application_name: String,
        #[serde(default, rename = "nextToken")]
        _next_token: Option<String>,
    }
    let input: Input = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let application = model.application(&input.application_name)?;
    let names: Vec<&String> = application.groups.keys().collect();
    Ok(json!({ "applicationName": application.name, "deploymentGroups": names }))
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.deployment_group_name.unwrap_or_default();
    cloud.services.codedeploy.store.write(|model| {
        let application = model.application_mut(&input.application_name)?;
        application
            .groups
            .remove(&name)
            .map(|_| json!({ "hooksNotCleanedUp": [] }))
            .ok_or_else(|| no_group(&name))
    })
}

fn describe(model: &Model, application: &str, group: &Group) -> Value {
    let mut info = json!({
        "applicationName": application,
        "deploymentGroupId": group.id,
        "deploymentGroupName": group.name,
        "deploymentConfigName": group.config,
        "serviceRoleArn": group.role,
        "computePlatform": "Lambda",
        "alarmConfiguration": group.alarms,
        "autoRollbackConfiguration": group.rollback,
        "deploymentStyle": {
            "deploymentType": "BLUE_GREEN",
            "deploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        "triggerConfigurations": [],
    });
    let deployments = model.deployments_of(application, &group.name);
    if let Some(last) = deployments.first() {
        info["lastAttemptedDeployment"] = brief(last);
        info["targetRevision"] = last.revision.clone();
    }
    let succeeded = |one: &&&Deployment| one.status == super::model::Status::Succeeded;
    if let Some(last) = deployments.iter().find(succeeded) {
        info["lastSuccessfulDeployment"] = brief(last);
    }
    info
}

fn brief(deployment: &Deployment) -> Value {
    let mut brief = json!({
        "deploymentId": deployment.id,
        "status": deployment.status.text(),
        "createTime": values::timestamp(deployment.created),
    });
    if let Some(at) = deployment.completed {
        brief["endTime"] = values::timestamp(at);
    }
    brief
}
