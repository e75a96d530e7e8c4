//! Processes that are not our children: whether they run, and how to ask them to stop.

use std::process::{Command, Stdio};

/// This machine's name.
#[must_use]
pub fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| {
            let output = Command::new("hostname").output().ok()?;
            String::from_utf8(output.stdout).ok()
        })
        .map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// Whether a process of this number runs, and its command line names `program`: a number is
/// given again once a process is gone.
#[must_use]
pub fn is_running(pid: u32, program: &str) -> bool {
    command_line(pid).is_some_and(|line| line.contains(program))
}

fn command_line(pid: u32) -> Option<String> {
    if std::path::Path::new("/proc/self").exists() {
        let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        // A process nobody has waited for yet has no command line: it is gone.
        return Some(String::from_utf8_lossy(&bytes).replace('\0', " "));
    }
    let output = Command::new("ps")
        .args(["-o", "args=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Asks a process to stop, or (`KILL`) makes it. Through the shell's own `kill`, which is
/// everywhere.
pub fn signal(pid: u32, signal: &str) -> std::io::Result<bool> {
    let status = Command::new("sh")
        .args([
            "-c",
            "kill -s \"$1\" \"$2\"",
            "sh",
            signal,
            &pid.to_string(),
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::{is_running, signal};

    #[test]
    fn a_process_is_known_by_number_and_name() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        // A process has its own command line only once it has replaced the one that made it.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !is_running(child.id(), "sleep") {
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
        assert!(!is_running(child.id(), "spokectl"));
        assert!(signal(child.id(), "TERM").unwrap());
        child.wait().unwrap();
        assert!(!is_running(child.id(), "sleep"));
    }
}
