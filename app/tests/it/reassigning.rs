//! Contacts change hands: with their threads, all or none, and never into the wrong ones.

use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::builders::Texting;

const REASSIGN: &str = "mutation ($o: String!, $places: [CampaignIdContactId!]!, $to: String!) {
    reassignCampaignContacts(organizationId: $o, campaignIdsContactIds: $places, newTexterUserId: $to) {
        campaignId assignmentId } }";
const THREADS: &str = "query ($id: String!) {
    contactsForAssignment(assignmentId: $id, contactsFilter: {messageStatus: \"needsMessage,messaged\"}) {
        id messages { text } } }";
const STAMP: &str = "query ($id: String!) { assignmentStamp(assignmentId: $id) }";

fn places(campaign: i32, contacts: &[i32]) -> Value {
    let place = |contact: &i32| json!({"campaignId": campaign.to_string(), "campaignContactId": contact, "messageIds": []});
    contacts.iter().map(place).collect()
}

impl TestApp {
    /// The admin gives contacts of the campaign to somebody else.
    pub(crate) async fn reassign(
        &self,
        admin: Person,
        texting: &Texting,
        contacts: &[i32],
        to: Person,
    ) -> Answer {
        let variables = json!({"o": texting.organization.to_string(), "to": to.id.to_string(),
            "places": places(texting.campaign, contacts)});
        self.graphql(Some(admin), REASSIGN, variables).await
    }

    /// The texts of each contact of the assignment, as its texter sees them.
    async fn threads(&self, texter: Person, assignment: &str) -> Value {
        let answer = self
            .graphql(Some(texter), THREADS, json!({"id": assignment}))
            .await;
        let mut threads = answer.ok()["contactsForAssignment"].clone();
        threads
            .as_array_mut()
            .unwrap()
            .sort_by_key(|contact| contact["id"].as_str().unwrap().parse::<i32>().unwrap());
        threads
    }

    async fn stamp(&self, texter: Person, assignment: &str) -> Value {
        let asked = json!({"id": assignment});
        self.graphql(Some(texter), STAMP, asked).await.ok()["assignmentStamp"].clone()
    }
}

#[tokio::test]
async fn contacts_change_hands_with_their_threads() {
    let app = TestApp::new().await;
    let texting = app.texting(3).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let other = app.member(texting.organization, "TEXTER").await;
    let (old, kept) = (texting.assignment.to_string(), texting.contacts[2]);
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let before = app.stamp(texting.texter, &old).await;

    let answer = app
        .reassign(admin, &texting, &texting.contacts[..2], other)
        .await;
    let given = answer.ok()["reassignCampaignContacts"].clone();
    assert_eq!(given[0]["campaignId"], texting.campaign.to_string());
    let new = given[0]["assignmentId"].as_str().unwrap();
    let expected = json!([{"id": texting.contacts[0].to_string(), "messages": [{"text": "Hi Ana"}]},
        {"id": texting.contacts[1].to_string(), "messages": []}]);
    assert_eq!(app.threads(other, new).await, expected);
    let rest = json!([{"id": kept.to_string(), "messages": []}]);
    assert_eq!(app.threads(texting.texter, &old).await, rest);
    assert_ne!(app.stamp(texting.texter, &old).await, before, "lists stale");

    assert_eq!(
        app.send_first(&texting, texting.contacts[1]).await.code(),
        "NOT_FOUND"
    );
    let theirs = Texting {
        texter: other,
        assignment: new.parse().unwrap(),
        contacts: texting.contacts.clone(),
        ..texting
    };
    app.send_first(&theirs, texting.contacts[1]).await.ok();
    // What nobody has can be given as well, and the same again changes nothing.
    app.sql("UPDATE campaign_contact SET assignment_id = NULL")
        .await;
    for _ in 0..2 {
        app.reassign(admin, &texting, &[kept], texting.texter)
            .await
            .ok();
        assert_eq!(app.threads(texting.texter, &old).await, rest);
    }
}

#[tokio::test]
async fn all_or_none_are_given_and_only_to_those_who_may_have_them() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let other = app.member(texting.organization, "TEXTER").await;
    let suspended = app.member(texting.organization, "SUSPENDED").await;
    let elsewhere = app.texting(1).await;
    let here = places(texting.campaign, &texting.contacts);
    let mixed = places(
        texting.campaign,
        &[texting.contacts[0], elsewhere.contacts[0]],
    );
    let theirs = places(elsewhere.campaign, &elsewhere.contacts);
    for (places, to, code) in [
        (&here, elsewhere.texter.id.to_string(), "NOT_FOUND"),
        (&here, suspended.id.to_string(), "BAD_USER_INPUT"),
        (&here, "x".to_owned(), "NOT_FOUND"),
        (&mixed, other.id.to_string(), "NOT_FOUND"),
        (&theirs, other.id.to_string(), "NOT_FOUND"),
    ] {
        let variables = json!({"o": texting.organization.to_string(), "to": to, "places": places});
        let answer = app.graphql(Some(admin), REASSIGN, variables).await;
        assert_eq!(answer.code(), code, "{places} to {to}");
    }
    let held = format!(
        "SELECT count(*) FROM campaign_contact WHERE assignment_id IN ({}, {})",
        texting.assignment, elsewhere.assignment
    );
    assert_eq!(app.value(&held).await, "3");
    assert_eq!(app.value("SELECT count(*) FROM assignment").await, "2");
}

#[tokio::test]
async fn two_who_give_the_same_contacts_away_do_not_stop_each_other() {
    let app = TestApp::new().await;
    let texting = app.texting(40).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let (one, two) = (
        app.member(texting.organization, "TEXTER").await,
        app.member(texting.organization, "TEXTER").await,
    );
    let backwards: Vec<i32> = texting.contacts.iter().rev().copied().collect();
    for _ in 0..10 {
        let (first, second) = tokio::join!(
            app.reassign(admin, &texting, &texting.contacts, one),
            app.reassign(admin, &texting, &backwards, two)
        );
        let to = |answer: &Answer| {
            let id = &answer.ok()["reassignCampaignContacts"][0]["assignmentId"];
            id.as_str().unwrap().to_owned()
        };
        let held = app
            .value("SELECT string_agg(DISTINCT assignment_id::text, ' ') FROM campaign_contact")
            .await;
        assert!([to(&first), to(&second)].contains(&held), "{held}");
    }
}
