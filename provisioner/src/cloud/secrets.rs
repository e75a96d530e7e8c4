//! Secrets Manager: values go in; the tool never reads them back, but for the address the scaler posts its notices to.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use chrono::{DateTime, Utc};

use super::{is, time, words};

/// Secrets Manager.
#[derive(Clone, Debug)]
pub struct Secrets(Client);

/// What is known of a secret without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// When its value changed last.
    pub changed: Option<DateTime<Utc>>,
    /// Whether there is anything in it.
    pub is_set: bool,
}

impl Secrets {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// A secret, if it exists.
    pub async fn find(&self, name: &str) -> anyhow::Result<Option<Secret>> {
        match self.0.describe_secret().secret_id(name).send().await {
            Ok(answer) => Ok(Some(Secret {
                is_set: answer
                    .version_ids_to_stages
                    .as_ref()
                    .is_some_and(|versions| !versions.is_empty()),
                changed: answer.last_changed_date.as_ref().and_then(time),
            })),
            Err(error) if is(&error, "ResourceNotFoundException") => Ok(None),
            Err(error) => Err(words(error).context(format!("looking for secret {name}"))),
        }
    }

    /// A secret's value, for the scaler's webhook alone.
    pub async fn value(&self, name: &str) -> anyhow::Result<String> {
        let answer = self
            .0
            .get_secret_value()
            .secret_id(name)
            .send()
            .await
            .map_err(|error| words(error).context(format!("reading secret {name}")))?;
        answer
            .secret_string
            .with_context(|| format!("secret {name} holds no text"))
    }

    /// Gives a secret a new value; says under which version it is kept.
    pub async fn put(&self, name: &str, value: &str) -> anyhow::Result<String> {
        let answer = self
            .0
            .put_secret_value()
            .secret_id(name)
            .secret_string(value)
            .send()
            .await
            .map_err(|error| words(error).context(format!("writing secret {name}")))?;
        Ok(answer.version_id.unwrap_or_default())
    }
}
