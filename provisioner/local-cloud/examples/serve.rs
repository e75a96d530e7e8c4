//! Runs a local cloud in the foreground:
//!
//! ```text
//! serve --root <folder> [--port 4666] [--speed 1]
//! ```
//!
//! Prints the endpoint on stdout and stops, with everything it started, on SIGINT or SIGTERM.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use local_cloud::{LocalCloud, Options};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = options(std::env::args().skip(1))?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let cloud = LocalCloud::start(options).await?;
    writeln!(std::io::stdout(), "{}", cloud.endpoint())?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    cloud.stop().await
}

fn options(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    let mut options = Options::new("");
    while let Some(flag) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{flag} wants a value"))?;
        match flag.as_str() {
            "--root" => options.root = value.into(),
            "--port" => options.port = value.parse().context("--port")?,
            "--speed" => options.speed = value.parse().context("--speed")?,
            _ => bail!("unknown flag {flag}; there are --root, --port and --speed"),
        }
    }
    if options.root.as_os_str().is_empty() {
        bail!("--root <folder> says where everything is kept");
    }
    Ok(options)
}
