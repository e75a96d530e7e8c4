//! The Lambda functions, and the plain server that is all of them at once.

pub mod events;
pub mod hook;
pub mod inbound;
pub mod logs;
pub mod postflight;
pub mod preflight;
pub mod queue;
pub mod reports;
pub mod scheduled;
pub mod serve;
pub mod web;
pub mod worker;
