//! The tool through its door: the built binary, and its templates.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what cannot be is a failed test"
)]

mod aws;
mod build;
mod command_line;
mod laptop;
mod lock;
mod mistakes;
mod outputs;
mod plan;
mod releases;
mod runbooks;
mod scale;
mod sentry;
mod settings;
mod stacks;
mod templates;
mod workflow_runs;
mod working_copy;
