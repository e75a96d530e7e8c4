//! `plan` and the gate of `deploy`, over a real (local) CloudFormation.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use spoke_contract::names;
use spokectl::plan::{cost, difference};
use spokectl::release::stack::apply;
use spokectl::template::Kind;

use crate::command_line::spokectl_in;
use crate::outputs::{JSON, said, same_every_time, stacks, upload_functions};
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
    let old = "DROP TABLE before_release;";
    migration(setting, "20250101000000_old", old);
    migration(setting, "20260101000000_newest", old);
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

fn migration(setting: &Setting, name: &str, text: &str) {
    std::fs::write(setting.root().join(format!("migrations/{name}.sql")), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_takes_away_what_the_live_release_needs_is_refused() {
    let setting = Setting::new().await;
    released(&setting).await;
    let migration = |name: &str, text: &str| migration(&setting, name, text);
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
    let root = setting.root().to_str().unwrap();
    let mut settings = same_every_time(root);
    settings.add_filter(r"\b[0-9a-f]{12}-dirty\b", "[commit]-dirty");
    settings.bind(|| {
        insta::assert_snapshot!("refused_as_json", said(&setting, &["plan --output json"]));
    });
    let run = spokectl_in(root, &["deploy"]);
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

/// Older than the live schema, it runs with the next release all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_merged_late_is_judged_as_well() {
    let setting = Setting::new().await;
    released(&setting).await;
    let late = "-- phase: contract\nDROP TABLE texter;";
    migration(&setting, "20250601000000_late", late);
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 5, "{text}");
    let refused = "refused: 20250601000000_late.sql:2: release 3 still needs what it takes away";
    assert!(text.contains(refused), "{text}");
    assert!(text.contains("1 to run, irreversible"), "{text}");

    // Where git does not tell what the live release had, that is said.
    std::fs::remove_dir_all(setting.root().join(".git")).unwrap();
    let (_, text, _) = plan(&setting, &[]);
    assert!(text.contains("that never ran is not seen"), "{text}");
    assert!(text.contains("none to run"), "{text}");
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_migrations_do_away_with_and_what_nobody_can_judge_want_words_of_their_own() {
    let setting = Setting::new().await;
    released(&setting).await;
    migration(
        &setting,
        "20260201000000_tidy",
        "-- phase: contract\nDELETE FROM texter WHERE id = 1;\nALTER TABLE texter ALTER COLUMN nickname SET NOT NULL;",
    );
    let (code, text, _) = plan(&setting, &[]);
    assert_eq!(code, 2);
    insta::assert_snapshot!("deleted_and_unjudged", text);
    let root = setting.root().to_str().unwrap();
    let told = |more: &[&str]| {
        let run = spokectl_in(root, &[&["deploy"], more].concat());
        (run.code, run.stderr)
    };
    let (code, talk) = told(&["--yes"]);
    assert_eq!(code, 5, "{talk}");
    assert!(talk.contains("this release means data loss"), "{talk}");
    assert!(talk.contains("rows of texter are gone"), "{talk}");
    let (code, talk) = told(&["--yes", "--accept", "data-loss"]);
    assert_eq!(code, 5, "{talk}");
    assert!(talk.contains("means unjudged migration"), "{talk}");
    assert!(talk.contains("deploy --accept unjudged"), "{talk}");
    let (code, talk) = told(&["--accept", "data-loss", "--accept", "unjudged"]);
    assert_eq!(code, 5, "{talk}");
    assert!(talk.contains("a deploy wants a yes"), "{talk}");
    setting.end().await;
}

/// `script` gives the command a terminal, and types the answer.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_a_deploy_shows_what_it_means_and_asks_once() {
    let setting = Setting::new().await;
    setting.template("network", DATABASE);
    let root = setting.root().to_str().unwrap();
    let deploy = |more: &str, answer: &str| {
        let command = format!("{} deploy {more}", env!("CARGO_BIN_EXE_spokectl"));
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = deploy("", "n\n");
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("infrastructure  2 to add"), "{said}");
    assert!(said.contains("cost            +$"), "{said}");
    assert_eq!(said.matches("[y/N]").count(), 1, "{said}");
    assert!(said.contains("nobody said yes"), "{said}");
    // This working copy has nothing to build, which is found out after the answer.
    for (more, answer, asked) in [("", "y\n", 1), ("--yes", "", 0)] {
        let (code, said) = deploy(more, answer);
        assert_ne!(code, Some(5), "{said}");
        assert_eq!(said.matches("[y/N]").count(), asked, "{said}");
    }

    // Whoever was asked about the gravest has seen everything, each warning once: no commit of the live release is
    // here.
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let release = json!({
        "number": 3, "revision": "0123456789ab", "versions": {}, "schema": "20260101000000", "deploymentId": "d-1",
        "assets": {"bundle": "0", "script": "s", "styles": []},
        "code": {"bucket": "b", "key": "k", "sha256": "0"}, "by": "me", "at": "2026-01-01T00:00:00Z", "reason": "r",
    });
    let parameters = &setting.ctx.cloud.parameters;
    parameters
        .put(&names::release_parameter("local"), &release.to_string())
        .await
        .unwrap();
    setting.template("network", &DATABASE.replace("first", "second"));
    let (code, said) = deploy("", "y\n");
    assert_ne!(code, Some(5), "{said}");
    assert_eq!(said.matches("[y/N]").count(), 1, "{said}");
    assert!(said.contains("data loss: Queue (network)"), "{said}");
    assert_eq!(
        said.matches("that never ran is not seen").count(),
        1,
        "{said}"
    );
    setting.end().await;
}

/// Two releases of one working copy: the second has run a migration that takes away what the first asks for.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_goes_back_to_a_release_whose_columns_are_gone() {
    let setting = Setting::new().await;
    let known = Box::pin(stacks(&setting)).await;
    released(&setting).await;
    let parameters = &setting.ctx.cloud.parameters;
    let parameter = names::release_parameter("local");
    let live = parameters.find(&parameter).await.unwrap().unwrap();
    let mut release: Value = serde_json::from_str(&live).unwrap();
    release["code"]["bucket"] = known["ArtifactBucket"].clone().into();
    for (number, schema) in [(3, "20260101000000"), (4, "20260301000000")] {
        release["number"] = number.into();
        release["schema"] = schema.into();
        let bytes = release.to_string().into_bytes().into();
        let key = names::release_object("local", number);
        let objects = &setting.ctx.cloud.objects;
        objects
            .put(&known["ArtifactBucket"], &key, bytes, JSON)
            .await
            .unwrap();
    }
    parameters
        .put(&parameter, &release.to_string())
        .await
        .unwrap();
    let name = "20260301000000_drop";
    let root = setting.root().to_str().unwrap();
    let back = |more: &[&str]| {
        let run = spokectl_in(root, &[&["rollback", "--to", "3"], more].concat());
        (run.code, run.stdout, run.stderr)
    };

    migration(
        &setting,
        name,
        "-- phase: contract\nALTER TABLE texter DROP COLUMN shoe_size;",
    );
    // Merged late, and never run.
    let late = "-- phase: contract\nDROP TABLE texter;";
    migration(&setting, "20250601000000_late", late);
    let (code, text, talk) = back(&["--plan-only"]);
    assert_eq!(code, 0, "{talk}");
    assert!(
        text.contains("nothing of what the queries of release 3 name"),
        "{text}"
    );

    migration(
        &setting,
        name,
        "-- phase: contract\nALTER TABLE texter DROP COLUMN nickname;\nALTER TABLE texter ALTER COLUMN id SET NOT NULL;",
    );
    let (code, text, talk) = back(&["--plan-only"]);
    assert_eq!(code, 5, "{talk}");
    insta::assert_snapshot!("back_to_what_is_gone", text);
    let (code, text, talk) = back(&["--yes"]);
    assert_eq!((code, text.as_str()), (5, ""));
    insta::assert_snapshot!("back_to_what_is_gone_refused", talk);
    assert_eq!(back(&["--plan-only", "--anyway"]).0, 0);
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
