//! Signing in, up and out; sessions and their end.

use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::app::{Person, TestApp, json_of};

async fn sign_up(app: &TestApp, email: &str) -> Person {
    let form = json!({"authType": "signup", "email": email, "password": "correct horse",
        "passwordConfirm": "correct horse", "firstName": "Ana", "lastName": "Diaz", "cell": "", "nextUrl": "/app"});
    let response = app.post("/login-callback", &form).await;
    assert_eq!(response.status(), StatusCode::OK);
    let id = app
        .value(&format!(
            "SELECT id FROM \"user\" WHERE email = lower('{email}')"
        ))
        .await;
    Person {
        id: id.parse().unwrap(),
        epoch: 0,
    }
}

fn login(email: &str, password: &str) -> Value {
    json!({"authType": "login", "email": email, "password": password, "nextUrl": "/app/1/todos"})
}

#[tokio::test]
async fn a_new_account_signs_in_with_any_case_of_its_address() {
    let app = TestApp::with(&[("BASE_URL", "https://spoke.example.org")]).await;
    sign_up(&app, "Ana@Example.org").await;
    let response = app
        .post(
            "/login-callback",
            &login(" ANA@example.ORG", "correct horse"),
        )
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    for part in ["session=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert_eq!(json_of(response).await, json!({"redirect": "/app/1/todos"}));
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie.split(';').next().unwrap())
        .body(
            json!({"query": "{ currentUser { email } }"})
                .to_string()
                .into(),
        )
        .unwrap();
    let answer = json_of(app.send(request).await).await;
    assert_eq!(answer["data"]["currentUser"]["email"], "ana@example.org");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_hear_the_same() {
    let app = TestApp::new().await;
    sign_up(&app, "ana@example.org").await;
    let mut answers = Vec::new();
    for form in [
        login("ana@example.org", "wrong"),
        login("nobody@example.org", "wrong"),
    ] {
        let response = app.post("/login-callback", &form).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().get(header::SET_COOKIE).is_none());
        answers.push(json_of(response).await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn signing_up_refuses_what_cannot_be() {
    let app = TestApp::new().await;
    sign_up(&app, "ana@example.org").await;
    let good = json!({"authType": "signup", "email": "bo@example.org", "password": "correct horse",
        "passwordConfirm": "correct horse", "firstName": "Bo", "lastName": "Li"});
    let changes = [
        ("email", "ANA@example.org"),
        ("email", "nonsense"),
        ("password", "short"),
        ("passwordConfirm", "another one"),
        ("firstName", "  "),
        ("authType", "reset"),
    ];
    for (field, value) in changes {
        let mut form = good.clone();
        form[field] = value.into();
        let response = app.post("/login-callback", &form).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{field}");
        assert_eq!(json_of(response).await["code"], "BAD_USER_INPUT");
    }
    assert_eq!(app.count("\"user\"").await, 1);
}

#[tokio::test]
async fn without_self_invitation_only_join_links_sign_up() {
    let app = TestApp::with(&[("SUPPRESS_SELF_INVITE", "1")]).await;
    let mut form = json!({"authType": "signup", "email": "bo@example.org", "password": "correct horse",
        "firstName": "Bo", "lastName": "Li", "nextUrl": "/"});
    assert_eq!(
        app.post("/login-callback", &form).await.status(),
        StatusCode::FORBIDDEN
    );
    form["nextUrl"] = "/join-campaign/abc".into();
    assert_eq!(
        app.post("/login-callback", &form).await.status(),
        StatusCode::OK
    );
    let person = app.person().await;
    let create = "mutation { createOrganization(name: \"New\") { id } }";
    assert_eq!(
        app.graphql(Some(person), create, json!({})).await.code(),
        "FORBIDDEN"
    );
    let superadmin = app.superadmin().await;
    assert_eq!(
        app.graphql(Some(superadmin), create, json!({}))
            .await
            .code(),
        "OK"
    );
}

#[tokio::test]
async fn redirects_stay_on_this_site_and_forms_of_others_are_refused() {
    let app = TestApp::new().await;
    sign_up(&app, "ana@example.org").await;
    let mut form = login("ana@example.org", "correct horse");
    form["nextUrl"] = "//evil.example".into();
    let response = app.post("/login-callback", &form).await;
    assert_eq!(json_of(response).await["redirect"], "/");
    let request = Request::post("/login-callback")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("authType=login&email=ana@example.org&password=correct+horse".into())
        .unwrap();
    assert_eq!(app.send(request).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_eleventh_attempt_in_a_minute_is_too_many_with_and_without_a_cache() {
    let without: &[(&str, &str)] = &[("REDIS_URL", "redis://127.0.0.1:1/")];
    for environment in [&[][..], without] {
        let app = TestApp::with(environment).await;
        for _ in 0..10 {
            let response = app
                .post("/login-callback", &login("ana@example.org", "guess"))
                .await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        }
        let response = app
            .post("/login-callback", &login("ANA@example.org", "guess"))
            .await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let other = app
            .post("/login-callback", &login("bo@example.org", "guess"))
            .await;
        assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    }
}

const WHO: &str = "{ currentUser { id } }";

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let app = TestApp::new().await;
    let ana = sign_up(&app, "ana@example.org").await;
    let change = "mutation ($id: String!, $form: UserPasswordChange!) { changeUserPassword(userId: $id, formData: $form) { id } }";
    let form = |old: &str, new: &str, confirm: &str| {
        json!({"id": ana.id.to_string(), "form": {"email": "ana@example.org", "password": old,
            "newPassword": new, "passwordConfirm": confirm}})
    };
    for wrong in [
        form("not it", "battery staple", "battery staple"),
        form("correct horse", "battery staple", "another"),
        form("correct horse", "short", "short"),
    ] {
        assert_eq!(
            app.graphql(Some(ana), change, wrong).await.code(),
            "BAD_USER_INPUT"
        );
    }
    let bo = app.person().await;
    let right = form("correct horse", "battery staple", "battery staple");
    assert_eq!(
        app.graphql(Some(bo), change, right.clone()).await.code(),
        "FORBIDDEN"
    );
    app.graphql(Some(ana), change, right).await.ok();
    assert_eq!(
        app.graphql(Some(ana), WHO, json!({})).await.code(),
        "UNAUTHORIZED"
    );
    let renewed = Person { epoch: 1, ..ana };
    assert_eq!(
        app.graphql(Some(renewed), WHO, json!({})).await.code(),
        "OK"
    );
    let old = app
        .post(
            "/login-callback",
            &login("ana@example.org", "correct horse"),
        )
        .await;
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
    let new = app
        .post(
            "/login-callback",
            &login("ana@example.org", "battery staple"),
        )
        .await;
    assert_eq!(new.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_session_ends_with_suspension_after_a_week_and_when_tampered_with() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let texter = app.member(organization, "TEXTER").await;
    assert_eq!(app.graphql(Some(texter), WHO, json!({})).await.code(), "OK");
    let suspended = spoke::access::Role::Suspended;
    spoke::db::membership::update_role(&app.app.db, texter.id, organization, suspended)
        .await
        .unwrap();
    assert_eq!(
        app.graphql(Some(texter), WHO, json!({})).await.code(),
        "UNAUTHORIZED"
    );

    let other = app.member(organization, "TEXTER").await;
    let cookie = app.cookie(other);
    let ask = |cookie: String| {
        Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookie)
            .body(json!({"query": WHO}).to_string().into())
            .unwrap()
    };
    let forged = format!("session={}.0.{}", other.id, app.now().timestamp());
    assert_eq!(
        json_of(app.send(ask(forged)).await).await["errors"][0]["code"],
        "UNAUTHORIZED"
    );
    assert!(json_of(app.send(ask(cookie.clone())).await).await["errors"].is_null());
    app.advance(std::time::Duration::from_hours(7 * 24));
    assert_eq!(
        json_of(app.send(ask(cookie)).await).await["errors"][0]["code"],
        "UNAUTHORIZED"
    );
}

#[tokio::test]
async fn signing_out_takes_the_cookie_away() {
    let app = TestApp::new().await;
    let person = app.person().await;
    let response = app.get("/logout-callback", Some(person)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/");
    assert!(
        response.headers()[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
}

#[tokio::test]
async fn people_edit_themselves_and_nobody_else() {
    let app = TestApp::new().await;
    let person = app.person().await;
    let edit = "mutation ($data: UserSelfInput!) { editSelf(userData: $data) { displayName subscribedToReminders } }";
    let data =
        json!({"data": {"firstName": " Zoë ", "lastName": "Q", "subscribedToReminders": false}});
    let answer = app.graphql(Some(person), edit, data).await;
    assert_eq!(
        answer.ok()["editSelf"],
        json!({"displayName": "Zoë Q", "subscribedToReminders": false})
    );
    let empty = json!({"data": {"firstName": "", "lastName": "Q", "subscribedToReminders": true}});
    assert_eq!(
        app.graphql(Some(person), edit, empty).await.code(),
        "BAD_USER_INPUT"
    );
    let data = json!({"data": {"firstName": "x", "lastName": "Q", "subscribedToReminders": false}});
    assert_eq!(app.graphql(None, edit, data).await.code(), "UNAUTHORIZED");
}

#[tokio::test]
async fn only_our_proxy_says_where_somebody_comes_from() {
    let app = TestApp::with(&[("TRUSTED_PROXIES", "1"), ("ORIGIN_SECRET", "of our proxy")]).await;
    // What is no address of mail is refused after the attempt was counted.
    let form = json!({"authType": "signup", "email": "nobody", "password": "", "firstName": "", "lastName": ""});
    let attempt = async |secret: Option<&str>, from: usize| {
        let context =
            lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext::default();
        let mut request = Request::post("/login-callback")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-forwarded-for", format!("10.0.0.{from}, 130.176.1.1"))
            .extension(lambda_http::request::RequestContext::ApiGatewayV2(context));
        if let Some(secret) = secret {
            request = request.header("x-spoke-origin", secret);
        }
        let mut form = form.clone();
        form["email"] = format!("nobody{from}").into();
        app.send(request.body(form.to_string().into()).unwrap())
            .await
            .status()
    };
    // Past the proxy everybody is one caller, whatever they say and guess.
    for from in 0..60 {
        let secret = [None, Some("a guess")][from % 2];
        assert_eq!(
            attempt(secret, from).await,
            StatusCode::BAD_REQUEST,
            "{from}"
        );
    }
    assert_eq!(attempt(None, 61).await, StatusCode::TOO_MANY_REQUESTS);
    // Through it each is somebody of their own.
    for from in 0..3 {
        assert_eq!(
            attempt(Some("of our proxy"), 100 + from).await,
            StatusCode::BAD_REQUEST
        );
    }
}
