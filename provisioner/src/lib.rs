//! The deployment and operations tool. `verbs` read like timetables; deciding is pure
//! (`template`, `release::steps`), performing is separate (`release`, `local`), and only
//! `cloud` knows AWS's SDK.

pub mod build;
pub mod cli;
pub mod cloud;
pub mod context;
pub mod failure;
pub mod local;
pub mod plan;
pub mod release;
pub mod repository;
pub mod scale;
pub mod stage;
pub mod template;
pub mod ui;
mod usage;
pub mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::failure::{Failure, codes};
use crate::ui::Ui;

/// Parses the arguments (the program's name first), runs the verb and gives the exit code.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error, arguments),
    };
    let ui = Ui::new(cli.global.output);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(codes::UNKNOWN, "the asynchronous runtime did not start").why(error)
        })
        .and_then(|runtime| runtime.block_on(verbs::run(cli, ui.clone())));
    match outcome {
        Ok(kind) => kind.exit_code(),
        Err(failure) => {
            ui.failure(&failure);
            failure.kind.exit_code()
        }
    }
}
