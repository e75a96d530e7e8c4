//! The API's schema, and answers that are not data.

use http::{Request, StatusCode, header};
use serde_json::json;

use crate::app::{TestApp, json_of};

#[test]
fn the_committed_schema_is_what_the_code_says() {
    let committed = include_str!("../../schema.graphql");
    assert!(
        committed == spoke::graphql::sdl(),
        "run app/generate, and commit app/schema.graphql"
    );
}

#[tokio::test]
async fn every_error_carries_its_code_twice_and_the_requests_id() {
    let app = TestApp::new().await;
    let answer = app.graphql(None, "{ currentUser { id } }", json!({})).await;
    assert_eq!(answer.code(), "UNAUTHORIZED");
    assert!(answer.0["errors"][0]["extensions"]["requestId"].is_string());
    for (query, code) in [
        ("{ nonsense }", "UNKNOWN"),
        ("{", "UNKNOWN"),
        (
            "query ($x: Int!) { currentUser(allowNull: true) { id } }",
            "UNKNOWN",
        ),
    ] {
        assert_eq!(
            app.graphql(None, query, json!({})).await.code(),
            code,
            "{query}"
        );
    }
    assert!(
        app.graphql(None, "{ currentUser(allowNull: true) { id } }", json!({}))
            .await
            .ok()["currentUser"]
            .is_null()
    );
}

#[tokio::test]
async fn surprises_say_nothing_of_their_cause() {
    let app = TestApp::new().await;
    let person = app.person().await;
    app.sql("ALTER TABLE user_organization RENAME TO hidden")
        .await;
    let answer = app
        .graphql(Some(person), "{ currentUser { id } }", json!({}))
        .await;
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(answer.message(), "Something went wrong.");
    assert!(
        !answer.0.to_string().contains("user_organization"),
        "{}",
        answer.0
    );
}

#[tokio::test]
async fn a_full_pool_says_busy_and_does_not_hang() {
    let app = TestApp::new().await;
    let person = app.person().await;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(app.app.db.acquire().await.unwrap());
    }
    let answer = app
        .graphql(Some(person), "{ currentUser { id } }", json!({}))
        .await;
    assert_eq!(answer.code(), "BUSY");
}

#[tokio::test]
async fn only_json_is_taken_and_not_too_much_of_it() {
    let app = TestApp::new().await;
    let post = |kind: &str, body: String| {
        Request::post("/graphql")
            .header(header::CONTENT_TYPE, kind)
            .body(body.into())
            .unwrap()
    };
    let form = app
        .send(post(
            "application/x-www-form-urlencoded",
            "query={currentUser{id}}".to_owned(),
        ))
        .await;
    assert_eq!(form.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let broken = app.send(post("application/json", "{".to_owned())).await;
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
    assert_eq!(json_of(broken).await["errors"][0]["code"], "UNKNOWN");
    let huge = app
        .send(post("application/json", " ".repeat(3_000_000)))
        .await;
    assert_eq!(huge.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!(
        "{{ currentUser {{ {} id {} }} }}",
        "organizations { campaigns { campaigns { organization {".repeat(8),
        "} } } }".repeat(8)
    );
    assert_eq!(app.graphql(None, &deep, json!({})).await.code(), "UNKNOWN");
}

#[tokio::test]
async fn graphiql_is_for_admins_who_are_signed_in() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    assert_eq!(
        app.get("/graphiql", None).await.status(),
        StatusCode::UNAUTHORIZED
    );
    for (role, status) in [
        ("SUPERVOLUNTEER", StatusCode::FORBIDDEN),
        ("ADMIN", StatusCode::OK),
        ("OWNER", StatusCode::OK),
    ] {
        let person = app.member(organization, role).await;
        assert_eq!(
            app.get("/graphiql", Some(person)).await.status(),
            status,
            "{role}"
        );
    }
    let superadmin = app.superadmin().await;
    assert_eq!(
        app.get("/graphiql", Some(superadmin)).await.status(),
        StatusCode::OK
    );
}
