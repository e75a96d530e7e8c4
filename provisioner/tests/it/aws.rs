//! A stage on AWS: without credentials, with old ones, and with the local cloud in AWS's place.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use spokectl::release::stack::apply;
use spokectl::stage;
use spokectl::template::Kind;

use crate::command_line::{Run, spokectl_as, working_copy};
use crate::outputs::same_every_time;
use crate::working_copy::Setting;

/// No machine of AWS's: nobody asks for its role.
pub(crate) const NO_MACHINE: (&str, &str) = ("AWS_EC2_METADATA_DISABLED", "true");
pub(crate) const KEY: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "local"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
];

pub(crate) fn told(command: &str, run: &Run) -> String {
    let (out, talk, code) = (&run.stdout, &run.stderr, run.code);
    format!("$ spokectl {command}\n{out}--- talk\n{talk}--- exit {code}\n")
}

#[test]
fn nobody_without_credentials_touches_anything_and_they_are_told_how_to_get_some() {
    let folder = working_copy(&[("prod", include_str!("prod.toml"))]);
    let path = folder.path().to_str().unwrap();
    let mut said = Vec::new();
    for command in [
        "status --stage prod",
        "deploy --stage prod --yes",
        "plan --stage prod --output json",
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let run = spokectl_as(path, &[NO_MACHINE, ("HOME", path)], &arguments, "");
        said.push(told(command, &run));
    }
    insta::assert_snapshot!("no_credentials", said.join("\n"));
}

/// Answers everything as STS answers a token that has run out, on an address of its own.
fn expired() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 8192];
            if stream.read(&mut request).unwrap_or(0) == 0 {
                continue;
            }
            let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                <Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>\
                <RequestId>1</RequestId></ErrorResponse>";
            let head = format!(
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            drop(stream.write_all(format!("{head}{body}").as_bytes()));
        }
    });
    url
}

#[test]
fn credentials_that_have_expired_are_called_so() {
    let folder = working_copy(&[("prod", include_str!("prod.toml"))]);
    let path = folder.path().to_str().unwrap();
    let url = expired();
    let mut environment = KEY.to_vec();
    environment.extend([("AWS_SESSION_TOKEN", "old"), ("AWS_ENDPOINT_URL", &url)]);
    let mut said = Vec::new();
    for command in [
        "status --stage prod",
        "rollback --stage prod --yes --output json",
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let run = spokectl_as(path, &environment, &arguments, "");
        said.push(told(command, &run));
    }
    insta::assert_snapshot!("expired_credentials", said.join("\n"));
}

/// Stage `local` without its endpoint file is a stage on AWS.
pub(crate) fn on_aws(setting: &Setting, change: impl Fn(&str) -> String) -> String {
    let text = include_str!("../../../stages/local.toml");
    let is_endpoint = |line: &&str| line.starts_with("endpoint_file");
    assert!(text.lines().any(|line| is_endpoint(&line)));
    let lines: Vec<_> = text.lines().filter(|line| !is_endpoint(line)).collect();
    let text = lines.join("\n").replace("# glibc = ", "glibc = ");
    let path = setting.root().join("stages/field.toml");
    std::fs::write(path, change(&text)).unwrap();
    let known = std::fs::read_to_string(setting.root().join(".spoke/cloud.json")).unwrap();
    let known: serde_json::Value = serde_json::from_str(&known).unwrap();
    known["endpoint"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_on_aws_that_releases_nothing_is_warned_of() {
    let setting = Setting::new().await;
    setting.real_templates();
    let endpoint = on_aws(&setting, |text| {
        text.replace("[release]", "[release]\ncodedeploy = false")
    });
    let path = setting.root().to_str().unwrap();
    let mut environment = KEY.to_vec();
    environment.push(("AWS_ENDPOINT_URL", &endpoint));
    let warning = "warning: release.codedeploy = false";
    let plan = |stage| spokectl_as(path, &environment, &["plan", "--stage", stage], "");
    let run = plan("field");
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stdout.starts_with(warning), "{}", run.stdout);
    // Where it goes on to build, there is nothing to build here, nor with.
    let nowhere = [&environment[..], &[("PATH", path)]].concat();
    let run = spokectl_as(path, &nowhere, &["deploy", "--stage", "field", "--yes"], "");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    // The cloud on a laptop may do so, and a stage that releases has nothing to be warned of.
    assert!(!plan("local").stdout.contains("warning"));
    on_aws(&setting, ToOwned::to_owned);
    assert!(!plan("field").stdout.contains("warning"));
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_waits_for_the_secrets_somebody_has_to_set() {
    let mut setting = Setting::new().await;
    setting.real_templates();
    let text = include_str!("../../../stages/local.toml").replace(
        "[app.env]",
        "[app.env]\nPASSPORT_STRATEGY = \"slack\"\nSLACK_CLIENT_ID = \"12.34\"\nSLACK_TEAM_ID = \"T0CAMPAIGN\"",
    );
    // The cloud on this machine has no way out, and needs none: Slack is never asked here.
    let text = text.replace("nat = \"none\"", "nat = \"one\"");
    std::fs::write(setting.root().join("stages/local.toml"), text).unwrap();
    setting.ctx.stage = stage::load(&setting.ctx.repository, "local").unwrap();
    let mut known = std::collections::BTreeMap::new();
    for kind in [Kind::Network, Kind::Data] {
        known.extend(apply(&setting.ctx, kind, &known).await.unwrap().outputs);
    }
    assert!(known["SignInSecretArn"].contains("spoke-local-sign-in"));
    // In the middle of a first release as well: the stacks before the functions are made, and the next commands named.
    let failure = spokectl::release::secrets::all_set(&setting.ctx)
        .await
        .unwrap_err();
    assert_eq!(
        failure.next,
        ["spokectl secrets set sign-in", "spokectl deploy"]
    );
    let path = setting.root().to_str().unwrap();
    let settings = same_every_time(path);
    let _same = settings.bind_to_scope();
    let run = |command: &str, stdin: &str| {
        let arguments: Vec<_> = command.split(' ').collect();
        told(command, &spokectl_as(path, &[], &arguments, stdin))
    };
    let refused = [
        run("deploy --yes", ""),
        run("deploy --yes --output json", ""),
        run("secrets list", ""),
        run("secrets set sign-in", "too-short"),
        run("secrets set sign-in", "0123456789abcdef0123456789abcdef"),
        run(
            "secrets set sign-in --output json --yes",
            "0123456789abcdef0123456789abcdea",
        ),
        run("secrets list", ""),
    ];
    insta::assert_snapshot!("empty_secret", refused.join("\n"));
    let plan = run("plan", "");
    assert!(
        plan.contains("--- exit 2") && !plan.contains("refused"),
        "{plan}"
    );
    // In the middle of a first release that is all it waited for.
    spokectl::release::secrets::all_set(&setting.ctx)
        .await
        .unwrap();
    setting.end().await;
}
