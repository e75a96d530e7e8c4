//! What every command says about an instance that lives: as text, as JSON, refused and failed.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use bytes::Bytes;
use insta::Settings;
use serde_json::json;
use spoke_contract::functions::Function;
use spoke_contract::names;
use spokectl::cloud::s3::Headers;
use spokectl::failure::codes;
use spokectl::release::proof;
use spokectl::release::stack::apply;
use spokectl::template::Kind;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::command_line::spokectl_in;
use crate::working_copy::Setting;

pub(crate) const JSON: Headers = Headers {
    content_type: "application/json",
    cache_control: "no-cache",
};

/// A function archive whose program does nothing.
pub(crate) async fn upload_functions(setting: &Setting, bucket: &str) {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file("bootstrap", options).unwrap();
    archive.write_all(b"#!/bin/sh\nexit 1\n").unwrap();
    let bytes = Bytes::from(archive.finish().unwrap().into_inner());
    let headers = Headers {
        content_type: "application/zip",
        cache_control: "no-cache",
    };
    let objects = &setting.ctx.cloud.objects;
    objects
        .put(bucket, "functions/0.zip", bytes, headers)
        .await
        .unwrap();
}

/// The stacks of stage local, and what they are given.
pub(crate) async fn stacks(setting: &Setting) -> BTreeMap<String, String> {
    setting.real_templates();
    let mut known = BTreeMap::new();
    for kind in [Kind::Network, Kind::Data] {
        let applied = apply(&setting.ctx, kind, &known).await.unwrap();
        known.extend(applied.outputs);
    }
    Box::pin(upload_functions(setting, &known["ArtifactBucket"])).await;
    for (name, value) in [
        ("CodeKey", "functions/0.zip"),
        ("ScalerKey", "functions/0.zip"),
        ("Release", "2"),
        ("Bundle", "4f1c9a2b7d10"),
    ] {
        known.insert(name.to_owned(), value.to_owned());
    }
    let app = apply(&setting.ctx, Kind::App, &known).await.unwrap();
    known.extend(app.outputs);
    known
}

/// An instance with two releases, and a third that failed. The versions of the first are gone from Lambda.
async fn instance() -> Setting {
    let setting = Setting::new().await;
    let known = stacks(&setting).await;
    let cloud = &setting.ctx.cloud;
    let release = |number: u64, bundle: &str| {
        let version = if number == 2 { "1" } else { "0" };
        let versions: BTreeMap<&str, &str> = Function::ALL
            .into_iter()
            .filter(|function| !function.is_hook())
            .map(|function| (function.name(), version))
            .collect();
        json!({
            "number": number, "revision": format!("c0ffee00000{number}"), "versions": versions,
            "assets": {"bundle": bundle, "script": format!("assets/index-{bundle}.js"), "styles": []},
            "schema": "20260101000000", "deploymentId": format!("d-00000000{number}"),
            "code": {"bucket": known["ArtifactBucket"], "key": "functions/0.zip", "sha256": "0"},
            "by": "arn:aws:iam::000000000000:user/ana", "at": format!("2026-01-0{number}T00:00:00Z"),
            "reason": "deploy",
        })
    };
    let put = async |bucket: &str, key: String, value: &serde_json::Value| {
        let bytes = Bytes::from(value.to_string());
        cloud.objects.put(bucket, &key, bytes, JSON).await.unwrap();
    };
    for (number, bundle) in [(1, "0a1b2c3d4e5f"), (2, "4f1c9a2b7d10")] {
        let release = release(number, bundle);
        let key = names::release_object("local", number);
        put(&known["ArtifactBucket"], key, &release).await;
        let key = names::bundle_object(bundle);
        put(&known["AssetBucket"], key, &release["assets"]).await;
        let record = release.to_string();
        let pointer = release["assets"].to_string();
        let parameters = &cloud.parameters;
        parameters
            .put(&names::release_parameter("local"), &record)
            .await
            .unwrap();
        parameters
            .put(&names::pointer_parameter("local"), &pointer)
            .await
            .unwrap();
    }
    let failed = json!({
        "number": 3, "revision": "c0ffee000003", "deploymentId": "d-000000003", "at": "2026-01-03T00:00:00Z",
        "failure": {
            "code": "SPK-CD-0009", "what": "release 3 went back", "why": ["alarm spoke-local-web-errors rang"],
            "state": ["traffic is on version 1"], "next": ["spokectl logs --function web"],
        },
        "phases": null, "alarms": null, "lastLines": ["thread panicked"],
    });
    let key = "failures/local/000003.json".to_owned();
    put(&known["ArtifactBucket"], key, &failed).await;
    setting
}

/// Runs commands one after the other; what each said and how it ended.
pub(crate) fn said(setting: &Setting, commands: &[&str]) -> String {
    let root = setting.root().to_str().unwrap();
    let mut said = Vec::new();
    for command in commands {
        let run = spokectl_in(root, &command.split(' ').collect::<Vec<_>>());
        said.push(format!(
            "$ spokectl {command}\n{}--- talk\n{}--- exit {}\n",
            run.stdout, run.stderr, run.code
        ));
    }
    said.join("\n")
}

/// What differs from run to run.
pub(crate) fn same_every_time(root: &str) -> Settings {
    let mut settings = Settings::clone_current();
    for (pattern, name) in [
        (root, "[root]"),
        (r"http://[a-z0-9-]+\.[^\s\x22]+:\d+", "[url]"),
        (r"http://localhost:\d+", "[url]"),
        (r"127\.0\.0\.1:\d+", "[address]"),
        (
            r"20(2[6-9]|[3-9]\d)-[01]\d-[0-3]\dT[\d:.]+(Z|\+00:00)",
            "[time]",
        ),
        (
            r"20(2[6-9]|[3-9]\d)-[01]\d-[0-3]\d [\d:]{5,8}( UTC)?",
            "[time]",
        ),
        (r"\b\d+(\.\d+)? (s|ms|min)\b", "[duration]"),
        (r"\b\d+ days\b", "[days]"),
        // What the machine is doing meanwhile.
        (
            r"(?s)alarms   .*?\ndatabase ",
            "alarms      [alarms]\ndatabase ",
        ),
        (r"CPU \d+ %", "CPU [number] %"),
        (
            r"\x22(cpuPercent|connections|throttles|calls|errors)\x22: [\d.]+",
            "\"$1\": [number]",
        ),
        (r"(?m)^(\w+ +\d+ +)\d+ +\d+ +\d+$", "$1[numbers]"),
        (
            r"\x22(state|reason)\x22: \x22(OK|ALARM|INSUFFICIENT_DATA|Threshold|Insufficient)[^\x22]*\x22",
            "\"$1\": [alarm]",
        ),
        (
            r"\x22datapoints\x22: \[[^\]]*\]",
            "\"datapoints\": [numbers]",
        ),
        (r"\b\d\d:\d\d:\d\d\b", "[clock]"),
        (r"\b\d+:\d\d\b", "[clock]"),
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[uuid]",
        ),
        // What was measured of a database that idles, and how often a change was looked at.
        (
            r"CPU [\d, ]+ % \(newest first\) · connections \d+ · calls a minute (\d+|no data)",
            "CPU [numbers]",
        ),
        (r"(?s)\x22cpu\x22: \[.*?\n( *)\],", "\"cpu\": [numbers],"),
        (
            r"\x22(cpu|cpuBefore|cpuAfter|connectionsAfter|errorsAfter|dayPeak)\x22: [\d.]+",
            "\"$1\": [number]",
        ),
        (
            r"CPU (\d+ %|\[number\] %|–) → (\d+ %|–)(, \d+ connections, \d+ failed)?",
            "CPU [numbers]$3",
        ),
        (r"(?m)^.*, for \d+ minutes so far\n", ""),
        (r"\bin \d+ minutes\b", "in [minutes]"),
        (r"20(2[6-9]|[3-9]\d)-[01]\d-[0-3]\d\b", "[day]"),
        (r"Etc/GMT[+-]\d+", "[zone]"),
    ] {
        settings.add_filter(pattern, name);
    }
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_an_instance_that_lives() {
    let setting = instance().await;
    let settings = same_every_time(setting.root().to_str().unwrap());
    let _same = settings.bind_to_scope();
    for (name, commands) in [
        ("status", &["status", "status --output json"][..]),
        (
            "bundle",
            &[
                "bundle list",
                "bundle list --output json",
                "bundle show",
                "bundle show --output json",
                "bundle show 000000000000",
            ],
        ),
        (
            "explain",
            &[
                "explain",
                "explain --output json",
                "explain --release 2",
                "explain --release 9",
            ],
        ),
        (
            "lock",
            &[
                "lock status",
                "lock status --output json",
                "lock release --yes",
            ],
        ),
        ("secrets", &["secrets list", "secrets list --output json"]),
        ("plan", &["plan", "plan --output json"]),
        (
            "rollback",
            &[
                "rollback --plan-only",
                "rollback --plan-only --output json",
                "rollback --to 9 --yes",
                "rollback",
                "rollback --yes",
            ],
        ),
        (
            "deploy",
            &[
                "deploy",
                "deploy --plan missing.plan",
                "deploy --accept routine",
                "deploy --probes many",
            ],
        ),
        (
            "logs",
            &[
                "logs --function web",
                "logs --function web --output json",
                "logs --since soon",
            ],
        ),
        (
            "config",
            &[
                "config explain app.web_memory",
                "config explain app.web_memory --output json",
                "config explain app.env.PASSPORT_STRATEGY",
                "config explain app.env.NOTHING",
            ],
        ),
        (
            "init",
            &[
                "init --stage field --account 123456789012 --region us-west-2 --texts 20000 --texters 50",
                "init --stage field --account 123456789012 --region us-west-2 --texts 20000 --texters 50",
                "init --stage json --account 123456789012 --region us-west-2 --texts 20000 --texters 50 --output json",
                "init --stage team --account 123456789012 --region us-west-2 --texts 20000 --texters 50 --sign-in slack",
                "init --stage team --account 123456789012 --region us-west-2 --texts 20000 --texters 50 --sign-in slack --client-id 12.34 --provider ours",
                "init --stage team --account 123456789012 --region us-west-2 --texts 20000 --texters 50 --sign-in slack --client-id 12.34 --provider T0CAMPAIGN",
            ],
        ),
        (
            "eject",
            &[
                "eject --out out",
                "eject --out out --output json",
                "eject --out templates",
            ],
        ),
    ] {
        insta::assert_snapshot!(name, said(&setting, commands));
    }
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_says_by_whom() {
    let setting = Setting::new().await;
    let lock = json!({
        "owner": "arn:aws:iam::000000000000:user/ana", "host": "another-machine", "pid": 1,
        "at": "2026-01-01T00:00:00Z", "verb": "deploy", "reason": "fixes the join link",
    });
    let parameters = &setting.ctx.cloud.parameters;
    parameters
        .put("/spoke/local/lock", &lock.to_string())
        .await
        .unwrap();
    let settings = same_every_time(setting.root().to_str().unwrap());
    let _same = settings.bind_to_scope();
    insta::assert_snapshot!(
        "locked",
        said(
            &setting,
            &[
                "lock status",
                "lock status --output json",
                "lock release --output json",
                "deploy --yes",
                "deploy --yes --output json",
                "rollback --yes",
                "lock release",
                "lock release --yes",
                "lock status",
            ]
        )
    );
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_that_nothing_could_stop_or_end_is_refused() {
    let setting = Setting::new().await;
    let known = stacks(&setting).await;
    // The hooks there are do nothing, so they cannot answer.
    let failure = proof::before_shift(&setting.ctx).await.unwrap_err();
    assert_eq!(failure.code, codes::HOOK_MUTE);
    assert_eq!(failure.state, ["nothing was shifted"]);

    let template = setting.root().join("templates/app.yaml.hbs");
    let text = std::fs::read_to_string(template).unwrap();
    setting.template(
        "app",
        &text.replace("name=\"web-5xx\"", "name=\"web-other\""),
    );
    apply(&setting.ctx, Kind::App, &known).await.unwrap();
    let failure = proof::before_shift(&setting.ctx).await.unwrap_err();
    assert_eq!(
        (failure.code, failure.kind.number()),
        (codes::CANARY_BLIND, 5)
    );
    assert!(
        failure.why[0].contains("spoke-local-web-5xx is missing"),
        "{failure:?}"
    );
    setting.end().await;
}
