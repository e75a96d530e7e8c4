//! Code, migrations, bundle: what changed since the live release, each told apart from the others.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use spoke_contract::release::Release;

use crate::build::revision::git;
use crate::repository::Repository;

/// Whether one part of a release changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Signal {
    /// There is no release yet.
    First,
    /// The same as the live release.
    Unchanged,
    /// Files differ.
    Changed {
        /// How many.
        files: usize,
    },
    /// The stage makes no releases to compare with.
    Unreleased,
    /// It cannot be told.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Signal {
    /// Whether a deploy would release something else than what is live.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        !matches!(self, Self::Unchanged | Self::Unreleased)
    }

    /// For people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::First => "the first".to_owned(),
            Self::Unchanged => "unchanged".to_owned(),
            Self::Changed { files } => format!(
                "changed, {files} file{}",
                if *files == 1 { "" } else { "s" }
            ),
            Self::Unreleased => {
                "prepared by every deploy and never released: release.codedeploy = false".to_owned()
            }
            Self::Unknown { why } => format!("cannot be told: {why}"),
        }
    }
}

/// What the functions are built from.
pub const CODE: [&str; 5] = [
    "app/src",
    "app/contract",
    "app/Cargo.toml",
    "Cargo.toml",
    "Cargo.lock",
];
/// What the scaler is built from: the tool it is a part of.
pub const SCALER: [&str; 5] = [
    "provisioner/src",
    "provisioner/Cargo.toml",
    "app/contract",
    "Cargo.toml",
    "Cargo.lock",
];
/// What the front end is built from.
pub const BUNDLE: [&str; 1] = ["app/web"];

/// Compares paths of the working copy with the commit the live release was built from.
pub async fn of(repository: &Repository, live: Option<&Release>, paths: &[&str]) -> Signal {
    let Some(release) = live else {
        return Signal::First;
    };
    let commit = match release.revision.strip_suffix("-dirty") {
        Some(_) => {
            return Signal::Unknown {
                why: format!(
                    "release {} was built from changes no commit has",
                    release.number
                ),
            };
        }
        None => &release.revision,
    };
    let mut arguments = vec!["diff", "--name-only", commit, "--"];
    arguments.extend(paths);
    let changed = git(repository, &arguments).await;
    let mut untracked = vec!["ls-files", "--others", "--exclude-standard", "--"];
    untracked.extend(paths);
    match (changed, git(repository, &untracked).await) {
        (Some(changed), Some(new)) => {
            match changed
                .lines()
                .chain(new.lines())
                .filter(|line| !line.is_empty())
                .count()
            {
                0 => Signal::Unchanged,
                files => Signal::Changed { files },
            }
        }
        _ => Signal::Unknown {
            why: format!("this clone does not have commit {commit}"),
        },
    }
}

/// The names of the files a commit has in a folder; none if the commit is not here.
pub async fn listed(
    repository: &Repository,
    commit: &str,
    folder: &str,
) -> Option<BTreeSet<String>> {
    let tree = format!("{commit}:./{folder}");
    let files = git(repository, &["ls-tree", "--name-only", &tree]).await;
    match files {
        Some(files) => Some(files.lines().map(ToOwned::to_owned).collect()),
        // A commit that has no such folder.
        None => git(
            repository,
            &["cat-file", "-e", &format!("{commit}^{{commit}}")],
        )
        .await
        .map(|_| BTreeSet::new()),
    }
}

/// Files of a commit below `paths` that hold a word; none if the commit is not here.
pub async fn holders(
    repository: &Repository,
    commit: &str,
    word: &str,
    paths: &[&str],
) -> Option<Vec<String>> {
    git(
        repository,
        &["cat-file", "-e", &format!("{commit}^{{commit}}")],
    )
    .await?;
    let mut arguments = vec!["grep", "-l", "-w", "-i", "-F", word, commit, "--"];
    arguments.extend(paths);
    // grep ends with 1 when it finds nothing.
    let found = git(repository, &arguments).await.unwrap_or_default();
    Some(
        found
            .lines()
            .filter_map(|line| line.split_once(':').map(|(_, file)| file.to_owned()))
            .collect(),
    )
}
