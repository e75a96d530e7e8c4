//! Many at once in one process: their texts share statements, and nobody pays for somebody else's.

use futures::future::join_all;
use serde_json::json;
use spoke::texting::inbound::{self, Received, Webhook};
use uuid::Uuid;

use crate::app::{Answer, Statements, TestApp};
use crate::builders::Texting;

const SEND: &str = "mutation ($message: MessageInput!, $id: String!) {
    sendMessage(message: $message, campaignContactId: $id) { id messageStatus } }";

async fn first(app: &TestApp, texting: &Texting, contact: i32, key: Uuid) -> Answer {
    let message = json!({"text": "Hi", "assignmentId": texting.assignment.to_string(),
                         "isInitialMessage": true, "idempotencyKey": key});
    let variables = json!({"message": message, "id": contact.to_string()});
    app.graphql(Some(texting.texter), SEND, variables).await
}

/// Every contact has got one text, and knows of it.
async fn each_once(app: &TestApp) {
    let wrong = "SELECT count(*) FROM campaign_contact c WHERE messages_sent <> 1 OR 1 <>
                 (SELECT count(*) FROM message WHERE campaign_contact_id = c.id AND NOT is_from_contact)";
    assert_eq!(app.value(wrong).await, "0");
}

fn status(answer: &Answer) -> &str {
    answer.ok()["sendMessage"]["messageStatus"]
        .as_str()
        .unwrap()
}

/// Contacts in an assignment whose terms the process knows, for one of them has been texted.
async fn known(app: &TestApp, count: i32) -> Texting {
    let mut texting = app.texting(count + 1).await;
    let contact = texting.contacts.remove(0);
    first(app, &texting, contact, Uuid::new_v4()).await.ok();
    texting
}

fn reply(place: usize, sid: &str) -> Webhook {
    Webhook::of(&[
        ("From", &format!("+1555{:07}", place + 2)),
        ("To", "+15555555555"),
        ("Body", "Yes"),
        ("MessageSid", sid),
        ("MessagingServiceSid", "mock-messaging-service"),
        ("NumMedia", "0"),
    ])
}

#[tokio::test]
async fn texts_sent_at_once_share_their_statements() {
    let app = TestApp::new().await;
    let texting = known(&app, 20).await;
    let statements = Statements::counted();
    let sends = texting
        .contacts
        .iter()
        .map(|contact| first(&app, &texting, *contact, Uuid::new_v4()));
    for answer in join_all(sends).await {
        assert_eq!(status(&answer), "messaged");
    }
    // Forty, were each alone.
    assert!(statements.count() <= 12, "{}", statements.count());
    assert_eq!(app.count("message WHERE send_status = 'SENT'").await, 21);
    each_once(&app).await;
}

#[tokio::test]
async fn what_the_database_refuses_for_one_of_them_is_refused_to_that_one() {
    let app = TestApp::new().await;
    let texting = known(&app, 10).await;
    let used = Uuid::new_v4();
    first(&app, &texting, texting.contacts[4], used).await.ok();
    // Put back, as after a text that was not even tried: the key's text is there already.
    app.sql(&format!(
        "UPDATE campaign_contact SET message_status = 'needsMessage' WHERE id = {}",
        texting.contacts[4]
    ))
    .await;
    let sends = texting.contacts.iter().enumerate().map(|(place, contact)| {
        let key = if place == 4 { used } else { Uuid::new_v4() };
        first(&app, &texting, *contact, key)
    });
    let answers = join_all(sends).await;
    let statuses: Vec<&str> = answers.iter().map(status).collect();
    assert_eq!(statuses.iter().filter(|is| **is == "messaged").count(), 9);
    assert_eq!(statuses[4], "needsMessage", "the first result again");
    assert_eq!(app.count("message").await, 11);
}

#[tokio::test]
async fn one_contact_twice_at_once_gets_one_first_message() {
    let app = TestApp::new().await;
    let texting = known(&app, 6).await;
    let twice = texting.contacts.iter().chain(&texting.contacts);
    let sends = twice.map(|contact| first(&app, &texting, *contact, Uuid::new_v4()));
    let answers = join_all(sends).await;
    let mut codes: Vec<&str> = answers.iter().map(Answer::code).collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [["DUPLICATE_MESSAGE"; 6], ["OK"; 6]].concat(),
        "{codes:?}"
    );
    each_once(&app).await;
}

#[tokio::test]
async fn nobody_waits_for_a_contact_somebody_else_has_in_hand() {
    let app = TestApp::new().await;
    let texting = known(&app, 5).await;
    let hand = app.in_hand(texting.contacts[2]).await;
    let send = |place: usize| first(&app, &texting, texting.contacts[place], Uuid::new_v4());
    let waiting = send(2);
    let others = join_all([0, 1, 3, 4].map(send));
    tokio::pin!(waiting);
    let answers = tokio::select! {
        _ = &mut waiting => panic!("the contact is in somebody's hand"),
        answers = others => answers,
    };
    assert!(answers.iter().all(|answer| status(answer) == "messaged"));

    // The same for answers: those of all five, the second one's twice.
    let webhooks = [0, 1, 2, 3, 4, 1].map(|place| reply(place, &Uuid::new_v4().to_string()));
    hand.commit().await.unwrap();
    assert_eq!(status(&waiting.await), "messaged");
    let hand = app.in_hand(texting.contacts[2]).await;
    let receive = |place: usize| inbound::receive(&app.app, "twilio", &webhooks[place]);
    let statements = Statements::counted();
    let waiting = receive(2);
    let others = join_all([0, 1, 3, 4, 5].map(receive));
    tokio::pin!(waiting);
    let received = tokio::select! {
        _ = &mut waiting => panic!("the contact is in somebody's hand"),
        received = others => received,
    };
    assert!(statements.count() < 10, "{}", statements.count());
    assert!(
        received
            .iter()
            .all(|received| matches!(received, Ok(Received::Applied)))
    );
    hand.commit().await.unwrap();
    assert!(matches!(waiting.await, Ok(Received::Applied)));
    let received =
        "SELECT string_agg(messages_received::text, ' ' ORDER BY id) FROM campaign_contact";
    assert_eq!(app.value(received).await, "0 1 2 1 1 1");
    each_once(&app).await;
}

#[tokio::test]
async fn a_carrier_that_repeats_itself_at_once_is_heard_once() {
    let app = TestApp::new().await;
    let texting = known(&app, 4).await;
    let sends = texting
        .contacts
        .iter()
        .map(|contact| first(&app, &texting, *contact, Uuid::new_v4()));
    join_all(sends).await;
    let webhooks: Vec<Webhook> = (0..12)
        .map(|turn| reply(turn % 4, &format!("SM{}", turn % 4)))
        .collect();
    let receive = webhooks
        .iter()
        .map(|webhook| inbound::receive(&app.app, "twilio", webhook));
    let received = join_all(receive).await;
    let applied = received
        .iter()
        .filter(|received| matches!(received, Ok(Received::Applied)));
    assert_eq!(applied.count(), 4);
    assert!(received.iter().all(Result::is_ok));
    assert_eq!(app.count("message WHERE is_from_contact").await, 4);
    let counts = "SELECT sum(messages_received) FROM campaign_contact";
    assert_eq!(app.value(counts).await, "4");
}
