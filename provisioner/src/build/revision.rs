//! What is being released, by git's name for it.

use tokio::process::Command;

use crate::repository::Repository;

/// The short commit, `-dirty` behind it when the tree was not clean; `unversioned` without git.
pub async fn of(repository: &Repository) -> String {
    let Some(commit) = git(repository, &["rev-parse", "--short=12", "HEAD"]).await else {
        return "unversioned".to_owned();
    };
    match git(repository, &["status", "--porcelain"]).await {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}-dirty"),
    }
}

/// Whether it was built from more than its commit.
#[must_use]
pub fn is_dirty(revision: &str) -> bool {
    revision.ends_with("-dirty")
}

/// What git says, without the white space around it; nothing when it fails or is not there.
pub(crate) async fn git(repository: &Repository, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(repository.root())
        .args(arguments)
        .output()
        .await
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
