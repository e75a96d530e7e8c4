//! What API Gateway remembers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use crate::error::Answer;

use super::refusals::not_found;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) apis: BTreeMap<String, Api>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Api {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub version: Option<String>,
    /// Kept for the API's whole life.
    pub port: u16,
    pub cors: Option<Cors>,
    pub created: DateTime<Utc>,
    pub tags: BTreeMap<String, String>,
    pub routes: BTreeMap<String, Route>,
    pub integrations: BTreeMap<String, Integration>,
    pub stages: BTreeMap<String, Stage>,
    pub deployments: BTreeMap<String, Deployment>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Cors {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Route {
    pub id: String,
    /// `$default`, `GET /path/{id}` or `ANY /{proxy+}`.
    pub key: String,
    pub integration: Option<String>,
    pub operation_name: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Integration {
    pub id: String,
    pub description: Option<String>,
    pub timeout_ms: u64,
    pub credentials: Option<String>,
    pub target: Target,
}

/// What an integration does with a request.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Target {
    /// A function, by the URI it was given.
    Lambda { uri: String, method: Option<String> },
    /// `SQS-SendMessage`, with its parameter mappings.
    SendMessage(BTreeMap<String, String>),
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Stage {
    pub name: String,
    pub description: Option<String>,
    pub auto_deploy: bool,
    /// What is served when `auto_deploy` is off.
    pub deployment: Option<String>,
    pub variables: BTreeMap<String, String>,
    pub default_limits: Limits,
    pub route_limits: BTreeMap<String, Limits>,
    pub access_log: Option<AccessLog>,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Limits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detailed_metrics_enabled: Option<bool>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct AccessLog {
    pub destination_arn: String,
    pub format: String,
}

/// A frozen copy of routes and integrations.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Deployment {
    pub id: String,
    pub description: Option<String>,
    pub created: DateTime<Utc>,
    pub routes: BTreeMap<String, Route>,
    pub integrations: BTreeMap<String, Integration>,
}

impl Model {
    pub(super) fn api(&self, id: &str) -> Answer<&Api> {
        self.apis.get(id).ok_or_else(|| not_found("API", id))
    }

    pub(super) fn api_mut(&mut self, id: &str) -> Answer<&mut Api> {
        self.apis.get_mut(id).ok_or_else(|| not_found("API", id))
    }
}

impl Api {
    pub(super) fn endpoint(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The routes and integrations a stage serves.
    pub(super) fn served(&self, stage: &Stage) -> Option<Served<'_>> {
        if stage.auto_deploy {
            return Some(Served {
                routes: &self.routes,
                integrations: &self.integrations,
            });
        }
        let deployment = self.deployments.get(stage.deployment.as_ref()?)?;
        Some(Served {
            routes: &deployment.routes,
            integrations: &deployment.integrations,
        })
    }
}

/// What a stage serves.
pub(super) struct Served<'a> {
    pub routes: &'a BTreeMap<String, Route>,
    pub integrations: &'a BTreeMap<String, Integration>,
}

/// A new identifier as API Gateway gives them: letters and digits.
pub(super) fn id(length: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    (0..length)
        .map(|place| {
            // A letter first: an id is part of a host name on AWS.
            let among = if place == 0 { 26 } else { LETTERS.len() };
            char::from(LETTERS[rng.random_range(0..among)])
        })
        .collect()
}
