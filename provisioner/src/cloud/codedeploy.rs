//! CodeDeploy: the shift.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::types::{
    Alarm, AlarmConfiguration, AppSpecContent, DeploymentStatus, RevisionLocation,
    RevisionLocationType, TimeRange,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{sdk_time, time, words};

/// CodeDeploy.
#[derive(Clone, Debug)]
pub struct Deployments(Client);

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// `d-7XK2M9QAB`.
    pub id: String,
    /// `Created`, `InProgress`, `Succeeded`, `Failed`, `Stopped`, ...
    pub status: String,
    /// `ALARM_ACTIVE`, `HEALTH_CONSTRAINTS`, ...
    pub error: Option<String>,
    /// AWS's sentence about it.
    pub message: Option<String>,
    /// The deployment that takes it back.
    pub rollback: Option<String>,
    /// The deployment this one takes back.
    pub rollback_of: Option<String>,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
}

impl Deployment {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "Succeeded" | "Failed" | "Stopped")
    }

    /// Whether the traffic moved.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        self.status == "Succeeded"
    }
}

/// One of `BeforeAllowTraffic`, `AllowTraffic`, `AfterAllowTraffic`, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped`, `Unknown`.
    pub status: String,
    /// Why it failed, when AWS says.
    pub message: Option<String>,
    /// When it began.
    pub started: Option<DateTime<Utc>>,
}

/// A deployment to be started.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The application.
    pub application: &'a str,
    /// Its group.
    pub group: &'a str,
    /// What is shifted, and by which hooks.
    pub app_spec: &'a str,
    /// For whoever lists deployments.
    pub description: &'a str,
    /// The alarms that stop it, in place of the group's.
    pub alarms: &'a [String],
}

impl Deployments {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Starts a deployment.
    pub async fn create(&self, start: &Start<'_>) -> anyhow::Result<String> {
        let content = AppSpecContent::builder().content(start.app_spec).build();
        let revision = RevisionLocation::builder()
            .revision_type(RevisionLocationType::AppSpecContent)
            .app_spec_content(content)
            .build();
        let alarms = start
            .alarms
            .iter()
            .map(|name| Alarm::builder().name(name).build());
        let alarms = AlarmConfiguration::builder()
            .enabled(true)
            // An alarm nobody can read stops the shift as well.
            .ignore_poll_alarm_failure(false)
            .set_alarms(Some(alarms.collect()))
            .build();
        self.0
            .create_deployment()
            .application_name(start.application)
            .deployment_group_name(start.group)
            .revision(revision)
            .description(start.description)
            .override_alarm_configuration(alarms)
            .send()
            .await
            .map_err(|error| {
                words(error).context(format!("starting a deployment of {}", start.group))
            })?
            .deployment_id
            .context("AWS gave no deployment id")
    }

    /// A deployment.
    pub async fn get(&self, id: &str) -> anyhow::Result<Deployment> {
        let info = self
            .0
            .get_deployment()
            .deployment_id(id)
            .send()
            .await
            .map_err(|error| words(error).context(format!("reading deployment {id}")))?
            .deployment_info
            .with_context(|| format!("AWS says nothing about deployment {id}"))?;
        let rollback = info
            .rollback_info
            .unwrap_or_else(|| aws_sdk_codedeploy::types::RollbackInfo::builder().build());
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Deployment {
            id: id.to_owned(),
            status: info
                .status
                .as_ref()
                .map_or_else(String::new, |status| status.as_str().to_owned()),
            error: info
                .error_information
                .as_ref()
                .and_then(|error| error.code.as_ref())
                .map(|code| code.as_str().to_owned()),
            message: info.error_information.and_then(|error| some(error.message)),
            rollback: some(rollback.rollback_deployment_id),
            rollback_of: some(rollback.rollback_triggering_deployment_id),
            created: info.create_time.as_ref().and_then(time),
        })
    }

    /// How far each phase of a deployment is, in order.
    pub async fn phases(&self, id: &str) -> anyhow::Result<Vec<Phase>> {
        let reading = || format!("reading the phases of deployment {id}");
        let targets = self
            .0
            .list_deployment_targets()
            .deployment_id(id)
            .send()
            .await
            .map_err(|error| words(error).context(reading()))?
            .target_ids
            .unwrap_or_default();
        // A deployment of a Lambda alias has one target, and none before it has started.
        let Some(target) = targets.into_iter().next() else {
            return Ok(Vec::new());
        };
        let answer = self
            .0
            .get_deployment_target()
            .deployment_id(id)
            .target_id(target)
            .send()
            .await
            .map_err(|error| words(error).context(reading()))?;
        let events = answer
            .deployment_target
            .and_then(|target| target.lambda_target)
            .and_then(|target| target.lifecycle_events)
            .unwrap_or_default();
        Ok(events
            .into_iter()
            .map(|event| Phase {
                started: event.start_time.as_ref().and_then(time),
                name: event.lifecycle_event_name.unwrap_or_default(),
                status: event
                    .status
                    .as_ref()
                    .map_or_else(String::new, |status| status.as_str().to_owned()),
                message: event
                    .diagnostics
                    .and_then(|diagnostics| diagnostics.message)
                    .filter(|message| !message.is_empty()),
            })
            .collect())
    }

    /// The deployments of a group that are still at work.
    pub async fn at_work(&self, application: &str, group: &str) -> anyhow::Result<Vec<String>> {
        let answer = self
            .0
            .list_deployments()
            .application_name(application)
            .deployment_group_name(group)
            .include_only_statuses(DeploymentStatus::Created)
            .include_only_statuses(DeploymentStatus::Queued)
            .include_only_statuses(DeploymentStatus::InProgress)
            .include_only_statuses(DeploymentStatus::Ready)
            .send()
            .await
            .map_err(|error| words(error).context(format!("listing deployments of {group}")))?;
        Ok(answer.deployments.unwrap_or_default())
    }

    /// The deployments of a group that were made since a time.
    pub async fn since(
        &self,
        application: &str,
        group: &str,
        since: DateTime<Utc>,
    ) -> anyhow::Result<Vec<String>> {
        let range = TimeRange::builder().start(sdk_time(since)).build();
        let answer = self
            .0
            .list_deployments()
            .application_name(application)
            .deployment_group_name(group)
            .create_time_range(range)
            .send()
            .await
            .map_err(|error| words(error).context(format!("listing deployments of {group}")))?;
        Ok(answer.deployments.unwrap_or_default())
    }

    /// The alarms that stop a group's deployments; none when they are switched off.
    pub async fn alarms(&self, application: &str, group: &str) -> anyhow::Result<Vec<String>> {
        let configuration = self
            .0
            .get_deployment_group()
            .application_name(application)
            .deployment_group_name(group)
            .send()
            .await
            .map_err(|error| words(error).context(format!("reading deployment group {group}")))?
            .deployment_group_info
            .and_then(|info| info.alarm_configuration)
            .filter(|configuration| configuration.enabled);
        Ok(configuration
            .and_then(|configuration| configuration.alarms)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|alarm| alarm.name)
            .collect())
    }

    /// Stops a deployment; traffic goes back.
    pub async fn stop(&self, id: &str) -> anyhow::Result<()> {
        self.0
            .stop_deployment()
            .deployment_id(id)
            .auto_rollback_enabled(true)
            .send()
            .await
            .map_err(|error| words(error).context(format!("stopping deployment {id}")))?;
        Ok(())
    }
}
