//! The local cloud's process: started, found again, stopped.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{ports, process};
use crate::cloud::Endpoint;
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;
use crate::stage::Stage;

/// `.spoke/cloud.json`: what a running local cloud is, for us and for the stage's endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Endpoint and key.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// Its process.
    pub pid: u32,
    /// Its region.
    pub region: String,
    /// Its account.
    pub account: String,
    /// How many seconds pass in it while one passes here.
    pub speed: f64,
    /// Where the first HTTP API listens.
    pub api_port: u16,
}

impl Running {
    /// A remark about ports that are not the usual ones.
    #[must_use]
    pub fn elsewhere(&self) -> String {
        let endpoint = self
            .endpoint
            .endpoint
            .ends_with(&format!(":{}", ports::ENDPOINT));
        let taken: Vec<_> = [
            (endpoint, ports::ENDPOINT),
            (self.api_port == ports::FIRST_API, ports::FIRST_API),
        ]
        .iter()
        .filter(|(is_usual, _)| !is_usual)
        .map(|(_, port)| port.to_string())
        .collect();
        if taken.is_empty() {
            String::new()
        } else {
            format!(" (taken: port {})", taken.join(" and port "))
        }
    }
}

/// The program's name in a process list, together with the hidden verb.
pub const VERB: &str = "local-cloud";

fn file(repository: &Repository) -> std::path::PathBuf {
    repository.local("cloud.json")
}

/// The log of the process.
#[must_use]
pub fn log(repository: &Repository) -> std::path::PathBuf {
    repository.local("local-cloud.log")
}

/// The local cloud that runs, if one does. A file left by one that is gone is removed.
pub async fn find(repository: &Repository) -> Option<Running> {
    let text = std::fs::read(file(repository)).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    if process::is_running(running.pid, VERB) && is_healthy(&running.endpoint.endpoint).await {
        return Some(running);
    }
    None
}

/// The process that was written down, whether it answers or not.
fn written_pid(repository: &Repository) -> Option<u32> {
    let text = std::fs::read(file(repository)).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    process::is_running(running.pid, VERB).then_some(running.pid)
}

async fn is_healthy(endpoint: &str) -> bool {
    let Ok(client) = client() else { return false };
    let answer = client
        .get(format!("{endpoint}/_local-cloud/health"))
        .send()
        .await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// Asks on this machine; an answer takes at most two seconds.
pub fn client() -> anyhow::Result<reqwest::Client> {
    // Plain HTTP on this machine; the crate wants a provider of cryptography all the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .no_proxy()
        .build()?)
}

/// Sets the speed of a cloud that runs already.
pub async fn set_speed(running: &Running, speed: f64) -> Result<(), Failure> {
    let what = "the local cloud's speed could not be set";
    let answer = client()
        .blame(codes::LOCAL_CLOUD, what)?
        .post(format!("{}/_local-cloud/speed", running.endpoint.endpoint))
        .json(&serde_json::json!({ "speed": speed }))
        .send()
        .await
        .blame(codes::LOCAL_CLOUD, what)?;
    if answer.status().is_success() {
        return Ok(());
    }
    let said = answer.text().await.unwrap_or_default();
    Err(Failure::new(codes::LOCAL_CLOUD, what).why(said))
}

/// Starts the local cloud, away from this terminal, and waits until it answers.
pub async fn start(
    repository: &Repository,
    stage: &Stage,
    speed: f64,
    said: &impl Fn(String),
) -> Result<Running, Failure> {
    let previous = remembered_ports(repository);
    let port = choose(previous.map_or(ports::ENDPOINT, |ports| ports.0))?;
    let api_port = choose(previous.map_or(ports::FIRST_API, |ports| ports.1))?;
    let log_path = log(repository);
    let log_file = File::create(&log_path).blame(
        codes::FOLDER,
        format!("{} cannot be written", repository.shown(&log_path)),
    )?;
    let errors = log_file
        .try_clone()
        .blame(codes::FOLDER, "the local cloud's log cannot be written")?;
    let program =
        std::env::current_exe().blame(codes::LOCAL_CLOUD, "this program cannot find itself")?;
    let mut command = std::process::Command::new(program);
    command
        .arg(VERB)
        .arg("--root")
        .arg(repository.local("cloud"))
        .args(["--port", &port.to_string()])
        .args(["--api-port", &api_port.to_string()])
        .args(["--speed", &speed.to_string()])
        .args(["--account", &stage.account, "--region", &stage.region])
        .current_dir(repository.root())
        .stdin(Stdio::null())
        .stdout(log_file)
        .stderr(errors);
    // Its own process group: Ctrl-C in this terminal is ours to handle, not its.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .spawn()
        .blame(codes::LOCAL_CLOUD, "the local cloud could not be started")?;
    let running = Running {
        endpoint: Endpoint {
            endpoint: format!("http://127.0.0.1:{port}"),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        },
        pid: child.id(),
        region: stage.region.clone(),
        account: stage.account.clone(),
        speed,
        api_port,
    };
    // Before it answers: whoever is interrupted now can still be stopped by `down`.
    write(repository, &running)?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(anyhow::Error::from)? {
            forget(repository);
            return Err(
                Failure::new(codes::LOCAL_CLOUD, "the local cloud did not start")
                    .why(reason(&log_path))
                    .state(format!(
                        "it ended with {status}; its log is {}",
                        repository.shown(&log_path)
                    ))
                    .state("what it keeps is untouched; `spokectl up --fresh` starts without it")
                    .next("spokectl up"),
            );
        }
        if is_healthy(&running.endpoint.endpoint).await {
            return Ok(running);
        }
        said(last_line(&log_path));
        if started.elapsed() > Duration::from_mins(5) {
            return Err(
                Failure::new(codes::LOCAL_CLOUD, "the local cloud does not answer")
                    .why("nothing on its endpoint after five minutes")
                    .why(tail(&log_path))
                    .next("spokectl down")
                    .next("spokectl up --fresh"),
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The same ports as last time: addresses of functions and database are written down in the state.
fn remembered_ports(repository: &Repository) -> Option<(u16, u16)> {
    let text = std::fs::read(repository.local("ports.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

fn choose(wanted: u16) -> Result<u16, Failure> {
    ports::free_from(wanted).ok_or_else(|| {
        Failure::new(
            codes::PORT_TAKEN,
            format!("no port is free from {wanted} on"),
        )
        .why("a hundred ports in a row are taken")
        .next("spokectl down")
    })
}

fn write(repository: &Repository, running: &Running) -> Result<(), Failure> {
    let port = running
        .endpoint
        .endpoint
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    let ports = serde_json::to_vec(&(port.unwrap_or_default(), running.api_port))
        .map_err(anyhow::Error::from)?;
    let text = serde_json::to_vec_pretty(running).map_err(anyhow::Error::from)?;
    std::fs::write(repository.local("ports.json"), ports)
        .and_then(|()| std::fs::write(file(repository), text))
        .blame(codes::FOLDER, ".spoke/cloud.json cannot be written")
}

fn forget(repository: &Repository) {
    // A file that is not there is forgotten already.
    drop(std::fs::remove_file(file(repository)));
}

/// Stops the local cloud and everything below it; says whether there was one.
pub async fn stop(repository: &Repository) -> Result<bool, Failure> {
    let Some(pid) = written_pid(repository) else {
        forget(repository);
        return Ok(false);
    };
    let stopping = |error: std::io::Error| {
        Failure::new(
            codes::NOT_STOPPING,
            format!("process {pid} cannot be told to stop"),
        )
        .why(error)
    };
    process::signal(pid, "TERM").map_err(stopping)?;
    // PostgreSQL writes its checkpoint, functions end what they do.
    for _ in 0..600 {
        if !process::is_running(pid, VERB) {
            forget(repository);
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    process::signal(pid, "KILL").map_err(stopping)?;
    for _ in 0..50 {
        if !process::is_running(pid, VERB) {
            forget(repository);
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Failure::new(
        codes::NOT_STOPPING,
        format!("the local cloud (process {pid}) does not stop"),
    )
    .next(format!("kill -9 {pid}")))
}

/// Why the process ended, from the failure it told at the end of its log; the end of the log if it told none.
fn reason(path: &Path) -> String {
    let tail = tail(path);
    let Some((_, story)) = tail.rsplit_once("Error: ") else {
        return tail;
    };
    // The causes stand in the third column; see `ui::describe`.
    story
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with("  why ") || line.starts_with("        "))
        .filter_map(|line| line.get(8..))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The end of the log, where the reason stands.
fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path)
        .with_context(|| path.display().to_string())
        .unwrap_or_else(|error| format!("{error:#}"));
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

fn last_line(path: &Path) -> String {
    std::fs::read_to_string(path)
        .ok()
        .and_then(|text| text.lines().last().map(ToOwned::to_owned))
        .unwrap_or_default()
}
