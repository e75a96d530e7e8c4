//! The demonstration organization, through the worker.

use http::StatusCode;
use serde_json::{Value, json};
use spoke::functions::worker::{self, Order};

use crate::app::TestApp;

fn order() -> Order {
    let account =
        |role: &str, email: &str| json!({"role": role, "email": email, "password": "demonstrate"});
    let accounts = [
        account("owner", "owner@example.com"),
        account("admin", "admin@example.com"),
        account("texter", "texter1@example.com"),
        account("texter", "texter2@example.com"),
    ];
    serde_json::from_value(json!({"command": "seed_demo", "accounts": accounts})).unwrap()
}

#[tokio::test]
async fn it_is_made_once_and_ready_to_text_at_any_hour() {
    let app = TestApp::new().await;
    let first = worker::answer(&app.app, order()).await.unwrap();
    let second = worker::answer(&app.app, order()).await.unwrap();
    assert_eq!(
        (first["isNew"].clone(), second["isNew"].clone()),
        (json!(true), json!(false))
    );
    assert_eq!(first["campaignId"], second["campaignId"]);
    assert_eq!(first["joinPath"], second["joinPath"]);
    assert_eq!(app.count("campaign_contact").await, 1000);
    assert_eq!(app.count("assignment").await, 2);
    assert_eq!(
        app.value(
            "SELECT count(DISTINCT left(cell, 5)) || min(left(cell, 5)) FROM campaign_contact"
        )
        .await,
        "1+1555"
    );

    app.set_time("2026-11-04T08:00:00Z");
    let form =
        json!({"authType": "login", "email": "texter1@example.com", "password": "demonstrate"});
    assert_eq!(
        app.post("/login-callback", &form).await.status(),
        StatusCode::OK
    );
    let id: i32 = app
        .value("SELECT id FROM \"user\" WHERE email = 'texter1@example.com'")
        .await
        .parse()
        .unwrap();
    let texter = crate::app::Person { id, epoch: 0 };
    let join = "mutation ($token: String!) { assignUserToCampaign(token: $token) { id } }";
    let token = first["joinPath"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    let assignment = app
        .graphql(Some(texter), join, json!({"token": token}))
        .await;
    let assignment: i32 = text(&assignment.ok()["assignUserToCampaign"]["id"])
        .parse()
        .unwrap();
    let batch = "mutation ($id: String!) { findNewCampaignContact(assignmentId: $id, numberContacts: 2) { count } }";
    let found = app
        .graphql(Some(texter), batch, json!({"id": assignment.to_string()}))
        .await;
    assert_eq!(found.ok()["findNewCampaignContact"]["count"], 2);
    let contact = app
        .value("SELECT min(id) FROM campaign_contact WHERE assignment_id IS NOT NULL")
        .await;
    app.send_text(
        texter,
        assignment,
        contact.parse().unwrap(),
        "Hi",
        true,
        None,
    )
    .await
    .ok();
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn two_at_once_are_one() {
    let app = TestApp::new().await;
    let (first, second) = tokio::join!(
        worker::answer(&app.app, order()),
        worker::answer(&app.app, order())
    );
    assert_ne!(first.unwrap()["isNew"], second.unwrap()["isNew"]);
    assert_eq!(app.count("organization").await, 1);
}

#[tokio::test]
async fn it_is_refused_where_the_instance_is_real_and_without_somebody_to_run_it() {
    let app = TestApp::with(&[("STAGE", "prod")]).await;
    let error = worker::answer(&app.app, order()).await.unwrap_err();
    assert!(
        error.to_string().contains("stage prod is a real one"),
        "{error}"
    );
    let app = TestApp::new().await;
    let texter = json!({"command": "seed_demo", "accounts": [{"role": "texter", "email": "a@b.co", "password": "12345678"}]});
    let error = worker::answer(&app.app, serde_json::from_value(texter).unwrap())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("neither an owner nor an admin"),
        "{error}"
    );
    assert_eq!(app.count("\"user\"").await, 0);
}
