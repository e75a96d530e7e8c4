//! Deployments: create, look at, list, stop.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::groups::{check_alarms, check_rollback};
use super::model::{Alarms, Deployment, Event, Rollback, Status, Stop, deployment_id, no_group};
use super::{appspec, configs, describe, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateInput {
    application_name: String,
    deployment_group_name: Option<String>,
    revision: Option<Value>,
    deployment_config_name: Option<String>,
    description: Option<String>,
    auto_rollback_configuration: Option<Rollback>,
    override_alarm_configuration: Option<Alarms>,
    /// For instances; without meaning here, and sent by clients all the same.
    #[serde(rename = "ignoreApplicationStopFailures")]
    _ignore_application_stop_failures: Option<Value>,
    #[serde(rename = "updateOutdatedInstancesOnly")]
    _update_outdated_instances_only: Option<Value>,
    #[serde(rename = "fileExistsBehavior")]
    _file_exists_behavior: Option<Value>,
}

pub(super) fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let input: CreateInput = values::parse(input)?;
    let revision = input
        .revision
        .ok_or_else(|| AwsError::new("RevisionRequiredException", "The revision is missing."))?;
    let plan = appspec::read(&revision)?;
    if input
        .description
        .as_ref()
        .is_some_and(|text| text.len() > 256)
    {
        return Err(AwsError::new(
            "DescriptionTooLongException",
            "A description has at most 256 characters.",
        ));
    }
    if let Some(rollback) = &input.auto_rollback_configuration {
        check_rollback(rollback)?;
    }
    if let Some(alarms) = &input.override_alarm_configuration {
        check_alarms(alarms)?;
    }
    let id = cloud.services.codedeploy.store.write(|model| {
        let name = input.deployment_group_name.as_deref().unwrap_or_default();
        let application = model.application(&input.application_name)?;
        let group = application.groups.get(name).ok_or_else(|| no_group(name))?;
        let active = model
            .deployments_of(&application.name, name)
            .into_iter()
            .find(|one| !one.status.is_over());
        if let Some(active) = active {
            return Err(AwsError::new(
                "DeploymentLimitExceededException",
                format!(
                    "The Deployment Group '{name}' already has an active Deployment '{}'",
                    active.id
                ),
            ));
        }
        let config = input
            .deployment_config_name
            .unwrap_or_else(|| group.config.clone());
        let deployment = Deployment {
            id: deployment_id(),
            application: application.name.clone(),
            group: group.name.clone(),
            routing: configs::routing(model, &config)?,
            config,
            description: input.description,
            creator: "user".to_owned(),
            revision,
            plan,
            rollback: input
                .auto_rollback_configuration
                .unwrap_or_else(|| group.rollback.clone()),
            overrides_alarms: input.override_alarm_configuration.is_some(),
            alarms: input
                .override_alarm_configuration
                .unwrap_or_else(|| group.alarms.clone()),
            status: Status::Created,
            error: None,
            created: cloud.time.now(),
            started: None,
            completed: None,
            events: Event::all(),
            shifts: 0,
            next_shift: None,
            percentage: 0.0,
            stop: None,
            rolled_back_by: None,
            rolls_back: None,
        };
        let id = deployment.id.clone();
        model.deployments.insert(id.clone(), deployment);
        Ok(id)
    })?;
    run::start(cloud, &id);
    Ok(json!({ "deploymentId": id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Named {
    #[serde(default)]
    deployment_id: String,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    auto_rollback_enabled: Option<bool>,
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let deployment = model.deployment(&input.deployment_id)?;
    Ok(json!({ "deploymentInfo": describe::deployment(&model, deployment) }))
}

/// `BatchGetDeployments`: what is not there is left out.
pub(super) fn batch_get(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Input {
        deployment_ids: Vec<String>,
    }
    let input: Input = values::parse(input)?;
    if input.deployment_ids.len() > 25 {
        return Err(AwsError::new(
            "BatchLimitExceededException",
            "At most 25 deployments can be asked for at once.",
        ));
    }
    let model = cloud.services.codedeploy.store.read();
    let found: Vec<Value> = input
        .deployment_ids
        .iter()
        .filter_map(|id| model.deployments.get(id))
        .map(|deployment| describe::deployment(&model, deployment))
        .collect();
    Ok(json!({ "deploymentsInfo": found }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListInput {
    application_name: Option<String>,
    deployment_group_name: Option<String>,
    #[serde(default)]
    include_only_statuses: Vec<String>,
    create_time_range: Option<Range>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    #[serde(default, deserialize_with = "values::optional_time")]
    start: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_time")]
    end: Option<DateTime<Utc>>,
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    const PAGE: usize = 100;
    let input: ListInput = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    if let Some(application) = &input.application_name {
        model.application(application)?;
        if let Some(group) = &input.deployment_group_name {
            model.group(application, group)?;
        }
    }
    let mut found: Vec<&Deployment> = model
        .deployments
        .values()
        .filter(|one| input.fits(one))
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.created));
    let from: usize = match &input.next_token {
        None => 0,
        Some(token) => token.parse().map_err(|_| {
            AwsError::new(
                "InvalidNextTokenException",
                "The nextToken is not one of ours.",
            )
        })?,
    };
    let ids: Vec<&String> = found
        .iter()
        .skip(from)
        .take(PAGE)
        .map(|one| &one.id)
        .collect();
    let mut answer = json!({ "deployments": ids });
    if found.len() > from + PAGE {
        answer["nextToken"] = json!((from + PAGE).to_string());
    }
    Ok(answer)
}

impl ListInput {
    fn fits(&self, one: &Deployment) -> bool {
        let in_range = self.create_time_range.as_ref().is_none_or(|range| {
            range.start.is_none_or(|start| one.created >= start)
                && range.end.is_none_or(|end| one.created <= end)
        });
        let status = one.status.text();
        in_range
            && self
                .application_name
                .as_ref()
                .is_none_or(|name| *name == one.application)
            && self
                .deployment_group_name
                .as_ref()
                .is_none_or(|name| *name == one.group)
            && (self.include_only_statuses.is_empty()
                || self
                    .include_only_statuses
                    .iter()
                    .any(|wanted| wanted == status))
    }
}

/// `StopDeployment`.
pub(super) fn stop(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let codedeploy = &cloud.services.codedeploy;
    codedeploy.store.write(|model| {
        let deployment = model.deployment_mut(&input.deployment_id)?;
        if deployment.status.is_over() {
            return Err(AwsError::new(
                "DeploymentAlreadyCompletedException",
                format!(
                    "The deployment {} is in a terminal state ({}) and can't be stopped.",
                    deployment.id,
                    deployment.status.text()
                ),
            ));
        }
        deployment.stop = Some(Stop {
            roll_back: input.auto_rollback_enabled,
        });
        Ok(())
    })?;
    codedeploy.tell();
    Ok(json!({
        "status": "Pending",
        "statusMessage": "Cancelling deployment. This may take a few moments.",
    }))
}
