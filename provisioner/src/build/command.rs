//! Running a build program, its last line shown, its last words kept.

use std::collections::VecDeque;
use std::process::Stdio;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;

use crate::ui::tasks::Task;

/// Lines kept of a program's talk: a compiler's error with its surroundings.
const TAIL: usize = 40;

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether it says it went well.
    pub good: bool,
    /// Its stdout.
    pub stdout: String,
    /// The last lines of its stderr, or of its stdout if it said nothing there.
    pub tail: Vec<String>,
}

/// Runs `command` to its end, showing each line of its stderr (and stdout, if `show_stdout`).
/// It dies with this program.
pub async fn run(mut command: Command, task: &Task, show_stdout: bool) -> anyhow::Result<Ended> {
    let name = command.as_std().get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    let out = child.stdout.take().context("no stdout")?;
    let err = child.stderr.take().context("no stderr")?;
    let (stdout, stderr) = tokio::try_join!(
        read(out, show_stdout.then_some(task), usize::MAX),
        read(err, Some(task), TAIL)
    )
    .with_context(|| format!("reading what {name} says"))?;
    let status = child
        .wait()
        .await
        .with_context(|| format!("waiting for {name}"))?;
    let tail = if stderr.iter().all(|line| line.trim().is_empty()) {
        let skipped = stdout.len().saturating_sub(TAIL);
        stdout.iter().skip(skipped).cloned().collect()
    } else {
        stderr.into_iter().collect()
    };
    Ok(Ended {
        good: status.success(),
        stdout: Vec::from(stdout).join("\n"),
        tail,
    })
}

async fn read(
    from: impl AsyncRead + Unpin,
    task: Option<&Task>,
    most: usize,
) -> std::io::Result<VecDeque<String>> {
    let mut kept = VecDeque::new();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    // By bytes: a compiler may quote a file that is not UTF-8.
    while reader.read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8_lossy(&line);
        let text = console::strip_ansi_codes(text.trim_end()).into_owned();
        line.clear();
        if let Some(task) = task
            && !text.trim().is_empty()
        {
            task.detail(text.trim());
        }
        if kept.len() >= most {
            kept.pop_front();
        }
        kept.push_back(text);
    }
    Ok(kept)
}
