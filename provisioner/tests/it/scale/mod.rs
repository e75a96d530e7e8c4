//! The database's size, over a local cloud whose databases are real.

mod growth;
mod kinds;
mod said;
mod slack;
mod trouble;

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{Timelike as _, Utc};
use serde_json::Value;
use spokectl::cloud::s3::Headers;
use spokectl::release::stack::apply;
use spokectl::scale::{Scope, Settings, ledger};
use spokectl::stage;
use spokectl::template::Kind;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::command_line::{Run, spokectl_in};
use crate::working_copy::Setting;

/// A cloud minute takes a second, as the stage file's `scaling.period_seconds` says.
const SPEED: f64 = 60.0;

/// Network and data of stage local with another database: nothing else is needed to change a size by hand.
async fn database(edits: &[(&str, &str)]) -> Setting {
    let mut setting = Setting::at(SPEED, 1.0).await;
    setting.real_templates();
    edit(&setting, edits);
    write_stage(&setting, |text| {
        format!("{text}time_zone = \"{}\"\n", zone_where_it_is_noon())
    });
    reload(&mut setting).await;
    let network = apply(&setting.ctx, Kind::Network, &BTreeMap::new())
        .await
        .unwrap();
    apply(&setting.ctx, Kind::Data, &network.outputs)
        .await
        .unwrap();
    setting
}

/// Replaces what must be there in the stage file.
fn edit(setting: &Setting, edits: &[(&str, &str)]) {
    for (old, new) in edits {
        write_stage(setting, |text| {
            assert!(text.contains(old), "no {old:?} in the stage file");
            text.replacen(old, new, 1)
        });
    }
}

fn write_stage(setting: &Setting, change: impl FnOnce(&str) -> String) {
    let file = setting.root().join("stages/local.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, change(&text)).unwrap();
}

/// Nothing becomes smaller in the evening: not where it is evening now.
fn zone_where_it_is_noon() -> String {
    match 12 - i64::from(Utc::now().hour()) {
        // POSIX counts westwards.
        ahead @ 0.. => format!("Etc/GMT-{ahead}"),
        behind => format!("Etc/GMT+{}", -behind),
    }
}

/// Where the scaler works.
async fn scope(setting: &Setting) -> Scope {
    let data = setting.ctx.cloud.stacks.find("spoke-local-data").await;
    Scope {
        cloud: setting.ctx.cloud.clone(),
        settings: Settings::of(&setting.ctx.stage).unwrap(),
        bucket: data.unwrap().unwrap().outputs["ArtifactBucket"].clone(),
    }
}

/// The stage as a command would see it now.
async fn reload(setting: &mut Setting) {
    let ctx = &mut setting.ctx;
    ctx.stage = stage::load(&ctx.repository, "local").unwrap();
    let kept = ledger::read(&ctx.cloud.parameters, "local").await.unwrap();
    ledger::enlarge(&mut ctx.stage, &kept);
}

fn run(setting: &Setting, arguments: &[&str]) -> Run {
    let mut all = vec!["scale"];
    all.extend(arguments);
    spokectl_in(setting.root().to_str().unwrap(), &all)
}

fn told(setting: &Setting, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.extend(["--output", "json"]);
    let run = run(setting, &all);
    assert_eq!(run.code, 0, "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

async fn class(setting: &Setting) -> String {
    let instance = setting.ctx.cloud.databases.instance("spoke-local").await;
    instance.unwrap().unwrap().class
}

const PATIENCE: Duration = Duration::from_mins(10);

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn until_async(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !look().await {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Outputs of network and data, and the values of a release.
async fn known(setting: &Setting) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for stack in ["spoke-local-network", "spoke-local-data"] {
        let stack = setting.ctx.cloud.stacks.find(stack).await.unwrap();
        known.extend(stack.unwrap().outputs);
    }
    for (name, value) in [
        ("CodeKey", "functions/0.zip"),
        ("ScalerKey", "functions/scaler.zip"),
        ("Release", "0"),
        ("Bundle", "none"),
    ] {
        known.insert(name.to_owned(), value.to_owned());
    }
    known
}

async fn upload(setting: &Setting, bucket: &str, key: &str, program: &[u8]) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o755);
    archive.start_file("bootstrap", options).unwrap();
    archive.write_all(program).unwrap();
    let bytes = Bytes::from(archive.finish().unwrap().into_inner());
    let headers = Headers {
        content_type: "application/zip",
        cache_control: "no-cache",
    };
    let objects = &setting.ctx.cloud.objects;
    objects.put(bucket, key, bytes, headers).await.unwrap();
}

/// An operation of a service that speaks the query protocol, as any client would call it.
async fn query(setting: &Setting, what: &str) -> String {
    let address = format!("{}/?Version=2014-10-31&{what}", setting.endpoint());
    let answer = http().get(address).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    text
}

/// An operation of a service that speaks JSON.
async fn call(setting: &Setting, target: &str, input: &Value) {
    let call = http()
        .post(setting.endpoint())
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.1")
        .body(input.to_string());
    let answer = call.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
}

/// The faults of the cloud: reads them, puts one in force, or ends them all.
async fn control(setting: &Setting, method: reqwest::Method, fault: Option<&Value>) -> Value {
    let mut call = http().request(
        method,
        format!("{}/_local-cloud/faults", setting.endpoint()),
    );
    if let Some(fault) = fault {
        call = call.json(fault);
    }
    let answer = call.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().unwrap()
}
