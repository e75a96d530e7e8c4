//! Compiling for the machines Lambda runs functions on, wherever this is: `cargo-zigbuild` links with zig, which brings every
//! glibc there is. Both come from `PyPI`, into the local folder.

use std::path::PathBuf;

use tokio::process::Command;

use super::{command, find_program, missing};
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::stage::Architecture;
use crate::ui::tasks::Task;

/// What is installed, at the versions that were tried together.
const PACKAGES: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.1"];

/// Rust's name for a Linux with glibc.
const fn target(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86 => "x86_64-unknown-linux-gnu",
        Architecture::Arm64 => "aarch64-unknown-linux-gnu",
    }
}

/// `cargo zigbuild --target ...`, to which the caller adds what is built.
pub(super) async fn cargo(
    repository: &Repository,
    architecture: Architecture,
    glibc: &str,
    task: &Task,
) -> Result<Command, Failure> {
    let tools = installed(repository, task).await?.join("bin");
    let target = target(architecture);
    add_target(repository, target, task).await?;
    let mut command = Command::new(tools.join("cargo-zigbuild"));
    command.args(["zigbuild", "--target", &format!("{target}.{glibc}")]);
    // It looks for zig in the first Python there is.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(tools).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).map_err(anyhow::Error::from)?;
    command.env("PATH", path);
    Ok(command)
}

/// The folder of the tools, made if they are not there yet.
async fn installed(repository: &Repository, task: &Task) -> Result<PathBuf, Failure> {
    let folder = repository.local("tools/zig");
    let mark = folder.join("installed");
    let wanted = PACKAGES.join(" ");
    if std::fs::read_to_string(&mark).ok().as_deref() == Some(wanted.as_str()) {
        return Ok(folder);
    }
    let python = find_program("python3").ok_or_else(|| {
        missing(
            "python3",
            "the functions are linked with zig, which comes as a Python package",
            "https://www.python.org or your system's packages",
        )
    })?;
    task.detail(format!(
        "installing {wanted} into {}",
        repository.shown(&folder)
    ));
    let mut venv = Command::new(python);
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    perform(venv, task, "apt-get install python3-venv").await?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--disable-pip-version-check"])
        .args(PACKAGES);
    perform(pip, task, "see that pip reaches its package index").await?;
    std::fs::write(&mark, wanted).blame(codes::FOLDER, "the tools' folder cannot be written")?;
    Ok(folder)
}

/// Rust's standard library for `target`, by rustup unless it is there.
async fn add_target(repository: &Repository, target: &str, task: &Task) -> Result<(), Failure> {
    let mut asked = Command::new("rustc");
    asked
        .current_dir(repository.root())
        .args(["--print", "target-libdir", "--target", target]);
    let there = asked.output().await.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success() && std::path::Path::new(&folder).is_dir()
    });
    if there {
        return Ok(());
    }
    let add = format!("rustup target add {target}");
    task.detail(&add);
    let mut rustup = Command::new("rustup");
    rustup
        .current_dir(repository.root())
        .args(["target", "add", target]);
    perform(rustup, task, &add).await
}

/// Runs a command that fetches something.
async fn perform(command: Command, task: &Task, otherwise: &str) -> Result<(), Failure> {
    let line: Vec<_> = std::iter::once(command.as_std().get_program())
        .chain(command.as_std().get_args())
        .map(|word| word.display().to_string())
        .collect();
    let what = format!("{} failed", line.join(" "));
    let ended = command::run(command, task, true)
        .await
        .blame(codes::TOOLCHAIN, &what)?;
    if ended.good {
        return Ok(());
    }
    let mut failure = Failure::new(codes::TOOLCHAIN, what)
        .state("nothing was built, uploaded or changed")
        .next(otherwise);
    failure.why = ended.tail;
    Err(failure)
}
