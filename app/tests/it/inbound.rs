//! Texts coming in.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use spoke::functions::queue::{Batch, Record};
use spoke::sms::twilio::Twilio;
use spoke::texting::inbound::{self, Received, Webhook};

use crate::app::TestApp;

fn webhook(from: &str, body: &str, sid: &str) -> Webhook {
    Webhook::of(&[
        ("From", from),
        ("To", "+15555555555"),
        ("Body", body),
        ("MessageSid", sid),
        ("MessagingServiceSid", "mock-messaging-service"),
        ("NumMedia", "0"),
    ])
}

#[tokio::test]
async fn a_text_is_applied_once_however_often_and_at_once_it_comes() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let text = webhook("+15550000001", "Hello?", "SM1");
    let receive = || inbound::receive(&app.app, "twilio", &text);
    let (first, second, third) = tokio::join!(receive(), receive(), receive());
    let mut outcomes =
        [first.unwrap(), second.unwrap(), third.unwrap()].map(|outcome| format!("{outcome:?}"));
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["Applied", "Repeated", "Repeated"]);
    assert_eq!(
        app.value("SELECT count(*) FROM message WHERE is_from_contact")
            .await,
        "1"
    );
    assert_eq!(
        app.value("SELECT messages_received FROM campaign_contact")
            .await,
        "1"
    );
    assert_eq!(app.status(texting.contacts[0]).await, "needsResponse");
}

#[tokio::test]
async fn a_text_belongs_to_whoever_texted_the_number_last() {
    let app = TestApp::new().await;
    let older = app.texting(1).await;
    let newer = app.texting(1).await;
    app.send_first(&older, older.contacts[0]).await.ok();
    app.send_first(&newer, newer.contacts[0]).await.ok();
    assert_eq!(app.reply(newer.contacts[0], "Hi").await, Received::Applied);
    assert_eq!(app.status(newer.contacts[0]).await, "needsResponse");
    assert_eq!(app.status(older.contacts[0]).await, "messaged");
    // Through another messaging service it is another conversation.
    let mut other = webhook("+15550000001", "Hi", "SM9");
    other
        .parameters
        .insert("MessagingServiceSid".to_owned(), "MG9".to_owned());
    assert_eq!(
        inbound::receive(&app.app, "twilio", &other).await.unwrap(),
        Received::Unmatched
    );
}

#[tokio::test]
async fn what_matches_nobody_is_kept() {
    let app = TestApp::new().await;
    let text = webhook("+15559999999", "Who?", "SM1");
    assert_eq!(
        inbound::receive(&app.app, "twilio", &text).await.unwrap(),
        Received::Unmatched
    );
    let kept = app
        .value("SELECT status || contact_number || (payload ->> 'Body') FROM inbound_message")
        .await;
    assert_eq!(kept, "UNMATCHED+15559999999Who?");
    assert_eq!(
        inbound::receive(&app.app, "twilio", &Webhook::of(&[("From", "x")]))
            .await
            .unwrap(),
        Received::Malformed
    );
}

#[tokio::test]
async fn stop_opts_out_in_every_campaign_of_the_organization_and_no_other() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let second = app.campaign(texting.organization).await;
    let sibling = app.contacts(second, 1).await[0];
    let elsewhere = app.texting(1).await.contacts[0];
    app.send_first(&texting, texting.contacts[0]).await.ok();
    app.reply(texting.contacts[0], "Stop by any time").await;
    assert_eq!(app.count("opt_out").await, 0);
    for word in [" stop.", "STOP"] {
        app.reply(texting.contacts[0], word).await;
    }
    assert_eq!(app.count("opt_out").await, 1);
    let opted_out =
        |contact: i32| format!("SELECT is_opted_out FROM campaign_contact WHERE id = {contact}");
    assert_eq!(app.value(&opted_out(texting.contacts[0])).await, "true");
    assert_eq!(app.value(&opted_out(sibling)).await, "true");
    assert_eq!(app.value(&opted_out(elsewhere)).await, "false");
    let answer = app
        .send_text(
            texting.texter,
            texting.assignment,
            texting.contacts[0],
            "x",
            false,
            None,
        )
        .await;
    assert_eq!(answer.code(), "OPTED_OUT");
}

#[tokio::test]
async fn shared_opt_outs_hold_in_every_organization() {
    let app = TestApp::with(&[("OPTOUTS_SHARE_ALL_ORGS", "yes")]).await;
    let texting = app.texting(1).await;
    let elsewhere = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    app.reply(texting.contacts[0], "QUIT").await;
    assert_eq!(
        app.send_first(&elsewhere, elsewhere.contacts[0])
            .await
            .code(),
        "OPTED_OUT"
    );
}

#[tokio::test]
async fn a_kept_text_that_cannot_be_applied_keeps_no_others_waiting() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    for contact in &texting.contacts {
        app.send_first(&texting, *contact).await.ok();
    }
    app.sql(
        "INSERT INTO inbound_message (service, service_id, payload, contact_number, messaging_service_sid, text, received_at)
         SELECT 'twilio', 'SM' || n, '{}', '+1555000000' || n, 'mock-messaging-service', 'Late',
                '2026-11-03T16:00:00Z'::timestamptz + n * interval '1 second'
         FROM generate_series(1, 2) AS n;
         CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
         CREATE TRIGGER refuses BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.service_id = 'SM1')
             EXECUTE FUNCTION refuses()",
    )
    .await;
    assert!(inbound::apply_left(&app.app).await.is_err());
    let applied = "SELECT string_agg(service_id, ' ' ORDER BY service_id) FROM inbound_message WHERE status = 'APPLIED'";
    assert_eq!(app.value(applied).await, "SM2");
    app.sql("DROP TRIGGER refuses ON message").await;
    assert_eq!(inbound::apply_left(&app.app).await.unwrap(), 1);
    assert_eq!(app.value(applied).await, "SM1 SM2");
}

#[tokio::test]
async fn what_was_kept_but_not_applied_is_applied_later() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    app.sql(
        "INSERT INTO inbound_message (service, service_id, payload, contact_number, messaging_service_sid, text, received_at)
         VALUES ('twilio', 'SM1', '{\"NumMedia\": \"1\", \"MediaUrl0\": \"https://x/1\", \"MediaContentType0\": \"image/png\"}',
                 '+15550000001', 'mock-messaging-service', 'Late', '2026-11-03T16:00:00Z')",
    )
    .await;
    assert_eq!(inbound::apply_left(&app.app).await.unwrap(), 1);
    assert_eq!(inbound::apply_left(&app.app).await.unwrap(), 0);
    let row = app
        .value("SELECT text || attachments FROM message WHERE is_from_contact")
        .await;
    assert_eq!(
        row,
        "Late[{\"url\": \"https://x/1\", \"contentType\": \"image/png\"}]"
    );
}

#[tokio::test]
async fn an_overridden_recipients_answer_finds_who_was_meant() {
    let app = TestApp::with(&[("OVERRIDE_RECIPIENT", "+12125550100")]).await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let tagged = webhook("+12125550100", "[+15550000001] Hi back", "SM1");
    assert_eq!(
        inbound::receive(&app.app, "twilio", &tagged).await.unwrap(),
        Received::Applied
    );
    assert_eq!(
        app.value("SELECT text FROM message WHERE is_from_contact")
            .await,
        "Hi back"
    );
    let untagged = webhook("+12125550100", "Hi back", "SM2");
    assert_eq!(
        inbound::receive(&app.app, "twilio", &untagged)
            .await
            .unwrap(),
        Received::Malformed
    );
}

#[tokio::test]
async fn the_queue_gets_back_only_what_could_not_be_kept() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let record = |id: &str, webhook: &Webhook| Record {
        message_id: id.to_owned(),
        body: webhook.encode(),
        message_attributes: BTreeMap::new(),
    };
    let batch = Batch {
        records: vec![
            record("1", &webhook("+15550000001", "One", "SM1")),
            record("2", &Webhook::default()),
        ],
    };
    let failures = spoke::functions::inbound::answer(&app.app, &batch).await;
    assert!(failures.batch_item_failures.is_empty());
    app.app.db.close().await;
    let failures = spoke::functions::inbound::answer(&app.app, &batch).await;
    assert_eq!(
        serde_json::to_value(failures).unwrap(),
        json!({"batchItemFailures": [{"itemIdentifier": "1"}]})
    );
}

#[tokio::test]
async fn the_webhook_takes_only_what_the_carrier_signed() {
    let app = TestApp::build(&[("BASE_URL", "https://spoke.example.org")], |app| {
        app.twilio = Some(Twilio::new("AC1".to_owned(), "12345".to_owned()));
    })
    .await;
    let post = |path: &str, signature: &str| {
        let body = webhook("+15550000001", "Hi", "SM1").encode();
        Request::post(path)
            .header("x-twilio-signature", signature)
            .body(Body::from(body))
            .unwrap()
    };
    for path in ["/twilio", "/twilio-message-report"] {
        for signature in ["", "bm90IGl0", "GvWf1cFY/Q7PnoempGyD5oXAezc="] {
            assert_eq!(
                app.send(post(path, signature)).await.status(),
                StatusCode::FORBIDDEN
            );
        }
    }
    assert_eq!(app.count("inbound_message").await, 0);
    let signature = sign(
        "https://spoke.example.org/twilio",
        &webhook("+15550000001", "Hi", "SM1"),
    );
    assert_eq!(
        app.send(post("/twilio", &signature)).await.status(),
        StatusCode::OK
    );
    assert_eq!(app.count("inbound_message").await, 1);
    // When it cannot be kept the carrier must hear so.
    app.app.db.close().await;
    let status = app.send(post("/twilio", &signature)).await.status();
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    // Without the account's token nothing can be told genuine.
    let bare = TestApp::new().await;
    assert_eq!(
        bare.send(post("/twilio", &signature)).await.status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn the_queue_takes_from_the_api_only_what_the_carrier_signed() {
    let app = TestApp::build(
        &[
            ("BASE_URL", "https://spoke.example.org"),
            ("TWILIO_FALLBACK_KEY", "k1"),
        ],
        |app| app.twilio = Some(Twilio::new("AC1".to_owned(), "12345".to_owned())),
    )
    .await;
    let address = "https://spoke.example.org/twilio-fallback/k1";
    let record = |id: &str, webhook: &Webhook, signature: &str| {
        json!({
            "messageId": id,
            "body": webhook.encode(),
            "messageAttributes": {"signature": {"dataType": "String", "stringValue": signature}},
        })
    };
    let one = webhook("+15550000001", "One", "SM1");
    let two = webhook("+15550000002", "Two", "SM2");
    let elsewhere = sign("https://spoke.example.org/twilio-fallback/k2", &two);
    let batch = json!({"Records": [
        record("1", &one, &sign(address, &one)),
        record("2", &two, &sign(address, &one)),
        record("3", &two, &elsewhere),
        record("4", &two, ""),
    ]});
    let batch: Batch = serde_json::from_value(batch).unwrap();
    let failures = spoke::functions::inbound::answer(&app.app, &batch).await;
    let failed = ["2", "3", "4"].map(|id| json!({"itemIdentifier": id}));
    assert_eq!(
        serde_json::to_value(failures).unwrap(),
        json!({ "batchItemFailures": failed })
    );
    assert_eq!(app.count("inbound_message").await, 1);
}

fn sign(url: &str, webhook: &Webhook) -> String {
    use base64::Engine;
    use hmac::{KeyInit, Mac};
    let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(b"12345").unwrap();
    mac.update(url.as_bytes());
    for (name, value) in &webhook.parameters {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

const REPLY: &str = "mutation ($id: String!, $message: String!) { sendReply(id: $id, message: $message) { messageStatus } }";

#[tokio::test]
async fn admins_simulate_answers_in_threads_that_are_there() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let reply = |by, contact: i32| {
        app.graphql(
            Some(by),
            REPLY,
            json!({"id": contact.to_string(), "message": "Hi"}),
        )
    };
    assert_eq!(
        reply(admin, texting.contacts[0]).await.code(),
        "BAD_USER_INPUT"
    );
    app.send_first(&texting, texting.contacts[0]).await.ok();
    assert_eq!(
        reply(admin, texting.contacts[0]).await.ok()["sendReply"]["messageStatus"],
        "needsResponse"
    );
    assert_eq!(
        reply(texting.texter, texting.contacts[0]).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(reply(admin, 999_999).await.code(), "NOT_FOUND");
}
