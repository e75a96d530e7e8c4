//! Releases that go forward, fail, and come back, while people are texting.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use crate::instance::{Instance, client, until};
use crate::people::{Person, Texter};

/// One story, because each chapter stands on the one before, as releases do.
#[tokio::test(flavor = "multi_thread")]
async fn releases_go_forward_and_come_back() -> anyhow::Result<()> {
    let _taken = usual_ports();
    let mut instance = Instance::copied().await?;
    chapter("up, and Ctrl-C half-way");
    up_half_way(&instance).await?;
    chapter("the first release goes through the same gates as every other");
    instance.up(&[]).await?;
    the_first_release(&instance).await?;
    chapter("up again changes nothing");
    up_again(&mut instance).await?;
    chapter("a second release, while somebody is texting");
    let (first, second) = the_second_release(&instance).await?;
    chapter("a migration that fails");
    a_failing_migration(&instance, &second).await?;
    chapter("a version that answers errors");
    a_version_that_answers_errors(&instance, &second).await?;
    chapter("a version whose probes fail, while nobody visits");
    failing_probes(&instance, &second).await?;
    chapter("a version that fails inside its answers, while nobody watches");
    a_version_nobody_watches(&instance, &second).await?;
    chapter("a hook that dies");
    a_dead_hook(&instance, &second).await?;
    chapter("rollback while traffic shifts");
    rollback_in_mid_shift(&instance, &second).await?;
    chapter("the tool is killed, in five places");
    killed_anywhere(&instance, &second).await?;
    chapter("the credentials expire while traffic shifts");
    expired_in_mid_shift(&instance, &second).await?;
    chapter("rollback");
    rollback(&instance, &first).await?;
    chapter("without Redis");
    without_redis(&instance, &first).await?;
    chapter("down and up");
    down_and_up(&mut instance, &first).await
}

fn chapter(title: &str) {
    println!("── {title}");
}

/// Somebody else has the ports `up` would like; those it gets are others.
fn usual_ports() -> Vec<TcpListener> {
    [4566, 8080]
        .into_iter()
        .filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
        .collect()
}

async fn up_half_way(instance: &Instance) -> anyhow::Result<()> {
    let ended = instance
        .signalled(&["up", "--fresh"], "[4/8]", "INT")
        .await?
        .with(1)?;
    ended.says(&[
        "(taken: port 4566 and port 8080)",
        "up was stopped half-way",
        "the next up goes on with it",
    ])?;
    let status = instance.spokectl(&["status"]).await?.with(1)?;
    status.says(&["spokectl up"])
}

async fn the_first_release(instance: &Instance) -> anyhow::Result<()> {
    for key in ["url", "endpoint", "region", "accounts"] {
        ensure!(
            !instance.up[key].is_null(),
            "`up` told no {key}: {}",
            instance.up
        );
    }
    let bundle = instance.bundle().await?;
    ensure!(instance.serves(&bundle).await?, "{bundle} cannot be loaded");
    let status = instance.status().await?;
    ensure!(release_number(&status)? == 1, "not release 1: {status}");
    Ok(())
}

/// The number of the live release in `status --output json`.
fn release_number(status: &Value) -> anyhow::Result<u64> {
    status["release"]["number"]
        .as_u64()
        .with_context(|| format!("status tells no release: {status}"))
}

async fn up_again(instance: &mut Instance) -> anyhow::Result<()> {
    let before = instance.up.clone();
    let took = instance.up(&[]).await?;
    println!("   after {took:.1?}");
    ensure!(instance.up["url"] == before["url"], "the address moved");
    ensure!(
        release_number(&instance.status().await?)? == 1,
        "it released again"
    );
    Ok(())
}

/// Somebody who sends first messages, one after the other, until told to stop.
struct Texting {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<anyhow::Result<(Texter, Vec<String>)>>,
}

impl Texting {
    async fn start(instance: &Instance) -> anyhow::Result<Self> {
        let (email, password) = instance.account("TEXTER")?;
        let texter = Texter::of(Person::sign_in(instance.url()?, &email, &password).await?).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut sent = Vec::new();
            while !told.load(Ordering::Relaxed) {
                sent.push(texter.send_one().await?);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok((texter, sent))
        });
        Ok(Self { stop, task })
    }

    /// Everything sent went out once, and nothing failed.
    async fn finish(self) -> anyhow::Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        let (texter, sent) = self.task.await?.context("texting met an error")?;
        ensure!(!sent.is_empty(), "nobody texted");
        ensure!(
            sent.iter().collect::<BTreeSet<_>>().len() == sent.len(),
            "somebody was texted twice"
        );
        for contact in &sent {
            let count = texter.messages_to(contact).await?;
            ensure!(count == 1, "contact {contact} has {count} messages");
        }
        Ok(sent.len())
    }
}

const DEPLOY: &[&str] = &["deploy", "--stage", "local", "--yes"];

/// A change only the front end shows.
fn change_the_bundle(instance: &Instance, from: &str, to: &str) -> anyhow::Result<()> {
    instance.edit("app/web/src/text/login.ts", from, to)
}

async fn the_second_release(instance: &Instance) -> anyhow::Result<(String, String)> {
    let first = instance.bundle().await?;
    change_the_bundle(instance, "'Sign in'", "'Sign in now'")?;
    let texting = Texting::start(instance).await?;
    let deploying = instance.spokectl(&[
        "deploy", "--stage", "local", "--yes", "--probes", "20", "--output", "json",
    ]);
    tokio::pin!(deploying);
    let mut during = Vec::new();
    let ended = loop {
        tokio::select! {
            ended = &mut deploying => break ended?,
            bundle = instance.bundle() => {
                let bundle = bundle?;
                if during.last() != Some(&bundle) {
                    during.push(bundle);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let answer = ended.with(0)?.json()?;
    ensure!(answer["verdict"] == "passed", "verdict: {answer}");
    ensure!(answer["answered"]["probes"] == 20, "probes: {answer}");
    let texts = texting.finish().await?;
    println!("   {texts} texts meanwhile; {answer}");
    let second = instance.bundle().await?;
    ensure!(first != second, "pages still name {first}");
    ensure!(instance.serves(&second).await?, "{second} cannot be loaded");
    ensure!(instance.serves(&first).await?, "open pages lost {first}");
    // Old, then new: never back and forth, however the traffic was split.
    let allowed = [vec![first.clone()], vec![first.clone(), second.clone()]];
    ensure!(allowed.contains(&during), "pages named {during:?}");
    let status = instance.status().await?;
    ensure!(release_number(&status)? == 2, "not release 2: {status}");
    Ok((first, second))
}

/// The release is where it was: number, versions, bundle, and no alias is split.
async fn nothing_moved(instance: &Instance, bundle: &str, release: u64) -> anyhow::Result<()> {
    let status = instance.status().await?;
    ensure!(
        release_number(&status)? == release,
        "another release is live: {status}"
    );
    ensure!(status["astray"] == json!([]), "something moved: {status}");
    ensure!(
        status["positions"]["split"] == json!({}),
        "an alias is split: {status}"
    );
    // Often enough to meet both versions, were the traffic split.
    for _ in 0..20 {
        ensure!(instance.bundle().await? == bundle, "the bundle moved");
    }
    Ok(())
}

async fn a_failing_migration(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let file = "migrations/29990101000000_break_on_purpose.sql";
    instance.write(
        file,
        "-- phase: expand\ncreate table half_done (id int);\nalter table nobody_has_this add column x int;\n",
    )?;
    let ended = instance
        .spokectl(&["deploy", "--stage", "local", "--yes"])
        .await?
        .with(3)?;
    println!("{}", ended.stderr);
    ended.says(&["break_on_purpose", "nobody_has_this", "does not exist"])?;
    instance.remove(file)?;
    nothing_moved(instance, bundle, 2).await
}

async fn a_version_that_answers_errors(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let (file, from, to) = BROKEN;
    instance.edit(file, from, to)?;
    change_the_bundle(instance, "'Sign in now'", "'Never to be seen'")?;
    // Errors need requests: somebody keeps loading pages, and gets an error now and then.
    let page = client().build()?.get(address(instance, "login")?);
    let visitor = tokio::spawn(ask_on_and_on(page));
    let ended = instance
        .spokectl(&["deploy", "--stage", "local", "--yes"])
        .await;
    visitor.abort();
    let ended = ended?.with(3)?;
    println!("{}", ended.stderr);
    ended.says(&["spoke-local-web-", "datapoints", "traffic is on version 3"])?;
    nothing_moved(instance, bundle, 2).await
}

fn address(instance: &Instance, path: &str) -> anyhow::Result<String> {
    Ok(format!("{}/{path}", instance.url()?.trim_end_matches('/')))
}

async fn ask_on_and_on(request: reqwest::RequestBuilder) {
    while let Some(request) = request.try_clone() {
        drop(request.send().await);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Its answers have status 200 and say inside that the operation failed, and the tool is dead: the alarm on the version
/// stops the shift.
async fn a_version_nobody_watches(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let file = "app/src/graphql/queries/people.rs";
    let from = "request(ctx).session.is_none() {\n            return Ok(None);";
    let to = "request(ctx).session.is_none() {\n            return Err(anyhow::anyhow!(\"broken on purpose\").into());";
    instance.edit(file, from, to)?;
    let operation = json!({ "query": "{ currentUser(allowNull: true) { id } }" });
    let operation = client()
        .build()?
        .post(address(instance, "graphql")?)
        .json(&operation);
    let visitor = tokio::spawn(ask_on_and_on(operation));
    let killed = instance
        .signalled(DEPLOY, "10 % of the traffic", "KILL")
        .await?;
    ensure!(killed.code.is_none(), "it ended by itself: {killed:?}");
    let before = until("the traffic back", Duration::from_mins(1), || async {
        let positions = instance.status().await?["positions"].clone();
        let is_back = positions["split"] == json!({}) && positions["versions"]["web"] == "3";
        Ok(is_back.then_some(()))
    })
    .await;
    visitor.abort();
    before?;
    let told = instance
        .spokectl(&["rollback", "--stage", "local", "--yes"])
        .await?
        .with(0)?;
    println!("{}", told.stderr);
    told.says(&[
        "is unfinished",
        "an alarm stopped the shift",
        "spoke-local-web-errors-by-version: datapoints",
        "traffic is on version 3",
    ])?;
    instance.edit(file, to, from)?;
    nothing_moved(instance, bundle, 2).await
}

/// The same version; without visitors no alarm rings, and its probes tell.
async fn failing_probes(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let ended = instance
        .spokectl(&["deploy", "--stage", "local", "--yes", "--probes", "20"])
        .await?
        .with(3)?;
    println!("{}", ended.stderr);
    ended.says(&["a probe failed", "answers 500", "traffic is on version 3"])?;
    let (file, from, to) = BROKEN;
    instance.edit(file, to, from)?;
    change_the_bundle(instance, "'Never to be seen'", "'Sign in now'")?;
    nothing_moved(instance, bundle, 2).await
}

/// `CodeDeploy` would wait an hour for its verdict.
async fn a_dead_hook(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let file = "app/src/functions/hook.rs";
    let (from, to) = (
        "    let left = event.context.deadline()",
        "    if event.payload.deployment_id.len() > 1 { std::process::abort() }\n    let left = event.context.deadline()",
    );
    instance.edit(file, from, to)?;
    // Compiling takes what it takes, and is no part of what is measured.
    instance.spokectl(&["build"]).await?.with(0)?;
    let started = Instant::now();
    let ended = instance.spokectl(DEPLOY).await?.with(3)?;
    let took = started.elapsed();
    println!("   after {took:.1?}\n{}", ended.stderr);
    ensure!(took < Duration::from_mins(2), "found after {took:.1?}");
    ended.says(&[
        "preflight is dead",
        "the hook preflight died\n  why   it ended without a verdict: REPORT RequestId: ",
        "its last words in /aws/lambda/CodeDeployHook_spoke-local-preflight:\n",
        "\n  state checked: traffic is on version 3, pages name bundle ",
        "\n  next  spokectl explain\n        spokectl deploy\n  code  SPK-CD-0011 (exit 3)\n",
    ])?;
    let explained = instance.spokectl(&["explain"]).await?.with(0)?;
    ensure!(
        explained.stdout.contains("preflight"),
        "{}",
        explained.stdout
    );
    instance.edit(file, to, from)?;
    nothing_moved(instance, bundle, 2).await
}

/// The tool cannot see the shift any more; the shift does not need it, and whoever comes next records it.
async fn expired_in_mid_shift(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let deploying = instance.spokectl(DEPLOY);
    tokio::pin!(deploying);
    let is_shifting = until("a split alias", Duration::from_mins(10), || async {
        let split = &instance.status().await?["positions"]["split"];
        Ok((*split != json!({})).then_some(()))
    });
    tokio::select! {
        ended = &mut deploying => bail!("it ended before anything expired: {ended:?}"),
        shifting = is_shifting => shifting?,
    }
    instance
        .fault(&json!({
            "service": "codedeploy", "operation": "GetDeployment",
            "error": {
                "code": "ExpiredTokenException", "status": 403,
                "message": "The security token included in the request is expired",
            },
        }))
        .await?;
    let ended = deploying.await;
    instance.no_faults().await?;
    let ended = ended?.with(7)?;
    println!("{}", ended.stderr);
    ended.says(&[
        "ExpiredTokenException",
        "goes on without us",
        "spokectl deploy",
    ])?;
    let next = instance.spokectl(DEPLOY).await?.with(0)?;
    next.says(&["is unfinished", "is recorded"])?;
    let status = instance.status().await?;
    ensure!(status["astray"] == json!([]), "something moved: {status}");
    ensure!(instance.bundle().await? == bundle, "another bundle");
    Ok(())
}

/// A line of the web function, and what makes every page an error.
const BROKEN: (&str, &str, &str) = (
    "app/src/http/mod.rs",
    ".fallback(get(pages::page))",
    ".fallback(get(async || axum::http::StatusCode::INTERNAL_SERVER_ERROR))",
);

async fn rollback_in_mid_shift(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let left = instance
        .signalled(DEPLOY, "20 % of the traffic", "INT")
        .await?
        .with(130)?;
    left.says(&["goes on without us", "alarms and hooks still watch over it"])?;
    let back = instance
        .spokectl(&["rollback", "--stage", "local", "--yes"])
        .await?
        .with(0)?;
    println!("{}{}", back.stderr, back.stdout);
    back.says(&["stopping it, its traffic goes back"])?;
    nothing_moved(instance, bundle, 2).await
}

/// What was begun is brought to its end by whoever comes next, and is one release; wherever it was.
async fn killed_anywhere(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    let mut said = String::new();
    for when in [
        "[2/7]",
        "[4/7]",
        "[5/7]",
        "20 % of the traffic",
        "100 % of the traffic",
    ] {
        let killed = instance.signalled(DEPLOY, when, "KILL").await?;
        ensure!(killed.code.is_none(), "it ended by itself: {killed:?}");
        said += &killed.stderr;
    }
    let next = instance.spokectl(DEPLOY).await?.with(0)?;
    println!("{}", next.stderr);
    next.says(&["is taken over: its process is gone"])?;
    // The fifth finishes what the fourth began, and may have written it down before it dies.
    said += &next.stderr;
    ensure!(
        said.contains("is recorded"),
        "no \"is recorded\" in\n{said}"
    );
    let status = instance.status().await?;
    ensure!(status["astray"] == json!([]), "something moved: {status}");
    ensure!(instance.bundle().await? == bundle, "another bundle");
    Ok(())
}

async fn rollback(instance: &Instance, first: &str) -> anyhow::Result<()> {
    let texting = Texting::start(instance).await?;
    let ended = instance
        .spokectl(&["rollback", "--stage", "local", "--to", "1", "--yes"])
        .await?
        .with(0)?;
    println!("{}{}", ended.stderr, ended.stdout);
    texting.finish().await?;
    ensure!(instance.bundle().await? == first, "not the first bundle");
    Ok(())
}

async fn without_redis(instance: &Instance, bundle: &str) -> anyhow::Result<()> {
    instance.cache("stop").await?;
    for _ in 0..10 {
        ensure!(
            instance.bundle().await? == bundle,
            "another bundle without Redis"
        );
    }
    instance.cache("start").await
}

async fn down_and_up(instance: &mut Instance, bundle: &str) -> anyhow::Result<()> {
    instance.spokectl(&["down"]).await?.with(0)?;
    ensure!(
        instance.bundle().await.is_err(),
        "it still answers after `down`"
    );
    let took = instance.up(&[]).await?;
    println!("   after {took:.1?}, what was changed compiled again");
    until("the page", Duration::from_secs(10), || async {
        Ok(instance.bundle().await.ok().filter(|found| found == bundle))
    })
    .await?;
    Ok(())
}
