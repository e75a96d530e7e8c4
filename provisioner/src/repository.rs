//! Where things lie in the working copy.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, codes};

/// A working copy of this repository.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// Found from `start` upwards, else where this program was built.
    pub fn find(start: &Path) -> Result<Self, Failure> {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        start
            .ancestors()
            .chain(built)
            .find(|folder| {
                folder.join("templates/app.yaml.hbs").is_file() && folder.join("stages").is_dir()
            })
            .map(|root| Self {
                root: root.to_owned(),
            })
            .ok_or_else(|| {
                Failure::new(codes::NO_REPOSITORY, "this is no working copy of Spoke")
                    .why(format!(
                        "no templates/app.yaml.hbs and stages/ in {} or above",
                        start.display()
                    ))
                    .next("cd into the clone, and run the command again")
            })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    #[must_use]
    pub fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(below)
    }

    /// The one folder everything local lies in; git ignores it.
    #[must_use]
    pub fn local(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(".spoke").join(below)
    }

    /// A path for people: relative to the root where it lies below it.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}
