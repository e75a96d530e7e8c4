//! Making what is released: the function binary, its archive, the front end.

pub mod archive;
pub mod bundle;
pub mod command;
mod cross;
pub mod elf;
pub mod function;
pub mod revision;
pub mod web;

use std::path::{Path, PathBuf};

use crate::failure::{Failure, codes};
use crate::repository::Repository;
use crate::stage::Stage;
use crate::ui::Ui;
use crate::ui::tasks::Tasks;

use archive::Archive;
use bundle::Bundle;

/// Everything one release needs.
#[derive(Clone, Debug)]
pub struct Artifacts {
    /// The functions.
    pub archive: Archive,
    /// The scaler.
    pub scaler: Option<Archive>,
    /// The front end.
    pub bundle: Bundle,
    /// The git commit, `-dirty` behind it when the tree was not clean.
    pub revision: String,
    /// The newest migration.
    pub schema: String,
}

/// Builds everything, front end and functions side by side.
pub async fn all(
    repository: &Repository,
    stage: &Stage,
    tasks: &Tasks,
) -> Result<Artifacts, Failure> {
    let functions = async {
        let task = tasks.begin("functions");
        let built = function::build(repository, stage, &task).await;
        finish(&task, built, |archives| {
            let scaler = archives.scaler.as_ref().map_or_else(String::new, |scaler| {
                format!(", scaler {} ({})", scaler.short(), scaler.size())
            });
            let spoke = &archives.spoke;
            format!("{} ({}){scaler}", spoke.short(), spoke.size())
        })
    };
    let front_end = async {
        let task = tasks.begin("front end");
        let built = web::build(repository, &task).await;
        finish(&task, built, |bundle| {
            format!("bundle {}", bundle.manifest.bundle)
        })
    };
    let (archives, bundle) = tokio::try_join!(functions, front_end)?;
    Ok(Artifacts {
        archive: archives.spoke,
        scaler: archives.scaler,
        bundle,
        revision: revision::of(repository).await,
        schema: newest_migration(repository),
    })
}

/// The same, with its own place to speak.
pub async fn all_shown(
    repository: &Repository,
    stage: &Stage,
    ui: &Ui,
) -> Result<Artifacts, Failure> {
    let tasks = Tasks::start(ui);
    all(repository, stage, &tasks).await
}

fn finish<T>(
    task: &crate::ui::tasks::Task,
    built: Result<T, Failure>,
    summary: impl FnOnce(&T) -> String,
) -> Result<T, Failure> {
    match &built {
        Ok(value) => task.done(summary(value)),
        Err(_) => task.failed(),
    }
    built
}

/// The time stamp of the newest file of `migrations/`; empty if there is none.
fn newest_migration(repository: &Repository) -> String {
    std::fs::read_dir(repository.path("migrations"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let stem = name.strip_suffix(".sql")?;
            Some(stem.split('_').next()?.to_owned())
        })
        .max()
        .unwrap_or_default()
}

/// A program on the `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A missing program, and where it comes from.
pub(crate) fn missing(program: &str, wanted: &str, from: &str) -> Failure {
    Failure::new(codes::TOOLCHAIN, format!("{program} is missing"))
        .why(wanted)
        .state("nothing was built")
        .next(format!("install it from {from}, and run the command again"))
}

/// Lower-case hex SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(bytes))
}

/// A file below the local folder, its folder made.
pub(crate) fn kept(repository: &Repository, name: impl AsRef<Path>) -> std::io::Result<PathBuf> {
    let path = repository.local("build").join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(path)
}
