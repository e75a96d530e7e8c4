//! The function binary, by cargo.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;
use tokio::process::Command;

use super::archive::{self, Archive};
use super::{command, cross, find_program, missing};
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::stage::{App, Profile, Stage};
use crate::ui::tasks::Task;

/// Compiles `spoke` and packs it.
pub async fn build(
    repository: &Repository,
    stage: &Stage,
    task: &Task,
) -> Result<Archive, Failure> {
    let binary = compile(repository, &stage.app, task).await?;
    task.detail("packing");
    let (repository, app) = (repository.clone(), stage.app.clone());
    tokio::task::spawn_blocking(move || archive::pack(&repository, &binary, &app))
        .await
        .map_err(anyhow::Error::from)?
}

/// With the packages and features of a plain `cargo build`, so that nothing is compiled twice.
async fn compile(repository: &Repository, app: &App, task: &Task) -> Result<PathBuf, Failure> {
    let mut command = if let Some(glibc) = &app.glibc {
        cross::cargo(repository, app.architecture, glibc, task).await?
    } else {
        let mut command = Command::new(cargo()?);
        command.arg("build");
        command
    };
    command.current_dir(repository.root()).args([
        "--bin",
        "spoke",
        "--message-format=json-render-diagnostics",
    ]);
    forget_the_outer_cargo(&mut command);
    if app.profile == Profile::Release {
        command.arg("--release");
    }
    let ended = command::run(command, task, false)
        .await
        .blame(codes::BUILD_FUNCTION, "cargo could not be run")?;
    if !ended.good {
        let mut failure = Failure::new(codes::BUILD_FUNCTION, "the functions do not compile")
            .state("nothing was uploaded or changed")
            .next("cargo build --bin spoke");
        failure.why = ended.tail;
        return Err(failure);
    }
    executable(&ended.stdout)
        .context("cargo named no executable \"spoke\"")
        .blame(codes::BUILD_FUNCTION, "the function binary cannot be found")
}

/// The cargo that started us, else the one on the `PATH`.
fn cargo() -> Result<PathBuf, Failure> {
    std::env::var_os("CARGO")
        .map(PathBuf::from)
        .or_else(|| find_program("cargo"))
        .ok_or_else(|| {
            missing(
                "cargo",
                "the functions are a Rust program",
                "https://rustup.rs",
            )
        })
}

/// `cargo run` tells the program it starts which package it is. Build scripts that read these
/// variables (ring's does) would run anew, and everything above them be compiled anew, each
/// time this and a plain `cargo build` alternate.
fn forget_the_outer_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// The path of the executable in cargo's messages.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "spoke")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::executable;

    #[test]
    fn the_binary_is_where_cargo_says() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"spoke","kind":["lib"]},"executable":null}"#,
            "\nnot JSON\n",
            r#"{"reason":"compiler-artifact","target":{"name":"spoke","kind":["bin"]},"executable":"/t/debug/spoke"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(
            executable(messages).unwrap().to_str(),
            Some("/t/debug/spoke")
        );
        assert_eq!(executable("{}"), None);
    }
}
