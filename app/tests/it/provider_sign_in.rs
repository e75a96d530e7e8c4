//! Signing in by Slack and by Auth0: there, back, and everything that must not get in.

use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::app::{Person, TestApp, json_of};
use crate::provider::{Browser, Kind, ana_of_auth0, ana_of_slack, app_with, app_with_secret};

const ROW: &str =
    "SELECT concat_ws(' ', first_name, last_name, email, cell, auth0_id) FROM \"user\"";

async fn local_account(app: &TestApp, email: &str) -> Person {
    app.sql(&format!(
        "INSERT INTO \"user\" (first_name, last_name, email, password_hash) VALUES ('Ana', 'D', '{email}', 'a hash')"
    ))
    .await;
    let id = app.value("SELECT max(id) FROM \"user\"").await;
    Person {
        id: id.parse().unwrap(),
        epoch: 0,
    }
}

#[tokio::test]
async fn a_new_person_of_the_workspace_reads_the_terms_and_comes_to_their_page_from_then_on() {
    let (app, slack) = app_with(Kind::Slack).await;
    slack.is_person(ana_of_slack());
    let mut browser = Browser::default();
    let to = browser
        .sign_in(&app, Kind::Slack, "/join-campaign/abc?x=1")
        .await;
    assert_eq!(to, "/terms?next=%2Fjoin-campaign%2Fabc%3Fx%3D1");
    assert_eq!(browser.who(&app).await.as_deref(), Some("ana@example.org"));
    assert_eq!(
        app.value(ROW).await,
        "Ana Diaz ana@example.org slack|T0CAMPAIGN|U7"
    );

    // Whatever Slack says of her later, it is her account.
    let mut person = ana_of_slack();
    person["email"] = "new@example.org".into();
    person["email_verified"] = false.into();
    slack.is_person(person);
    let mut browser = Browser::default();
    assert_eq!(
        browser.sign_in(&app, Kind::Slack, "/app/1/todos").await,
        "/app/1/todos"
    );
    assert_eq!(browser.who(&app).await.as_deref(), Some("ana@example.org"));
    assert_eq!(app.count("\"user\"").await, 1);
}

#[tokio::test]
async fn a_new_person_of_auth0_has_the_names_of_their_metadata() {
    let (app, auth0) = app_with(Kind::Auth0).await;
    auth0.is_person(ana_of_auth0());
    for _ in 0..2 {
        let mut browser = Browser::default();
        assert_eq!(
            browser.sign_in(&app, Kind::Auth0, "/app/1/todos").await,
            "/app/1/todos"
        );
        assert_eq!(browser.who(&app).await.as_deref(), Some("ana@example.org"));
    }
    assert_eq!(
        app.value(ROW).await,
        "Ana Diaz ana@example.org +15550001111 auth0|7"
    );
}

#[tokio::test]
async fn what_this_browser_has_not_begun_is_not_finished() {
    let (app, slack) = app_with(Kind::Slack).await;
    slack.is_person(ana_of_slack());
    let mut browser = Browser::default();
    let back = browser.depart(&app, Kind::Slack, "/app").await;
    // Somebody else's link: another browser, and one that has begun an attempt of its own.
    let mut stranger = Browser::default();
    assert_eq!(
        stranger.open(&app, &back).await,
        "/login?problem=stale&nextUrl=%2F"
    );
    stranger.depart(&app, Kind::Slack, "/admin").await;
    assert_eq!(
        stranger.open(&app, &back).await,
        "/login?problem=stale&nextUrl=%2Fadmin"
    );
    for forged in [
        "/login-callback?code=code-1",
        "/login-callback?error=access_denied",
        "/login-callback?code=code-1&state=x",
    ] {
        let mut copy = browser.clone();
        assert_eq!(
            copy.open(&app, forged).await,
            "/login?problem=stale&nextUrl=%2Fapp",
            "{forged}"
        );
        assert!(!copy.is_signed_in());
    }
    assert!(!stranger.is_signed_in());
    // Nothing of all that was even asked at the provider, and the one who began it can still finish.
    assert_eq!(slack.exchanges(), 0);
    assert_eq!(browser.open(&app, &back).await, "/terms?next=%2Fapp");
}

#[tokio::test]
async fn a_code_signs_in_once_and_an_attempt_lasts_a_quarter_of_an_hour() {
    for (kind, person) in [(Kind::Slack, ana_of_slack()), (Kind::Auth0, ana_of_auth0())] {
        let (app, provider) = app_with(kind).await;
        provider.is_person(person);
        let mut browser = Browser::default();
        let back = browser.depart(&app, kind, "/").await;
        // One who has read along kept code and cookie.
        let mut thief = browser.clone();
        browser.open(&app, &back).await;
        assert!(browser.is_signed_in());
        assert_eq!(
            browser.open(&app, &back).await,
            "/login?problem=stale&nextUrl=%2F"
        );
        assert_eq!(provider.exchanges(), 1);
        assert_eq!(
            thief.open(&app, &back).await,
            "/login?problem=stale&nextUrl=%2F"
        );
        assert_eq!(provider.exchanges(), 2);
        assert!(!thief.is_signed_in());

        let mut slow = Browser::default();
        let back = slow.depart(&app, kind, "/").await;
        app.advance(std::time::Duration::from_mins(15));
        assert_eq!(
            slow.open(&app, &back).await,
            "/login?problem=stale&nextUrl=%2F"
        );
    }
}

#[tokio::test]
async fn people_of_another_workspace_stay_outside() {
    let (app, slack) = app_with(Kind::Slack).await;
    for team in [json!("T0OTHER"), Value::Null] {
        let mut person = ana_of_slack();
        person["https://slack.com/team_id"] = team;
        slack.is_person(person);
        let mut browser = Browser::default();
        let to = browser.sign_in(&app, Kind::Slack, "/app").await;
        assert_eq!(to, "/login?problem=team&nextUrl=%2Fapp");
        assert!(!browser.is_signed_in());
    }
    assert_eq!(app.count("\"user\"").await, 0);
}

#[tokio::test]
async fn an_address_nobody_has_confirmed_opens_no_account_and_a_confirmed_one_opens_its_own() {
    for (kind, mut person) in [(Kind::Slack, ana_of_slack()), (Kind::Auth0, ana_of_auth0())] {
        let (app, provider) = app_with(kind).await;
        person["email_verified"] = false.into();
        provider.is_person(person.clone());
        let mut browser = Browser::default();
        let unverified = "/login?problem=unverified&nextUrl=%2F";
        assert_eq!(browser.sign_in(&app, kind, "/").await, unverified);
        assert_eq!(app.count("\"user\"").await, 0);

        let ana = local_account(&app, "ana@example.org").await;
        assert_eq!(browser.sign_in(&app, kind, "/").await, unverified);
        assert!(!browser.is_signed_in());
        let linked = "SELECT (auth0_id IS NOT NULL)::text || ' ' || (password_hash IS NOT NULL)::text FROM \"user\"";
        assert_eq!(app.value(linked).await, "false true");

        person["email_verified"] = true.into();
        provider.is_person(person.clone());
        // She is not new: no terms.
        assert_eq!(browser.sign_in(&app, kind, "/").await, "/");
        assert_eq!(app.value(linked).await, "true false");
        // Whoever was in with the password, or had chosen it, is out.
        let who = app
            .graphql(Some(ana), "{ currentUser { id } }", json!({}))
            .await;
        assert_eq!(who.code(), "UNAUTHORIZED");
        assert_eq!(browser.who(&app).await.as_deref(), Some("ana@example.org"));
    }
}

#[tokio::test]
async fn what_goes_wrong_at_the_provider_ends_on_the_login_page() {
    for (kind, person) in [(Kind::Slack, ana_of_slack()), (Kind::Auth0, ana_of_auth0())] {
        let (app, provider) = app_with(kind).await;
        let mut browser = Browser::default();
        let back = browser.depart(&app, kind, "/app").await;
        let state = back.split("state=").nth(1).unwrap();
        let denied = format!("/login-callback?error=access_denied&state={state}");
        assert_eq!(
            browser.open(&app, &denied).await,
            "/login?problem=denied&nextUrl=%2Fapp"
        );

        let unavailable = "/login?problem=unavailable&nextUrl=%2Fapp";
        provider.is_person(person.clone());
        let back = browser.depart(&app, kind, "/app").await;
        provider.breaks(true);
        assert_eq!(browser.open(&app, &back).await, unavailable);
        provider.breaks(false);
        // Somebody without an address is nobody.
        let mut nameless = person.clone();
        nameless["email"] = Value::Null;
        provider.is_person(nameless);
        assert_eq!(browser.sign_in(&app, kind, "/app").await, unavailable);
        assert!(!browser.is_signed_in());

        let (app, provider) = app_with_secret(kind, "an old secret").await;
        provider.is_person(person);
        assert_eq!(browser.sign_in(&app, kind, "/app").await, unavailable);
        assert_eq!(app.count("\"user\"").await, 0);
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let (app, slack) = app_with(Kind::Slack).await;
    slack.is_person(ana_of_slack());
    Browser::default().sign_in(&app, Kind::Slack, "/").await;
    let endless = format!("/{}", "a".repeat(5000));
    for next in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        &endless,
    ] {
        let mut browser = Browser::default();
        assert_eq!(
            browser.sign_in(&app, Kind::Slack, next).await,
            "/",
            "{next}"
        );
    }
}

#[tokio::test]
async fn where_a_provider_signs_people_in_there_are_no_passwords() {
    let (app, _slack) = app_with(Kind::Slack).await;
    let ana = local_account(&app, "ana@example.org").await;
    for kind in ["login", "signup"] {
        let form = json!({"authType": kind, "email": "ana@example.org", "password": "correct horse",
            "firstName": "Ana", "lastName": "D"});
        let response = app.post("/login-callback", &form).await;
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert!(response.headers().get(header::SET_COOKIE).is_none());
        assert_eq!(json_of(response).await["code"], "NO_PASSWORDS");
    }
    let change = "mutation ($id: String!) { changeUserPassword(userId: $id, formData: {email: \"ana@example.org\",
        password: \"x\", newPassword: \"battery staple\", passwordConfirm: \"battery staple\"}) { id } }";
    let answer = app
        .graphql(Some(ana), change, json!({"id": ana.id.to_string()}))
        .await;
    assert_eq!(answer.code(), "NO_PASSWORDS");
    let reset =
        "mutation ($id: String!) { initiatePasswordReset(organizationId: \"1\", userId: $id) }";
    let answer = app
        .graphql(Some(ana), reset, json!({"id": ana.id.to_string()}))
        .await;
    assert_eq!(answer.code(), "NO_PASSWORD_RESET");
    // The other provider's way in, and either where there is none.
    let mut browser = Browser::default();
    assert_eq!(
        browser
            .open(&app, "/login/auth0-redirect?nextUrl=/app")
            .await,
        "/login?nextUrl=%2Fapp"
    );
    let plain = TestApp::with(&[("BASE_URL", "https://spoke.example.org")]).await;
    assert_eq!(
        browser.open(&plain, "/login/slack-redirect").await,
        "/login?nextUrl=%2F"
    );
    assert_eq!(
        browser.open(&plain, "/login-callback?code=x&state=y").await,
        "/login?problem=stale&nextUrl=%2F"
    );
}

#[tokio::test]
async fn signing_out_goes_through_auth0_and_ends_here() {
    let (app, auth0) = app_with(Kind::Auth0).await;
    auth0.is_person(ana_of_auth0());
    let mut browser = Browser::default();
    browser.sign_in(&app, Kind::Auth0, "/").await;
    let there = browser.open(&app, "/logout-callback").await;
    let back = "returnTo=https%3A%2F%2Fspoke.example.org%2Flogout-callback";
    assert!(
        there.ends_with(&format!("/v2/logout?client_id=client.1&{back}")),
        "{there}"
    );
    assert!(!browser.is_signed_in());
    assert_eq!(browser.open(&app, "/logout-callback").await, "/");
}

#[tokio::test]
async fn auth0_sends_a_new_password_and_what_it_answers_is_told() {
    let (app, auth0) = app_with(Kind::Auth0).await;
    let organization = app.organization().await;
    let texter = app.member(organization, "TEXTER").await;
    let admin = app.member(organization, "ADMIN").await;
    app.sql(&format!("UPDATE \"user\" SET auth0_id = 'auth0|' || id, email = 'u' || id || '@example.org' WHERE id = {}", texter.id)).await;
    let reset = async |by: Person, whom: i32| {
        let text = "mutation ($o: String!, $u: String!) { initiatePasswordReset(organizationId: $o, userId: $u) }";
        let variables = json!({"o": organization.to_string(), "u": whom.to_string()});
        app.graphql(Some(by), text, variables).await
    };
    // texters their own, admins everybody's.
    for by in [texter, admin] {
        assert_eq!(
            reset(by, texter.id).await.ok()["initiatePasswordReset"],
            true
        );
    }
    let asked = auth0.resets();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0]["email"], format!("u{}@example.org", texter.id));
    assert_eq!(asked[0]["connection"], "Username-Password-Authentication");
    assert_eq!(reset(texter, admin.id).await.code(), "FORBIDDEN");
    let stranger = app.person().await;
    assert_eq!(reset(admin, stranger.id).await.code(), "NOT_FOUND");
    // Not known to Auth0; known by way of another service, which has the password.
    assert_eq!(reset(admin, admin.id).await.code(), "NO_PASSWORD_RESET");
    app.sql(&format!(
        "UPDATE \"user\" SET auth0_id = 'google-oauth2|7' WHERE id = {}",
        admin.id
    ))
    .await;
    assert_eq!(reset(admin, admin.id).await.code(), "NO_PASSWORD_RESET");
    auth0.breaks(true);
    assert_eq!(
        reset(admin, texter.id).await.code(),
        "PASSWORD_RESET_FAILED"
    );
    assert_eq!(auth0.resets().len(), 2);
}

#[tokio::test]
async fn terms_are_agreed_to() {
    let app = TestApp::new().await;
    let person = app.person().await;
    let answer = app
        .graphql(
            Some(person),
            "mutation { userAgreeTerms { terms } }",
            json!({}),
        )
        .await;
    assert_eq!(answer.ok()["userAgreeTerms"]["terms"], true);
}
