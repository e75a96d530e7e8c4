//! What operations cost the database, in round trips.

use serde_json::json;

use crate::app::{Person, Statements, TestApp};

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
