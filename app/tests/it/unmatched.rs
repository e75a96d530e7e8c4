//! Texts that matched no conversation, as admins see them.

use serde_json::{Value, json};
use spoke::texting::inbound::{self, Webhook};

use crate::app::TestApp;
use crate::uploads;

const PAGE: &str = "query ($o: String!, $before: ID) { organization(id: $o) {
    unmatchedMessages(beforeId: $before, limit: 2) {
        id contactNumber userNumber messagingServiceSid text attachments { url contentType } } } }";
const CANDIDATES: &str = "query ($o: String!, $cell: Phone!) { organization(id: $o) {
    contactsWithNumber(cell: $cell) { id firstName isOptedOut campaign { id } } } }";

#[tokio::test]
async fn they_are_paged_by_key_with_all_that_came_with_them() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    for (number, text) in ["One", "Two", "Three"].into_iter().enumerate() {
        let webhook = Webhook::of(&[
            ("From", "+16175550123"),
            ("To", "+15555555555"),
            ("Body", text),
            ("MessageSid", &format!("SM{number}")),
            ("MessagingServiceSid", "MG1"),
            ("NumMedia", "2"),
            ("MediaUrl0", "https://media.example.org/1.png"),
            ("MediaContentType0", "image/png"),
            ("MediaUrl1", "javascript:alert(1)"),
        ]);
        inbound::receive(&app.app, "twilio", &webhook)
            .await
            .unwrap();
    }
    let page = async |before: Value| {
        let variables = json!({"o": organization.to_string(), "before": before});
        let answer = app.graphql(Some(admin), PAGE, variables).await;
        answer.ok()["organization"]["unmatchedMessages"].clone()
    };
    let newest = page(Value::Null).await;
    let mut first = newest[0].clone();
    let id = first["id"].take();
    assert_eq!(
        first,
        json!({"id": null, "contactNumber": "+16175550123", "userNumber": "+15555555555", "messagingServiceSid": "MG1",
            "text": "Three", "attachments": [{"url": "https://media.example.org/1.png", "contentType": "image/png"}]})
    );
    assert_eq!(newest[1]["text"], "Two");
    assert_eq!(page(id).await[0]["text"], "Two");
    let older = page(newest[1]["id"].clone()).await;
    assert_eq!(older[0]["text"], "One");
    assert_eq!(older.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn candidates_are_the_organizations_contacts_with_the_number() {
    let app = TestApp::new().await;
    let (older, newer) = (app.texting(1).await, app.texting(1).await);
    // One organization has both, the other one somebody with the same number.
    let here = older.organization;
    app.sql(&format!("UPDATE campaign SET organization_id = {here}"))
        .await;
    let elsewhere = app.texting(1).await;
    app.sql("UPDATE campaign_contact SET cell = '+16175550123'")
        .await;
    let ask = async |by, cell: &str| {
        let variables = json!({"o": here.to_string(), "cell": cell});
        app.graphql(Some(by), CANDIDATES, variables).await
    };
    let admin = app.member(here, "ADMIN").await;
    let found = ask(admin, "+16175550123").await.ok()["organization"]["contactsWithNumber"].clone();
    let ids: Vec<String> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        ids,
        [newer.contacts[0].to_string(), older.contacts[0].to_string()]
    );
    assert_eq!(found[0]["campaign"]["id"], newer.campaign.to_string());
    assert_eq!(
        ask(admin, "+16175550124").await.ok()["organization"]["contactsWithNumber"],
        json!([])
    );
    for stranger in [
        older.texter,
        app.member(here, "SUPERVOLUNTEER").await,
        elsewhere.texter,
    ] {
        assert_eq!(ask(stranger, "+16175550123").await.code(), "FORBIDDEN");
    }
}

#[tokio::test]
async fn a_contact_nobody_can_have_texted_is_no_candidate_and_its_campaign_can_be_loaded_again() {
    let app = uploads::app_with_bucket(&[]).await;
    let texting = app.texting(1).await;
    let (organization, campaign) = (texting.organization, texting.campaign);
    let admin = app.member(organization, "ADMIN").await;
    app.sql(
        "UPDATE campaign_contact SET cell = '+16175550123';
         UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL, join_token = NULL",
    )
    .await;
    let webhook = Webhook::of(&[
        ("From", "+16175550123"),
        ("To", "+15555555555"),
        ("Body", "Who is this?"),
        ("MessageSid", "SM1"),
    ]);
    inbound::receive(&app.app, "twilio", &webhook)
        .await
        .unwrap();
    let variables = json!({"o": organization.to_string(), "cell": "+16175550123"});
    let found = app.graphql(Some(admin), CANDIDATES, variables).await;
    assert_eq!(found.ok()["organization"]["contactsWithNumber"], json!([]));
    let assign = "mutation ($m: String!, $c: String!) { assignUnmatchedMessage(messageId: $m, campaignContactId: $c) { id } }";
    let id = app.value("SELECT id FROM inbound_message").await;
    let variables = json!({"m": id, "c": texting.contacts[0].to_string()});
    // Archived without ever having been started, it may still become one that waits.
    for status in ["NOT_STARTED", "ARCHIVED"] {
        app.sql(&format!("UPDATE campaign SET status = '{status}'"))
            .await;
        let refused = app.graphql(Some(admin), assign, variables.clone()).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
        let said = refused.message();
        assert!(said.contains("has not been started"), "{said}");
    }
    assert_eq!(
        app.value("SELECT status FROM inbound_message").await,
        "UNMATCHED"
    );
    app.sql("UPDATE campaign SET status = 'NOT_STARTED'").await;
    let file = "first_name,last_name,cell\nAna,Diaz,617-555-0123\n";
    let key = uploads::put(&app, admin, organization, file).await;
    uploads::replace(&app, admin, campaign, &key).await.ok();
    let job = app.value("SELECT status FROM background_job").await;
    assert_eq!(job, "DONE");
}
