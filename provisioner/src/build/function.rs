//! The function binaries, by cargo.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;
use tokio::process::Command;

use super::archive::{self, Archive};
use super::{command, cross, find_program, missing};
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::scale::Settings;
use crate::stage::{App, Profile, Stage};
use crate::ui::tasks::Task;

/// The archives of a stage's functions.
#[derive(Clone, Debug)]
pub struct Archives {
    /// The application's.
    pub spoke: Archive,
    /// The scaler's; none where the database is not ours to change.
    pub scaler: Option<Archive>,
}

/// Compiles the programs and packs each.
pub async fn build(
    repository: &Repository,
    stage: &Stage,
    task: &Task,
) -> Result<Archives, Failure> {
    let mut programs = vec!["spoke"];
    if Settings::of(stage).is_some() {
        programs.push("scaler");
    }
    let messages = compile(repository, &stage.app, &programs, task).await?;
    let binaries = programs
        .into_iter()
        .map(|program| {
            let binary = executable(&messages, program)
                .with_context(|| format!("cargo named no executable \"{program}\""))
                .blame(codes::BUILD_FUNCTION, "the function binary cannot be found")?;
            Ok((program, binary))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    task.detail("packing");
    let (repository, app) = (repository.clone(), stage.app.clone());
    let packing = tokio::task::spawn_blocking(move || {
        binaries
            .iter()
            .map(|(program, binary)| archive::pack(&repository, program, binary, &app))
            .collect::<Result<Vec<_>, Failure>>()
    });
    let mut packed = packing.await.map_err(anyhow::Error::from)??.into_iter();
    let spoke = packed
        .next()
        .ok_or_else(|| Failure::new(codes::BUILD_FUNCTION, "nothing was packed"))?;
    Ok(Archives {
        spoke,
        scaler: packed.next(),
    })
}

/// With the packages and features of a plain `cargo build`, so that nothing is compiled twice.
async fn compile(
    repository: &Repository,
    app: &App,
    programs: &[&str],
    task: &Task,
) -> Result<String, Failure> {
    let mut command = if let Some(glibc) = &app.glibc {
        cross::cargo(repository, app.architecture, glibc, task).await?
    } else {
        let mut command = Command::new(cargo()?);
        command.arg("build");
        command
    };
    command
        .current_dir(repository.root())
        .arg("--message-format=json-render-diagnostics");
    for program in programs {
        command.args(["--bin", program]);
    }
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
            .next(format!("cargo build --bin {}", programs.join(" --bin ")));
        failure.why = ended.tail;
        return Err(failure);
    }
    Ok(ended.stdout)
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
fn executable(messages: &str, program: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == program)
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
            executable(messages, "spoke").unwrap().to_str(),
            Some("/t/debug/spoke")
        );
        assert_eq!(executable("{}", "spoke"), None);
        assert_eq!(executable(messages, "scaler"), None);
    }
}
