//! What `scale` says: happy, refused, failed, as text and as JSON.

use chrono::Utc;
use serde_json::json;
use spokectl::scale::decide::Move;
use spokectl::scale::ladder::Rung;
use spokectl::scale::ledger::{self, Proposal};

use super::{SPEED, control, scope, told, until, write_stage, zone_where_it_is_noon};
use crate::outputs::{said, same_every_time, stacks};
use crate::working_copy::Setting;

/// The newest values are there, and nobody asks for more than there is.
async fn calm(setting: &Setting) {
    until("the database is measured and calm", || {
        let told = told(setting, &["status"]);
        let is_calm = told["decision"] == "nothing: the database has room";
        (is_calm && told["measured"]["cpu"].as_array()?.len() >= 3).then_some(())
    })
    .await;
}

async fn propose(setting: &Setting) {
    let scope = scope(setting).await;
    let mut kept = ledger::read(&scope.cloud.parameters, "local")
        .await
        .unwrap();
    let class = |class: &str| Rung::Class {
        class: class.to_owned(),
    };
    kept.proposal = Some(Proposal {
        step: Move {
            from: class("db.t4g.micro"),
            to: class("db.m7g.xlarge"),
            why: vec!["CPU is at 97 %, two of the last three values over 80 %".to_owned()],
            waits: None,
        },
        at: Utc::now(),
    });
    ledger::write(&scope, &kept).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_about_the_size() {
    let setting = Setting::at(SPEED, 1.0).await;
    write_stage(&setting, |text| {
        format!("{text}time_zone = \"{}\"\n", zone_where_it_is_noon())
    });
    stacks(&setting).await;
    let settings = same_every_time(setting.root().to_str().unwrap());
    let _same = settings.bind_to_scope();

    calm(&setting).await;
    insta::assert_snapshot!(
        "scale_calm",
        said(
            &setting,
            &[
                "scale status",
                "scale status --output json",
                "scale plan",
                "scale plan --to db.m7g.large",
                "scale plan --to db.m7g.large --output json",
                "scale history",
                "scale approve",
                "scale approve --output json",
                "scale reject",
                "scale up --to db.m7g.large",
                "scale up --to db.r7g.huge --yes",
                "scale up --to db.m7g.large --until 2026-01-01 --yes",
                "scale down --to db.m7g.large --yes",
            ]
        )
    );

    propose(&setting).await;
    insta::assert_snapshot!(
        "scale_proposed",
        said(
            &setting,
            &[
                "scale status",
                "scale status --output json",
                "scale plan",
                "status"
            ]
        )
    );
    insta::assert_snapshot!("scale_approved", said(&setting, &["scale approve"]));
    calm(&setting).await;
    insta::assert_snapshot!(
        "scale_history",
        said(
            &setting,
            &[
                "scale status",
                "scale history",
                "scale history --output json"
            ]
        )
    );

    let fault = json!({
        "service": "rds", "operation": "ModifyDBInstance",
        "error": {
            "code": "InsufficientDBInstanceCapacity", "status": 400,
            "message": "The specified DB instance class isn't available in the specified Availability Zone.",
        },
    });
    control(&setting, reqwest::Method::POST, Some(&fault)).await;
    insta::assert_snapshot!(
        "scale_failed",
        said(
            &setting,
            &[
                "scale up --to db.m7g.2xlarge --yes",
                "scale status",
                "status",
                "scale up --to db.m7g.2xlarge --yes",
                "scale history",
                "scale reject",
                "scale up --to db.m7g.2xlarge --yes --output json",
                "scale reject --output json",
                "scale reject",
            ]
        )
    );
    control(&setting, reqwest::Method::DELETE, None).await;
    calm(&setting).await;
    insta::assert_snapshot!(
        "scale_by_hand",
        said(
            &setting,
            &[
                "scale down --yes",
                "scale up --to db.m7g.large --yes --output json",
            ]
        )
    );
    setting.end().await;
}
