//! What CodeDeploy remembers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Answer, AwsError};
use crate::protocol::values;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) applications: BTreeMap<String, Application>,
    /// Custom ones only; the predefined are known.
    pub(super) configs: BTreeMap<String, Config>,
    pub(super) deployments: BTreeMap<String, Deployment>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Application {
    pub id: String,
    pub name: String,
    pub created: DateTime<Utc>,
    pub groups: BTreeMap<String, Group>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Group {
    pub id: String,
    pub name: String,
    pub role: String,
    pub config: String,
    pub alarms: Alarms,
    pub rollback: Rollback,
    pub tags: BTreeMap<String, String>,
}

/// `AlarmConfiguration`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "CodeDeploy's names")]
pub(super) struct Alarms {
    #[serde(default, deserialize_with = "flag")]
    pub enabled: bool,
    #[serde(default, deserialize_with = "flag")]
    pub ignore_poll_alarm_failure: bool,
    #[serde(default)]
    pub alarms: Vec<AlarmName>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmName {
    pub name: String,
}

/// `AutoRollbackConfiguration`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    #[serde(default, deserialize_with = "flag")]
    pub enabled: bool,
    #[serde(default)]
    pub events: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Config {
    pub id: String,
    pub name: String,
    pub routing: Routing,
    pub created: DateTime<Utc>,
}

/// How traffic moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Routing {
    AllAtOnce,
    /// A share first, the rest after a while.
    Canary {
        percentage: u8,
        minutes: u32,
    },
    /// Equal shares.
    Linear {
        percentage: u8,
        minutes: u32,
    },
}

/// What an `AppSpec` asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub function: String,
    pub alias: String,
    pub current: String,
    pub target: String,
    /// Functions by name.
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    Created,
    InProgress,
    Succeeded,
    Failed,
    Stopped,
}

impl Status {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped)
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Deployment {
    pub id: String,
    pub application: String,
    pub group: String,
    pub config: String,
    pub routing: Routing,
    pub description: Option<String>,
    pub creator: String,
    /// The revision as it was given.
    pub revision: Value,
    pub plan: Plan,
    pub rollback: Rollback,
    pub alarms: Alarms,
    /// Whether those are its own, and not its group's.
    #[serde(default)]
    pub overrides_alarms: bool,
    pub status: Status,
    pub error: Option<Failure>,
    pub created: DateTime<Utc>,
    pub started: Option<DateTime<Utc>>,
    pub completed: Option<DateTime<Utc>>,
    /// `BeforeAllowTraffic`, `AllowTraffic`, `AfterAllowTraffic`.
    pub events: [Event; 3],
    /// How many shifts have been made.
    pub shifts: usize,
    pub next_shift: Option<DateTime<Utc>>,
    /// The target version's share, 0 to 100.
    pub percentage: f64,
    pub stop: Option<Stop>,
    /// The deployment that rolls this one back.
    pub rolled_back_by: Option<String>,
    /// The deployment this one rolls back.
    pub rolls_back: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub code: String,
    pub message: String,
}

/// Somebody asked to stop; whether to roll back, if they said.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Stop {
    pub roll_back: Option<bool>,
}

/// How far a lifecycle event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Progress {
    Pending,
    Running,
    Succeeded,
    Failed,
    Skipped,
}

impl Progress {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        }
    }
}

/// A lifecycle event.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub name: String,
    pub status: Progress,
    pub started: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
    /// What the hook must name when it reports.
    pub execution: Option<String>,
    /// Whether the hook was really invoked.
    pub invoked: bool,
    pub verdict: Option<bool>,
    pub failure: Option<String>,
}

impl Event {
    pub(super) fn pending(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            status: Progress::Pending,
            started: None,
            ended: None,
            execution: None,
            invoked: false,
            verdict: None,
            failure: None,
        }
    }

    pub(super) fn all() -> [Self; 3] {
        ["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"].map(Self::pending)
    }
}

impl Model {
    pub(super) fn application(&self, name: &str) -> Answer<&Application> {
        self.applications
            .get(name)
            .ok_or_else(|| no_application(name))
    }

    pub(super) fn application_mut(&mut self, name: &str) -> Answer<&mut Application> {
        self.applications
            .get_mut(name)
            .ok_or_else(|| no_application(name))
    }

    pub(super) fn group(&self, application: &str, group: &str) -> Answer<&Group> {
        self.application(application)?
            .groups
            .get(group)
            .ok_or_else(|| no_group(group))
    }

    pub(super) fn deployment(&self, id: &str) -> Answer<&Deployment> {
        self.deployments.get(id).ok_or_else(|| no_deployment(id))
    }

    pub(super) fn deployment_mut(&mut self, id: &str) -> Answer<&mut Deployment> {
        self.deployments
            .get_mut(id)
            .ok_or_else(|| no_deployment(id))
    }

    /// Deployments of a group, the newest first.
    pub(super) fn deployments_of(&self, application: &str, group: &str) -> Vec<&Deployment> {
        let mut found: Vec<&Deployment> = self
            .deployments
            .values()
            .filter(|one| one.application == application && one.group == group)
            .collect();
        found.sort_by_key(|one| std::cmp::Reverse(one.created));
        found
    }
}

fn no_application(name: &str) -> AwsError {
    AwsError::new(
        "ApplicationDoesNotExistException",
        format!("No application found for name: {name}"),
    )
}

pub(super) fn no_group(name: &str) -> AwsError {
    AwsError::new(
        "DeploymentGroupDoesNotExistException",
        format!("No Deployment Group found for name: {name}"),
    )
}

fn no_deployment(id: &str) -> AwsError {
    if id.is_empty() {
        return AwsError::new(
            "DeploymentIdRequiredException",
            "The deploymentId is missing.",
        );
    }
    if !id.starts_with("d-") {
        return AwsError::new(
            "InvalidDeploymentIdException",
            format!("Deployment Id {id} is not of the form d-XXXXXXXXX"),
        );
    }
    AwsError::new(
        "DeploymentDoesNotExistException",
        format!("The deployment {id} could not be found"),
    )
}

/// `d-` and nine letters or digits.
pub(super) fn deployment_id() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut rng = rand::rng();
    let letters = (0..9).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]));
    format!("d-{}", letters.collect::<String>())
}

fn flag<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    values::optional_boolean(from).map(Option::unwrap_or_default)
}
