//! What operations cost the database, in round trips.

use carrier::plan::{Fault, Rule};
use serde_json::json;
use uuid::Uuid;

use crate::app::{NOON, Person, Statements, TestApp};
use crate::carrier::app_with_carrier;

async fn cost(app: &TestApp, by: Person, query: &str, variables: serde_json::Value) -> usize {
    let statements = Statements::counted();
    app.graphql(Some(by), query, variables).await.ok();
    statements.count()
}

#[tokio::test]
async fn operations_keep_to_their_statements() {
    let app = TestApp::new().await;
    let texting = app.texting(3).await;
    let other = app
        .assignment(
            texting.campaign,
            app.member(texting.organization, "TEXTER").await,
        )
        .await;
    let (texter, assignment) = (texting.texter, texting.assignment.to_string());
    let text = |contact: i32| json!({"id": contact.to_string(), "message": {"text": "Hi", "assignmentId": texting.assignment.to_string()}});
    let send = "mutation ($message: MessageInput!, $id: String!) {
        sendMessage(message: $message, campaignContactId: $id) { id messageStatus } }";
    assert_eq!(cost(&app, texter, send, text(texting.contacts[0])).await, 3);
    // The terms are known now, and a text asks in its own statement whether they still hold.
    let first = |contact: i32| {
        let mut variables = text(contact);
        variables["message"]["isInitialMessage"] = json!(true);
        variables
    };
    assert_eq!(
        cost(&app, texter, send, first(texting.contacts[1])).await,
        2
    );

    assert_eq!(cost(&app, texter, send, text(texting.contacts[1])).await, 2);
    assert_eq!(cost(&app, texter, send, text(texting.contacts[2])).await, 2);
    let texts =
        "SELECT string_agg(message_status || messages_sent, ' ' ORDER BY id) FROM campaign_contact";
    assert_eq!(app.value(texts).await, "messaged1 messaged2 messaged1");

    let batch =
        "mutation ($id: String!) { findNewCampaignContact(assignmentId: $id) { found count } }";
    app.contacts(texting.campaign, 5).await;
    assert_eq!(
        cost(&app, texter, batch, json!({"id": assignment})).await,
        2
    );

    let page = "query ($id: String!) { assignment(id: $id) { contacts(contactsFilter: {messageStatus: \"needsMessage\", limit: 50}) {
        id firstName lastName cell messageStatus customFields timezone isTextable campaign { id title status } } } }";
    assert_eq!(cost(&app, texter, page, json!({"id": assignment})).await, 2);
    let list = "query ($id: String!) { contactsForAssignment(assignmentId: $id) { id firstName messageStatus } }";
    assert_eq!(cost(&app, texter, list, json!({"id": assignment})).await, 2);
    // Threads of all of them are one more.
    let threads = "query ($id: String!) { contactsForAssignment(assignmentId: $id, contactsFilter: {messageStatus: \"messaged\"}) { id messages { text } } }";
    assert_eq!(
        cost(&app, texter, threads, json!({"id": assignment})).await,
        3
    );

    let thread = "query ($id: String!) { contact(id: $id) { id cell timezone isTextable messages { text } campaign { id } } }";
    let contact = json!({"id": texting.contacts[0].to_string()});
    assert_eq!(cost(&app, texter, thread, contact).await, 3);

    let poll = "query ($id: String!) { assignmentStamp(assignmentId: $id) }";
    app.graphql(Some(texter), poll, json!({"id": assignment}))
        .await
        .ok();
    assert_eq!(cost(&app, texter, poll, json!({"id": assignment})).await, 0);
    assert_eq!(
        app.graphql(Some(texter), page, json!({"id": other.to_string()}))
            .await
            .code(),
        "FORBIDDEN"
    );

    let statements = Statements::counted();
    app.reply(texting.contacts[0], "Hello").await;
    // The helper's own one finds the number.
    assert_eq!(statements.count() - 1, 2);
}

/// Whatever has happened to what a process knows of a texter: three round trips, sent or refused.
#[tokio::test]
async fn a_text_costs_three_round_trips_at_the_most() {
    let app = TestApp::new().await;
    let texting = app.texting(8).await;
    let contacts = &texting.contacts;
    let send = "mutation ($message: MessageInput!, $id: String!) {
        sendMessage(message: $message, campaignContactId: $id) { id messageStatus } }";
    let text = |contact: i32, key: Uuid| {
        json!({"id": contact.to_string(), "message": {"text": "Hi", "isInitialMessage": true,
        "assignmentId": texting.assignment.to_string(), "idempotencyKey": key}})
    };
    let sent = async |contact: i32, key: Uuid| {
        let statements = Statements::counted();
        let answer = app
            .graphql(Some(texting.texter), send, text(contact, key))
            .await;
        (answer.code().to_owned(), statements.count())
    };
    let ok = |statements: usize| ("OK".to_owned(), statements);
    let click = Uuid::new_v4();
    assert_eq!(sent(contacts[0], click).await, ok(3));
    // The campaign or the organization was edited: this text learns it, and the next one knows.
    app.sql("UPDATE campaign SET title = 'Another'").await;
    assert_eq!(sent(contacts[1], Uuid::new_v4()).await, ok(3));
    app.sql("UPDATE organization SET texting_hours_end = 20")
        .await;
    assert_eq!(sent(contacts[2], Uuid::new_v4()).await, ok(3));
    assert_eq!(sent(contacts[3], Uuid::new_v4()).await, ok(2));
    let until = "SELECT string_agg(DISTINCT send_before::text, ' ') FROM message WHERE campaign_contact_id IN";
    let until_of =
        async |one: i32, other: i32| app.value(&format!("{until} ({one}, {other})")).await;
    assert_eq!(
        until_of(contacts[2], contacts[3]).await,
        "2026-11-04 01:00:00+00"
    );
    // The last minute of hours, as long as the carrier has time; then no more.
    app.set_time("2026-11-04T00:59:29Z");
    assert_eq!(sent(contacts[4], Uuid::new_v4()).await, ok(2));
    app.set_time("2026-11-04T00:59:31Z");
    let ending = sent(contacts[5], Uuid::new_v4()).await;
    assert_eq!(ending, ("TEXTING_HOURS".to_owned(), 3));
    app.set_time(NOON);
    // Somebody else has the contact in hand until the text waits for it.
    let hand = app.in_hand(contacts[5]).await;
    let let_go = async {
        let waits = "SELECT count(*) > 0 FROM pg_stat_activity
                     WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let mut asked = 1;
        while app.value(waits).await != "true" {
            asked += 1;
        }
        // The roll-back is one, too.
        hand.rollback().await.unwrap();
        asked + 1
    };
    let ((code, statements), asked) = tokio::join!(sent(contacts[5], Uuid::new_v4()), let_go);
    assert_eq!((code, statements - asked), ok(3));
    // The same click again, and what is refused.
    assert_eq!(sent(contacts[0], click).await, ok(3));
    let again = sent(contacts[0], Uuid::new_v4()).await;
    assert_eq!(again, ("DUPLICATE_MESSAGE".to_owned(), 3));
    app.sql("UPDATE campaign SET status = 'CLOSED'").await;
    let closed = sent(contacts[6], Uuid::new_v4()).await;
    assert_eq!(closed, ("CAMPAIGN_CLOSED".to_owned(), 2));
    let texts = "SELECT count(*) || ' of ' || count(DISTINCT campaign_contact_id) FROM message";
    assert_eq!(app.value(texts).await, "6 of 6");
}

/// The carrier knows of an opt-out: it is here, too, with no more round trips.
#[tokio::test]
async fn a_text_to_somebody_who_opted_out_at_the_carrier_costs_no_more() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(2).await;
    carrier.fault(Rule::of(Fault::Refuse { code: 21_610 }).times(2));
    for (contact, round_trips) in texting.contacts.iter().zip([3, 2]) {
        let statements = Statements::counted();
        app.send_first(&texting, *contact).await.ok();
        // One more reads the thread that is asked for with it.
        assert_eq!(statements.count() - 1, round_trips);
    }
    let opted_out =
        "SELECT count(*) FROM campaign_contact JOIN opt_out USING (cell) WHERE is_opted_out";
    assert_eq!(app.value(opted_out).await, "2");
}

/// Fifty texters ask at once, some of them twice: nobody's contact is anybody else's.
#[tokio::test]
async fn fifty_texters_racing_for_contacts_never_share_one() {
    let app = TestApp::with(&[("DYNAMIC_ASSIGN_MAX_BATCH_SIZE", "4")]).await;
    let organization = app.organization().await;
    let campaign = app.campaign(organization).await;
    app.contacts(campaign, 150).await;
    let mut texters = Vec::new();
    for _ in 0..50 {
        let texter = app.member(organization, "TEXTER").await;
        texters.push((texter, app.assignment(campaign, texter).await));
    }
    let query = "mutation ($id: String!) { findNewCampaignContact(assignmentId: $id) { count } }";
    let ask = |(texter, assignment): (Person, i32)| {
        app.graphql(Some(texter), query, json!({"id": assignment.to_string()}))
    };
    let requests = texters.iter().chain(&texters).map(|who| ask(*who));
    let mut handed_out = 0;
    for answer in futures::future::join_all(requests).await {
        handed_out += answer.ok()["findNewCampaignContact"]["count"]
            .as_i64()
            .unwrap();
    }
    let assigned = "SELECT count(*) FROM campaign_contact WHERE assignment_id IS NOT NULL";
    assert_eq!(app.value(assigned).await, handed_out.to_string());
    assert_eq!(handed_out, 150);
    let most = "SELECT max(count) FROM (SELECT count(*) FROM campaign_contact
                WHERE assignment_id IS NOT NULL GROUP BY assignment_id) AS n";
    assert_eq!(
        app.value(most).await,
        "4",
        "asking twice at once is one batch"
    );
}
