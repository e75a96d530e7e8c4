//! Delivery reports.

use serde_json::json;
use spoke::db::outcome::{self, Accepted, Attempt};
use spoke::functions::queue::{Batch, Record};
use spoke::texting::inbound::Webhook;
use spoke::texting::reports;

use crate::app::{Statements, TestApp};
use crate::builders::Texting;
use crate::carrier::app_with_carrier;

fn report(sid: &str, status: &str, code: &str) -> Webhook {
    Webhook::of(&[
        ("MessageSid", sid),
        ("MessageStatus", status),
        ("ErrorCode", code),
    ])
}

async fn sent(app: &TestApp, count: i32) -> Texting {
    let texting = app.texting(count).await;
    for contact in &texting.contacts {
        app.send_first(&texting, *contact).await.ok();
    }
    app.sql("UPDATE message SET service_id = 'SM' || campaign_contact_id")
        .await;
    texting
}

async fn states(app: &TestApp) -> String {
    app.value(
        "SELECT string_agg(send_status || coalesce(error_code, 0), ' ' ORDER BY id) FROM message",
    )
    .await
}

#[tokio::test]
async fn a_batch_is_one_statement_for_the_texts_and_delivered_is_final() {
    let app = TestApp::new().await;
    let texting = sent(&app, 3).await;
    let batch = [
        report("SM1", "delivered", ""),
        report("SM2", "undelivered", "30005"),
        report("SM3", "sent", ""),
    ];
    let statements = Statements::counted();
    assert_eq!(reports::apply(&app.app, &batch).await.unwrap(), 2);
    assert_eq!(
        statements.count(),
        2,
        "the reports, and whose lists have changed"
    );
    assert_eq!(states(&app).await, "DELIVERED0 ERROR30005 SENT0");
    assert_eq!(app.codes_of(&texting).await, json!([null, 30_005, null]));
    reports::apply(
        &app.app,
        &[report("SM1", "failed", "1"), report("SM2", "delivered", "")],
    )
    .await
    .unwrap();
    assert_eq!(states(&app).await, "DELIVERED0 DELIVERED0 SENT0");
    assert_eq!(app.codes_of(&texting).await, json!([null, null, null]));
    // A contact has the code of the last text only.
    let failed = [report("SM3", "undelivered", "30007")];
    reports::apply(&app.app, &failed).await.unwrap();
    assert_eq!(app.codes_of(&texting).await, json!([null, null, 30_007]));
    let (texter, contact) = (texting.texter, texting.contacts[2]);
    app.send_text(texter, texting.assignment, contact, "Hi?", false, None)
        .await
        .ok();
    assert_eq!(app.codes_of(&texting).await, json!([null, null, null]));
    reports::apply(&app.app, &failed).await.unwrap();
    assert_eq!(app.codes_of(&texting).await, json!([null, null, null]));
}

#[tokio::test]
async fn a_report_before_the_answer_wins() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    for contact in &texting.contacts {
        app.send_first(&texting, *contact).await.ok();
    }
    app.sql("UPDATE message SET service_id = '', send_status = 'SENDING'")
        .await;
    let ids = app
        .value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM message")
        .await;
    let ids: Vec<i64> = ids.split(' ').map(|id| id.parse().unwrap()).collect();
    // The first one's address names the text, as ours do; the other one's does not.
    let mut named = report("SM1", "failed", "30005");
    reports::note_address(&mut named, &format!("message={}&attempt=1", ids[0]));
    reports::apply(&app.app, &[named, report("SM2", "delivered", "")])
        .await
        .unwrap();
    assert_eq!(app.count("delivery_report").await, 1);
    for (id, service_id) in ids.iter().zip(["SM1", "SM2"]) {
        let attempt = Attempt {
            message_id: *id,
            number: 1,
        };
        let accepted = Accepted {
            attempt,
            service_id: service_id.to_owned(),
            response: "{}".to_owned(),
            at: app.now(),
        };
        outcome::update_accepted(&app.app.db, &[accepted])
            .await
            .unwrap();
    }
    assert_eq!(states(&app).await, "ERROR30005 SENT0");
    reports::apply_kept(&app.app).await.unwrap();
    assert_eq!(states(&app).await, "ERROR30005 DELIVERED0");
    assert_eq!(app.count("delivery_report").await, 0);
}

/// Answer and report can pass each other between two snapshots: the scheduled function mends it.
#[tokio::test]
async fn a_kept_report_meets_its_text_later() {
    let app = TestApp::new().await;
    sent(&app, 1).await;
    app.sql("INSERT INTO delivery_report (service_id, send_status, received_at) VALUES
             ('SM1', 'DELIVERED', '2026-11-03T16:59:00Z'), ('unknown', 'ERROR', '2026-11-03T16:59:00Z'),
             ('forgotten', 'ERROR', '2026-11-01T00:00:00Z')")
        .await;
    assert_eq!(reports::apply_kept(&app.app).await.unwrap(), 1);
    assert_eq!(states(&app).await, "DELIVERED0");
    assert_eq!(
        app.value("SELECT string_agg(service_id, ' ') FROM delivery_report")
            .await,
        "unknown"
    );
}

#[tokio::test]
async fn a_batch_that_cannot_be_applied_comes_again_as_a_whole() {
    let app = TestApp::new().await;
    let batch = Batch {
        records: vec![Record {
            message_id: "1".to_owned(),
            body: report("SM1", "delivered", "").encode(),
            message_attributes: std::collections::BTreeMap::new(),
        }],
    };
    assert!(
        spoke::functions::reports::answer(&app.app, &batch)
            .await
            .batch_item_failures
            .is_empty()
    );
    app.app.db.close().await;
    assert_eq!(
        spoke::functions::reports::answer(&app.app, &batch)
            .await
            .batch_item_failures
            .len(),
        1
    );
}

/// What a kept report says counts like that of any other: the carrier's opt-out, and a phone that was not ready.
#[tokio::test]
async fn kept_reports_opt_out_and_bring_another_attempt() {
    let app = TestApp::new().await;
    let texting = sent(&app, 2).await;
    app.sql(
        "INSERT INTO delivery_report (service_id, send_status, error_code, received_at) VALUES
             ('SM1', 'ERROR', 21610, '2026-11-03T16:59:00Z'), ('SM2', 'ERROR', 30003, '2026-11-03T16:59:00Z')",
    )
    .await;
    assert_eq!(reports::apply_kept(&app.app).await.unwrap(), 2);
    assert_eq!(states(&app).await, "ERROR21610 QUEUED30003");
    let opted_out = "SELECT string_agg(id::text, ' ') FROM campaign_contact WHERE is_opted_out";
    assert_eq!(app.value(opted_out).await, texting.contacts[0].to_string());
}

/// The carrier does not tell everything twice: without its queue, what it says is worked on at once.
#[tokio::test]
async fn what_no_queue_takes_is_worked_on_at_once() {
    let endpoint = &crate::parts::get().aws;
    let nowhere = format!("{endpoint}/000000000000/no-such-queue");
    let queues = [
        ("REPORT_QUEUE_URL", nowhere.as_str()),
        ("INBOUND_QUEUE_URL", nowhere.as_str()),
    ];
    let (app, carrier) = app_with_carrier(&queues).await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    carrier.wait_idle().await;
    assert_eq!(app.states().await, "DELIVERED 0 1");
    let service = carrier.texts()[0].service.clone();
    let fallback = format!("{}/twilio-fallback", app.app.config.callback_url);
    carrier.webhooks(&service, "http://127.0.0.1:1/", &fallback);
    assert!(carrier.reply("+15550000001", &service, "Yes").await);
    assert_eq!(app.status(texting.contacts[0]).await, "needsResponse");
}
