//! A laptop as `up` finds one: a working copy of its own under git, with the programs that were built along with this test
//! and a front end of one line. Everything else is real, the cloud's process included.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::command_line::{self, Run, spokectl_as};

/// Where the functions read the bundle's name from; its text is the whole front end.
const BUNDLE: &str = "app/web/bundle.txt";

/// `npm run build` of the front end of one line.
const BUILD: &str = r"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
const bundle = readFileSync('bundle.txt', 'utf8').trim();
const script = `assets/index-${bundle}.js`;
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/assets', { recursive: true });
mkdirSync('dist/manifest');
writeFileSync(`dist/${script}`, `document.body.textContent = '${bundle}'`);
writeFileSync(`dist/manifest/${bundle}.json`, JSON.stringify({ bundle, script, styles: [] }));
";

pub(crate) struct Laptop {
    folder: TempDir,
    path: String,
}

impl Laptop {
    /// Nothing runs yet. Traffic shifts in one step and a wait of a minute, a second here.
    pub(crate) fn new() -> Self {
        let laptop = Self {
            folder: tempfile::tempdir().unwrap(),
            path: path_without_spokectl(),
        };
        for below in ["templates", "migrations"] {
            copy(&repository().join(below), &laptop.root().join(below));
        }
        let stage = include_str!("../../../stages/local.toml");
        let shift = "shift = \"Linear10PercentEvery1Minute\"";
        assert!(stage.contains(shift));
        laptop.write(
            "stages/local.toml",
            &stage.replace(shift, "shift = \"Canary10Percent1Minute\""),
        );
        let ignored = include_str!("../../../.gitignore");
        laptop.write(".gitignore", &format!("{ignored}\nhome/\n"));
        laptop.write("app/schema.graphql", "");
        let package = json!({
            "name": "web", "version": "0.0.0",
            "scripts": {"build": "node build.mjs"}, "dependencies": {"other": "file:other"},
        });
        laptop.write("app/web/package.json", &package.to_string());
        let lock = json!({
            "name": "web", "version": "0.0.0", "lockfileVersion": 3,
            "packages": {
                "": package,
                "node_modules/other": {"resolved": "other", "link": true},
                "other": {"version": "0.0.0"},
            },
        });
        laptop.write("app/web/package-lock.json", &lock.to_string());
        let other = json!({"name": "other", "version": "0.0.0"});
        laptop.write("app/web/other/package.json", &other.to_string());
        laptop.write("app/web/build.mjs", BUILD);
        laptop.bundle("0a1b2c3d4e5f");
        laptop.cargo();
        laptop.git(&["init", "-q"]);
        laptop.commit();
        laptop
    }

    /// In cargo's place: says where the programs are that were built along with this test.
    fn cargo(&self) {
        let built = Path::new(env!("CARGO_BIN_EXE_spokectl")).parent().unwrap();
        let said = ["spoke", "scaler"].map(|name| {
            let program = built.join(name);
            assert!(program.is_file(), "cargo build --bin {name} comes first");
            let message = json!({ "target": { "name": name }, "executable": program });
            format!("echo '{message}'")
        });
        self.write("home/cargo", &format!("#!/bin/sh\n{}\n", said.join("\n")));
        let file = self.root().join("home/cargo");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces `from`, which must be there, in a file.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.root().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Another front end.
    pub(crate) fn bundle(&self, name: &str) {
        self.write(BUNDLE, name);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command
            .current_dir(self.root())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change"]);
    }

    pub(crate) fn run(&self, command: &str) -> Run {
        let arguments: Vec<_> = command.split(' ').collect();
        self.with(|root, environment| spokectl_as(root, environment, &arguments, ""))
    }

    /// Where commands run, and with what in the environment.
    fn with<T>(&self, command: impl FnOnce(&str, &[(&str, &str)]) -> T) -> T {
        let root = self.root().to_str().unwrap();
        let (home, cargo) = (format!("{root}/home"), format!("{root}/home/cargo"));
        let environment = [
            ("PATH", self.path.as_str()),
            ("HOME", &home),
            ("CARGO", &cargo),
            ("npm_config_update_notifier", "false"),
            ("AWS_MAX_ATTEMPTS", "2"),
        ];
        command(root, &environment)
    }

    /// Runs commands one after the other; what each said, in words that are the same every time.
    pub(crate) fn said(&self, commands: &[&str]) -> String {
        let said = commands.iter().map(|command| {
            let run = self.run(command);
            told(command, &run)
        });
        said.collect::<Vec<_>>().join("\n")
    }

    /// Runs a command and, once it says `when`, what is given its process; the same words as in [`Self::said`].
    pub(crate) async fn said_while<F: Future>(
        &self,
        command: &str,
        when: &str,
        meanwhile: impl FnOnce(u32) -> F,
    ) -> String {
        let arguments: Vec<_> = command.split(' ').collect();
        let started =
            self.with(|root, environment| command_line::command(root, environment, &arguments));
        let mut child = tokio::process::Command::from(started)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let pid = child.id().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut stderr, mut meanwhile) = (String::new(), Some(meanwhile));
        while let Some(line) = lines.next_line().await.unwrap() {
            stderr.extend([line.as_str(), "\n"]);
            if line.contains(when)
                && let Some(meanwhile) = meanwhile.take()
            {
                meanwhile(pid).await;
            }
        }
        assert!(meanwhile.is_none(), "it never said {when:?}:\n{stderr}");
        let output = child.wait_with_output().await.unwrap();
        let run = Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr,
        };
        told(command, &run)
    }

    /// Calls an operation of the cloud.
    pub(crate) async fn call(&self, target: &str, input: &Value) {
        let call = http()
            .post(self.endpoint())
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .body(input.to_string());
        let answer = call.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// Puts a fault of the cloud in force.
    pub(crate) async fn fault(&self, fault: &Value) {
        let call = http().post(self.faults()).json(fault).send().await.unwrap();
        assert!(call.status().is_success(), "{}", call.text().await.unwrap());
    }

    /// Ends all faults.
    pub(crate) async fn no_faults(&self) {
        let call = http().delete(self.faults()).send().await.unwrap();
        assert!(call.status().is_success(), "{}", call.text().await.unwrap());
    }

    fn faults(&self) -> String {
        format!("{}/_local-cloud/faults", self.endpoint())
    }

    fn endpoint(&self) -> String {
        let known = std::fs::read_to_string(self.root().join(".spoke/cloud.json")).unwrap();
        let known: Value = serde_json::from_str(&known).unwrap();
        known["endpoint"].as_str().unwrap().to_owned()
    }
}

impl Drop for Laptop {
    fn drop(&mut self) {
        drop(self.run("down"));
    }
}

fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `up` tells commands as they can be typed, and that depends on the `PATH`.
fn path_without_spokectl() -> String {
    let path = std::env::var_os("PATH").unwrap();
    let folders = std::env::split_paths(&path).filter(|folder| !folder.join("spokectl").is_file());
    let path = std::env::join_paths(folders).unwrap();
    path.into_string().unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = {
            let entry = entry.unwrap();
            (entry.path(), entry.file_name())
        };
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(path, to.join(name)).unwrap();
        }
    }
}

fn told(command: &str, run: &Run) -> String {
    format!(
        "$ spokectl {command}\n{}--- talk\n{}--- exit {}\n",
        run.stdout,
        steady(&run.stderr),
        run.code
    )
}

/// What happens side by side is told in the order of names, and what is looked at now and then once, whatever was seen.
fn steady(talk: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut beside: Vec<String> = Vec::new();
    for line in talk.lines() {
        let is_beside = ["functions", "front end", "local cloud"]
            .iter()
            .any(|name| {
                line.starts_with(&format!("✓ {name}  ")) || *line == format!("  {name} ...")
            });
        if is_beside {
            beside.push(line.to_owned());
            continue;
        }
        beside.sort();
        lines.append(&mut beside);
        // What may be over before it is looked at again; how it ended is told anyway.
        if line.ends_with(": going back")
            || (line.starts_with("! alarm") && line.contains(" rings: "))
        {
            continue;
        }
        let summary = if line.starts_with("  ✓ ") || line.starts_with("  - ") {
            "  [resources, as they are done]"
        } else if is_of_the_shift(line) {
            "[the shift, as it goes]"
        } else if line.starts_with("· ") {
            // Still at it, said after a while.
            continue;
        } else {
            line
        };
        if summary == line || lines.last().is_none_or(|last| last != summary) {
            lines.push(summary.to_owned());
        }
    }
    beside.sort();
    lines.append(&mut beside);
    lines.push(String::new());
    lines.join("\n")
}

/// `0:07 10 % of the traffic on version 3, step 1/2`.
fn is_of_the_shift(line: &str) -> bool {
    let Some((clock, rest)) = line.split_once(' ') else {
        return false;
    };
    let is_clock = clock
        .split_once(':')
        .is_some_and(|(minutes, seconds)| minutes.parse::<u32>().is_ok() && seconds.len() == 2);
    let of_it = ["preflight", "traffic", "postflight", "still"];
    is_clock
        && (rest.contains("% of the traffic") || of_it.iter().any(|word| rest.starts_with(word)))
}
