//! STS: who am I.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_sts::Client;

use super::words;

/// STS.
#[derive(Clone, Debug)]
pub struct Identity(Client);

/// Whom AWS takes us for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// 12 digits.
    pub account: String,
    /// The principal.
    pub arn: String,
}

impl Identity {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// The caller.
    pub async fn caller(&self) -> anyhow::Result<Caller> {
        let answer = self.0.get_caller_identity().send().await.map_err(words)?;
        Ok(Caller {
            account: answer.account.context("AWS gave no account")?,
            arn: answer.arn.context("AWS gave no principal")?,
        })
    }
}
