//! The front end, by npm. What did not change is not installed or built again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use tokio::process::Command;

use super::bundle::{self, Bundle};
use super::{command, find_program, missing};
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::ui::tasks::Task;

/// The oldest Node.js that runs the build, as `app/web/package.json` says.
const NODE: (u32, u32) = (20, 19);

/// Installs the packages if the lock changed, builds if a source changed, and reads the result.
pub async fn build(repository: &Repository, task: &Task) -> Result<Bundle, Failure> {
    let web = repository.path("app/web");
    check_node().await?;
    let lock = std::fs::read(web.join("package-lock.json"))
        .context("app/web/package-lock.json")
        .blame(codes::BUILD_WEB, "the front end has no lock file")
        .map_err(|failure| {
            failure
                .state("nothing was uploaded or changed")
                .next("git checkout app/web/package-lock.json")
        })?;
    let installed = web.join("node_modules/.spoke-installed");
    let wanted = super::sha256(&lock);
    if std::fs::read_to_string(&installed).ok().as_deref() != Some(wanted.as_str()) {
        npm(&web, &["ci", "--no-audit", "--no-fund"], task).await?;
        std::fs::write(&installed, &wanted)
            .blame(codes::BUILD_WEB, "app/web/node_modules cannot be written")
            .map_err(unbuilt)?;
    }
    let built = web.join("dist/.spoke-built");
    let sources = fingerprint(repository, &lock)
        .blame(codes::BUILD_WEB, "the front end's sources cannot be read")
        .map_err(unbuilt)?;
    if std::fs::read_to_string(&built).ok().as_deref() != Some(sources.as_str()) {
        npm(&web, &["run", "build"], task).await?;
        std::fs::write(&built, &sources)
            .blame(codes::BUILD_WEB, "app/web/dist cannot be written")
            .map_err(unbuilt)?;
    }
    bundle::read(&web.join("dist"))
        .blame(codes::BUILD_WEB, "the front end's build is incomplete")
        .map_err(|failure| unbuilt(failure).next("rm -r app/web/dist"))
}

/// A front end that could not be built leaves everything as it was.
fn unbuilt(failure: Failure) -> Failure {
    failure
        .state("nothing was uploaded or changed")
        .next("ls -la app/web")
}

/// Node.js is there and new enough.
pub async fn check_node() -> Result<(), Failure> {
    let absent = || {
        missing(
            "Node.js",
            &format!(
                "the front end is built with Node.js {}.{} or newer",
                NODE.0, NODE.1
            ),
            "https://nodejs.org",
        )
    };
    let output = Command::new("node").arg("--version").output().await;
    let Ok(output) = output else {
        return Err(absent());
    };
    if find_program("npm").is_none() {
        return Err(missing(
            "npm",
            "it comes with Node.js, mostly",
            "https://nodejs.org",
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let version = super::elf::version(text.trim_start_matches('v'));
    if version.is_some_and(|version| version >= NODE) {
        return Ok(());
    }
    let mut failure = absent();
    "Node.js is too old".clone_into(&mut failure.what);
    Err(failure.state(format!("node --version says {text}")))
}

async fn npm(web: &Path, arguments: &[&str], task: &Task) -> Result<(), Failure> {
    let line = format!("npm {}", arguments.join(" "));
    task.detail(&line);
    let mut command = Command::new("npm");
    command.current_dir(web).args(arguments);
    let ended = command::run(command, task, true)
        .await
        .blame(codes::BUILD_WEB, format!("{line} could not be run"))?;
    if ended.good {
        return Ok(());
    }
    let mut failure = Failure::new(codes::BUILD_WEB, format!("{line} failed"))
        .state("nothing was uploaded or changed")
        .next(format!("cd app/web && {line}"));
    failure.why = ended.tail;
    Err(failure)
}

/// A digest of everything the build reads.
fn fingerprint(repository: &Repository, lock: &[u8]) -> anyhow::Result<String> {
    let web = repository.path("app/web");
    let mut files = vec![repository.path("app/schema.graphql")];
    collect(&web, &mut files)?;
    files.sort();
    let mut digest = Sha256::new();
    digest.update(lock);
    for file in files {
        let contents = std::fs::read(&file).with_context(|| file.display().to_string())?;
        digest.update(
            file.strip_prefix(repository.root())?
                .to_string_lossy()
                .as_bytes(),
        );
        digest.update((contents.len() as u64).to_le_bytes());
        digest.update(contents);
    }
    Ok(hex::encode(digest.finalize()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "node_modules" || name == "dist" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
