//! `plan` and the gate of `deploy`, over a real (local) CloudFormation.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value, json};
use spoke_contract::names;
use spokectl::plan::{cost, difference};
use spokectl::release::stack::apply;
use spokectl::template::Kind;

use crate::command_line::spokectl_in;
use crate::outputs::upload_functions;
use crate::templates::{fixtures, rendered};
use crate::working_copy::Setting;

const DATABASE: &str = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      QueueName: first
      VisibilityTimeout: 30
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      LogGroupName: /spoke/test
      RetentionInDays: 30
";

fn nothing() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn plan(setting: &Setting, more: &[&str]) -> (i32, String, String) {
    let mut arguments = vec!["plan"];
    arguments.extend(more);
    let run = spokectl_in(setting.root().to_str().unwrap(), &arguments);
    (run.code, run.stdout, run.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_plan_adds_everything_and_names_its_price() {
    let setting = Setting::new().await;
    setting.real_templates();
    let (code, text, talk) = plan(&setting, &[]);
    assert_eq!(code, 2, "{talk}");
    insta::assert_snapshot!(text);
    let (_, text, _) = plan(&setting, &["--output", "json"]);
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["release"], Value::Null);
    assert_eq!(plan["code"]["state"], "first");
    assert!(plan["costAfter"]["weekly"].as_f64().unwrap() > 5.0);
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stacks_of_stage_local_come_up_and_then_there_is_nothing_to_change() {
    let setting = Setting::new().await;
    setting.real_templates();
    let network = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let data = apply(&setting.ctx, Kind::Data, &network.outputs)
        .await
        .unwrap();
    assert!(data.outputs["DatabaseId"].starts_with("spoke-local"));
    let (code, text, talk) = plan(&setting, &["--output", "json"]);
    assert_eq!(code, 2, "{talk}");
    let plan: Value = serde_json::from_str(&text).unwrap();
    let stacks: BTreeSet<_> = plan["infrastructure"]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["change"]["stack"].as_str().unwrap())
        .collect();
    assert_eq!(stacks.into_iter().collect::<Vec<_>>(), ["app"]);

    let mut known = network.outputs;
    known.extend(data.outputs);
    Box::pin(upload_functions(&setting, &known["ArtifactBucket"])).await;
    for (name, value) in [
        ("CodeKey", "functions/0.zip"),
        ("ScalerKey", "functions/0.zip"),
        ("Release", "0"),
        ("Bundle", "none"),
    ] {
        known.insert(name.to_owned(), value.to_owned());
    }
    let app = apply(&setting.ctx, Kind::App, &known).await.unwrap();
    assert!(app.outputs["Url"].starts_with("http"), "{:?}", app.outputs);
    let (code, text, _) = self::plan(&setting, &[]);
    assert_eq!(code, 2);
    assert!(text.contains("infrastructure  no change"), "{text}");
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_what_would_be_lost_first_and_deploy_wants_a_word_for_it() {
    let setting = Setting::new().await;
    setting.template("network", DATABASE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 2, "{text}");
    setting.template(
        "network",
        &DATABASE.replace("first", "second").replace("30\n", "7\n"),
    );
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(text);

    let root = setting.root().to_str().unwrap();
    let run = spokectl_in(root, &["deploy"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""));
    insta::assert_snapshot!("deploy_without_a_word", run.stderr);
    // A word for the one is no word for the other.
    let run = spokectl_in(root, &["deploy", "--accept", "data-loss"]);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("capacity decrease"), "{}", run.stderr);
    assert_eq!(
        spokectl_in(root, &["deploy", "--accept", "everything"]).code,
        1
    );
    setting.end().await;
}

/// The local cloud has no drift detection: that is said, and not that there is none.
#[tokio::test(flavor = "multi_thread")]
async fn drift_nobody_can_tell_is_no_calm() {
    let setting = Setting::new().await;
    setting.template("network", DATABASE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let (code, text, talk) = plan(&setting, &["--drift"]);
    assert_eq!((code, text.as_str()), (7, ""), "{talk}");
    assert!(
        talk.contains("what was changed by hand in spoke-local-network cannot be told"),
        "{talk}"
    );
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_refused_when_anything_has_moved() {
    let setting = Setting::new().await;
    setting.template("network", DATABASE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let (_, _, talk) = plan(&setting, &["--save", "a.plan"]);
    assert!(talk.contains("saved to a.plan"), "{talk}");
    let root = setting.root().to_str().unwrap().to_owned();

    // What the stage asks for moved.
    setting.template("network", &DATABASE.replace("30\n", "60\n"));
    let run = spokectl_in(&root, &["deploy", "--plan", "a.plan"]);
    assert_eq!(run.code, 5);
    insta::assert_snapshot!(run.stderr);
    // What is live moved as well.
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let run = spokectl_in(&root, &["deploy", "--plan", "a.plan"]);
    assert!(
        run.stderr
            .contains("what is live in the network stack has changed"),
        "{}",
        run.stderr
    );
    // No plan at all.
    std::fs::write(setting.root().join("a.plan"), "{}").unwrap();
    assert_eq!(spokectl_in(&root, &["deploy", "--plan", "a.plan"]).code, 5);
    setting.end().await;
}

/// A working copy under git, whose one commit is the live release.
async fn released(setting: &Setting) {
    let root = setting.root();
    std::fs::create_dir_all(root.join("app/.sqlx")).unwrap();
    std::fs::create_dir_all(root.join("migrations")).unwrap();
    std::fs::write(
        root.join("app/.sqlx/query-1.json"),
        r#"{"query": "SELECT id, nickname FROM texter WHERE id = $1"}"#,
    )
    .unwrap();
    std::fs::write(root.join(".gitignore"), ".spoke/\ncloud/\n").unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .current_dir(root)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "release"]);
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let release = json!({
        "number": 3, "revision": commit, "versions": {}, "schema": "20260101000000", "deploymentId": "d-1",
        "assets": {"bundle": "0", "script": "s", "styles": []},
        "code": {"bucket": "b", "key": "k", "sha256": "0"}, "by": "me", "at": "2026-01-01T00:00:00Z", "reason": "r",
    });
    let parameter = names::release_parameter("local");
    setting
        .ctx
        .cloud
        .parameters
        .put(&parameter, &release.to_string())
        .await
        .unwrap();
    setting.template("network", DATABASE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    git(&["add", "-A"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_takes_away_what_the_live_release_needs_is_refused() {
    let setting = Setting::new().await;
    released(&setting).await;
    let migration = |name: &str, text: &str| {
        std::fs::write(setting.root().join(format!("migrations/{name}.sql")), text).unwrap();
    };
    migration("20250101000000_old", "DROP TABLE before_release;");
    migration(
        "20260201000000_add",
        "-- phase: expand\nALTER TABLE texter ADD COLUMN colour text;\nCREATE INDEX i ON texter (colour);",
    );
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 2);
    assert!(text.contains("code            unchanged"), "{text}");
    assert!(
        text.contains("migrations      1 to run, takes a lock"),
        "{text}"
    );
    assert!(text.contains("add.sql:3  takes a lock: nobody"), "{text}");

    // The instance has counted its rows since.
    let counted = json!({"countedAt": "2026-01-02T00:00:00Z", "tables": {"texter": {"rows": 2_000_000, "bytes": 1}}});
    let parameters = &setting.ctx.cloud.parameters;
    parameters
        .put(&names::tables_parameter("local"), &counted.to_string())
        .await
        .unwrap();
    let (_, text, _) = plan(&setting, &[]);
    let long = "add.sql:3  takes a lock (about 0:04 for 2,000,000 rows): nobody";
    assert!(text.contains(long), "{text}");

    migration(
        "20260301000000_drop",
        "-- phase: contract\nALTER TABLE texter DROP COLUMN nickname;\nALTER TABLE texter DROP COLUMN shoe_size;",
    );
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 5);
    insta::assert_snapshot!(text);
    let run = spokectl_in(setting.root().to_str().unwrap(), &["deploy"]);
    assert_eq!(run.code, 5);
    assert!(
        run.stderr
            .contains("texter.nickname is named in app/.sqlx/query-1.json"),
        "{}",
        run.stderr
    );

    migration(
        "20260301000000_drop",
        "-- phase: expand\nALTER TABLE texter DROP COLUMN shoe_size;",
    );
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 5);
    assert!(text.contains("its first line does not say so"), "{text}");
    setting.end().await;
}

#[test]
fn every_stage_has_its_price_and_the_trial_is_below_forty_dollars_a_week() {
    let prices: Vec<_> = fixtures()
        .iter()
        .map(|stage| {
            let templates: Vec<Value> = rendered(stage)
                .iter()
                .map(|(_, text)| difference::parse(text).unwrap())
                .collect();
            let cost = cost::of(&templates);
            assert!(
                cost.unknown.is_empty(),
                "{}: {:?}",
                stage.name,
                cost.unknown
            );
            if stage.name == "trial" {
                assert!(cost.weekly < 40.0, "{}", cost.weekly);
            }
            format!(
                "{:<9} ${:.2} to ${:.2}",
                stage.name, cost.weekly, cost.weekly_at_most
            )
        })
        .collect();
    insta::assert_snapshot!(prices.join("\n"));
}
