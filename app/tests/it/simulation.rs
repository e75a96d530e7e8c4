//! `SKIP_TWILIO_AND_AUTOREPLY=1`: nothing is sent, everything is delivered, and everybody answers.

use serde_json::{Value, json};
use spoke::functions::queue::{Batch, Record};
use spoke::functions::{inbound, reports};
use spoke::texting::inbound::Webhook;

use crate::app::TestApp;
use crate::builders::SEND;
use crate::instance::Instance;

/// The plain server's timers: a report a quarter of a second after the text, the answer another quarter later.
#[tokio::test]
async fn texts_are_reported_and_answered_unless_they_begin_with_done() {
    let instance = Instance::new(&[("SKIP_TWILIO_AND_AUTOREPLY", "1")]).await;
    let app = &instance.app;
    let texting = app.texting(3).await;
    app.sql("UPDATE organization SET texting_hours_enforced = false")
        .await;
    instance.start_web().await;
    let texts = ["Done, thank you", "DONE", "Well done"];
    for (contact, text) in texting.contacts.iter().zip(texts) {
        let message = json!({"text": text, "assignmentId": texting.assignment.to_string(), "isInitialMessage": true});
        let variables = json!({"message": message, "id": contact.to_string()});
        let sent = instance.insist(texting.texter, SEND, &variables).await;
        let thread = &sent.ok()["sendMessage"]["messages"];
        assert_eq!(
            thread,
            &json!([{"text": text, "sendStatus": "SENT", "errorCode": null}])
        );
    }
    app.wait_until("EXISTS (SELECT FROM message WHERE is_from_contact)")
        .await;
    // The others' turn would have come before.
    assert_eq!(app.states().await, "SENT 0 1, SENT 0 1, DELIVERED 0 1");
    let ids = "SELECT bool_and(service_id ~ '^[0-9a-f]{64}$') FROM message";
    assert_eq!(app.value(ids).await, "true");
    let answer = app
        .value(
            "SELECT concat_ws('|', contact_number, user_number, text, send_status, messaging_service_sid)
             FROM message WHERE is_from_contact",
        )
        .await;
    assert_eq!(
        answer,
        "+15550000003|+15555555555|Well done (autoreply)|DELIVERED|mock-messaging-service"
    );
    assert_eq!(app.count("inbound_message").await, 1);
    let payload = app.value("SELECT payload FROM inbound_message").await;
    let payload: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(payload["NumMedia"], "0");
    assert_eq!(app.status(texting.contacts[2]).await, "needsResponse");
    // By the process's clock, from the text to the report and from there to the answer.
    let pauses = "SELECT m.service_response_at - m.sent_at >= interval '250 ms'
                     AND i.received_at - m.service_response_at >= interval '250 ms'
                     AND i.received_at - m.sent_at < interval '30 s'
                  FROM message m, inbound_message i WHERE m.send_status = 'DELIVERED' AND NOT m.is_from_contact";
    assert_eq!(app.value(pauses).await, "true");
}

/// Functions are frozen after an answer: both go by the queues, whose shortest delay is a second. An overridden
/// recipient answers for who was meant.
#[tokio::test]
async fn functions_are_reported_to_and_answered_by_their_queues() {
    let aws = crate::app::aws().await;
    let sqs = aws.sqs().await;
    let queue = async |name: &str| {
        let made = sqs.create_queue().queue_name(name).send().await;
        made.unwrap().queue_url.unwrap()
    };
    let report_queue = queue("simulated-reports").await;
    let inbound_queue = queue("simulated-answers").await;
    let app = TestApp::with(&[
        ("REPORT_QUEUE_URL", &report_queue),
        ("INBOUND_QUEUE_URL", &inbound_queue),
        ("OVERRIDE_RECIPIENT", "+12125550100"),
    ])
    .await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let receive = async |queue: &str, seconds: i32| {
        let receive = sqs.receive_message().queue_url(queue);
        let received = receive.wait_time_seconds(seconds).send().await;
        let messages = received.unwrap().messages.unwrap_or_default();
        let record = |message: aws_sdk_sqs::types::Message| Record {
            message_id: message.message_id.unwrap(),
            body: message.body.unwrap(),
            message_attributes: std::collections::BTreeMap::new(),
        };
        Batch {
            records: messages.into_iter().map(record).collect(),
        }
    };
    let started = std::time::Instant::now();
    let batch = receive(&report_queue, 0).await;
    let report = Webhook::decode(batch.records[0].body.as_bytes());
    assert_eq!(report.get("MessageStatus"), "delivered");
    assert_eq!(report.get("MessageSid").len(), 64);
    assert_eq!(
        reports::answer(&app.app, &batch).await.batch_item_failures,
        []
    );
    assert_eq!(app.states().await, "DELIVERED 0 1");
    let batch = receive(&inbound_queue, 20).await;
    assert!(started.elapsed() > std::time::Duration::from_millis(500));
    let answer = Webhook::decode(batch.records[0].body.as_bytes());
    assert_eq!(answer.get("From"), "+12125550100");
    assert_eq!(answer.get("To"), "+15555555555");
    assert_eq!(answer.get("Body"), "[+15550000001] Hi Ana (autoreply)");
    assert_eq!(
        inbound::answer(&app.app, &batch).await.batch_item_failures,
        []
    );
    let heard = "SELECT contact_number || text FROM message WHERE is_from_contact";
    assert_eq!(app.value(heard).await, "+15550000001Hi Ana (autoreply)");
    assert_eq!(app.status(texting.contacts[0]).await, "needsResponse");
}

/// Whether a text is dropped is told by who was meant, and not by who gets it instead.
#[tokio::test]
async fn the_overriding_number_is_not_asked_whether_texts_are_dropped() {
    let app = TestApp::with(&[
        ("DROP_MESSAGE_RATIO", "0.1"),
        ("OVERRIDE_RECIPIENT", "+15550000000"),
    ])
    .await;
    let texting = app.texting(2).await;
    let [dropped, kept] = texting.contacts[..] else {
        unreachable!()
    };
    app.sql(&format!(
        "UPDATE campaign_contact SET cell = '+15555550100' WHERE id = {dropped}"
    ))
    .await;
    for contact in [dropped, kept] {
        app.send_first(&texting, contact).await.ok();
    }
    let rows = "SELECT string_agg(service_response, ' ' ORDER BY id) FROM message";
    assert_eq!(app.value(rows).await, "xxxfakexxx simulated");
}

/// Any other text than 1 spares the carrier's credentials and simulates nothing.
#[tokio::test]
async fn without_the_exact_1_nothing_is_simulated() {
    let app = TestApp::with(&[("SKIP_TWILIO_AND_AUTOREPLY", "true")]).await;
    let texting = app.texting(1).await;
    let refused = app.send_first(&texting, texting.contacts[0]).await;
    assert_eq!(refused.code(), "CARRIER_NOT_CONFIGURED");
    let row = "SELECT send_status || messaging_service_sid FROM message";
    assert_eq!(app.value(row).await, "ERRORmock-messaging-service");
}
