//! The local cloud through its door: raw requests, as a client library would send them.

#![expect(
    clippy::unwrap_used,
    reason = "what a test did not expect fails it, in its helpers too"
)]

mod apigateway;
mod client;
mod cloudformation;
mod cloudwatch;
mod codedeploy;
mod databases;
mod functions;
mod gateway;
mod iam;
mod lambda;
mod lambda_queues;
mod logs;
mod s3;
mod scheduler;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;
