//! AWS in our words. One file a service, the only importers of its SDK; functions that say what
//! the tool wants and not how the wire spells it. Errors come out as `Code: message`, AWS's own
//! words once.

pub mod cloudformation;
pub mod cloudwatch;
pub mod codedeploy;
mod credentials;
pub mod lambda;
pub mod logs;
pub mod rds;
pub mod s3;
pub mod secrets;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod sts;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls;
use serde::{Deserialize, Serialize};

use crate::context::flag;
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::stage::Stage;
use crate::template::Kind;

/// The clients of one stage.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// STS.
    pub identity: sts::Identity,
    /// CloudFormation.
    pub stacks: cloudformation::Stacks,
    /// CloudFormation in us-east-1, where CloudFront looks for certificates.
    edge_stacks: cloudformation::Stacks,
    /// Lambda.
    pub functions: lambda::Functions,
    /// CodeDeploy.
    pub deployments: codedeploy::Deployments,
    /// SSM Parameter Store.
    pub parameters: ssm::Parameters,
    /// S3.
    pub objects: s3::Objects,
    /// CloudWatch.
    pub metrics: cloudwatch::Metrics,
    /// CloudWatch Logs.
    pub logs: logs::Logs,
    /// SQS.
    pub queues: sqs::Queues,
    /// Secrets Manager.
    pub secrets: secrets::Secrets,
    /// RDS.
    pub databases: rds::Databases,
    /// SNS.
    pub topics: sns::Topics,
}

/// A file that names an endpoint other than AWS's, and the key to use there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// Access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// What belongs to a key that lasts only for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
}

/// How often a request is tried, unless `AWS_MAX_ATTEMPTS` says otherwise, as it does to every tool of AWS's. AWS throttles
/// by account, so others' requests count as well, and a release of an hour
/// must not end for one bad minute.
const ATTEMPTS: u32 = 8;

impl Cloud {
    /// Clients for the stage's region: AWS with the usual credentials, or the endpoint the stage names.
    pub async fn connect(repository: &Repository, stage: &Stage) -> Result<Self, Failure> {
        let mut loader = loader().region(Region::new(stage.region.clone()));
        if let Some(endpoint) = endpoint(repository, stage)? {
            loader = loader
                .endpoint_url(&endpoint.endpoint)
                .credentials_provider(Credentials::new(
                    endpoint.access_key_id,
                    endpoint.secret_access_key,
                    endpoint.session_token,
                    None,
                    "endpoint file",
                ));
        }
        Ok(Self::with(
            &loader.load().await,
            stage.region_of(Kind::Edge),
        ))
    }

    /// Clients for where this runs: a function of ours, with the region and the role Lambda gives it.
    pub async fn of_environment() -> Self {
        Self::with(&loader().load().await, "us-east-1")
    }

    /// CloudFormation where a stack of this kind lies.
    #[must_use]
    pub const fn stacks_of(&self, kind: Kind) -> &cloudformation::Stacks {
        match kind {
            Kind::Edge => &self.edge_stacks,
            Kind::Network | Kind::Data | Kind::App => &self.stacks,
        }
    }

    fn with(config: &SdkConfig, edge: &str) -> Self {
        let edge = config
            .to_builder()
            .region(Region::new(edge.to_owned()))
            .build();
        Self {
            edge_stacks: cloudformation::Stacks::new(&edge),
            secrets: secrets::Secrets::new(config),
            databases: rds::Databases::new(config),
            topics: sns::Topics::new(config),
            identity: sts::Identity::new(config),
            stacks: cloudformation::Stacks::new(config),
            functions: lambda::Functions::new(config),
            deployments: codedeploy::Deployments::new(config),
            parameters: ssm::Parameters::new(config),
            objects: s3::Objects::new(config),
            metrics: cloudwatch::Metrics::new(config),
            logs: logs::Logs::new(config),
            queues: sqs::Queues::new(config),
        }
    }

    /// The account is law: whoever is somebody else touches nothing.
    pub async fn check_identity(&self, stage: &Stage) -> Result<sts::Caller, Failure> {
        let caller = self.identity.caller().await.map_err(|error| {
            if stage.endpoint_file.is_some() && is_unreachable(&error) {
                return Failure::new(
                    codes::CLOUD_NOT_RUNNING,
                    format!("the cloud of stage {} is not running", stage.name),
                )
                .why("nobody listens at its endpoint any more")
                .state("nothing was touched")
                .next("spokectl up");
            }
            if stage.endpoint_file.is_some() {
                return Failure::new(
                    codes::NO_IDENTITY,
                    format!("nobody could say who we are in stage {}", stage.name),
                )
                .why(format!("{error:#}"))
                .state("nothing was touched")
                .next("spokectl up");
            }
            credentials::failure(stage, &error)
        })?;
        if caller.account == stage.account {
            return Ok(caller);
        }
        Err(Failure::new(
            codes::WRONG_ACCOUNT,
            format!(
                "this identity belongs to another account than stage {}",
                stage.name
            ),
        )
        .why(format!(
            "{} is in {}; stages/{}.toml says {}",
            caller.arn, caller.account, stage.name, stage.account
        ))
        .state("nothing was touched")
        .next(format!(
            "AWS_PROFILE=<a profile of {}> spokectl status{}",
            stage.account,
            flag(&stage.name)
        )))
    }
}

fn loader() -> aws_config::ConfigLoader {
    let attempts = std::env::var("AWS_MAX_ATTEMPTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|attempts| *attempts > 0)
        .unwrap_or(ATTEMPTS);
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .http_client(http)
}

fn endpoint(repository: &Repository, stage: &Stage) -> Result<Option<Endpoint>, Failure> {
    let Some(file) = &stage.endpoint_file else {
        return Ok(None);
    };
    let path = repository.path(file);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Failure::new(
            codes::CLOUD_NOT_RUNNING,
            format!("the cloud of stage {} is not running", stage.name),
        )
        .why(format!("{}: {error}", repository.shown(&path)))
        .state("nothing was touched")
        .next("spokectl up")
    })?;
    serde_json::from_str(&text)
        .map(Some)
        .blame(
            codes::CLOUD_NOT_RUNNING,
            format!("{} cannot be read", repository.shown(&path)),
        )
        .map_err(|failure| failure.next("spokectl up"))
}

/// AWS's code and message, once; the whole chain when there is neither.
pub(crate) fn words<E, R>(error: SdkError<E, R>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => anyhow::anyhow!("{code}: {}", message.trim()),
        (Some(code), None) => anyhow::anyhow!("{code}"),
        _ => anyhow::Error::new(error),
    }
}

/// Whether nobody listens where the request went.
pub(crate) fn is_unreachable(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused)
    })
}

/// Whether AWS refused with this code.
pub(crate) fn is<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, code: &str) -> bool {
    error.code() == Some(code)
}

/// An SDK time as chrono's.
pub(crate) fn time(time: &aws_smithy_types::DateTime) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

/// chrono's time as the SDK's.
pub(crate) fn sdk_time(time: chrono::DateTime<chrono::Utc>) -> aws_smithy_types::DateTime {
    aws_smithy_types::DateTime::from_millis(time.timestamp_millis())
}
