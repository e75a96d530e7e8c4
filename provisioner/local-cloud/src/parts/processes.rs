//! Child processes that never outlive us, and what they cost.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// The guard: starts the program, and when its own standard input ends, because we closed it
/// or because we were killed, signals the program and, after the grace, kills it.
///
/// Arguments: signal, seconds of grace, file for output or nothing, program, arguments. The
/// program's id is the first line on standard output.
const GUARD: &str = r#"
signal=$1 grace=$2 log=$3; shift 3
exec 3<&0
if [ -n "$log" ]; then
  sh -c 'echo $$; log=$1; shift; exec "$@" >>"$log" 2>&1 3<&-' sh "$log" "$@" </dev/null &
else
  sh -c 'echo $$; exec "$@" 3<&-' sh "$@" </dev/null &
fi
program=$!
(
  cat <&3
  kill -s "$signal" "$program"
  while [ "$grace" -gt 0 ] && kill -0 "$program"; do sleep 1; grace=$((grace - 1)); done
  kill -s KILL "$program"
) >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$program"
status=$?
kill "$guard"
exit "$status"
"#;

/// Where a program's output goes.
#[derive(Clone, Debug)]
pub enum Output {
    /// Appended to a file, both streams.
    File(PathBuf),
    /// To [`Guarded::stdout`] and [`Guarded::stderr`].
    Piped,
}

/// A program to run under guard.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Its whole environment; nothing when it inherits ours.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// Its working folder; ours when nothing.
    pub folder: Option<PathBuf>,
    /// User and group id to run as; ours when nothing.
    pub user: Option<(u32, u32)>,
    /// Where its output goes.
    pub output: Output,
    /// The signal that asks it to stop, by name: `INT`, `TERM`.
    pub signal: &'static str,
    /// How long it may take to stop before it is killed, whole seconds.
    pub grace: Duration,
}

impl Program {
    /// A program in our environment and folder, stopped by SIGTERM within ten seconds.
    pub fn new(command: impl IntoIterator<Item = impl Into<OsString>>, output: Output) -> Self {
        Self {
            command: command.into_iter().map(Into::into).collect(),
            environment: None,
            folder: None,
            user: None,
            output,
            signal: "TERM",
            grace: Duration::from_secs(10),
        }
    }

    /// Starts it.
    ///
    /// # Errors
    /// When there is no `sh`, or the program's folder or log cannot be used. A program that
    /// cannot be executed exits at once with 126 or 127: wait for what it should do.
    pub async fn start(self) -> anyhow::Result<Guarded> {
        let log = match &self.output {
            Output::File(path) => path.clone().into_os_string(),
            Output::Piped => OsString::new(),
        };
        let name = self.command.first().cloned().unwrap_or_default();
        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD, "guard", self.signal])
            .arg(self.grace.as_secs().to_string())
            .arg(log)
            .args(&self.command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(match self.output {
                Output::File(_) => Stdio::null(),
                Output::Piped => Stdio::piped(),
            })
            // The terminal's Ctrl-C is for us; we then stop our parts in order.
            .process_group(0);
        if let Some(environment) = self.environment {
            guard.env_clear().envs(environment);
        }
        if let Some(folder) = &self.folder {
            guard.current_dir(folder);
        }
        if let Some((user, group)) = self.user {
            guard.uid(user).gid(group);
        }
        let mut child = guard
            .spawn()
            .with_context(|| format!("starting {}", name.display()))?;
        let stdin = child.stdin.take();
        let mut stdout = child.stdout.take().context("the guard has no output")?;
        let pid = read_pid(&mut stdout)
            .await
            .with_context(|| format!("starting {}", name.display()))?;
        Ok(Guarded {
            pid,
            stderr: child.stderr.take(),
            stdout: Some(stdout),
            stdin,
            child,
        })
    }
}

async fn read_pid(stdout: &mut ChildStdout) -> anyhow::Result<u32> {
    let mut line = Vec::new();
    loop {
        let byte = stdout
            .read_u8()
            .await
            .context("the guard ended before it named its program")?;
        if byte == b'\n' {
            break;
        }
        if line.len() > 20 {
            bail!("the guard said no process id");
        }
        line.push(byte);
    }
    let text = String::from_utf8_lossy(&line);
    text.trim()
        .parse()
        .with_context(|| format!("the guard said '{text}' where a process id belongs"))
}

/// A running program that dies with us, even when we are killed with SIGKILL. Dropping it
/// asks it to stop without waiting.
#[derive(Debug)]
pub struct Guarded {
    pid: u32,
    stdin: Option<ChildStdin>,
    child: Child,
    /// Its standard output, with [`Output::Piped`]; take it to read it.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, with [`Output::Piped`]; take it to read it.
    pub stderr: Option<ChildStderr>,
}

impl Guarded {
    /// The program's own process id, not the guard's.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the program has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the program ends by itself. Its status; a signal `n` shows as `128 + n`.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        // `Child::wait` would close a standard input it still held; we hold it ourselves.
        self.child.wait().await
    }

    /// Asks the program to stop and waits until it has, at the latest after its grace.
    pub async fn stop(&mut self) -> std::io::Result<ExitStatus> {
        self.stdin = None;
        self.child.wait().await
    }

    /// Kills the program at once and waits until it is gone.
    pub async fn kill(&mut self) -> std::io::Result<ExitStatus> {
        if self.is_running() {
            signal(self.pid, "KILL").await;
        }
        self.stop().await
    }
}

/// Sends a signal by name to one process; a process that is gone is no error.
pub async fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    if let Err(error) = sent {
        tracing::warn!(pid, name, %error, "could not signal a process");
    }
}

/// Whether a process of this id exists.
#[must_use]
pub fn exists(pid: u32) -> bool {
    std::process::Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A process and all its descendants. Only itself where the system does not tell.
#[must_use]
pub fn family(pid: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (child, parent) in parents() {
        children.entry(parent).or_default().push(child);
    }
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(member) = family.get(next) {
        family.extend(children.remove(member).unwrap_or_default());
        next += 1;
    }
    family
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(folder) = std::fs::read_dir("/proc") else {
        return parents_by_ps();
    };
    let pids = folder
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, stat(pid)?.first()?.parse().ok()?)))
        .collect()
}

fn parents_by_ps() -> Vec<(u32, u32)> {
    let Ok(output) = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .output()
    else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        })
        .collect()
}

/// The fields of `/proc/<pid>/stat` from the parent's id on, see proc(5).
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; the state follows it.
    let (_, after) = text.rsplit_once(')')?;
    Some(
        after
            .split_whitespace()
            .skip(1)
            .map(str::to_owned)
            .collect(),
    )
}

/// CPU time a process has used, user and system, and that of its ended and waited-for
/// children. Nothing where the system does not tell (no `/proc`).
#[must_use]
pub fn cpu_time(pid: u32) -> Option<Duration> {
    // Clock ticks are 1/100 s on every Linux that Rust targets (USER_HZ).
    const TICK: Duration = Duration::from_millis(10);
    let fields = stat(pid)?;
    // utime, stime, cutime, cstime are fields 14 to 17; `stat` starts at field 4.
    let ticks: u32 = fields
        .get(10..14)?
        .iter()
        .map(|field| field.parse().unwrap_or(0))
        .sum();
    Some(TICK * ticks)
}

/// Memory only this process holds, in bytes: what is resident and not shared. Nothing where
/// the system does not tell.
#[must_use]
pub fn memory(pid: u32) -> Option<f64> {
    // Pages are 4 KiB on every platform we are built for; the third field is shared pages.
    const PAGE: f64 = 4096.0;
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let fields: Vec<f64> = text
        .split(' ')
        .filter_map(|field| field.parse().ok())
        .collect();
    Some((fields.get(1)? - fields.get(2)?) * PAGE)
}

/// Whether the process' working folder is `folder`; unknown counts as no.
#[must_use]
pub fn works_in(pid: u32, folder: &Path) -> bool {
    std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::io::AsyncReadExt as _;

    use super::{Output, Program, exists, family};

    async fn gone(pid: u32) {
        let started = Instant::now();
        while exists(pid) {
            assert!(started.elapsed() < Duration::from_secs(20), "{pid} lives");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn a_program_is_stopped_and_its_output_read() {
        let program = Program::new(["sh", "-c", "echo up; exec sleep 600"], Output::Piped);
        let mut guarded = program.start().await.unwrap();
        let mut stdout = guarded.stdout.take().unwrap();
        let mut said = [0; 3];
        stdout.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"up\n");
        assert!(guarded.is_running());
        assert_eq!(family(guarded.pid()), vec![guarded.pid()]);
        let status = guarded.stop().await.unwrap();
        assert_eq!(status.code(), Some(128 + 15));
    }

    #[tokio::test]
    async fn a_program_that_ignores_the_signal_is_killed_after_the_grace() {
        let mut program = Program::new(
            [
                "sh",
                "-c",
                "trap '' TERM; echo deaf; while :; do sleep 1; done",
            ],
            Output::Piped,
        );
        program.grace = Duration::from_secs(1);
        let mut guarded = program.start().await.unwrap();
        // Before that it would still hear.
        let mut said = [0; 5];
        let stdout = guarded.stdout.as_mut().unwrap();
        stdout.read_exact(&mut said).await.unwrap();
        let status = guarded.stop().await.unwrap();
        assert_eq!(status.code(), Some(128 + 9));
    }

    #[tokio::test]
    async fn a_dropped_program_stops() {
        let program = Program::new(["sleep", "600"], Output::Piped);
        let guarded = program.start().await.unwrap();
        let pid = guarded.pid();
        assert!(exists(pid));
        drop(guarded);
        gone(pid).await;
    }

    #[tokio::test]
    async fn a_program_dies_with_a_parent_that_is_killed() {
        // A second process plays the parent that gets SIGKILL: it starts a guard as we do,
        // keeps the guard's standard input open, and says the program's id.
        let script = format!(
            "sleep 600 | sh -c '{}' guard TERM 5 '' sleep 601",
            super::GUARD.replace('\'', r"'\''")
        );
        let mut parent = Program::new(["sh", "-c", &script], Output::Piped);
        parent.signal = "KILL";
        let mut guarded = parent.start().await.unwrap();
        let pid = super::read_pid(guarded.stdout.as_mut().unwrap())
            .await
            .unwrap();
        assert!(exists(pid));
        for member in family(guarded.pid()) {
            let name =
                std::fs::read_to_string(format!("/proc/{member}/cmdline")).unwrap_or_default();
            if name.starts_with("sleep\u{0}600") {
                super::signal(member, "KILL").await;
            }
        }
        gone(pid).await;
    }

    #[tokio::test]
    async fn the_end_of_a_program_is_noticed() {
        let program = Program::new(["sh", "-c", "exit 7"], Output::Piped);
        let mut guarded = program.start().await.unwrap();
        assert_eq!(guarded.wait().await.unwrap().code(), Some(7));
    }
}
