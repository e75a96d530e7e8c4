//! A real `PostgreSQL` (15 or newer): found or fetched, initialised, run under guard.

mod binaries;
mod folder;
pub mod session;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

use super::Supply;
use super::processes::{self, Guarded, Output, Program};
pub use binaries::Binaries;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to get binaries from when none are installed.
    pub supply: Supply,
    /// Port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// `max_connections`.
    pub max_connections: u32,
    /// `shared_buffers`, in mebibytes.
    pub shared_buffers: u32,
    /// The superuser, made when the folder is initialised and never changed afterwards.
    pub user: String,
    /// Its password; nothing means that everybody on this machine is trusted.
    pub password: Option<String>,
    /// More settings, as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// User and password `postgres`, a free port, 100 connections, 128 MiB of buffers.
    #[must_use]
    pub fn new(supply: Supply) -> Self {
        Self {
            supply,
            port: 0,
            max_connections: 100,
            shared_buffers: 128,
            user: "postgres".to_owned(),
            password: Some("postgres".to_owned()),
            settings: Vec::new(),
        }
    }

    /// One more setting, as in `postgresql.conf`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// For tests: nothing is flushed to disk, so a crash of the machine loses data.
    #[must_use]
    pub fn volatile(self) -> Self {
        self.set("fsync", "off")
            .set("synchronous_commit", "off")
            .set("full_page_writes", "off")
    }
}

/// A running server. It stops when dropped, or when we are killed.
#[derive(Debug)]
pub struct Postgres {
    guarded: Guarded,
    port: u16,
    user: String,
    password: Option<String>,
    data: PathBuf,
    sockets: PathBuf,
}

impl Postgres {
    /// Starts a server on `folder`, initialising it first when it is new, and returns when it
    /// accepts connections. Data is in `folder/data`, the log in `folder/postgres.log`.
    ///
    /// A server left by a run that was killed is waited for. As root the server runs as an
    /// unprivileged user, because `PostgreSQL` refuses root.
    ///
    /// # Errors
    /// When no binaries can be had, when another server uses the folder, when the folder is
    /// broken or of another major version, or when the server does not come up: the message
    /// names the folder, the log's last lines and the remedy.
    pub async fn start(folder: &Path, options: Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        let folder = folder
            .canonicalize()
            .with_context(|| format!("resolving {}", folder.display()))?;
        let data = folder.join("data");
        let binaries = Binaries::get(folder::version(&data)?, &options.supply).await?;
        let runner = folder::Runner::choose(&folder).await?;
        if !data.exists() {
            folder::initialise(&folder, &binaries, &runner, &options).await?;
        }
        folder::release(&data).await?;
        runner.own(&folder).await?;
        let sockets = socket_folder(&folder)?;
        runner.own(&sockets).await?;
        let port = free_port(options.port).await?;
        let guarded = server(&folder, &sockets, port, &binaries, &runner, &options)
            .start()
            .await?;
        let mut server = Self {
            guarded,
            port,
            user: options.user,
            password: options.password,
            data,
            sockets,
        };
        server.ready(&folder).await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `postgres://user:password@127.0.0.1:port/database`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let credentials = match &self.password {
            Some(password) => format!("{}:{}", escape(&self.user), escape(password)),
            None => escape(&self.user),
        };
        format!(
            "postgres://{credentials}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// The server's processes, the postmaster first: its children are the connections and the
    /// background workers.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        processes::family(self.guarded.pid())
    }

    /// The folder the data is in.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether the server has not ended.
    pub fn is_running(&mut self) -> bool {
        self.guarded.is_running()
    }

    /// A session of the superuser over the private socket, which asks for no password.
    ///
    /// # Errors
    /// When the server does not accept it: the server's own words.
    pub async fn session(&self, database: &str) -> anyhow::Result<session::Session> {
        session::Session::open(&self.socket(), &self.user, database).await
    }

    /// The private socket and the superuser, for a [`session::Session`] of one's own.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.sockets.join(format!(".s.PGSQL.{}", self.port))
    }

    /// Stops the server, breaking its connections, and waits until it is gone.
    ///
    /// # Errors
    /// When waiting for it fails.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.guarded.stop().await.context("stopping PostgreSQL")?;
        Ok(())
    }

    /// Waits until the server accepts connections.
    async fn ready(&mut self, folder: &Path) -> anyhow::Result<()> {
        const LIMIT: Duration = Duration::from_secs(90);
        let started = Instant::now();
        loop {
            if !self.is_running() {
                bail!(
                    "PostgreSQL did not start on {}.\n  {}\nThe whole log is {}. If the data is \
                     not needed, stop everything that uses the folder, delete it, and start again.",
                    folder.display(),
                    last_lines(&folder.join("postgres.log")),
                    folder.join("postgres.log").display(),
                );
            }
            if self.session("postgres").await.is_ok() {
                return Ok(());
            }
            if started.elapsed() > LIMIT {
                bail!(
                    "PostgreSQL on {} accepts no connections after {} s.\n  {}",
                    folder.display(),
                    LIMIT.as_secs(),
                    last_lines(&folder.join("postgres.log")),
                );
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

fn server(
    folder: &Path,
    sockets: &Path,
    port: u16,
    binaries: &Binaries,
    runner: &folder::Runner,
    options: &Options,
) -> Program {
    let mut command = runner.command(&binaries.postgres());
    command.push("-D".into());
    command.push(folder.join("data").into());
    let settings = [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unix_socket_directories", sockets.display().to_string()),
        ("max_connections", options.max_connections.to_string()),
        ("shared_buffers", format!("{}MB", options.shared_buffers)),
        ("logging_collector", "off".to_owned()),
        ("cluster_name", String::new()),
    ];
    let extra = options
        .settings
        .iter()
        .map(|(n, v)| (n.as_str(), v.clone()));
    for (name, value) in settings.into_iter().chain(extra) {
        command.push("-c".into());
        command.push(format!("{name}={value}").into());
    }
    let mut program = Program::new(command, Output::File(folder.join("postgres.log")));
    // SIGINT is PostgreSQL's fast shutdown: connections are broken, transactions rolled back.
    program.signal = "INT";
    program.grace = Duration::from_secs(20);
    program.user = runner.user();
    program
}

/// A private folder with a short path: a socket's path may have about 100 bytes.
fn socket_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    let name = format!("pg-{}", hex::encode(digest.get(..6).unwrap_or_default()));
    let sockets = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&sockets).with_context(|| format!("creating {}", sockets.display()))?;
    folder::private(&sockets)?;
    Ok(sockets)
}

/// The port itself when it is free, or a free one for 0.
pub(super) async fn free_port(port: u16) -> anyhow::Result<u16> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} on 127.0.0.1 is taken"))?;
    Ok(listener.local_addr()?.port())
}

/// The end of a log, for an error message.
pub(super) fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(8);
    lines.get(from..).unwrap_or_default().join("\n  ")
}

fn escape(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests;
