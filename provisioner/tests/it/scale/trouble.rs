//! A change that fails or hangs: found, explained, told, and never tried again by itself.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use spokectl::scale::ladder::Rung;
use spokectl::scale::ledger::{self, Change, Ledger};
use spokectl::scale::steps::Step;
use spokectl::scale::wake::{Event, Told, wake};

use super::slack::Slack;
use super::{class, control, database, reload, run, scope, told, write_stage};
use crate::command_line::spokectl_in;
use crate::working_copy::Setting;

/// No such topic: what cannot be told stops nothing.
const NOWHERE: &str = "arn:aws:sns:us-east-1:000000000000:nowhere";

async fn woken(setting: &Setting, event: Event) -> Told {
    wake(&scope(setting).await, NOWHERE, event).await.unwrap()
}

/// Two requests for another class would be refused.
async fn no_machines_left(setting: &Setting) {
    let fault = json!({
        "service": "rds", "operation": "ModifyDBInstance", "times": 2,
        "error": {
            "code": "InsufficientDBInstanceCapacity", "status": 400,
            "message": "The specified DB instance class isn't available in the specified Availability Zone.",
        },
    });
    control(setting, reqwest::Method::POST, Some(&fault)).await;
}

/// How often AWS was asked to change the instance since then.
async fn asked(setting: &Setting) -> u64 {
    let faults = control(setting, reqwest::Method::GET, None).await;
    let left = faults["faults"][0]["times"].as_u64();
    2 - left.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_aws_refuses_is_left_to_a_person() {
    let setting = database(&[]).await;
    no_machines_left(&setting).await;
    let up = run(&setting, &["up", "--to", "db.m7g.large", "--yes"]);
    assert_eq!(up.code, 4, "{}", up.stderr);
    for words in [
        "InsufficientDBInstanceCapacity",
        "nothing is tried again by itself",
        "spokectl scale reject",
    ] {
        assert!(up.stderr.contains(words), "no {words:?} in {}", up.stderr);
    }
    assert_eq!(asked(&setting).await, 1);

    for event in [Event::Alarm, Event::Schedule, Event::Alarm] {
        let told = woken(&setting, event).await;
        assert_eq!(told.did, "refused", "{told:?}");
        assert!(
            told.why.contains("InsufficientDBInstanceCapacity"),
            "{told:?}"
        );
    }
    let again = run(&setting, &["up", "--to", "db.m7g.large", "--yes"]);
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert!(
        again.stderr.contains("nobody has looked at it"),
        "{}",
        again.stderr
    );
    assert_eq!(asked(&setting).await, 1);
    assert_eq!(class(&setting).await, "db.t4g.micro");

    // Somebody has looked, and there are machines again.
    control(&setting, reqwest::Method::DELETE, None).await;
    let seen = run(&setting, &["reject"]);
    assert_eq!(seen.code, 0, "{}", seen.stderr);
    let up = run(&setting, &["up", "--to", "db.m7g.large", "--yes"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(class(&setting).await, "db.m7g.large");
    let history = told(&setting, &["history"]);
    let failed: Vec<bool> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["failed"].is_string())
        .collect();
    assert_eq!(failed, [true, false], "{history}");
    setting.end().await;
}

/// Written down and begun an hour ago, and the class is what it was: whether AWS was ever asked, nobody knows.
async fn begun_and_lost(setting: &Setting, minutes: i64) {
    let of = |class: &str| Rung::Class {
        class: class.to_owned(),
    };
    let begun = Utc::now() - TimeDelta::minutes(minutes);
    let change = Change {
        number: 1,
        from: of("db.t4g.micro"),
        to: of("db.m7g.large"),
        by: "ana".to_owned(),
        why: vec!["by hand".to_owned()],
        until: begun + TimeDelta::days(7),
        started: begun,
        steps: vec![
            Step::SetClass {
                instance: "spoke-local".to_owned(),
                class: "db.m7g.large".to_owned(),
            },
            Step::Verify,
        ],
        step: 0,
        begun: Some(begun),
        cpu: Some(91.0),
        failed: None,
    };
    let ledger = Ledger {
        number: 1,
        change: Some(change),
        ..Ledger::default()
    };
    ledger::write(&scope(setting).await, &ledger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_hangs_is_found_by_whoever_comes_next() {
    let mut setting = database(&[]).await;
    let slack = Slack::start().await;
    slack.webhook(&setting, "spoke-local-slack").await;
    write_stage(&setting, |text| {
        format!("{text}slack_secret = \"spoke-local-slack\"\n")
    });
    reload(&mut setting).await;
    no_machines_left(&setting).await;
    begun_and_lost(&setting, 61).await;
    let shown = spokectl_in(
        setting.root().to_str().unwrap(),
        &["status", "--output", "json"],
    );
    let status: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(status["scaling"]["change"]["number"], 1, "{status}");

    let told = woken(&setting, Event::Schedule).await;
    assert_eq!(told.did, "failed", "{told:?}");
    let cards = slack.cards();
    assert_eq!(cards.len(), 1, "{cards:?}");
    assert_eq!(
        cards[0]["text"],
        "Spoke local: the database did not become db.m7g.large"
    );
    let card = cards[0]["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(card.contains("not so after 60 minutes"), "{card}");

    let shown = run(&setting, &["status"]);
    assert!(
        shown
            .stdout
            .contains("failed    change 1 to db.m7g.large: spoke-local becomes a db.m7g.large: not so after 60 minutes"),
        "{}",
        shown.stdout
    );
    let told = woken(&setting, Event::Alarm).await;
    assert_eq!(told.did, "refused", "{told:?}");
    // It was looked at, and never asked for.
    assert_eq!(asked(&setting).await, 0);
    assert_eq!(class(&setting).await, "db.t4g.micro");
    setting.end().await;
}
