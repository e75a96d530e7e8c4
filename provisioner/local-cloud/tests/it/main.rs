//! The local cloud through its door: raw requests, as a client library would send them.

mod apigateway;
mod client;
mod cloudformation;
mod cloudwatch;
mod codedeploy;
mod functions;
mod gateway;
mod iam;
mod lambda;
mod logs;
mod s3;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;
