//! The AWS clients, each made when it is first needed: loading root certificates alone is a
//! third of a cold start.

use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::FutureExt;
use tokio::sync::OnceCell;

/// The clients.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    shared: std::sync::Arc<OnceCell<SdkConfig>>,
}

impl Aws {
    /// Over a configuration that is there already.
    pub fn of(config: SdkConfig) -> Self {
        Self {
            shared: std::sync::Arc::new(OnceCell::new_with(Some(config))),
        }
    }

    async fn config(&self) -> &SdkConfig {
        self.shared
            .get_or_init(|| async {
                let http = aws_smithy_http_client::Builder::new()
                    .tls_provider(Provider::Rustls(CryptoMode::Ring))
                    .build_https();
                let timeouts = TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_attempt_timeout(Duration::from_secs(10))
                    .build();
                aws_config::defaults(BehaviorVersion::latest())
                    .http_client(http)
                    .timeout_config(timeouts)
                    .load()
                    .boxed()
                    .await
            })
            .await
    }

    /// S3, with bucket names in the path where the endpoint is not AWS's own.
    pub async fn s3(&self) -> aws_sdk_s3::Client {
        let config = self.config().await;
        // A long upload or download is no reason to give up on it.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .timeout_config(timeouts)
            .force_path_style(config.endpoint_url().is_some())
            .build();
        aws_sdk_s3::Client::from_conf(s3)
    }

    pub async fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(self.config().await)
    }

    pub async fn ssm(&self) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(self.config().await)
    }

    pub async fn lambda(&self) -> aws_sdk_lambda::Client {
        aws_sdk_lambda::Client::new(self.config().await)
    }

    pub async fn codedeploy(&self) -> aws_sdk_codedeploy::Client {
        aws_sdk_codedeploy::Client::new(self.config().await)
    }

    /// The text a secret holds.
    ///
    /// # Errors
    /// When it cannot be read; the message names the secret, never its value.
    pub async fn secret(&self, arn: &str) -> anyhow::Result<String> {
        aws_sdk_secretsmanager::Client::new(self.config().await)
            .get_secret_value()
            .secret_id(arn)
            .send()
            .boxed()
            .await
            .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
            .and_then(|answer| {
                answer
                    .secret_string
                    .context("it holds bytes where text is expected")
            })
            .with_context(|| format!("reading the secret {arn}"))
    }
}

/// An SDK error in the service's own words, its code and its sentence; where it never got to the service, what stood in
/// the way. The SDK's `Display` says only "service error".
pub fn describe<E: std::error::Error + ProvideErrorMetadata>(error: &E) -> String {
    if let Some(code) = error.code() {
        return error
            .message()
            .map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"));
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
