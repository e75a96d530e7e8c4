//! One file a command: its arguments, whose help text is its documentation, and `run`, which
//! reads like a timetable.

pub mod build;
pub mod bundle;
pub mod config;
pub mod deploy;
pub mod down;
pub mod eject;
pub mod explain;
pub mod init;
pub mod local_cloud;
pub mod lock;
pub mod logs;
pub mod plan;
pub mod rollback;
pub mod scale;
pub mod secrets;
pub mod sentry;
pub mod status;
pub mod up;
pub mod workflow;

use crate::cli::{Cli, Verb};
use crate::failure::{Failure, Kind};
use crate::ui::Ui;

/// Runs the verb. Each future is boxed, so that the biggest of them is not everybody's.
pub async fn run(cli: Cli, ui: Ui) -> Result<Kind, Failure> {
    let global = &cli.global;
    match cli.verb {
        Verb::Up(args) => Box::pin(up::run(global, args, ui)).await,
        Verb::Down(args) => Box::pin(down::run(args, ui)).await,
        Verb::Build(args) => Box::pin(build::run(global, args, ui)).await,
        Verb::Plan(args) => Box::pin(plan::run(global, args, ui)).await,
        Verb::Deploy(args) => Box::pin(deploy::run(global, args, ui)).await,
        Verb::Rollback(args) => Box::pin(rollback::run(global, args, ui)).await,
        Verb::Status(args) => read(Box::pin(status::run(global, args, ui)).await),
        Verb::Explain(args) => read(Box::pin(explain::run(global, args, ui)).await),
        Verb::Bundle(args) => read(Box::pin(bundle::run(global, args, ui)).await),
        Verb::Init(args) => init::run(global, &args, &ui),
        Verb::Config(args) => config::run(global, args, &ui),
        Verb::Secrets(args) => Box::pin(secrets::run(global, args, ui)).await,
        Verb::Sentry(args) => Box::pin(sentry::run(args, ui)).await,
        Verb::Workflow(args) => workflow::run(global, &args, &ui),
        Verb::Eject(args) => eject::run(global, args, &ui),
        Verb::Scale(args) => Box::pin(scale::run(global, args, ui)).await,
        Verb::Logs(args) => read(Box::pin(logs::run(global, args, ui)).await),
        Verb::Lock(args) => Box::pin(lock::run(global, args, ui)).await,
        Verb::LocalCloud(args) => Box::pin(local_cloud::run(args)).await,
    }
}

/// Of a verb that only reads.
fn read(outcome: Result<Kind, Failure>) -> Result<Kind, Failure> {
    outcome.map_err(Failure::untouched)
}
