//! The cloud on a laptop: AWS's wire protocols over real parts, behind one endpoint.
//!
//! It knows nothing of Spoke or of `spokectl`; whoever tests an AWS program can use it.
//! An operation or a resource type it does not offer is refused the way AWS refuses.
//!
//! ```text
//! cargo run -p local-cloud --example serve -- --root /tmp/cloud --port 4666
//! export AWS_ENDPOINT_URL=http://127.0.0.1:4666 AWS_REGION=us-east-1
//! export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
//! aws sts get-caller-identity
//! ```
//!
//! Signatures are verified by S3 (access key `local`, secret `local`), other services accept
//! any credentials. IAM records roles and policies and enforces none of them; its answers say
//! so in the header `x-local-cloud-note`.
//!
//! # Beside AWS's protocols
//!
//! Below `/_local-cloud/` the endpoint takes and answers JSON (`content-type:
//! application/json` is demanded):
//!
//! | request | does |
//! |---|---|
//! | `GET health` | `{status, endpoint, region, account, speed}`; 503 until all that existed runs again |
//! | `POST speed` `{"speed": 60}` | changes how fast waits pass from now on |
//! | `POST processors` `{"share": 0.1}` | how much of a real processor a database's virtual one stands for from now on, in what is measured of it: less lets a small load fill it |
//! | `GET faults` | the faults in force |
//! | `POST faults` | puts one in force, answers its `id` |
//! | `DELETE faults` | ends all faults |
//! | `POST caches/stop` `{"id": "spoke-local"}` | stops a replication group's server, until |
//! | `POST caches/start` `{"id": "spoke-local"}` | starts it again on the same port |
//!
//! A fault is `{"service": "ssm", "operation": "GetParameter", "times": 3}` (`*` fits all;
//! without `times` it stays) with one of `"throttle": true`, `"delaySeconds": 2.5`,
//! `"error": {"code": "InternalFailure", "message": "...", "status": 500}`.

#![expect(
    clippy::needless_pass_by_value,
    reason = "an operation owns its decoded input, whatever it does with it"
)]
#![expect(
    clippy::unnecessary_wraps,
    reason = "every operation answers the same type, those that cannot fail too"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "requests are JSON values, of whose kinds one or two mean something at a place"
)]

pub mod background;
pub mod error;
pub mod faults;
pub mod gateway;
pub mod parts;
pub mod protocol;
pub mod services;
pub mod state;
pub mod time;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Context as _;

/// How a local cloud is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything is kept below this folder: state, objects, databases, function code, logs.
    pub root: PathBuf,
    /// The endpoint's port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The first port HTTP APIs listen on; each API takes the next free one and keeps it.
    /// 0 picks free ones.
    pub first_api_port: u16,
    /// The only region there is.
    pub region: String,
    /// The only account there is, 12 digits.
    pub account: String,
    /// How many cloud seconds pass in one real second while something waits (shifts, alarm
    /// periods, schedules). 1.0 is real time.
    pub speed: f64,
    /// How many Lambda invocations the account may have under way at once; more are throttled.
    /// Each is a process on this machine.
    pub lambda_concurrency: u32,
    /// How much of a real processor a database's virtual one stands for, in what is measured of it. 1.0 is a laptop
    /// that is as large as the class says; less lets a small load fill it.
    pub processor_share: f64,
    /// Where databases and caches come from when none are installed, and who is told.
    pub supply: parts::Supply,
}

impl Options {
    /// Real time, free ports, region us-east-1, account 000000000000.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            supply: parts::Supply::new(root.join("parts")),
            root,
            port: 0,
            first_api_port: 0,
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            speed: 1.0,
            lambda_concurrency: 1000,
            processor_share: 1.0,
        }
    }
}

/// What every service shares. Services reach each other through [`services::call`], by
/// operation, exactly as a client would.
pub struct Cloud {
    /// How it was started; `port` holds the port really bound.
    pub options: Options,
    /// The clock waits are taken from.
    pub time: time::Time,
    /// `Options::processor_share` as it is now, in the bits of its number.
    processor_share: AtomicU64,
    /// Injected faults.
    pub faults: faults::Faults,
    /// What goes on between requests.
    pub background: background::Background,
    /// Every service's model.
    pub services: services::Services,
    /// Whether everything that existed is running again.
    ready: AtomicBool,
}

impl Cloud {
    /// Whether everything that existed before is running again; until then `health` answers 503.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// How much of a real processor a database's virtual one stands for.
    #[must_use]
    pub fn processor_share(&self) -> f64 {
        f64::from_bits(self.processor_share.load(Ordering::Relaxed))
    }

    /// Changes it, for what is measured from now on.
    pub fn set_processor_share(&self, share: f64) {
        self.processor_share
            .store(share.to_bits(), Ordering::Relaxed);
    }

    /// The endpoint for `AWS_ENDPOINT_URL`: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.options.port)
    }

    /// `arn:aws:<service>:<region>:<account>:<resource>`.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.options.region, self.options.account
        )
    }
}

/// A running local cloud.
pub struct LocalCloud {
    cloud: Arc<Cloud>,
    gateway: gateway::Gateway,
    /// Held as long as the state is ours; the system lets go of it when the process ends, however it ends.
    lock: File,
}

impl LocalCloud {
    /// Starts the endpoint and takes up the state found below `options.root`: databases,
    /// caches, functions and APIs that existed are running again when this returns.
    ///
    /// # Errors
    /// When the port is taken, the folder cannot be used or is another local cloud's, or a part does not come up.
    pub async fn start(mut options: Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.root)
            .with_context(|| format!("creating {}", options.root.display()))?;
        options.root = options
            .root
            .canonicalize()
            .with_context(|| format!("resolving {}", options.root.display()))?;
        let lock = lock(&options.root)?;
        let listener = gateway::bind(options.port).await?;
        options.port = listener.local_addr()?.port();
        let cloud = Arc::new(Cloud {
            time: time::Time::new(options.speed),
            processor_share: AtomicU64::new(options.processor_share.to_bits()),
            faults: faults::Faults::default(),
            background: background::Background::default(),
            services: services::Services::load(&options.root)?,
            options,
            ready: AtomicBool::new(false),
        });
        let gateway = gateway::Gateway::serve(listener, Arc::clone(&cloud));
        let started = Self {
            cloud,
            gateway,
            lock,
        };
        if let Err(error) = services::resume(&started.cloud).await {
            // What came up before the failure must not outlive it.
            if let Err(second) = started.stop().await {
                tracing::warn!(
                    error = format!("{second:#}"),
                    "stopping a half-started cloud"
                );
            }
            return Err(error.context("taking up the state the cloud was left in"));
        }
        started.cloud.ready.store(true, Ordering::Release);
        Ok(started)
    }

    /// The endpoint for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.cloud.endpoint()
    }

    /// The shared state, for tests and fault injection.
    #[must_use]
    pub fn cloud(&self) -> &Arc<Cloud> {
        &self.cloud
    }

    /// Stops functions, APIs, databases and caches, writes the state, closes the endpoint.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop().await;
        self.cloud.background.stop().await;
        let stopped = services::stop(&self.cloud).await;
        // Not left to the closing of the file: a process that is just being forked holds it a moment longer.
        self.lock.unlock().context("giving the folder back")?;
        stopped
    }
}

/// Two clouds on one folder would write over each other.
fn lock(root: &Path) -> anyhow::Result<File> {
    let path = root.join("lock");
    let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another local cloud is running on {}", root.display())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}
