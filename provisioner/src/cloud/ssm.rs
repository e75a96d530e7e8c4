//! SSM Parameter Store: the lock, the release's record, the pointer.

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::ParameterType;

use super::{is, words};

/// Parameter Store.
#[derive(Clone, Debug)]
pub struct Parameters(Client);

impl Parameters {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// A parameter's value, if it exists; `name:7` is what its version 7 was.
    pub async fn find(&self, name: &str) -> anyhow::Result<Option<String>> {
        match self.0.get_parameter().name(name).send().await {
            Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
            Err(error)
                if is(&error, "ParameterNotFound") || is(&error, "ParameterVersionNotFound") =>
            {
                Ok(None)
            }
            Err(error) => Err(words(error).context(format!("reading parameter {name}"))),
        }
    }

    /// Writes a parameter, whether it exists or not; says which version of it that made.
    pub async fn put_version(&self, name: &str, value: &str) -> anyhow::Result<i64> {
        let answer = self
            .0
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .overwrite(true)
            .send()
            .await
            .map_err(|error| words(error).context(format!("writing parameter {name}")))?;
        Ok(answer.version)
    }

    /// Writes a parameter, whether it exists or not.
    pub async fn put(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.put_version(name, value).await.map(drop)
    }

    /// Writes a parameter only if it does not exist; says whether it was written.
    pub async fn create(&self, name: &str, value: &str) -> anyhow::Result<bool> {
        let answer = self
            .0
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .overwrite(false)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if is(&error, "ParameterAlreadyExists") => Ok(false),
            Err(error) => Err(words(error).context(format!("writing parameter {name}"))),
        }
    }

    /// Removes a parameter; one that does not exist is removed already.
    pub async fn delete(&self, name: &str) -> anyhow::Result<()> {
        match self.0.delete_parameter().name(name).send().await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, "ParameterNotFound") => Ok(()),
            Err(error) => Err(words(error).context(format!("removing parameter {name}"))),
        }
    }
}
