//! The instance under load: its database, its cache, its carrier and the application.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use carrier::Carrier;
use local_cloud::LocalCloud;
use local_cloud::parts::Supply;
use local_cloud::parts::postgres::{self, Postgres};
use local_cloud::parts::redis::{self, Redis};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{Args, Carrying};

pub(crate) struct Instance {
    pub(crate) url: String,
    pub(crate) db: PgPool,
    pub(crate) carrier: Carrier,
    pub(crate) service: String,
    postgres: Postgres,
    redis: Option<Redis>,
    cloud: LocalCloud,
    command: Command,
    app: App,
    folder: PathBuf,
}

/// The application's process; it ends with us, however we end.
struct App(Child);

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// CPU time used so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu {
    pub(crate) app: Duration,
    pub(crate) postgres: Duration,
}

impl Cpu {
    /// What was used since then.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            app: self.app.saturating_sub(before.app),
            postgres: self.postgres.saturating_sub(before.postgres),
        }
    }
}

/// Where uploads lie.
const BUCKET: &str = "uploads";

/// The kernel counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

impl Instance {
    pub(crate) async fn start(args: &Args) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("spoke-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let supply = Supply::new(".spoke/parts");
        let options = postgres::Options::new(supply.clone())
            .set("shared_buffers", "512MB")
            .set("max_wal_size", "4GB");
        let postgres = Postgres::start(&folder.join("postgres"), options).await?;
        let redis = if args.no_redis {
            None
        } else {
            Some(Redis::start(&folder.join("redis"), redis::Options::new(supply)).await?)
        };
        let cloud = LocalCloud::start(local_cloud::Options::new(folder.join("cloud"))).await?;
        make_bucket(&cloud.endpoint()).await?;
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let carrier = Carrier::start(carrier::Options::default()).await?;
        carrier.set_plan(|plan| plan.reports = args.carrier == Carrying::Reports);
        let service = carrier.service(&url);
        let mut command = Command::new(&args.spoke);
        command
            .arg("serve")
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("BASE_URL", &url)
            .env("DATABASE_URL", postgres.url("postgres"))
            .env("DB_MAX_POOL", args.pool.to_string())
            .env(
                "REDIS_URL",
                redis.as_ref().map_or_else(String::new, Redis::url),
            )
            .env("SESSION_SECRET", "the secret of a load")
            .env("SPOKE_RELEASE", "1")
            .env("LOG_LEVEL", "warn")
            .env("TWILIO_ACCOUNT_SID", carrier.account())
            .env("TWILIO_AUTH_TOKEN", carrier.token())
            .env("TWILIO_API_URL", carrier.url())
            .env("TWILIO_MESSAGE_SERVICE_SID", &service)
            .env(
                "DROP_MESSAGE_RATIO",
                if args.carrier == Carrying::None {
                    "1"
                } else {
                    ""
                },
            )
            .env("SUPPRESS_PHONE_VALIDATION", "1")
            .env("AWS_S3_BUCKET_NAME", BUCKET)
            .env("AWS_ENDPOINT_URL", cloud.endpoint())
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .env("AWS_REGION", REGION)
            .env("MAX_CONTACTS", "2000000")
            .stdout(Stdio::null());
        // The first start makes the schema.
        let (app, _) = run(&mut command, &url).await?;
        let db = PgPool::connect(&postgres.url("postgres")).await?;
        Ok(Self {
            url,
            db,
            carrier,
            service,
            postgres,
            redis,
            cloud,
            command,
            app,
            folder,
        })
    }

    /// Starts the application anew; how long it took to its first answer.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.app.0.kill()?;
        self.app.0.wait()?;
        let (app, took) = run(&mut self.command, &self.url).await?;
        self.app = app;
        Ok(took)
    }

    /// The application's resident memory now.
    pub(crate) fn memory(&self) -> anyhow::Result<String> {
        self.status("VmRSS:")
    }

    /// The most the application's memory has been.
    pub(crate) fn peak(&self) -> anyhow::Result<String> {
        self.status("VmHWM:")
    }

    fn status(&self, what: &str) -> anyhow::Result<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.app.0.id()))?;
        let line = status.lines().find(|line| line.starts_with(what));
        let kilobytes: u64 = line
            .and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
            .context("the kernel does not say how much memory is used")?;
        Ok(format!("{} MB", kilobytes / 1024))
    }

    pub(crate) fn cpu(&self) -> anyhow::Result<Cpu> {
        let mut postgres = Duration::ZERO;
        for pid in self.postgres.pids() {
            postgres += used(pid)?;
        }
        Ok(Cpu {
            app: used(self.app.0.id())?,
            postgres,
        })
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        drop(self.app);
        self.db.close().await;
        self.carrier.stop();
        self.cloud.stop().await?;
        self.postgres.stop().await?;
        if let Some(redis) = self.redis {
            redis.stop().await?;
        }
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }
}

/// Starts the application and waits for its first answer; how long that took.
async fn run(command: &mut Command, url: &str) -> anyhow::Result<(App, Duration)> {
    let web = reqwest::Client::new();
    let started = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("starting {command:?}; build it with --release"))?;
    let mut app = App(child);
    let body = json!({"query": "{ __typename }"});
    loop {
        let request = web.post(format!("{url}/graphql")).json(&body);
        if request
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            return Ok((app, started.elapsed()));
        }
        if let Some(status) = app.0.try_wait()? {
            anyhow::bail!("the application ended: {status}");
        }
        if started.elapsed() > Duration::from_mins(1) {
            anyhow::bail!("the application does not answer");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// User and system time of a process, its children of which it knows the end included.
fn used(pid: u32) -> anyhow::Result<Duration> {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return Ok(Duration::ZERO);
    };
    // The name, in parentheses, may hold anything.
    let fields = stat
        .rsplit(')')
        .next()
        .context("an odd line of the kernel's")?;
    let ticks: u32 = fields
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    Ok(TICK * ticks)
}

/// Of an account that is nobody's.
const KEY: &str = "local";
const REGION: &str = "us-east-1";

async fn make_bucket(endpoint: &str) -> anyhow::Result<()> {
    let credentials = aws_sdk_s3::config::Credentials::new(KEY, KEY, None, None, "load");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version_latest()
        .credentials_provider(credentials)
        .region(aws_sdk_s3::config::Region::new(REGION))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    s3.create_bucket().bucket(BUCKET).send().await?;
    Ok(())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

/// How soon somebody asks again who was told that the instance is busy, and for how long.
const A_MOMENT: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_mins(1);

/// One GraphQL operation; its data, or its errors as an error. Whoever hears that the instance is busy asks again, as
/// people do: it takes them longer, and is measured so.
pub(crate) async fn ask(
    web: &reqwest::Client,
    url: &str,
    query: &str,
    variables: Value,
) -> anyhow::Result<Value> {
    let body = json!({"query": query, "variables": variables});
    let started = Instant::now();
    loop {
        let answer = web
            .post(format!("{url}/graphql"))
            .json(&body)
            .send()
            .await?;
        let mut answer: Value = answer.json().await?;
        let Some(errors) = answer.get("errors") else {
            return Ok(answer["data"].take());
        };
        let is_busy = errors[0]["code"] == "BUSY" && started.elapsed() < PATIENCE;
        anyhow::ensure!(is_busy, "{errors}");
        tokio::time::sleep(A_MOMENT).await;
    }
}
