//! Polling: a stamp that changes exactly when something changed, and costs nothing otherwise.

use serde_json::json;

use crate::app::{Statements, TestApp};

const STAMP: &str = "query ($id: String!) { assignmentStamp(assignmentId: $id) }";
const OLD_STAMP: &str = "query ($id: String!) { assignment(id: $id) { stamp } }";

#[tokio::test]
async fn polling_with_nothing_new_asks_the_database_nothing() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let read = async || {
        let answer = app
            .graphql(
                Some(texting.texter),
                STAMP,
                json!({"id": texting.assignment.to_string()}),
            )
            .await;
        answer.ok()["assignmentStamp"].as_str().unwrap().to_owned()
    };
    let first = read().await;
    let statements = Statements::counted();
    assert_eq!(read().await, first);
    assert_eq!(statements.count(), 0);
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let sent = read().await;
    assert_ne!(sent, first);
    app.reply(texting.contacts[0], "Hi").await;
    let replied = read().await;
    assert_ne!(replied, sent);
    let same = app
        .graphql(
            Some(texting.texter),
            OLD_STAMP,
            json!({"id": texting.assignment.to_string()}),
        )
        .await;
    assert_eq!(same.ok()["assignment"]["stamp"], replied);
}

#[tokio::test]
async fn a_cached_stamp_is_only_for_whose_assignment_it_is() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let variables = json!({"id": texting.assignment.to_string()});
    app.graphql(Some(texting.texter), STAMP, variables.clone())
        .await
        .ok();
    let other = app.member(texting.organization, "TEXTER").await;
    assert_eq!(
        app.graphql(Some(other), STAMP, variables.clone())
            .await
            .code(),
        "FORBIDDEN"
    );
    assert_eq!(
        app.graphql(None, STAMP, variables).await.code(),
        "UNAUTHORIZED"
    );
}

#[tokio::test]
async fn without_a_cache_the_database_answers() {
    let app = TestApp::with(&[("REDIS_URL", "redis://127.0.0.1:1/")]).await;
    let texting = app.texting(1).await;
    let variables = json!({"id": texting.assignment.to_string()});
    let before = app
        .graphql(Some(texting.texter), STAMP, variables.clone())
        .await;
    app.advance(std::time::Duration::from_secs(1));
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let after = app.graphql(Some(texting.texter), STAMP, variables).await;
    assert_ne!(before.ok(), after.ok());
}
