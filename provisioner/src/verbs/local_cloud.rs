//! The local cloud's process, as `up` starts it.

use std::path::PathBuf;

use local_cloud::{LocalCloud, Options};
use tracing::info;

use crate::failure::{Blame as _, Failure, Kind, codes};

/// The local cloud itself, as `up` starts it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Everything is kept below this folder
    #[arg(long, value_name = "FOLDER")]
    root: PathBuf,
    /// The endpoint's port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The first port HTTP APIs listen on; 0 picks free ones
    #[arg(long, default_value_t = 0)]
    api_port: u16,
    /// How many seconds pass in it while one passes here
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// The only account there is
    #[arg(long, default_value = "000000000000")]
    account: String,
    /// The only region there is
    #[arg(long, default_value = "us-east-1")]
    region: String,
}

pub(super) async fn run(args: Args) -> Result<Kind, Failure> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let what = "the local cloud did not start";
    let mut stop = Signals::listen().blame(codes::LOCAL_CLOUD, what)?;
    let started = LocalCloud::start(Options {
        port: args.port,
        first_api_port: args.api_port,
        speed: args.speed,
        account: args.account,
        region: args.region,
        ..Options::new(args.root)
    });
    let cloud = tokio::select! {
        cloud = started => cloud.blame(codes::LOCAL_CLOUD, what)?,
        () = stop.wait() => return Ok(Kind::Detached),
    };
    info!(endpoint = cloud.endpoint(), "ready");
    stop.wait().await;
    info!("stopping");
    cloud
        .stop()
        .await
        .blame(codes::LOCAL_CLOUD, "the local cloud did not stop cleanly")?;
    Ok(Kind::Ok)
}

/// The two ways a process is asked to stop.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
