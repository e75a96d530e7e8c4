//! Background jobs: one worker at a time, taken up again when it falls silent.

use std::time::Duration;

use spoke::jobs::run::{Ran, run};

use crate::app::TestApp;

async fn job(app: &TestApp, kind: &str) -> i32 {
    sqlx::query_scalar("INSERT INTO background_job (type, config) VALUES ($1, '{}') RETURNING id")
        .bind(kind)
        .fetch_one(&app.app.db)
        .await
        .unwrap()
}

async fn row(app: &TestApp) -> String {
    app.value("SELECT status || ' ' || attempts || ' ' || coalesce(result_message, '') FROM background_job").await
}

#[tokio::test]
async fn a_job_nobody_knows_fails_with_a_sentence_and_once() {
    let app = TestApp::new().await;
    let id = job(&app, "juggle").await;
    assert_eq!(run(&app.app, id).await.unwrap(), Ran::Failed);
    assert_eq!(
        row(&app).await,
        "FAILED 1 There is no job of type \"juggle\"."
    );
    assert_eq!(run(&app.app, id).await.unwrap(), Ran::NotMine);
    assert_eq!(run(&app.app, 999).await.unwrap(), Ran::NotMine);
}

#[tokio::test]
async fn two_workers_at_once_are_one() {
    let app = TestApp::new().await;
    let id = job(&app, "juggle").await;
    let (first, second) = tokio::join!(run(&app.app, id), run(&app.app, id));
    let mut outcomes = [
        format!("{:?}", first.unwrap()),
        format!("{:?}", second.unwrap()),
    ];
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["Failed", "NotMine"]);
    assert!(row(&app).await.starts_with("FAILED 1"));
}

#[tokio::test]
async fn a_running_job_is_left_alone_until_its_worker_falls_silent() {
    let app = TestApp::new().await;
    let id = job(&app, "juggle").await;
    app.sql("UPDATE background_job SET status = 'RUNNING', attempts = 1, lease_until = '2026-11-03T17:01:00Z'").await;
    assert_eq!(run(&app.app, id).await.unwrap(), Ran::NotMine);
    app.advance(Duration::from_secs(61));
    assert_eq!(spoke::jobs::take_up_abandoned(&app.app).await.unwrap(), 1);
    assert!(row(&app).await.starts_with("FAILED 2"));
    assert_eq!(spoke::jobs::take_up_abandoned(&app.app).await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_that_silences_every_worker_is_given_up() {
    let app = TestApp::new().await;
    let id = job(&app, "upload_contacts").await;
    app.sql("UPDATE background_job SET status = 'RUNNING', attempts = 3, lease_until = '2026-11-03T16:00:00Z'").await;
    assert_eq!(run(&app.app, id).await.unwrap(), Ran::Failed);
    assert!(row(&app).await.contains("tried three times"));
}

#[tokio::test]
async fn a_job_that_was_lost_on_its_way_is_found() {
    let app = TestApp::new().await;
    job(&app, "juggle").await;
    app.sql("UPDATE background_job SET updated_at = '2026-11-03T16:59:00Z'")
        .await;
    let done = spoke::functions::scheduled::answer(&app.app).await.unwrap();
    assert_eq!(done["jobs"], 1);
    assert!(row(&app).await.starts_with("FAILED"));
}

#[tokio::test]
async fn reserved_numbers_come_back_after_a_day() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let campaign = app.campaign(organization).await;
    app.sql(&format!(
        "INSERT INTO twilio_phone_number (sid, phone_number, area_code, status, campaign_id, reserved_at) VALUES
         ('PN1', '+16175550001', '617', 'RESERVED', {campaign}, '2026-11-02T16:00:00Z'),
         ('PN2', '+16175550002', '617', 'RESERVED', {campaign}, '2026-11-03T16:00:00Z'),
         ('PN3', '+16175550003', '617', 'ASSIGNED', {campaign}, NULL)"
    ))
    .await;
    let done = spoke::functions::scheduled::answer(&app.app).await.unwrap();
    assert_eq!(done["reservationsExpired"], 1);
    assert_eq!(
        app.value("SELECT sid FROM twilio_phone_number WHERE status = 'AVAILABLE'")
            .await,
        "PN1"
    );
}

/// Before the first release there is no schema to look into.
#[tokio::test]
async fn before_the_first_release_there_is_nothing_to_take_up() {
    let app = TestApp::with(&[("SPOKE_RELEASE", "0")]).await;
    app.sql("DROP TABLE background_job CASCADE").await;
    let done = spoke::functions::scheduled::answer(&app.app).await.unwrap();
    assert_eq!(done["release"], 0);
}
