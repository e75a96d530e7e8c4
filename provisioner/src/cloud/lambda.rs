//! Lambda: versions and the alias.

use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::AliasRoutingConfiguration;
use serde_json::Value;
use spoke_contract::functions::LIVE;

use super::{is, words};

/// Lambda.
#[derive(Clone, Debug)]
pub struct Functions(Client);

/// Where the alias `Live` of a function points.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// The version that gets what no weight takes away.
    pub version: String,
    /// A second version and its share, 0 to 1, while traffic shifts.
    pub second: Option<(String, f64)>,
    /// For optimistic locking.
    pub revision: String,
}

impl Functions {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// How many calls at once the account has left for functions without a number of their own.
    pub async fn unreserved(&self) -> anyhow::Result<u32> {
        self.0
            .get_account_settings()
            .send()
            .await
            .map_err(|error| words(error).context("reading the account's quota of Lambda"))?
            .account_limit
            .and_then(|limit| limit.unreserved_concurrent_executions)
            .and_then(|left| u32::try_from(left).ok())
            .context("AWS says nothing about the account's quota of Lambda")
    }

    /// The alias `Live` of a function, if there is one.
    pub async fn find_live(&self, function: &str) -> anyhow::Result<Option<Alias>> {
        let answer = self
            .0
            .get_alias()
            .function_name(function)
            .name(LIVE)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is(&error, "ResourceNotFoundException") => return Ok(None),
            Err(error) => {
                return Err(words(error).context(format!("reading alias {function}:{LIVE}")));
            }
        };
        Ok(Some(Alias {
            version: answer
                .function_version
                .with_context(|| format!("alias {function}:{LIVE} points nowhere"))?,
            second: answer
                .routing_config
                .and_then(|routing| routing.additional_version_weights)
                .and_then(|weights| weights.into_iter().next()),
            revision: answer.revision_id.unwrap_or_default(),
        }))
    }

    /// The alias `Live` of a function that must have one.
    pub async fn live(&self, function: &str) -> anyhow::Result<Alias> {
        self.find_live(function)
            .await?
            .with_context(|| format!("function {function} has no alias {LIVE}"))
    }

    /// Points the alias at one version, all of it, unless somebody moved it since `seen`.
    pub async fn point_live(
        &self,
        function: &str,
        version: &str,
        seen: &Alias,
    ) -> anyhow::Result<()> {
        self.0
            .update_alias()
            .function_name(function)
            .name(LIVE)
            .function_version(version)
            .routing_config(
                AliasRoutingConfiguration::builder()
                    .set_additional_version_weights(Some(std::collections::HashMap::new()))
                    .build(),
            )
            .revision_id(&seen.revision)
            .send()
            .await
            .map_err(|error| {
                words(error).context(format!("moving alias {function}:{LIVE} to {version}"))
            })?;
        Ok(())
    }

    /// Publishes what the function is now; the same code and configuration give the same version.
    pub async fn publish(&self, function: &str, description: &str) -> anyhow::Result<String> {
        self.wait_until_updated(function).await?;
        self.0
            .publish_version()
            .function_name(function)
            .description(description)
            .send()
            .await
            .map_err(|error| words(error).context(format!("publishing a version of {function}")))?
            .version
            .with_context(|| format!("AWS gave no version of {function}"))
    }

    /// Waits until a published version can be called.
    pub async fn wait_until_active(&self, function: &str, version: &str) -> anyhow::Result<()> {
        for _ in 0..300 {
            let answer = self
                .0
                .get_function_configuration()
                .function_name(function)
                .qualifier(version)
                .send()
                .await
                .map_err(|error| words(error).context(format!("reading {function}:{version}")))?;
            match answer
                .state
                .as_ref()
                .map(aws_sdk_lambda::types::State::as_str)
            {
                Some("Pending") => tokio::time::sleep(Duration::from_secs(1)).await,
                Some("Failed") => bail!(
                    "version {version} of {function} cannot be called: {}",
                    answer.state_reason.unwrap_or_default()
                ),
                _ => return Ok(()),
            }
        }
        bail!("version {version} of {function} is still pending after five minutes")
    }

    async fn wait_until_updated(&self, function: &str) -> anyhow::Result<()> {
        for _ in 0..300 {
            let answer = self
                .0
                .get_function_configuration()
                .function_name(function)
                .send()
                .await
                .map_err(|error| words(error).context(format!("reading {function}")))?;
            match answer
                .last_update_status
                .as_ref()
                .map(aws_sdk_lambda::types::LastUpdateStatus::as_str)
            {
                Some("InProgress") => tokio::time::sleep(Duration::from_secs(1)).await,
                Some("Failed") => bail!(
                    "{function} could not be updated: {}",
                    answer.last_update_status_reason.unwrap_or_default()
                ),
                _ => return Ok(()),
            }
        }
        bail!("{function} is still being updated after five minutes")
    }

    /// Calls a function through its alias and waits for the answer; the function's own error is ours.
    pub async fn call(&self, function: &str, event: &Value) -> anyhow::Result<Value> {
        self.call_at(function, LIVE, event).await
    }

    /// The same at another alias or version, or at `$LATEST`, which is what hooks are called at.
    pub async fn call_at(
        &self,
        function: &str,
        qualifier: &str,
        event: &Value,
    ) -> anyhow::Result<Value> {
        let answer = self
            .0
            .invoke()
            .function_name(function)
            .qualifier(qualifier)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .map_err(|error| words(error).context(format!("calling {function}:{qualifier}")))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let value: Value = serde_json::from_slice(&payload).unwrap_or(Value::Null);
        if let Some(kind) = answer.function_error {
            let message = value["errorMessage"].as_str().unwrap_or(&kind).to_owned();
            bail!("{function}:{qualifier} failed: {message}");
        }
        Ok(value)
    }
}
