//! A real server of the Redis protocol: Valkey or Redis, found or fetched, run under guard.

mod binary;
pub mod connection;

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::Supply;
use super::postgres::{free_port, last_lines};
use super::processes::{Guarded, Output, Program};
pub use binary::Binary;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to get a server from when none is installed.
    pub supply: Supply,
    /// Port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// What clients must say to get in; nothing lets everybody in.
    pub password: Option<String>,
    /// Whether what it holds survives a restart (append-only file in the folder).
    pub persistent: bool,
    /// Its limit in mebibytes, with `volatile-lru` eviction.
    pub max_memory: u32,
    /// More settings, as in `redis.conf`.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// A free port, no password, nothing kept, 64 MiB.
    #[must_use]
    pub fn new(supply: Supply) -> Self {
        Self {
            supply,
            port: 0,
            password: None,
            persistent: false,
            max_memory: 64,
            settings: Vec::new(),
        }
    }
}

/// A running server. It stops when dropped, or when we are killed.
#[derive(Debug)]
pub struct Redis {
    guarded: Guarded,
    port: u16,
    password: Option<String>,
}

impl Redis {
    /// Starts a server on `folder` and returns when it answers. The log is `folder/redis.log`.
    ///
    /// # Errors
    /// When no server can be had, the port is taken, or it does not come up: the message names
    /// the folder and the log's last lines.
    pub async fn start(folder: &Path, options: Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        let folder = folder
            .canonicalize()
            .with_context(|| format!("resolving {}", folder.display()))?;
        let binary = Binary::get(&options.supply).await?;
        let port = free_port(options.port).await?;
        let file = folder.join("redis.conf");
        std::fs::write(&file, configuration(&options, port))
            .and_then(|()| std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)))
            .with_context(|| format!("writing {}", file.display()))?;
        let mut program = Program::new(
            [binary.path.as_os_str(), file.as_os_str()],
            Output::File(folder.join("redis.log")),
        );
        program.folder = Some(folder.clone());
        let mut server = Self {
            guarded: program.start().await?,
            port,
            password: options.password,
        };
        server.ready(&folder).await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `redis://:password@127.0.0.1:port/`.
    #[must_use]
    pub fn url(&self) -> String {
        let credentials = self.password.as_deref().map(|password| {
            let all = percent_encoding::NON_ALPHANUMERIC;
            format!(":{}@", percent_encoding::utf8_percent_encode(password, all))
        });
        let credentials = credentials.unwrap_or_default();
        format!("redis://{credentials}127.0.0.1:{}/", self.port)
    }

    /// The server's processes.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        super::processes::family(self.guarded.pid())
    }

    /// Whether the server has not ended.
    pub fn is_running(&mut self) -> bool {
        self.guarded.is_running()
    }

    /// What `INFO` says: `connected_clients`, `used_memory`, `maxmemory` and so on.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn info(&self) -> anyhow::Result<HashMap<String, String>> {
        connection::info(self.port, self.password.as_deref()).await
    }

    /// Stops the server and waits until it is gone.
    ///
    /// # Errors
    /// When waiting for it fails.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.guarded.stop().await.context("stopping Redis")?;
        Ok(())
    }

    async fn ready(&mut self, folder: &Path) -> anyhow::Result<()> {
        const LIMIT: Duration = Duration::from_mins(1);
        let started = Instant::now();
        loop {
            let up = self.info().await.is_ok_and(|info| {
                // While it reads its file it answers INFO already, and nothing else.
                info.get("loading").is_some_and(|loading| loading == "0")
            });
            if up {
                return Ok(());
            }
            if !self.is_running() || started.elapsed() > LIMIT {
                bail!(
                    "the Redis server did not come up on {}.\n  {}\nIf what it holds is not \
                     needed, delete the folder and start again.",
                    folder.display(),
                    last_lines(&folder.join("redis.log")),
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn configuration(options: &Options, port: u16) -> String {
    let mut lines = vec![
        "bind 127.0.0.1".to_owned(),
        format!("port {port}"),
        "daemonize no".to_owned(),
        "dir .".to_owned(),
        format!("maxmemory {}mb", options.max_memory),
        "maxmemory-policy volatile-lru".to_owned(),
        "save \"\"".to_owned(),
        format!(
            "appendonly {}",
            if options.persistent { "yes" } else { "no" }
        ),
    ];
    if let Some(password) = &options.password {
        lines.push(format!("requirepass {}", quoted(password)));
    }
    let extra = options.settings.iter();
    lines.extend(extra.map(|(name, value)| format!("{name} {}", quoted(value))));
    lines.join("\n") + "\n"
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::connection::Connection;
    use super::{Options, Redis};
    use crate::parts::Supply;

    #[tokio::test]
    async fn a_cache_wants_its_password_and_keeps_what_it_holds() {
        let root = tempfile::tempdir().unwrap();
        let mut options = Options::new(Supply::new(super::binary::test_cache()));
        options.password = Some("p\"ss\\w:rd".to_owned());
        options.persistent = true;
        let server = Redis::start(root.path(), options.clone()).await.unwrap();
        options.port = server.port();
        let nobody = super::connection::info(server.port(), Some("wrong")).await;
        assert!(nobody.is_err());
        let password = options.password.as_deref();
        let mut connection = Connection::open(server.port(), password).await.unwrap();
        connection.command(&["SET", "a", "1"]).await.unwrap();
        server.stop().await.unwrap();

        let server = Redis::start(root.path(), options.clone()).await.unwrap();
        assert_eq!(server.port(), options.port);
        let mut connection = Connection::open(server.port(), password).await.unwrap();
        let held = connection.command(&["GET", "a"]).await.unwrap();
        assert_eq!(held.as_deref(), Some("1"));
        assert_eq!(
            server.info().await.unwrap()["maxmemory"],
            (64 << 20).to_string()
        );
        server.stop().await.unwrap();
    }
}
