//! Many at once: fifty texters for the same contacts, contacts that change hands while they are texted, texts that
//! wait while hours end and people opt out.

use std::collections::BTreeSet;
use std::time::Duration;

use carrier::plan::Outage;
use serde_json::{Value, json};
use spoke::texting::settle;

use crate::app::{Answer, Person, TestApp};
use crate::builders::{SEND, Texting};
use crate::carrier::app_with_carrier;
use crate::invariants;

const BATCH: &str = "mutation ($id: String!, $count: Int) {
    findNewCampaignContact(assignmentId: $id, numberContacts: $count) { found count } }";
const RELEASE: &str = "mutation ($id: String!) { releaseUnmessagedContacts(assignmentId: $id) }";
const TODO: &str = "query ($id: String!) {
    contactsForAssignment(assignmentId: $id, contactsFilter: {messageStatus: \"needsMessage\"}) { id } }";

async fn texters(app: &TestApp, texting: &Texting, count: usize) -> Vec<(Person, i32)> {
    let mut texters = Vec::new();
    for _ in 0..count {
        let texter = app.member(texting.organization, "TEXTER").await;
        texters.push((texter, app.assignment(texting.campaign, texter).await));
    }
    texters
}

impl TestApp {
    /// Asks again while all connections are in use: many race here, and machines may be slow.
    async fn patient(&self, by: Person, query: &str, variables: Value) -> Answer {
        loop {
            let answer = self.graphql(Some(by), query, variables.clone()).await;
            if answer.code() != "BUSY" {
                return answer;
            }
        }
    }
}

async fn batch(app: &TestApp, (texter, assignment): (Person, i32), count: i32) -> i64 {
    let variables = json!({"id": assignment.to_string(), "count": count});
    let answer = app.patient(texter, BATCH, variables).await;
    answer.ok()["findNewCampaignContact"]["count"]
        .as_i64()
        .unwrap()
}

async fn todo(app: &TestApp, (texter, assignment): (Person, i32)) -> Vec<i32> {
    let variables = json!({"id": assignment.to_string()});
    let answer = app.patient(texter, TODO, variables).await;
    let rows = answer.ok()["contactsForAssignment"]
        .as_array()
        .unwrap()
        .clone();
    let id = |row: &Value| row["id"].as_str().unwrap().parse().unwrap();
    rows.iter().map(id).collect()
}

#[tokio::test]
async fn fifty_texters_race_for_the_same_contacts() {
    let app = TestApp::new().await;
    let texting = app.texting(0).await;
    app.contacts(texting.campaign, 240).await;
    let texters = texters(&app, &texting, 50).await;
    // Each clicks twice at once, for eight: there are enough for thirty of them.
    let clicks = texters
        .iter()
        .chain(&texters)
        .map(|texter| batch(&app, *texter, 8));
    let counts = futures::future::join_all(clicks).await;
    let mut seen = BTreeSet::new();
    for texter in &texters {
        let mine = todo(&app, *texter).await;
        assert!(mine.len() <= 8, "{mine:?}");
        for contact in mine {
            assert!(seen.insert(contact), "{contact} is in two hands");
        }
    }
    // Whoever came while others were just choosing may have gone away with nothing; then the rest is still there.
    let given: i64 = counts.iter().sum();
    assert_eq!(usize::try_from(given).unwrap(), seen.len());
    for texter in &texters {
        if todo(&app, *texter).await.is_empty() {
            batch(&app, *texter, 8).await;
        }
    }
    let held = "campaign_contact WHERE assignment_id IS NOT NULL";
    assert_eq!(app.count(held).await, 240);
}

/// Batches are given back and asked for while everybody sends: each person gets one first text, from whoever had them.
#[tokio::test]
async fn contacts_change_hands_by_batches_while_they_are_texted() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(0).await;
    app.contacts(texting.campaign, 60).await;
    let texters = texters(&app, &texting, 6).await;
    let shift = async |(texter, assignment): (Person, i32)| {
        for round in 0..100 {
            let count = batch(&app, (texter, assignment), 5).await;
            let mine = todo(&app, (texter, assignment)).await;
            if mine.is_empty() && count == 0 && round > 5 {
                return;
            }
            let release = app.graphql(Some(texter), RELEASE, json!({"id": assignment.to_string()}));
            // Some are being texted while all are given back.
            let sends = mine
                .iter()
                .take(3)
                .map(|contact| first(&app, texter, assignment, *contact));
            let (_, codes) = tokio::join!(release, futures::future::join_all(sends));
            for answer in codes {
                assert!(["OK", "NOT_FOUND"].contains(&answer.code()), "{answer:?}");
            }
        }
    };
    futures::future::join_all(texters.iter().map(|texter| shift(*texter))).await;
    carrier.wait_idle().await;
    app.settle(&carrier).await;
    invariants::hold(&app, &carrier).await;
    assert_eq!(
        app.count("campaign_contact WHERE message_status = 'messaged'")
            .await,
        60
    );
}

/// A first text; asked for again, as it says, when the system is busy.
async fn first(app: &TestApp, texter: Person, assignment: i32, contact: i32) -> Answer {
    let message = json!({"text": format!("first {contact}"), "assignmentId": assignment.to_string(),
        "isInitialMessage": true, "idempotencyKey": uuid::Uuid::new_v4().to_string()});
    app.patient(
        texter,
        SEND,
        json!({"message": message, "id": contact.to_string()}),
    )
    .await
}

/// An admin gives contacts to somebody else while their texter sends: whoever has lost one cannot text it any more.
#[tokio::test]
async fn contacts_are_reassigned_while_they_are_texted() {
    let (app, carrier) = app_with_carrier(&[]).await;
    let texting = app.texting(60).await;
    let other = app.member(texting.organization, "TEXTER").await;
    let others = app.assignment(texting.campaign, other).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let old_sends = async {
        for chunk in texting.contacts.chunks(4) {
            let sends = chunk
                .iter()
                .map(|contact| first(&app, texting.texter, texting.assignment, *contact));
            for answer in futures::future::join_all(sends).await {
                assert!(["OK", "NOT_FOUND"].contains(&answer.code()), "{answer:?}");
            }
        }
    };
    let reassign = async {
        for contact in texting.contacts.iter().rev() {
            app.reassign(admin, &texting, &[*contact], other).await.ok();
            // From here on it is the other one's.
            let late = first(&app, texting.texter, texting.assignment, *contact).await;
            assert_eq!(late.code(), "NOT_FOUND");
            let answer = first(&app, other, others, *contact).await;
            assert!(
                ["OK", "DUPLICATE_MESSAGE"].contains(&answer.code()),
                "{answer:?}"
            );
        }
    };
    tokio::join!(old_sends, reassign);
    carrier.wait_idle().await;
    app.settle(&carrier).await;
    invariants::hold(&app, &carrier).await;
    assert_eq!(carrier.texts().len(), 60);
    let senders = "SELECT count(DISTINCT user_id) FROM message";
    assert_eq!(app.value(senders).await, "2", "the race was none");
}

/// An outage lasts until hours are over, a person opts out meanwhile, a campaign is closed: nothing of it goes out late.
#[tokio::test]
async fn what_waited_is_not_sent_after_hours_nor_after_an_opt_out() {
    let (app, carrier) = app_with_carrier(&[]).await;
    // A quarter to nine in New York, where hours end at nine.
    app.set_time("2026-11-04T01:45:00Z");
    let texting = app.texting(6).await;
    carrier.set_time(app.now());
    carrier.set_outage(Some(Outage::Unavailable));
    for contact in &texting.contacts {
        first(&app, texting.texter, texting.assignment, *contact)
            .await
            .ok();
    }
    carrier.set_outage(None);
    app.sql(&format!(
        "INSERT INTO opt_out (cell, organization_id)
         SELECT cell, {} FROM campaign_contact WHERE id = {}",
        texting.organization, texting.contacts[5]
    ))
    .await;
    let round = || async {
        spoke::texting::reconcile::unknown_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
        settle::waiting_texts(&app.app, Duration::from_secs(5))
            .await
            .unwrap();
    };
    // Ten minutes later the carrier works again: what may still go out goes out.
    app.advance(Duration::from_mins(10));
    carrier.set_time(app.now());
    round().await;
    let sent = carrier.texts().len();
    assert_eq!(sent, 2, "neither asked about, nor opted out");
    // It fails again until hours are over: three of unknown outcome were asked about, and are too late.
    carrier.set_outage(Some(Outage::HangUp));
    app.advance(Duration::from_mins(4));
    carrier.set_time(app.now());
    tokio::join!(round(), round());
    app.advance(Duration::from_mins(2));
    carrier.set_outage(None);
    for _ in 0..4 {
        carrier.set_time(app.now());
        tokio::join!(round(), round());
        app.advance(Duration::from_mins(20));
    }
    carrier.wait_idle().await;
    assert_eq!(carrier.texts().len(), sent, "sent after hours");
    assert!(
        carrier.texts().iter().all(|text| text.to != "+15550000006"),
        "sent after an opt-out"
    );
    assert_eq!(app.count("message WHERE send_status = 'ERROR'").await, 4);
    app.sql("UPDATE campaign_contact SET is_opted_out = true WHERE cell = '+15550000006'")
        .await;
    invariants::hold(&app, &carrier).await;
}
