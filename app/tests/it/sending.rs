//! sendMessage: what it does, what it refuses, what a carrier can do to it.

use std::time::Duration;

use carrier::plan::{Fault, Rule};
use serde_json::json;
use spoke::texting::settle;
use uuid::Uuid;

use crate::app::{Statements, TestApp};
use crate::builders::Texting;
use crate::carrier::app_with_carrier;

#[tokio::test]
async fn a_first_message_is_two_statements_and_moves_the_contact_on() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let contact = texting.contacts[0];
    let query = "mutation ($message: MessageInput!, $id: String!) {
        sendMessage(message: $message, campaignContactId: $id) { id messageStatus } }";
    let variables = |contact: i32| {
        json!({"id": contact.to_string(), "message": {"text": " Hi \u{2018}Ana\u{2019} ", "isInitialMessage": true,
            "assignmentId": texting.assignment.to_string(), "idempotencyKey": Uuid::new_v4()}})
    };
    // The first one also reads under which terms the texter texts.
    app.graphql(Some(texting.texter), query, variables(texting.contacts[1]))
        .await
        .ok();
    let statements = Statements::counted();
    let answer = app
        .graphql(Some(texting.texter), query, variables(contact))
        .await;
    assert_eq!(statements.count(), 2);
    assert_eq!(answer.ok()["sendMessage"]["messageStatus"], "messaged");
    let row = app
        .value(&format!(
            "SELECT text || '|' || send_status || '|' || length(service_id) || '|' || service || '|' || user_id
                    || '|' || messaging_service_sid || '|' || (send_before AT TIME ZONE 'UTC')
             FROM message WHERE campaign_contact_id = {contact}"
        ))
        .await;
    let expected = format!(
        "Hi 'Ana'|SENT|64|twilio|{}|mock-messaging-service|2026-11-04 02:00:00",
        texting.texter.id
    );
    assert_eq!(row, expected);
}

/// A process that knows a texter's terms from the text before: whatever has changed since is seen.
#[tokio::test]
async fn what_is_known_of_a_sender_is_asked_again_with_every_text() {
    let app = TestApp::new().await;
    let changes = [
        ("UPDATE campaign SET status = 'CLOSED'", "CAMPAIGN_CLOSED"),
        ("UPDATE campaign SET due_by = '2026-11-01T00:00:00Z'", "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS"),
        ("UPDATE campaign SET override_organization_texting_hours = true, texting_hours_enforced = true,
                 texting_hours_start = 22, texting_hours_end = 23", "TEXTING_HOURS"),
        ("UPDATE organization SET texting_hours_end = 10", "TEXTING_HOURS"),
        ("UPDATE campaign_contact SET timezone = 'Asia/Tokyo'", "TEXTING_HOURS"),
        ("UPDATE campaign_contact SET is_opted_out = true", "OPTED_OUT"),
        ("INSERT INTO opt_out (cell, organization_id)
          SELECT cell, organization_id FROM campaign_contact c JOIN campaign p ON p.id = c.campaign_id
          ON CONFLICT DO NOTHING", "OPTED_OUT"),
        ("UPDATE campaign_contact SET assignment_id = NULL", "NOT_FOUND"),
        ("UPDATE campaign_contact SET message_status = 'messaged'", "DUPLICATE_MESSAGE"),
        // As suspending somebody does.
        (r#"UPDATE "user" SET session_epoch = session_epoch + 1"#, "UNAUTHORIZED"),
    ];
    for (change, code) in changes {
        let texting = app.texting(3).await;
        for contact in &texting.contacts[..2] {
            app.send_first(&texting, *contact).await.ok();
        }
        app.sql(change).await;
        let texts = app.count("message").await;
        let refused = app.send_first(&texting, texting.contacts[2]).await;
        assert_eq!(refused.code(), code, "{change}");
        assert_eq!(app.count("message").await, texts, "{change}");
    }
}

#[tokio::test]
async fn the_same_key_never_makes_a_second_text() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let (contact, key) = (texting.contacts[0], Some(Uuid::new_v4()));
    let send = || app.send_text(texting.texter, texting.assignment, contact, "Hi", true, key);
    send().await.ok();
    let again = send().await;
    assert_eq!(again.ok()["sendMessage"]["messageStatus"], "messaged");
    assert_eq!(app.count("message").await, 1);
    // Nor when the contact was put back, as after a text that was not even tried.
    app.sql("UPDATE campaign_contact SET message_status = 'needsMessage'")
        .await;
    send().await.ok();
    assert_eq!(app.count("message").await, 1);
    app.sql("UPDATE campaign_contact SET message_status = 'messaged'")
        .await;
    // Another key is another text, and this contact has its first one.
    let other = app
        .send_text(
            texting.texter,
            texting.assignment,
            contact,
            "Hi",
            true,
            Some(Uuid::new_v4()),
        )
        .await;
    assert_eq!(other.code(), "DUPLICATE_MESSAGE");
}

#[tokio::test]
async fn the_same_key_twice_at_once_is_one_text() {
    let app = TestApp::new().await;
    let texting = app.texting(10).await;
    for contact in &texting.contacts {
        let key = Some(Uuid::new_v4());
        let send = || {
            app.send_text(
                texting.texter,
                texting.assignment,
                *contact,
                "Hi",
                true,
                key,
            )
        };
        let (first, second, third) = tokio::join!(send(), send(), send());
        for answer in [first, second, third] {
            assert_eq!(answer.ok()["sendMessage"]["messageStatus"], "messaged");
        }
        let key = Some(Uuid::new_v4());
        let send = || {
            app.send_text(
                texting.texter,
                texting.assignment,
                *contact,
                "Again",
                false,
                key,
            )
        };
        let (first, second) = tokio::join!(send(), send());
        assert_eq!((first.code(), second.code()), ("OK", "OK"));
    }
    assert_eq!(app.count("message").await, 20);
    assert_eq!(
        app.value("SELECT sum(messages_sent) FROM campaign_contact")
            .await,
        "20"
    );
}

#[tokio::test]
async fn two_first_messages_at_once_are_one() {
    let app = TestApp::new().await;
    let texting = app.texting(10).await;
    for contact in &texting.contacts {
        let (first, second) = tokio::join!(
            app.send_first(&texting, *contact),
            app.send_first(&texting, *contact)
        );
        let mut codes = [first.code(), second.code()];
        codes.sort_unstable();
        assert_eq!(codes, ["DUPLICATE_MESSAGE", "OK"]);
    }
    assert_eq!(app.count("message").await, 10);
}

#[tokio::test]
async fn the_same_words_may_be_sent_again_later() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    for _ in 0..2 {
        app.send_text(
            texting.texter,
            texting.assignment,
            texting.contacts[0],
            "Hi Ana",
            false,
            None,
        )
        .await
        .ok();
    }
    assert_eq!(app.count("message").await, 3);
    assert_eq!(app.status(texting.contacts[0]).await, "messaged");
    app.reply(texting.contacts[0], "Who is this?").await;
    assert_eq!(app.status(texting.contacts[0]).await, "needsResponse");
    app.send_text(
        texting.texter,
        texting.assignment,
        texting.contacts[0],
        "Pat",
        false,
        None,
    )
    .await
    .ok();
    assert_eq!(app.status(texting.contacts[0]).await, "convo");
}

/// One change to the world, and the code a first message gets then.
#[tokio::test]
async fn rules_refuse_and_nothing_is_written() {
    let cases = [
        ("UPDATE campaign SET status = 'ARCHIVED'", "CAMPAIGN_ARCHIVED"),
        ("UPDATE campaign SET status = 'CLOSED'", "CAMPAIGN_CLOSED"),
        ("UPDATE campaign SET status = 'NOT_STARTED'", "CAMPAIGN_NOT_STARTED"),
        ("UPDATE campaign SET status = 'CLOSED_FOR_INITIAL_SENDS'", "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS"),
        // Past due counts as closed for initial sends from the next day (UTC) on.
        ("UPDATE campaign SET due_by = '2026-11-02T23:00:00Z'", "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS"),
        ("UPDATE campaign SET due_by = '2026-11-03T00:00:00Z'", "OK"),
        ("UPDATE campaign SET due_by = NULL", "OK"),
        ("INSERT INTO opt_out (cell, organization_id) SELECT cell, 1 FROM campaign_contact", "OPTED_OUT"),
        ("UPDATE campaign_contact SET is_opted_out = true", "OPTED_OUT"),
        ("UPDATE campaign_contact SET assignment_id = NULL", "NOT_FOUND"),
        ("DELETE FROM user_organization", "FORBIDDEN"),
        ("UPDATE \"user\" SET session_epoch = 1", "UNAUTHORIZED"),
        ("UPDATE organization SET texting_hours_start = 13", "TEXTING_HOURS"),
        ("UPDATE organization SET texting_hours_end = 12", "TEXTING_HOURS"),
        ("UPDATE organization SET texting_hours_end = 12, texting_hours_enforced = false", "OK"),
        // Noon on the East Coast is 7 in the morning in Honolulu.
        ("UPDATE campaign_contact SET timezone = 'Pacific/Honolulu'", "TEXTING_HOURS"),
        ("UPDATE campaign SET override_organization_texting_hours = true, texting_hours_start = 13", "TEXTING_HOURS"),
        (
            "UPDATE campaign SET override_organization_texting_hours = true, texting_hours_enforced = false;
             UPDATE campaign_contact SET timezone = 'Pacific/Honolulu'",
            "OK",
        ),
        // Unknown zone: the campaign's.
        (
            "UPDATE campaign SET timezone = 'Pacific/Honolulu'; UPDATE campaign_contact SET timezone = NULL",
            "TEXTING_HOURS",
        ),
    ];
    for (change, expected) in cases {
        let app = TestApp::new().await;
        let texting = app.texting(1).await;
        app.sql(change).await;
        let answer = app.send_first(&texting, texting.contacts[0]).await;
        assert_eq!(answer.code(), expected, "{change}");
        let written = i64::from(expected == "OK");
        assert_eq!(app.count("message").await, written, "{change}");
        let status = if written == 1 {
            "messaged"
        } else {
            "needsMessage"
        };
        assert_eq!(app.status(texting.contacts[0]).await, status, "{change}");
    }
}

#[tokio::test]
async fn a_text_that_would_come_too_late_is_refused_before_it_is_written() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    app.set_time("2026-11-04T01:59:31Z");
    let late = app.send_first(&texting, texting.contacts[0]).await;
    assert_eq!(late.code(), "TEXTING_HOURS");
    assert_eq!(app.count("message").await, 0);
    app.set_time("2026-11-04T01:59:30Z");
    app.send_first(&texting, texting.contacts[0]).await.ok();
}

#[tokio::test]
async fn answers_are_sent_while_only_initial_sends_are_closed() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let contact = texting.contacts[0];
    app.send_first(&texting, contact).await.ok();
    app.reply(contact, "Yes?").await;
    let answer = || {
        app.send_text(
            texting.texter,
            texting.assignment,
            contact,
            "Hello",
            false,
            None,
        )
    };
    app.sql("UPDATE campaign SET status = 'CLOSED_FOR_INITIAL_SENDS'")
        .await;
    assert_eq!(answer().await.code(), "OK");
    app.sql("UPDATE campaign SET status = 'ACTIVE', due_by = '2026-01-01'")
        .await;
    assert_eq!(answer().await.code(), "OK");
    app.sql("UPDATE campaign SET status = 'CLOSED'").await;
    assert_eq!(answer().await.code(), "CAMPAIGN_CLOSED");
}

/// The client says "not initial" to a contact nobody has texted: the rules for first messages hold.
#[tokio::test]
async fn the_client_cannot_talk_its_way_around_a_closed_campaign() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    app.sql("UPDATE campaign SET status = 'CLOSED_FOR_INITIAL_SENDS'")
        .await;
    let answer = app
        .send_text(
            texting.texter,
            texting.assignment,
            texting.contacts[0],
            "Hi",
            false,
            None,
        )
        .await;
    assert_eq!(answer.code(), "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS");
}

#[tokio::test]
async fn only_the_holder_and_supervolunteers_of_the_organization_send() {
    let app = TestApp::new().await;
    let texting = app.texting(5).await;
    let Texting {
        organization,
        assignment,
        ..
    } = texting;
    let elsewhere = app.organization().await;
    let cases = [
        (app.member(organization, "TEXTER").await, "NOT_FOUND"),
        (app.member(organization, "SUPERVOLUNTEER").await, "OK"),
        (app.member(organization, "ADMIN").await, "OK"),
        (app.member(organization, "SUSPENDED").await, "SUSPENDED"),
        (app.member(elsewhere, "OWNER").await, "FORBIDDEN"),
        (app.superadmin().await, "FORBIDDEN"),
    ];
    for ((person, expected), contact) in cases.iter().zip(texting.contacts.iter().cycle()) {
        let answer = app
            .send_text(*person, assignment, *contact, "Hi", true, None)
            .await;
        assert_eq!(answer.code(), *expected, "{person:?}");
    }
    let wrong_assignment = app
        .send_text(
            texting.texter,
            assignment + 1,
            texting.contacts[0],
            "Hi",
            true,
            None,
        )
        .await;
    assert_eq!(wrong_assignment.code(), "NOT_FOUND");
    assert_eq!(wrong_assignment.message(), "Your assignment has changed.");
    let unknown = app
        .send_text(texting.texter, assignment, 999_999, "Hi", true, None)
        .await;
    assert_eq!(unknown.code(), "NOT_FOUND");
}

#[tokio::test]
async fn empty_and_endless_texts_and_broken_keys_are_refused() {
    let app = TestApp::with(&[("MAX_MESSAGE_LENGTH", "10")]).await;
    let texting = app.texting(1).await;
    let texts = [
        " \n ",
        "12345678901",
        "\u{1F600}\u{1F600}\u{1F600}\u{1F600}\u{1F600}!",
    ];
    for text in texts {
        let answer = app
            .send_text(
                texting.texter,
                texting.assignment,
                texting.contacts[0],
                text,
                true,
                None,
            )
            .await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{text}");
    }
    let message = json!({"text": "x", "assignmentId": texting.assignment.to_string(), "idempotencyKey": "not a uuid"});
    let variables = json!({"message": message, "id": texting.contacts[0].to_string()});
    let answer = app
        .graphql(Some(texting.texter), crate::builders::SEND, variables)
        .await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    let fits = "\u{1F600}\u{1F600}\u{1F600}\u{1F600}\u{1F600}";
    app.send_text(
        texting.texter,
        texting.assignment,
        texting.contacts[0],
        fits,
        true,
        None,
    )
    .await
    .ok();
}

#[tokio::test]
async fn a_canned_response_of_another_campaign_is_not_recorded() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let other = app.campaign(texting.organization).await;
    app.sql(&format!(
        "INSERT INTO canned_response (id, campaign_id, title, text) VALUES (1, {}, 'a', 'a'), (2, {other}, 'b', 'b')",
        texting.campaign
    ))
    .await;
    for (contact, response, expected) in [
        (texting.contacts[0], 1, "1"),
        (texting.contacts[1], 2, "NULL"),
    ] {
        let message = json!({"text": "x", "assignmentId": texting.assignment.to_string(), "cannedResponseId": response});
        let variables = json!({"message": message, "id": contact.to_string()});
        app.graphql(Some(texting.texter), crate::builders::SEND, variables)
            .await
            .ok();
        let query =
            format!("SELECT canned_response_id FROM message WHERE campaign_contact_id = {contact}");
        assert_eq!(app.value(&query).await, expected);
    }
}

#[tokio::test]
async fn dropped_texts_look_sent() {
    let app = TestApp::with(&[
        ("DROP_MESSAGE_RATIO", "0.1"),
        ("SKIP_TWILIO_AND_AUTOREPLY", ""),
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
    app.sql(&format!(
        "UPDATE campaign_contact SET cell = '+15550000002' WHERE id = {kept}"
    ))
    .await;
    app.send_first(&texting, dropped).await.ok();
    assert_eq!(
        app.value("SELECT send_status || service_response FROM message")
            .await,
        "SENTxxxfakexxx"
    );
    assert_eq!(
        app.send_first(&texting, kept).await.code(),
        "CARRIER_NOT_CONFIGURED"
    );
}

#[tokio::test]
async fn without_a_carrier_nothing_is_pretended() {
    let app = TestApp::with(&[("SKIP_TWILIO_AND_AUTOREPLY", "")]).await;
    let texting = app.texting(1).await;
    let (contact, key) = (texting.contacts[0], Some(Uuid::new_v4()));
    // Whoever repeats the click hears the same.
    for _ in 0..2 {
        let answer = app
            .send_text(texting.texter, texting.assignment, contact, "Hi", true, key)
            .await;
        assert_eq!(answer.code(), "CARRIER_NOT_CONFIGURED");
    }
    // The row says so, and the contact still waits for its first message.
    let states = "SELECT string_agg(send_status, ' ') FROM message";
    assert_eq!(app.value(states).await, "ERROR ERROR");
    assert_eq!(app.status(contact).await, "needsMessage");
    assert_eq!(
        app.value("SELECT messages_sent FROM campaign_contact")
            .await,
        "0"
    );
}

/// Skipped before their first text, people are still texted for the first time.
#[tokio::test]
async fn a_skipped_contact_still_gets_a_first_message() {
    let app = TestApp::new().await;
    let texting = app.texting(3).await;
    let [known, skipped, reopened] = texting.contacts[..] else {
        unreachable!()
    };
    let mark = "mutation ($id: String!, $status: String!) {
        editCampaignContactMessageStatus(messageStatus: $status, campaignContactId: $id) { messageStatus } }";
    let marked = async |contact: i32, status: &str| {
        let variables = json!({"id": contact.to_string(), "status": status});
        let answer = app.graphql(Some(texting.texter), mark, variables).await;
        answer.ok()["editCampaignContactMessageStatus"]["messageStatus"].clone()
    };
    for contact in [skipped, reopened] {
        assert_eq!(marked(contact, "closed").await, "closed");
    }
    assert_eq!(marked(reopened, "needsResponse").await, "needsMessage");
    let send = |is_initial| {
        let (by, assignment) = (texting.texter, texting.assignment);
        app.send_text(by, assignment, skipped, "Hi", is_initial, None)
    };
    let closed = "UPDATE campaign SET status = 'CLOSED_FOR_INITIAL_SENDS'";
    let active = "UPDATE campaign SET status = 'ACTIVE'";
    app.sql(closed).await;
    assert_eq!(
        send(false).await.code(),
        "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS"
    );
    // Also by a process that knows the campaign's terms from the text before.
    app.sql(active).await;
    app.send_first(&texting, known).await.ok();
    app.sql(closed).await;
    app.reply(known, "Yes?").await;
    app.send_text(
        texting.texter,
        texting.assignment,
        known,
        "Well",
        false,
        None,
    )
    .await
    .ok();
    assert_eq!(
        send(false).await.code(),
        "CAMPAIGN_CLOSED_FOR_INITIAL_SENDS"
    );
    assert_eq!(app.status(skipped).await, "closed");
    app.sql(active).await;
    send(true).await.ok();
    assert_eq!(app.status(skipped).await, "messaged");
    assert_eq!(send(true).await.code(), "DUPLICATE_MESSAGE");
}

#[tokio::test]
async fn the_fake_service_accepts_and_answers_when_asked_to() {
    let app = TestApp::with(&[
        ("DEFAULT_SERVICE", "fakeservice"),
        ("TWILIO_MESSAGE_SERVICE_SID", "MGours"),
        ("SKIP_TWILIO_AND_AUTOREPLY", ""),
    ])
    .await;
    let texting = app.texting(2).await;
    let [quiet, loud] = texting.contacts[..] else {
        unreachable!()
    };
    app.send_first(&texting, quiet).await.ok();
    assert_eq!(app.status(quiet).await, "messaged");
    app.send_text(
        texting.texter,
        texting.assignment,
        loud,
        "please autorespond",
        true,
        None,
    )
    .await
    .ok();
    assert_eq!(app.status(loud).await, "needsResponse");
    let reply = app
        .value("SELECT text FROM message WHERE is_from_contact")
        .await;
    assert_eq!(reply, "responding to please autorespond");
}

#[tokio::test]
async fn a_text_the_carrier_has_no_room_for_waits_and_is_sent_once() {
    let (app, carrier) = app_with_carrier(&[]).await;
    carrier.fault(Rule::of(Fault::Refuse { code: 20_429 }).times(2));
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let round = || settle::waiting_texts(&app.app, Duration::from_secs(5));
    assert_eq!(app.states().await, "QUEUED 0 1");
    assert_eq!(round().await.unwrap().tried, 0, "it waits a minute first");
    app.advance(Duration::from_secs(61));
    assert_eq!(round().await.unwrap().tried, 1);
    assert_eq!(app.states().await, "QUEUED 0 2");
    app.advance(Duration::from_secs(121));
    let (first, second) = tokio::join!(round(), round());
    assert_eq!(first.unwrap().tried + second.unwrap().tried, 1);
    carrier.wait_idle().await;
    assert_eq!(app.states().await, "DELIVERED 0 3");
    assert_eq!(carrier.asked().len(), 3);
}

#[tokio::test]
async fn a_waiting_text_is_given_up_when_its_person_opts_out() {
    let (app, carrier) = app_with_carrier(&[]).await;
    carrier.fault(Rule::of(Fault::Refuse { code: 20_429 }));
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    app.sql("UPDATE campaign_contact SET is_opted_out = true")
        .await;
    app.advance(Duration::from_secs(61));
    let round = settle::waiting_texts(&app.app, Duration::from_secs(5)).await;
    assert_eq!(
        (round.as_ref().unwrap().tried, round.unwrap().given_up),
        (0, 1)
    );
    assert_eq!(app.states().await, "ERROR 0 1");
}

#[tokio::test]
async fn who_waits_too_long_for_a_row_hears_it_and_the_same_click_goes_through_later() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let settings = "SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name) FROM pg_settings
                    WHERE name IN ('idle_in_transaction_session_timeout', 'jit', 'lock_timeout', 'statement_timeout')";
    assert_eq!(
        app.value(settings).await,
        "idle_in_transaction_session_timeout 60000, jit off, lock_timeout 10000, statement_timeout 20000"
    );
    let holder = app.in_hand(texting.contacts[0]).await;
    let key = Some(Uuid::new_v4());
    let click = || {
        let (by, assignment) = (texting.texter, texting.assignment);
        app.send_text(by, assignment, texting.contacts[0], "Hi Ana", true, key)
    };
    assert_eq!(click().await.code(), "BUSY");
    assert_eq!(app.count("message").await, 0);
    holder.rollback().await.unwrap();
    click().await.ok();
    click().await.ok();
    assert_eq!(app.count("message").await, 1);
}
