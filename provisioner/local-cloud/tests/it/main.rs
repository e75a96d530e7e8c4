//! The local cloud through its door: raw requests, as a client library would send them.

mod apigateway;
mod client;
mod cloudformation;
mod functions;
mod gateway;
mod lambda;
mod logs;
mod s3;
