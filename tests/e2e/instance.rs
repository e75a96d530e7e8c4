//! A whole instance of its own, in a copy of the working tree.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};

/// How long one `spokectl` command may take: the first compiles.
const PATIENCE: Duration = Duration::from_mins(20);

/// One instance at a time: they share a folder, and what is compiled in it.
static ALONE: Mutex<()> = Mutex::const_new(());

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The command must have ended with `code`; everything it said otherwise.
    pub(crate) fn with(self, code: i32) -> anyhow::Result<Self> {
        ensure!(
            self.code == Some(code),
            "exit code {:?} where {code} was due\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        Ok(self)
    }

    /// What it said on stderr must contain all of these.
    pub(crate) fn says(&self, words: &[&str]) -> anyhow::Result<()> {
        for word in words {
            ensure!(
                self.stderr.contains(word),
                "no {word:?} in\n{}",
                self.stderr
            );
        }
        Ok(())
    }

    /// Its stdout as JSON.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("stdout is not one JSON document:\n{}", self.stdout))
    }
}

/// A running instance. What is started here is stopped at the end, passed or failed.
pub(crate) struct Instance {
    tree: PathBuf,
    /// What `up --output json` said.
    pub(crate) up: Value,
    http: reqwest::Client,
    _alone: MutexGuard<'static, ()>,
}

impl Instance {
    /// Copies the working tree. Nothing runs there yet. Waits for its turn.
    pub(crate) async fn copied() -> anyhow::Result<Self> {
        let alone = ALONE.lock().await;
        let tree = repository().join(".spoke/tests/e2e");
        let copied = Command::new(repository().join("tests/copy"))
            .arg(&tree)
            .status()
            .await
            .context("running tests/copy")?;
        ensure!(copied.success(), "tests/copy failed");
        let instance = Self {
            tree,
            up: Value::Null,
            http: client().build()?,
            _alone: alone,
        };
        instance.spokectl(&["down"]).await?;
        Ok(instance)
    }

    /// `spokectl up --detach` with further arguments; what it says is kept.
    pub(crate) async fn up(&mut self, more: &[&str]) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let mut arguments = vec!["up", "--detach", "--output", "json"];
        arguments.extend(more);
        self.up = self.spokectl(&arguments).await?.with(0)?.json()?;
        Ok(started.elapsed())
    }

    /// Runs one command to its end.
    pub(crate) async fn spokectl(&self, arguments: &[&str]) -> anyhow::Result<Ended> {
        self.told(arguments, "").await
    }

    /// Runs one command to its end, with something on stdin.
    pub(crate) async fn told(&self, arguments: &[&str], stdin: &str) -> anyhow::Result<Ended> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut input = child.stdin.take().context("stdin is piped")?;
        // A command that reads nothing has closed it.
        drop(input.write_all(stdin.as_bytes()).await);
        drop(input);
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
            .await
            .with_context(|| format!("spokectl {} hangs", arguments.join(" ")))??;
        Ok(Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs one command until it says `when`, and sends it a signal: `INT` is Ctrl-C.
    pub(crate) async fn signalled(
        &self,
        arguments: &[&str],
        when: &str,
        signal: &str,
    ) -> anyhow::Result<Ended> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().context("it ended at once")?.to_string();
        let said = BufReader::new(child.stderr.take().context("stderr is piped")?);
        let reading = async {
            let (mut lines, mut stderr, mut is_told) = (said.lines(), String::new(), false);
            while let Some(line) = lines.next_line().await? {
                stderr.extend([line.as_str(), "\n"]);
                if line.contains(when) && !is_told {
                    is_told = true;
                    let signal = format!("-{signal}");
                    Command::new("kill").args([&signal, &pid]).status().await?;
                }
            }
            ensure!(is_told, "it never said {when:?}\n{stderr}");
            Ok(stderr)
        };
        let stderr = tokio::time::timeout(PATIENCE, reading)
            .await
            .with_context(|| format!("spokectl {} hangs", arguments.join(" ")))??;
        Ok(Ended {
            code: child.wait().await?.code(),
            stdout: String::new(),
            stderr,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("spokectl"));
        command
            .args(arguments)
            .current_dir(&self.tree)
            .env("NO_COLOR", "1")
            .env("CARGO_TARGET_DIR", target())
            // What is built here changes release by release, and what is broken on purpose needs no lints.
            .env("CARGO_INCREMENTAL", "1")
            .env_remove("RUSTC_WORKSPACE_WRAPPER");
        command
    }

    /// `status --output json`.
    pub(crate) async fn status(&self) -> anyhow::Result<Value> {
        self.spokectl(&["status", "--output", "json"])
            .await?
            .with(0)?
            .json()
    }

    /// Where the application is.
    pub(crate) fn url(&self) -> anyhow::Result<&str> {
        self.up["url"].as_str().context("`up` told no url")
    }

    /// The entry script a freshly loaded page names: it tells the bundle.
    pub(crate) async fn bundle(&self) -> anyhow::Result<String> {
        let url = format!("{}/login", self.url()?.trim_end_matches('/'));
        let answer = self.http.get(&url).send().await?;
        let status = answer.status();
        let page = answer.text().await?;
        ensure!(status.is_success(), "{url} answers {status}\n{page}");
        page.split("/assets/")
            .skip(1)
            .filter_map(|rest| rest.split(['"', '\'', '>']).next())
            .find(|name| Path::new(name).extension().is_some_and(|kind| kind == "js"))
            .map(ToOwned::to_owned)
            .with_context(|| format!("{url} names no bundle\n{page}"))
    }

    /// Takes the cache away, as a failing node would go, or gives it back: the cloud starts a server that only died.
    pub(crate) async fn cache(&self, turn: &str) -> anyhow::Result<()> {
        let address = format!("{}/_local-cloud/caches/{turn}", self.endpoint()?);
        let cache = serde_json::json!({ "id": "spoke-local" });
        let answer = self.http.post(address).json(&cache).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        Ok(())
    }

    /// Puts a fault of the cloud in force, in the form its `POST faults` takes.
    pub(crate) async fn fault(&self, fault: &Value) -> anyhow::Result<()> {
        let answer = self.http.post(self.faults()?).json(fault).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        Ok(())
    }

    /// Ends all faults.
    pub(crate) async fn no_faults(&self) -> anyhow::Result<()> {
        let answer = self.http.delete(self.faults()?).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        Ok(())
    }

    fn faults(&self) -> anyhow::Result<String> {
        Ok(format!("{}/_local-cloud/faults", self.endpoint()?))
    }

    /// Where the cloud is.
    fn endpoint(&self) -> anyhow::Result<&str> {
        self.up["endpoint"]
            .as_str()
            .context("`up` told no endpoint")
    }

    /// From now on a database's virtual processor stands for this share of a real one.
    pub(crate) async fn processors(&self, share: f64) -> anyhow::Result<()> {
        let address = format!("{}/_local-cloud/processors", self.endpoint()?);
        let wanted = serde_json::json!({ "share": share });
        let answer = self.http.post(address).json(&wanted).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
        Ok(())
    }

    /// A secret's value.
    pub(crate) async fn secret(&self, name: &str) -> anyhow::Result<Value> {
        let wanted = serde_json::json!({ "SecretId": name });
        let call = self
            .http
            .post(self.endpoint()?)
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .header("content-type", "application/x-amz-json-1.1")
            .body(wanted.to_string());
        let answer = call.send().await?.text().await?;
        let answer: Value = serde_json::from_str(&answer)?;
        let text = answer["SecretString"]
            .as_str()
            .with_context(|| format!("no {name}: {answer}"))?;
        Ok(serde_json::from_str(text)?)
    }

    /// An output of the app stack.
    pub(crate) async fn output(&self, name: &str) -> anyhow::Result<String> {
        let address = format!(
            "{}/?Action=DescribeStacks&Version=2010-05-15&StackName=spoke-local-app",
            self.endpoint()?
        );
        let answer = self.http.get(address).send().await?.text().await?;
        answer
            .split_once(&format!("<OutputKey>{name}</OutputKey>"))
            .and_then(|(_, after)| after.split_once("<OutputValue>"))
            .and_then(|(_, after)| after.split_once("</OutputValue>"))
            .map(|(value, _)| value.to_owned())
            .with_context(|| format!("no output {name} in {answer}"))
    }

    /// Whether a file of a bundle can be loaded.
    pub(crate) async fn serves(&self, script: &str) -> anyhow::Result<bool> {
        let url = format!("{}/assets/{script}", self.url()?.trim_end_matches('/'));
        Ok(self.http.get(url).send().await?.status().is_success())
    }

    /// Replaces `from`, which must be there, in a file of the copy.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) -> anyhow::Result<()> {
        let path = self.tree.join(file);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(text.contains(from), "{file} has no {from:?} to change");
        std::fs::write(&path, text.replacen(from, to, 1))?;
        Ok(())
    }

    /// Writes a file of the copy.
    pub(crate) fn write(&self, file: &str, text: &str) -> anyhow::Result<()> {
        std::fs::write(self.tree.join(file), text).with_context(|| file.to_owned())
    }

    /// Removes a file of the copy.
    pub(crate) fn remove(&self, file: &str) -> anyhow::Result<()> {
        std::fs::remove_file(self.tree.join(file)).with_context(|| file.to_owned())
    }

    /// An account of the demonstration organization, by its role: email and password.
    pub(crate) fn account(&self, role: &str) -> anyhow::Result<(String, String)> {
        let mut accounts = self.accounts(role)?;
        ensure!(!accounts.is_empty(), "no account with role {role}");
        Ok(accounts.remove(0))
    }

    /// All of them with that role.
    pub(crate) fn accounts(&self, role: &str) -> anyhow::Result<Vec<(String, String)>> {
        let accounts = self.up["accounts"]
            .as_array()
            .context("`up` told no accounts")?;
        let with_role = accounts.iter().filter(|account| {
            let found = account["role"].as_str();
            found.is_some_and(|found| found.eq_ignore_ascii_case(role))
        });
        with_role
            .map(|account| {
                let text = |key: &str| {
                    let text = account[key].as_str().map(str::to_owned);
                    text.with_context(|| format!("no {key} in {account}"))
                };
                Ok((text("email")?, text("password")?))
            })
            .collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let down = std::process::Command::new(program("spokectl"))
            .arg("down")
            .current_dir(&self.tree)
            .output();
        if !down.is_ok_and(|output| output.status.success()) {
            println!("spokectl down failed in {}", self.tree.display());
        }
    }
}

/// A client of HTTP. Nothing here is encrypted, but the crate wants a provider of
/// cryptography to be chosen.
pub(crate) fn client() -> reqwest::ClientBuilder {
    // The second time it is there already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy()
}

/// The working copy these tests were built in.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
}

/// `target/debug/<name>`, beside the folder this test lies in.
fn program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

fn target() -> PathBuf {
    let here = std::env::current_exe().expect("a program knows where it lies");
    // target/debug/deps/e2e-<hash>
    here.ancestors().nth(3).expect("cargo's layout").to_owned()
}

/// Asks until `condition` gives something, at most `patience`.
pub(crate) async fn until<T, F>(
    what: &str,
    patience: Duration,
    mut condition: impl FnMut() -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        if Instant::now() > deadline {
            bail!("not within {} s: {what}", patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
