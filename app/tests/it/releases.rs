//! The hook after traffic, against the local cloud: aliases, pointer, and what is put back.

use std::collections::BTreeMap;
use std::io::Write;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::types::ParameterType;
use serde_json::json;
use spoke::functions::postflight;
use spoke_contract::functions::Function;
use spoke_contract::release::{AssetManifest, CodeObject, Release};

use crate::app::TestApp;

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
        let pointer = format!("/spoke/{name}/pointer");
        let pending = format!("/spoke/{name}/release-pending");
        let app = TestApp::with(&[
            ("STAGE", name),
            ("ASSET_BUCKET", BUCKET),
            ("POINTER_PARAMETER", &pointer),
            ("PENDING_RELEASE_PARAMETER", &pending),
        ])
        .await;
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

#[tokio::test]
async fn the_other_functions_move_and_then_the_bundle() {
    let stage = Stage::new("release-good").await;
    stage.upload_bundle().await;
    stage.pend("new", &[]).await;
    postflight::work(&stage.app.app).await.unwrap();
    assert_eq!(stage.state().await, state("2", "new"));
    // The same hook once more finds everything done.
    postflight::work(&stage.app.app).await.unwrap();
    assert_eq!(stage.state().await, state("2", "new"));
}

#[tokio::test]
async fn when_one_function_cannot_move_all_are_put_back() {
    let stage = Stage::new("release-stuck").await;
    stage.upload_bundle().await;
    let last = stage.followers.last().unwrap().name();
    stage.pend("new", &[(last, "99")]).await;
    let reason = postflight::work(&stage.app.app).await.unwrap_err();
    assert!(reason.subject.ends_with(last), "{reason:?}");
    assert!(reason.cause.contains("99"), "{reason:?}");
    assert_eq!(stage.state().await, state("1", "old"));
}

#[tokio::test]
async fn a_bundle_that_was_not_uploaded_moves_nothing() {
    let stage = Stage::new("release-missing").await;
    stage.pend("gone", &[]).await;
    let reason = postflight::work(&stage.app.app).await.unwrap_err();
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
    let reason = postflight::work(&stage.app.app).await.unwrap_err();
    assert!(
        reason.cause.contains("no release is being made"),
        "{reason:?}"
    );
    assert_eq!(stage.state().await, state("1", "old"));
}
