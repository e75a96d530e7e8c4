//! Secrets Manager.

mod operations;
mod password;
mod secrets;
mod versions;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::tags::Tags;
use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    secrets: BTreeMap<String, Secret>,
}

/// A secret and its versions, by id.
#[derive(Clone, Serialize, Deserialize)]
struct Secret {
    /// Ends in a dash and six random characters: two secrets of one name, one after the
    /// other, are two secrets.
    arn: String,
    name: String,
    description: Option<String>,
    kms_key: Option<String>,
    created: DateTime<Utc>,
    changed: DateTime<Utc>,
    accessed: Option<DateTime<Utc>>,
    /// When it was deleted and when it will be gone.
    deleted: Option<(DateTime<Utc>, DateTime<Utc>)>,
    tags: Tags,
    versions: BTreeMap<String, Version>,
}

/// A version's value, text or base64 of bytes, and its stages.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Version {
    text: Option<String>,
    binary: Option<String>,
    created: DateTime<Utc>,
    stages: Vec<String>,
}

/// The service.
pub struct SecretsManager {
    pub(crate) store: Store<Model>,
}

impl SecretsManager {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "secretsmanager")?,
        })
    }
}

impl Model {
    /// By name, ARN, or ARN without its last six characters.
    fn find(&mut self, id: &str) -> Answer<&mut Secret> {
        let dashed = format!("{id}-");
        self.secrets
            .values_mut()
            .find(|secret| {
                secret.name == id
                    || secret.arn == id
                    || secret
                        .arn
                        .strip_prefix(&dashed)
                        .is_some_and(|rest| rest.len() == 6)
            })
            .ok_or_else(|| {
                AwsError::new(
                    "ResourceNotFoundException",
                    "Secrets Manager can't find the specified secret.",
                )
            })
    }

    /// The same, unless it is marked for deletion.
    fn find_live(&mut self, id: &str) -> Answer<&mut Secret> {
        let secret = self.find(id)?;
        if secret.deleted.is_some() {
            return Err(invalid_request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            ));
        }
        Ok(secret)
    }
}

/// Changes the model after removing secrets whose recovery window has ended.
fn write<R>(cloud: &Cloud, change: impl FnOnce(&mut Model, DateTime<Utc>) -> R) -> R {
    let now = cloud.time.now();
    cloud.services.secretsmanager.store.write(|model| {
        model
            .secrets
            .retain(|_, secret| secret.deleted.is_none_or(|(_, gone)| gone > now));
        change(model, now)
    })
}

fn invalid_request(message: &str) -> AwsError {
    AwsError::new("InvalidRequestException", message)
}

fn invalid_parameter(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}
