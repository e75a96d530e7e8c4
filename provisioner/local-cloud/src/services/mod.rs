//! The services. Each has a model that survives a restart and a `call` that performs one
//! operation on decoded input; wire formats are `protocol`'s business.

pub mod apigateway;
pub mod cloudformation;
pub mod cloudwatch;
pub mod codedeploy;
pub mod ec2;
pub mod elasticache;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod rds;
pub mod s3;
pub mod scheduler;
pub mod secretsmanager;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod sts;
pub(crate) mod tags;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::MissedTickBehavior;

use crate::Cloud;
use crate::error::{Answer, AwsError};

/// Every service's state.
pub struct Services {
    /// STS: who am I.
    pub sts: sts::Sts,
    /// IAM: roles and policies, recorded and not enforced.
    pub iam: iam::Iam,
    /// S3: buckets and objects on disk, through `s3s`.
    pub s3: s3::S3,
    /// SQS: standard queues with visibility time-outs and dead-letter queues.
    pub sqs: sqs::Sqs,
    /// SNS: topics that fan out to queues, functions and addresses.
    pub sns: sns::Sns,
    /// SSM Parameter Store.
    pub ssm: ssm::Ssm,
    /// Secrets Manager.
    pub secretsmanager: secretsmanager::SecretsManager,
    /// CloudWatch Logs.
    pub logs: logs::Logs,
    /// Lambda: real binaries behind the Runtime API, versions, aliases with weights.
    pub lambda: lambda::Lambda,
    /// API Gateway HTTP APIs, payload format 2.0.
    pub apigateway: apigateway::ApiGateway,
    /// CodeDeploy for Lambda: hooks, shifts, alarms, rollback.
    pub codedeploy: codedeploy::CodeDeploy,
    /// CloudWatch metrics, alarms and dashboards.
    pub cloudwatch: cloudwatch::CloudWatch,
    /// EventBridge Scheduler.
    pub scheduler: scheduler::Scheduler,
    /// CloudFormation: change sets, stacks, events, rollback.
    pub cloudformation: cloudformation::CloudFormation,
    /// RDS over a real `PostgreSQL`.
    pub rds: rds::Rds,
    /// ElastiCache over a real Redis-protocol server.
    pub elasticache: elasticache::ElastiCache,
    /// EC2 networking, recorded.
    pub ec2: ec2::Ec2,
}

impl Services {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            sts: sts::Sts::load(root)?,
            iam: iam::Iam::load(root)?,
            s3: s3::S3::load(root)?,
            sqs: sqs::Sqs::load(root)?,
            sns: sns::Sns::load(root)?,
            ssm: ssm::Ssm::load(root)?,
            secretsmanager: secretsmanager::SecretsManager::load(root)?,
            logs: logs::Logs::load(root)?,
            lambda: lambda::Lambda::load(root)?,
            apigateway: apigateway::ApiGateway::load(root)?,
            codedeploy: codedeploy::CodeDeploy::load(root)?,
            cloudwatch: cloudwatch::CloudWatch::load(root)?,
            scheduler: scheduler::Scheduler::load(root)?,
            cloudformation: cloudformation::CloudFormation::load(root)?,
            rds: rds::Rds::load(root)?,
            elasticache: elasticache::ElastiCache::load(root)?,
            ec2: ec2::Ec2::load(root)?,
        })
    }

    /// Writes every model that changed.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        self.sts.store.save()?;
        self.iam.store.save()?;
        self.s3.store.save()?;
        self.sqs.store.save()?;
        self.sns.store.save()?;
        self.ssm.store.save()?;
        self.secretsmanager.store.save()?;
        self.logs.store.save()?;
        self.lambda.store.save()?;
        self.apigateway.store.save()?;
        self.codedeploy.store.save()?;
        self.cloudwatch.store.save()?;
        self.scheduler.store.save()?;
        self.cloudformation.store.save()?;
        self.rds.store.save()?;
        self.elasticache.store.save()?;
        self.ec2.store.save()?;
        Ok(())
    }
}

/// Performs `operation` of `service` with decoded `input`: the way a service, a resource
/// provider or the gateway reaches any service. Boxed, because services call each other.
pub fn call<'a>(
    cloud: &'a Arc<Cloud>,
    service: &'a str,
    operation: &'a str,
    input: Value,
) -> BoxFuture<'a, Answer> {
    Box::pin(async move {
        cloud.faults.meet(&cloud.time, service, operation).await?;
        match service {
            "sts" => sts::call(cloud, operation, input).await,
            "iam" => iam::call(cloud, operation, input).await,
            "s3" => s3::call(cloud, operation, input).await,
            "sqs" => sqs::call(cloud, operation, input).await,
            "sns" => sns::call(cloud, operation, input).await,
            "ssm" => ssm::call(cloud, operation, input).await,
            "secretsmanager" => secretsmanager::call(cloud, operation, input).await,
            "logs" => logs::call(cloud, operation, input).await,
            "lambda" => lambda::call(cloud, operation, input).await,
            "apigateway" => apigateway::call(cloud, operation, input).await,
            "codedeploy" => codedeploy::call(cloud, operation, input).await,
            "cloudwatch" => cloudwatch::call(cloud, operation, input).await,
            "scheduler" => scheduler::call(cloud, operation, input).await,
            "cloudformation" => cloudformation::call(cloud, operation, input).await,
            "rds" => rds::call(cloud, operation, input).await,
            "elasticache" => elasticache::call(cloud, operation, input).await,
            "ec2" => ec2::call(cloud, operation, input).await,
            _ => Err(AwsError::unknown_operation(service, operation)),
        }
    })
}

/// Brings back what was running when the state was written, and starts what works in the
/// background (state writer, queue pollers, alarm evaluation, schedules).
pub(crate) async fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    cloud.background.spawn(write_state(Arc::clone(cloud)));
    cloud
        .background
        .spawn(sqs::publish_metrics(Arc::clone(cloud)));
    // What functions connect to, before functions.
    rds::resume(cloud).await?;
    elasticache::resume(cloud).await?;
    lambda::resume(cloud)?;
    apigateway::resume(cloud).await?;
    cloudwatch::resume(cloud);
    codedeploy::resume(cloud);
    scheduler::resume(cloud);
    // Last: what it takes up calls all the others.
    cloudformation::resume(cloud);
    Ok(())
}

/// Writes what changed, five times a second: a killed cloud loses no more than that.
async fn write_state(cloud: Arc<Cloud>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let cloud = Arc::clone(&cloud);
        let written = tokio::task::spawn_blocking(move || cloud.services.save()).await;
        if let Ok(Err(error)) = written {
            tracing::error!(
                error = format!("{error:#}"),
                "the state could not be written and will be tried again"
            );
        }
    }
}

/// Stops what runs and writes the state.
pub(crate) async fn stop(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    lambda::stop(cloud).await;
    cloudwatch::stop(cloud)?;
    elasticache::stop(cloud).await;
    rds::stop(cloud).await;
    cloud.services.save()
}
