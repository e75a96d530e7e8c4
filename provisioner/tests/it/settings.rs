//! `init`, `config`, `secrets` and `eject`, as somebody types them.

use std::collections::BTreeSet;
#[cfg(target_os = "linux")]
use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use spokectl::failure::codes;
use spokectl::release::stack::apply;
use spokectl::stage::keys;
use spokectl::template::Kind;

use crate::command_line::{spokectl_in, spokectl_told, working_copy};
use crate::templates::{fixtures, repository};
use crate::working_copy::Setting;

const ANSWERS: [&str; 19] = [
    "init",
    "--stage",
    "prod",
    "--account",
    "123456789012",
    "--region",
    "us-west-2",
    "--texts",
    "300000",
    "--texters",
    "800",
    "--domain",
    "text.example.org",
    "--alarms",
    "ops@example.org, field@example.org",
    "--budget",
    "500",
    "--carrier",
    "AC00000000000000000000000000000000",
];

#[test]
fn init_writes_a_stage_file_with_every_setting_and_its_meaning() {
    let folder = working_copy(&[]);
    let path = folder.path().to_str().unwrap();
    let run = spokectl_in(path, &ANSWERS);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let text = std::fs::read_to_string(folder.path().join("stages/prod.toml")).unwrap();
    insta::assert_snapshot!("init-prod", format!("{text}\n--- stdout\n{}", run.stdout));
    // It is a stage like any other.
    let run = spokectl_in(
        path,
        &[
            "config",
            "explain",
            "app.concurrency.web",
            "--stage",
            "prod",
        ],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn init_never_writes_over_a_stage() {
    let folder = working_copy(&[("prod", include_str!("prod.toml"))]);
    let run = spokectl_in(folder.path().to_str().unwrap(), &ANSWERS);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""));
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn init_asks_for_what_has_no_default_by_its_flag_where_nobody_can_answer() {
    let folder = working_copy(&[]);
    let path = folder.path().to_str().unwrap();
    let run = spokectl_in(path, &["init", "--stage", "prod", "--output", "json"]);
    assert_eq!(run.code, 5);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["failure"]["code"], codes::NO_TERMINAL.id);
    assert_eq!(answer["failure"]["what"], "--account is missing");
}

/// `init` on a terminal, which util-linux's `script` makes; what was shown, echo included.
#[cfg(target_os = "linux")]
fn init_on_a_terminal(folder: &Path, arguments: &str, answers: &[&str]) -> (i32, String) {
    let command = format!("{} init {arguments}", env!("CARGO_BIN_EXE_spokectl"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let typed = answers.join("\n") + "\n";
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    let shown = String::from_utf8(ended.stdout).unwrap();
    (ended.status.code().unwrap(), shown)
}

#[cfg(target_os = "linux")]
#[test]
fn init_asks_at_most_ten_questions_on_a_terminal() {
    let folder = working_copy(&[]);
    let answers = [
        "prod",
        "123456789012 us-west-2",
        "300,000",
        "800",
        "text.example.org",
        "AC00000000000000000000000000000000",
        "slack",
        "12.34 T0CAMPAIGN",
        "ops@example.org, field@example.org",
        "$1,500",
    ];
    let (code, shown) = init_on_a_terminal(folder.path(), "", &answers);
    assert_eq!((code, shown.matches('?').count()), (0, 10), "{shown}");
    let text = std::fs::read_to_string(folder.path().join("stages/prod.toml")).unwrap();
    for line in [
        "account = \"123456789012\"",
        "region = \"us-west-2\"",
        "domain = \"text.example.org\"",
        "SLACK_CLIENT_ID = \"12.34\"",
        "SLACK_TEAM_ID = \"T0CAMPAIGN\"",
        "email = [\"ops@example.org\", \"field@example.org\"]",
        "weekly_budget = 1500",
    ] {
        assert!(text.lines().any(|there| there == line), "{line}\n{text}");
    }
}

/// Of two that belong together only the other one is asked for, and has its default.
#[cfg(target_os = "linux")]
#[test]
fn init_asks_for_no_answer_it_was_given() {
    let sizes =
        "--texts 20000 --texters 50 --domain none --carrier none --sign-in password --alarms none";
    for (given, answer, region) in [
        ("--account 123456789012", "us-west-2", "us-west-2"),
        ("--account 123456789012", "", "us-east-1"),
        ("--region us-east-2", "123456789012", "us-east-2"),
    ] {
        let folder = working_copy(&[]);
        let arguments = format!("--stage prod {given} {sizes} --budget $500");
        let arguments = arguments.replace('$', "\\$");
        let (code, shown) = init_on_a_terminal(folder.path(), &arguments, &[answer]);
        assert_eq!((code, shown.matches('?').count()), (0, 1), "{shown}");
        let text = std::fs::read_to_string(folder.path().join("stages/prod.toml")).unwrap();
        for line in [
            "account = \"123456789012\"",
            &format!("region = \"{region}\""),
            "weekly_budget = 500",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn init_takes_no_budget_it_cannot_read_for_none() {
    let folder = working_copy(&[]);
    let arguments = "--stage prod --account 123456789012 --region us-east-1 --texts 20000 --texters 50 \
        --domain none --carrier none --sign-in password --alarms none";
    let (code, shown) = init_on_a_terminal(folder.path(), arguments, &["a few hundred"]);
    assert_eq!(code, 1, "{shown}");
    let told = "\"a few hundred\" cannot be read: whole dollars a week, such as 500, please";
    assert!(shown.contains(told), "{shown}");
    assert!(!folder.path().join("stages/prod.toml").exists());
}

#[test]
fn init_tells_every_wrong_answer_and_writes_nothing() {
    let folder = working_copy(&[]);
    let mut wrong = ANSWERS;
    wrong[4] = "12345";
    wrong[12] = "https://text.example.org/";
    let run = spokectl_in(folder.path().to_str().unwrap(), &wrong);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.stderr);
    assert!(!folder.path().join("stages/prod.toml").exists());
}

#[test]
fn config_explain_says_what_a_value_is_and_where_it_comes_from() {
    let folder = working_copy(&[("prod", include_str!("prod.toml"))]);
    let path = folder.path().to_str().unwrap();
    let explain = |key: &str| spokectl_in(path, &["config", "explain", key, "--stage", "prod"]);
    let told: Vec<_> = [
        "database.backup_days",
        "database.tls",
        "edge.domain",
        "app.env.MAX_CONTACTS",
    ]
    .map(|key| explain(key).stdout)
    .into();
    insta::assert_snapshot!(told.join("\n"));
    let run = explain("databse.class");
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("no_such_key", run.stderr);
    let run = spokectl_in(
        path,
        &["config", "explain", "--stage", "prod", "--output", "json"],
    );
    let all: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(all.len(), keys::ALL.len());
}

#[test]
fn config_explain_finds_a_value_in_an_inline_table() {
    let release = "release = { shift = \"Canary5Percent20Minutes\" }";
    let text = include_str!("prod.toml")
        .replace("[release]\nshift = \"Canary5Percent20Minutes\"\n", "")
        .replace("[network]", &format!("{release}\n\n[network]"));
    let folder = working_copy(&[("prod", &text)]);
    let arguments = ["config", "explain", "release.shift", "--stage", "prod"];
    let run = spokectl_in(folder.path().to_str().unwrap(), &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let from = run.stdout.lines().nth(1).unwrap();
    assert_eq!(from, "from     stages/prod.toml:6");
}

/// Every value a stage has is a key somebody can ask for, and every key is a value of some stage.
#[test]
fn the_keys_are_the_fields_of_a_stage() {
    fn paths(prefix: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value.as_object() {
            Some(object) if !["app.env", "app.concurrency"].contains(&prefix) => {
                for (name, below) in object {
                    let path = if prefix.is_empty() {
                        name.clone()
                    } else {
                        format!("{prefix}.{name}")
                    };
                    paths(&path, below, found);
                }
            }
            _ => {
                found.insert(prefix.to_owned());
            }
        }
    }
    let mut fields = BTreeSet::new();
    for stage in fixtures() {
        paths("", &serde_json::to_value(stage).unwrap(), &mut fields);
    }
    // What a stage is told by its place and its settings, not by a key; and whole tables where they are left out.
    for derived in [
        "name",
        "twilio_secret",
        "sign_in_secret",
        "network.existing",
        "database.existing",
    ] {
        fields.remove(derived);
    }
    let known: BTreeSet<String> = keys::ALL.iter().map(|key| key.path.to_owned()).collect();
    assert_eq!(fields, known);
}

#[test]
fn eject_writes_what_deploys_without_us() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let stage = repository().path("provisioner/tests/it/stages/national.toml");
    let arguments = [
        "eject",
        "--stage",
        stage.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let root = repository().root().to_str().unwrap().to_owned();
    let run = spokectl_in(&root, &arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(read("edge.yaml").contains("AWS::CertificateManager::Certificate"));
    insta::assert_snapshot!("eject-script", read("deploy.sh"));
    insta::assert_snapshot!("eject-page", read("README.md"));
    // Again is fine; a folder with somebody's file in it is not.
    assert_eq!(spokectl_in(&root, &arguments).code, 0);
    std::fs::write(out.join("notes.txt"), "mine").unwrap();
    let run = spokectl_in(&root, &arguments);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("notes.txt"), "{}", run.stderr);
}

#[test]
fn the_workflows_of_this_repository_are_what_the_command_writes() {
    // Tests and CI are the same for every stage, so this one is committed.
    let written = std::fs::read_to_string(repository().path("templates/workflows/ci.yml")).unwrap();
    let committed = std::fs::read_to_string(repository().path(".github/workflows/ci.yml")).unwrap();
    assert_eq!(written, committed);
}

/// A working copy with the workflows' templates and two stages.
pub(crate) fn with_workflows() -> tempfile::TempDir {
    let folder = working_copy(&[
        ("prod", include_str!("prod.toml")),
        ("staging", include_str!("stages/trial.toml")),
    ]);
    let to = folder.path().join("templates/workflows");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(repository().path("templates/workflows")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    folder
}

#[test]
fn workflow_writes_what_plans_and_releases_a_stage() {
    let folder = with_workflows();
    let path = folder.path().to_str().unwrap();
    let arguments = [
        "workflow",
        "--stage",
        "prod",
        "--staging",
        "staging",
        "--repository",
        "example/spoke",
    ];
    let run = spokectl_in(path, &arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("workflow", run.stdout);
    let again = [&arguments[..], &["--output", "json"]].concat();
    let run = spokectl_in(path, &again);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("workflow-json", run.stdout);
    let read =
        |file: &str| std::fs::read_to_string(folder.path().join(".github").join(file)).unwrap();
    insta::assert_snapshot!("workflow-release", read("workflows/release.yml"));
    let staging = read("workflows/staging.yml");
    assert!(staging.contains("branches: [main]") && staging.contains("release-staging"));
    assert!(read("trust/prod.yaml").contains("repo:example/spoke:environment:prod"));
    for file in ["ci", "plan", "release", "staging"] {
        assert!(
            !read(&format!("workflows/{file}.yml")).contains("@stage@"),
            "{file}"
        );
    }
}

#[test]
fn workflows_are_for_a_stage_on_aws() {
    let folder = working_copy(&[("local", include_str!("../../../stages/local.toml"))]);
    let path = folder.path().to_str().unwrap();
    let run = spokectl_in(path, &["workflow", "--repository", "example/spoke"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.stderr);
    assert_eq!(
        spokectl_in(path, &["workflow", "--repository", "nonsense"]).code,
        1
    );
}

const A_SECRET: &str = "\
Resources:
  Twilio:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: spoke-local-twilio
";

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_in_and_is_never_shown() {
    let setting = Setting::new().await;
    setting.template("network", A_SECRET);
    apply(
        &setting.ctx,
        Kind::Network,
        &std::collections::BTreeMap::new(),
    )
    .await
    .unwrap();
    let path = setting.root().to_str().unwrap().to_owned();
    let token = "0123456789abcdef0123456789abcdef";
    let run = spokectl_told(&path, &["secrets", "set", "twilio"], &format!("{token}\n"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(!run.stdout.contains(token) && !run.stderr.contains(token));
    let listed = spokectl_in(&path, &["secrets", "list", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed[1]["exists"], true);
    assert!(listed[1]["changed"].is_string());

    let wrong = "0123456789abcdef-typo";
    let run = spokectl_told(&path, &["secrets", "set", "twilio"], wrong);
    assert_eq!(run.code, 1);
    assert!(!run.stderr.contains("typo"), "{}", run.stderr);
    insta::assert_snapshot!("wrong_token", run.stderr);
    let run = spokectl_told(&path, &["secrets", "set", "session", "--yes"], token);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("no_such_secret", run.stderr);
    setting.end().await;
}

#[test]
fn a_value_on_the_command_line_is_refused() {
    let folder = working_copy(&[("local", include_str!("../../../stages/local.toml"))]);
    let run = spokectl_in(
        folder.path().to_str().unwrap(),
        &[
            "secrets",
            "set",
            "twilio",
            "0123456789abcdef0123456789abcdef",
        ],
    );
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
}
