//! One execution environment: the function's own binary as a process, its Runtime API on
//! loopback, one invocation at a time.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use rand::Rng as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::Cloud;

use super::code;
use super::console::{self, Console, Report};
use super::model::Version;
use super::runtime_api::{Phase, Reply, RuntimeApi, Work};

/// How long a process may take before it asks for work the first time.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long a process's last words are waited for after it ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A process that serves one version of one function.
pub(super) struct Environment {
    pub function: String,
    pub version: Version,
    cloud: Arc<Cloud>,
    console: Arc<Console>,
    api: Arc<RuntimeApi>,
    work: mpsc::Sender<Work>,
    address: String,
    log_stream: String,
    /// The process; 0 while there is none.
    pid: AtomicU32,
    process: Mutex<Option<CancellationToken>>,
    /// The Runtime API's listener and the flusher.
    background: tokio::task::JoinSet<()>,
    /// When it last became idle.
    idle_since: Mutex<Instant>,
}

/// One invocation, as an environment needs to know it.
pub(super) struct Request {
    pub id: String,
    pub payload: Bytes,
    pub function_arn: String,
    pub client_context: Option<String>,
    /// Whether the caller wants the log's tail.
    pub tail: bool,
}

/// How an invocation ended.
pub(super) struct Ended {
    pub payload: Bytes,
    /// Whether `payload` is an error.
    pub failed: bool,
    pub duration: Duration,
    pub tail: Option<String>,
    /// Whether the environment can serve again.
    pub reusable: bool,
}

impl Environment {
    /// An environment without a process yet: the first invocation starts it.
    pub(super) async fn prepare(
        cloud: Arc<Cloud>,
        function: String,
        version: Version,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("opening a Runtime API on loopback")?;
        let address = listener.local_addr()?.to_string();
        let (work, queue) = mpsc::channel(1);
        let api = Arc::new(RuntimeApi::new(queue));
        let log_stream = log_stream(&cloud, &version.version);
        let console = Arc::new(Console::new(
            Arc::clone(&cloud),
            version.settings.log_group(&function),
            log_stream.clone(),
            version.settings.log_json,
        ));
        let mut background = tokio::task::JoinSet::new();
        background.spawn(Arc::clone(&api).serve(listener));
        background.spawn(console::keep_flushing(Arc::clone(&console)));
        Ok(Self {
            function,
            version,
            cloud,
            console,
            api,
            work,
            address,
            log_stream,
            pid: AtomicU32::new(0),
            process: Mutex::new(None),
            background,
            idle_since: Mutex::new(Instant::now()),
        })
    }

    /// Serves one invocation, starting the process if there is none.
    pub(super) async fn run(&self, request: Request) -> Ended {
        let (init, init_took) = self.init().await;
        self.console.start(&request.id, &self.version.version);
        let started = Instant::now();
        let limit = Duration::from_secs(self.version.settings.timeout_seconds);
        let result = match tokio::time::timeout(limit, self.answer(&request, init)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(Failure::timeout(limit)),
        };
        let duration = started.elapsed().min(limit);
        self.finish(&request, result, duration, init_took).await
    }

    /// Whether the process is there and asks for work.
    pub(super) fn is_ready(&self) -> bool {
        *self.api.phase().borrow() == Phase::Ready
    }

    pub(super) fn became_idle(&self) {
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn idle_for(&self) -> Duration {
        self.idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    /// Kills the process.
    pub(super) fn kill(&self) {
        let process = self
            .process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(process) = process {
            process.cancel();
            self.api
                .exited("Runtime exited with error: signal: killed".to_owned());
        }
        self.console.flush();
    }

    /// The init phase on its own, up to 10 s. A process that fails it is started again inside
    /// the invocation, under the function's time-out, as AWS does.
    async fn init(&self) -> (Init, Option<Duration>) {
        if self.is_ready() {
            return (Init::Ready, None);
        }
        let started = Instant::now();
        let outcome = tokio::time::timeout(INIT_LIMIT, self.start()).await;
        let took = started.elapsed();
        match outcome {
            Ok(Ok(())) => return (Init::Ready, Some(took)),
            Ok(Err(Failure::NoProcess(message))) => return (Init::Impossible(message), None),
            Ok(Err(_)) => self.console.init_failed(took, "error"),
            Err(_elapsed) => self.console.init_failed(took, "timeout"),
        }
        self.kill();
        (Init::Again, None)
    }

    async fn answer(&self, request: &Request, init: Init) -> Result<Bytes, Failure> {
        match init {
            Init::Ready => {}
            Init::Again => self.start().await?,
            Init::Impossible(message) => return Err(Failure::NoProcess(message)),
        }
        let (answer, reply) = oneshot::channel();
        let limit = chrono::TimeDelta::seconds(
            i64::try_from(self.version.settings.timeout_seconds).unwrap_or(900),
        );
        let work = Work {
            request_id: request.id.clone(),
            payload: request.payload.clone(),
            deadline: self.cloud.time.now() + limit,
            function_arn: request.function_arn.clone(),
            trace_id: trace_id(&self.cloud),
            client_context: request.client_context.clone(),
            answer,
        };
        if self.work.send(work).await.is_err() {
            return Err(self.crash());
        }
        let mut phase = self.api.phase();
        let reply = tokio::select! {
            biased;
            reply = reply => reply.ok(),
            _ = phase.wait_for(|phase| matches!(phase, Phase::Exited(_))) => None,
        };
        match reply {
            Some(Reply::Response(body)) => Ok(body),
            Some(Reply::Error { body, kind }) => Err(Failure::Reported { body, kind }),
            Some(Reply::TooLarge) => Err(Failure::TooLarge),
            None => {
                // The waiting is over because the process is: let its exit be recorded.
                let exited = phase.wait_for(|phase| matches!(phase, Phase::Exited(_)));
                drop(tokio::time::timeout(LAST_WORDS, exited).await);
                Err(self.crash())
            }
        }
    }

    async fn finish(
        &self,
        request: &Request,
        result: Result<Bytes, Failure>,
        duration: Duration,
        init: Option<Duration>,
    ) -> Ended {
        let (payload, failure) = match result {
            Ok(payload) => (payload, None),
            Err(failure) => (failure.payload(&request.id), Some(failure)),
        };
        let reusable = failure.as_ref().is_none_or(Failure::leaves_a_process);
        let used_mb = memory_used_mb(self.pid.load(Ordering::Relaxed));
        if let Some(failure) = failure.as_ref().filter(|_| !reusable) {
            tokio::time::sleep(LAST_WORDS / 10).await;
            self.console
                .line(failure.log_line(&request.id, self.cloud.time.now()));
            self.kill();
        } else if request.tail {
            self.wait_until_it_asks().await;
        }
        self.console.report(&Report {
            request_id: &request.id,
            duration,
            memory_mb: self.version.settings.memory_mb,
            used_mb,
            init,
            status: failure.as_ref().and_then(Failure::status),
            error_type: failure.as_ref().and_then(Failure::kind),
        });
        Ended {
            payload,
            failed: failure.is_some(),
            duration,
            tail: request.tail.then(|| self.console.tail()),
            reusable,
        }
    }

    /// What a process printed before it asks again belongs to this invocation's tail.
    async fn wait_until_it_asks(&self) {
        let mut asked = self.api.asked();
        asked.mark_unchanged();
        drop(tokio::time::timeout(LAST_WORDS / 4, asked.changed()).await);
        tokio::time::sleep(LAST_WORDS / 50).await;
    }

    /// Starts the process and waits until it asks for work.
    async fn start(&self) -> Result<(), Failure> {
        self.api.restarted();
        let task_root = code::task_root(&self.cloud, &self.version.code);
        if !code::has_bootstrap(&task_root) {
            return Err(Failure::NoProcess(format!(
                "Couldn't find valid bootstrap(s): [{}]",
                task_root.join("bootstrap").display()
            )));
        }
        let mut child = self
            .command()
            .spawn()
            .map_err(|error| Failure::NoProcess(error.to_string()))?;
        self.pid.store(child.id().unwrap_or(0), Ordering::Relaxed);
        let readers = self.read_output(&mut child);
        let killed = CancellationToken::new();
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(killed.clone());
        tokio::spawn(watch_over(child, killed, Arc::clone(&self.api), readers));
        let mut phase = self.api.phase();
        let reached = phase.wait_for(|phase| *phase != Phase::Starting).await;
        match reached.as_deref() {
            Ok(Phase::Ready) => Ok(()),
            Ok(Phase::Failed(body)) => Err(Failure::Init(body.clone())),
            _ => Err(self.crash()),
        }
    }

    fn read_output(&self, child: &mut Child) -> Vec<tokio::task::JoinHandle<()>> {
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let console = &self.console;
        stdout
            .map(|pipe| console::read(Arc::clone(console), pipe))
            .into_iter()
            .chain(stderr.map(|pipe| console::read(Arc::clone(console), pipe)))
            .collect()
    }

    /// Only what Lambda documents is in the environment, and what the function asks for.
    fn command(&self) -> Command {
        let settings = &self.version.settings;
        let task_root = code::task_root(&self.cloud, &self.version.code);
        let mut command = guarded(task_root.join("bootstrap").into_os_string());
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin")
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .env("_HANDLER", &settings.handler)
            .env("LAMBDA_TASK_ROOT", &task_root)
            .env("LAMBDA_RUNTIME_DIR", "/var/runtime")
            .env("AWS_LAMBDA_RUNTIME_API", &self.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", &self.version.version)
            .env(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                settings.memory_mb.to_string(),
            )
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env(
                "AWS_LAMBDA_LOG_GROUP_NAME",
                settings.log_group(&self.function),
            )
            .env("AWS_LAMBDA_LOG_STREAM_NAME", &self.log_stream)
            .env("AWS_REGION", &self.cloud.options.region)
            .env("AWS_DEFAULT_REGION", &self.cloud.options.region)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_ENDPOINT_URL", self.cloud.endpoint())
            .envs(&settings.environment)
            .current_dir(&task_root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn crash(&self) -> Failure {
        match &*self.api.phase().borrow() {
            Phase::Exited(reason) => Failure::Crash(reason.clone()),
            _ => Failure::Crash("Runtime exited without providing a reason".to_owned()),
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.kill();
        self.background.abort_all();
    }
}

enum Init {
    Ready,
    /// It failed and is tried once more inside the invocation.
    Again,
    Impossible(String),
}

/// Why an invocation has no result.
enum Failure {
    Timeout(Duration),
    Crash(String),
    /// The process could not even be started.
    NoProcess(String),
    Init(Bytes),
    Reported {
        body: Bytes,
        kind: Option<String>,
    },
    TooLarge,
}

impl Failure {
    fn timeout(limit: Duration) -> Self {
        Self::Timeout(limit)
    }

    fn leaves_a_process(&self) -> bool {
        matches!(self, Self::Reported { .. } | Self::TooLarge)
    }

    fn status(&self) -> Option<&'static str> {
        match self {
            Self::Timeout(_) => Some("timeout"),
            Self::Crash(_) | Self::NoProcess(_) | Self::Init(_) => Some("error"),
            Self::Reported { .. } | Self::TooLarge => None,
        }
    }

    fn kind(&self) -> Option<&str> {
        match self {
            Self::Timeout(_) => None,
            Self::Crash(_) => Some("Runtime.ExitError"),
            Self::NoProcess(_) => Some("Runtime.InvalidEntrypoint"),
            Self::Init(_) => Some("Runtime.InitError"),
            Self::TooLarge => Some("Function.ResponseSizeTooLarge"),
            Self::Reported { kind, .. } => kind.as_deref(),
        }
    }

    fn what(&self) -> String {
        match self {
            Self::Timeout(limit) => {
                format!("Task timed out after {:.2} seconds", limit.as_secs_f64())
            }
            Self::Crash(reason) => reason.clone(),
            Self::NoProcess(message) => message.clone(),
            Self::Init(body) | Self::Reported { body, .. } => {
                String::from_utf8_lossy(body).into_owned()
            }
            Self::TooLarge => {
                "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
                    .to_owned()
            }
        }
    }

    /// What the caller gets as payload.
    fn payload(&self, request_id: &str) -> Bytes {
        let (kind, message) = match self {
            Self::Init(body) | Self::Reported { body, .. } => return body.clone(),
            Self::Timeout(_) => (
                "Sandbox.Timedout",
                format!("RequestId: {request_id} Error: {}", self.what()),
            ),
            Self::TooLarge => ("Function.ResponseSizeTooLarge", self.what()),
            Self::Crash(_) | Self::NoProcess(_) => (
                self.kind().unwrap_or("Runtime.Unknown"),
                format!("RequestId: {request_id} Error: {}", self.what()),
            ),
        };
        Bytes::from(json!({ "errorType": kind, "errorMessage": message }).to_string())
    }

    fn log_line(&self, request_id: &str, now: chrono::DateTime<chrono::Utc>) -> String {
        let now = now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        match self {
            Self::Timeout(_) => format!("{now} {request_id} {}", self.what()),
            _ => format!("RequestId: {request_id} Error: {}", self.what()),
        }
    }
}

async fn watch_over(
    mut child: Child,
    killed: CancellationToken,
    api: Arc<RuntimeApi>,
    readers: Vec<tokio::task::JoinHandle<()>>,
) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = killed.cancelled() => {
            // An error means that it is gone already.
            drop(child.kill().await);
            return;
        }
    };
    // Its last words first, then the news of its end.
    let output = futures::future::join_all(readers);
    drop(tokio::time::timeout(LAST_WORDS, output).await);
    if !killed.is_cancelled() {
        api.exited(status.map_or_else(|error| error.to_string(), exit_reason));
    }
}

fn exit_reason(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(9)) => "Runtime exited with error: signal: killed".to_owned(),
        (None, Some(11)) => "Runtime exited with error: signal: segmentation fault".to_owned(),
        (None, Some(6)) => "Runtime exited with error: signal: aborted".to_owned(),
        (None, signal) => format!(
            "Runtime exited with error: signal: {}",
            signal.unwrap_or_default()
        ),
    }
}

/// A command whose process is killed by the kernel when this program dies without a goodbye.
/// Where `setpriv` is missing, a process ends when it next asks the lost Runtime API for work.
fn guarded(program: OsString) -> Command {
    static SETPRIV: OnceLock<bool> = OnceLock::new();
    let available = *SETPRIV.get_or_init(|| {
        std::process::Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    });
    if !available {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// `YYYY/MM/DD/[version]` and 32 hexadecimal digits.
fn log_stream(cloud: &Cloud, version: &str) -> String {
    let id: u128 = rand::rng().random();
    format!(
        "{}/[{version}]{id:032x}",
        cloud.time.now().format("%Y/%m/%d")
    )
}

fn trace_id(cloud: &Cloud) -> String {
    let mut rng = rand::rng();
    let root: u128 = rng.random::<u128>() >> 32;
    let parent: u64 = rng.random();
    format!(
        "Root=1-{:08x}-{root:024x};Parent={parent:016x};Sampled=0",
        cloud.time.now().timestamp()
    )
}

/// The most memory the process has had, as Linux tells; 0 where it does not.
fn memory_used_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes / 1024)
}
