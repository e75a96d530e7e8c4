//! The hooks. After traffic, against the local cloud: aliases, pointer, and what is put back; and what both do in time.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::types::ParameterType;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use spoke::functions::{hook, postflight, preflight};
use spoke_contract::functions::Function;
use spoke_contract::release::{AssetManifest, CodeObject, Release};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::app::{TestApp, aws_at};
use crate::parts;

const BUCKET: &str = "bundles-of-tests";

/// An application whose stage has functions, each with versions 1 and 2 and its alias on 1.
struct Stage {
    app: TestApp,
    followers: Vec<Function>,
}

fn archive() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(b"#!/bin/sh\nexit 1\n").unwrap();
    zip.finish().unwrap().into_inner()
}

fn manifest(bundle: &str) -> AssetManifest {
    AssetManifest {
        bundle: bundle.to_owned(),
        script: format!("assets/{bundle}.js"),
        styles: Vec::new(),
    }
}

impl Stage {
    async fn new(name: &str) -> Self {
        Self::over(name, &parts::get().aws).await
    }

    /// Over the cloud at this address.
    async fn over(name: &str, endpoint: &str) -> Self {
        let aws = aws_at(endpoint).await;
        let pointer = format!("/spoke/{name}/pointer");
        let pending = format!("/spoke/{name}/release-pending");
        let environment = [
            ("STAGE", name),
            ("ASSET_BUCKET", BUCKET),
            ("POINTER_PARAMETER", &pointer),
            ("PENDING_RELEASE_PARAMETER", &pending),
        ];
        let app = TestApp::build(&environment, |app| app.aws = aws).await;
        drop(
            app.app
                .aws
                .s3()
                .await
                .create_bucket()
                .bucket(BUCKET)
                .send()
                .await,
        );
        let followers = Function::ALL
            .into_iter()
            .filter(|function| function.follows_web())
            .collect();
        let stage = Self { app, followers };
        for function in &stage.followers {
            stage.create(&function.lambda_name(name)).await;
        }
        stage
            .put("pointer", &json!(manifest("old")).to_string())
            .await;
        assert!(
            stage
                .app
                .app
                .cache
                .set_pointer(&json!(manifest("old")).to_string())
                .await
        );
        stage
    }

    async fn create(&self, function: &str) {
        let lambda = self.app.app.aws.lambda().await;
        let code = FunctionCode::builder()
            .zip_file(Blob::new(archive()))
            .build();
        lambda
            .create_function()
            .function_name(function)
            .role("arn:aws:iam::000000000000:role/tests")
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .code(code)
            .send()
            .await
            .unwrap();
        for number in ["first", "second"] {
            let environment = Environment::builder().variables("NUMBER", number).build();
            lambda
                .update_function_configuration()
                .function_name(function)
                .environment(environment)
                .send()
                .await
                .unwrap();
            lambda
                .publish_version()
                .function_name(function)
                .send()
                .await
                .unwrap();
        }
        let alias = lambda
            .create_alias()
            .function_name(function)
            .name("Live")
            .function_version("1");
        alias.send().await.unwrap();
    }

    async fn put(&self, parameter: &str, value: &str) {
        let name = format!("/spoke/{}/{parameter}", self.app.app.config.stage);
        let ssm = self.app.app.aws.ssm().await;
        let put = ssm
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .overwrite(true);
        put.send().await.unwrap();
    }

    /// A release of that bundle, with every following function at version 2 but those in `others`.
    async fn pend(&self, bundle: &str, others: &[(&str, &str)]) {
        let names = self.followers.iter().map(|function| function.name());
        let mut versions: BTreeMap<_, _> = names
            .map(|name| (name.to_owned(), "2".to_owned()))
            .collect();
        for (name, version) in others {
            versions.insert((*name).to_owned(), (*version).to_owned());
        }
        let release = Release {
            number: 2,
            revision: "r".to_owned(),
            versions,
            assets: manifest(bundle),
            schema: "1".to_owned(),
            code: CodeObject {
                bucket: "b".to_owned(),
                key: "k".to_owned(),
                sha256: "s".to_owned(),
            },
            deployment_id: String::new(),
            by: "me".to_owned(),
            at: "now".to_owned(),
            reason: "deploy".to_owned(),
        };
        self.put("release-pending", &json!(release).to_string())
            .await;
    }

    async fn upload_bundle(&self) {
        let body = ByteStream::from(json!(manifest("new")).to_string().into_bytes());
        let s3 = self.app.app.aws.s3().await;
        s3.put_object()
            .bucket(BUCKET)
            .key("bundles/new.json")
            .body(body)
            .send()
            .await
            .unwrap();
    }

    /// Where every alias is, what the record says, what the cache says.
    async fn state(&self) -> (Vec<String>, String, String) {
        let mut live = Vec::new();
        for function in &self.followers {
            let name = function.lambda_name(&self.app.app.config.stage);
            live.push(
                spoke::releases::live_version(&self.app.app, &name)
                    .await
                    .unwrap(),
            );
        }
        let recorded = spoke::releases::pointer(&self.app.app)
            .await
            .unwrap()
            .unwrap()
            .bundle;
        let cached: AssetManifest =
            serde_json::from_str(&self.app.app.cache.pointer().await.unwrap()).unwrap();
        (live, recorded, cached.bundle)
    }
}

fn state(version: &str, bundle: &str) -> (Vec<String>, String, String) {
    (
        vec![version.to_owned(); 4],
        bundle.to_owned(),
        bundle.to_owned(),
    )
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// Passes everything on to the cloud but the first request with `silent` in its head once that is set: nobody answers
/// that one.
async fn cloud_with_a_hole(silent: Arc<Mutex<Option<String>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cloud = parts::get().aws.replace("http://", "");
    tokio::spawn(async move {
        while let Ok((from, _)) = listener.accept().await {
            let to = TcpStream::connect(&cloud).await.unwrap();
            tokio::spawn(pass_on(from, to, silent.clone()));
        }
    });
    format!("http://{address}")
}

async fn pass_on(from: TcpStream, to: TcpStream, silent: Arc<Mutex<Option<String>>>) {
    let (mut asks, mut hears) = from.into_split();
    let (mut answers, mut takes) = to.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut answers, &mut hears).await });
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = asks.read(&mut bytes).await {
        let text = String::from_utf8_lossy(&bytes[..count]);
        let is_silent = silent
            .lock()
            .unwrap()
            .take_if(|silent| text.contains(silent.as_str()))
            .is_some();
        if is_silent {
            return std::future::pending().await;
        }
        if takes.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn when_time_runs_out_what_had_moved_is_put_back() {
    let silent = Arc::new(Mutex::new(None));
    let endpoint = cloud_with_a_hole(silent.clone()).await;
    let stage = Stage::over("release-late", &endpoint).await;
    stage.upload_bundle().await;
    stage.pend("new", &[]).await;
    let last = stage.followers.last().unwrap().lambda_name("release-late");
    *silent.lock().unwrap() = Some(format!("PUT /2015-03-31/functions/{last}/aliases/Live"));
    let until = Instant::now() + Duration::from_secs(26);
    let reason = postflight::work(&stage.app.app, until).await.unwrap_err();
    assert!(Instant::now() < until);
    assert_eq!(*silent.lock().unwrap(), None);
    assert_eq!(reason.subject, "time");
    assert!(
        reason.cause.ends_with("what had moved is put back"),
        "{reason:?}"
    );
    assert_eq!(stage.state().await, state("1", "old"));
}

/// Somebody else holds the lock of the migrations, and Lambda's limit is near: `CodeDeploy` would wait for an hour.
#[tokio::test]
async fn a_hook_that_is_not_done_says_so_before_lambda_ends_it() {
    let app = TestApp::new().await;
    let mut other = app.app.db.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(77653)")
        .execute(&mut *other)
        .await
        .unwrap();
    let (told, mut verdicts) = mpsc::unbounded_channel();
    let codedeploy = axum::Router::new().fallback(async move |verdict: String| {
        told.send(verdict).unwrap();
        "{}"
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, codedeploy).into_future());

    let limit = SystemTime::now() + Duration::from_secs(10);
    let mut context = lambda_runtime::Context::default();
    let milliseconds = limit.duration_since(UNIX_EPOCH).unwrap().as_millis();
    context.deadline = milliseconds.try_into().unwrap();
    let event = json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"});
    let event = LambdaEvent::new(serde_json::from_value(event).unwrap(), context);
    let work = |_| preflight::work(&app.app);
    let answer = hook::run(&aws_at(&endpoint).await, event, work)
        .await
        .unwrap();
    assert!(SystemTime::now() < limit);
    assert_eq!(answer, json!({"status": "Failed"}));
    let verdict: Value = serde_json::from_str(&verdicts.recv().await.unwrap()).unwrap();
    assert_eq!(
        verdict,
        json!({
            "deploymentId": "d-1", "lifecycleEventHookExecutionId": "h-1", "status": "Failed",
        })
    );
}

#[tokio::test]
async fn the_other_functions_move_and_then_the_bundle() {
    let stage = Stage::new("release-good").await;
    stage.upload_bundle().await;
    stage.pend("new", &[]).await;
    postflight::work(&stage.app.app, in_a_minute())
        .await
        .unwrap();
    assert_eq!(stage.state().await, state("2", "new"));
    // The same hook once more finds everything done.
    postflight::work(&stage.app.app, in_a_minute())
        .await
        .unwrap();
    assert_eq!(stage.state().await, state("2", "new"));
}

#[tokio::test]
async fn when_one_function_cannot_move_all_are_put_back() {
    let stage = Stage::new("release-stuck").await;
    stage.upload_bundle().await;
    let last = stage.followers.last().unwrap().name();
    stage.pend("new", &[(last, "99")]).await;
    let reason = postflight::work(&stage.app.app, in_a_minute())
        .await
        .unwrap_err();
    assert!(reason.subject.ends_with(last), "{reason:?}");
    assert!(reason.cause.contains("99"), "{reason:?}");
    assert_eq!(stage.state().await, state("1", "old"));
}

#[tokio::test]
async fn a_bundle_that_was_not_uploaded_moves_nothing() {
    let stage = Stage::new("release-missing").await;
    stage.pend("gone", &[]).await;
    let reason = postflight::work(&stage.app.app, in_a_minute())
        .await
        .unwrap_err();
    assert_eq!(reason.subject, "pointer");
    assert!(
        reason.cause.contains("bundles/gone.json is not there"),
        "{reason:?}"
    );
    assert_eq!(stage.state().await, state("1", "old"));
}

#[tokio::test]
async fn without_a_release_being_made_the_hook_fails() {
    let stage = Stage::new("release-none").await;
    let reason = postflight::work(&stage.app.app, in_a_minute())
        .await
        .unwrap_err();
    assert!(
        reason.cause.contains("no release is being made"),
        "{reason:?}"
    );
    assert_eq!(stage.state().await, state("1", "old"));
}
