//! A small Slack or Auth0 on loopback, strict about everything the real ones check; and a browser that walks the way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spoke::identity::Provider;

use crate::app::TestApp;

pub(crate) const BASE: &str = "https://spoke.example.org";
const CLIENT: &str = "client.1";
const SECRET: &str = "a client secret of tests";
pub(crate) const TEAM: &str = "T0CAMPAIGN";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Slack,
    Auth0,
}

/// What the provider knows and has been asked.
#[derive(Default)]
struct Known {
    /// Who is at the keyboard: the answer of `userinfo`.
    person: Value,
    /// Codes not used yet, each with its redirect address, challenge and person.
    codes: HashMap<String, (String, String, Value)>,
    tokens: HashMap<String, Value>,
    next: usize,
    /// How often a code was brought for a token.
    exchanges: usize,
    resets: Vec<Value>,
    is_broken: bool,
}

#[derive(Clone)]
pub(crate) struct StandIn {
    kind: Kind,
    known: Arc<Mutex<Known>>,
}

type Pairs = HashMap<String, String>;

impl StandIn {
    pub(crate) fn is_person(&self, person: Value) {
        self.known.lock().unwrap().person = person;
    }

    /// From now on every answer is a 500 or is not there.
    pub(crate) fn breaks(&self, is_broken: bool) {
        self.known.lock().unwrap().is_broken = is_broken;
    }

    pub(crate) fn exchanges(&self) -> usize {
        self.known.lock().unwrap().exchanges
    }

    pub(crate) fn resets(&self) -> Vec<Value> {
        self.known.lock().unwrap().resets.clone()
    }

    fn refuse(&self, slack: &str, auth0: (StatusCode, &str)) -> Response {
        match self.kind {
            Kind::Slack => Json(json!({"ok": false, "error": slack})).into_response(),
            Kind::Auth0 => (auth0.0, Json(json!({"error": auth0.1}))).into_response(),
        }
    }
}

/// The application with a provider beside it.
pub(crate) async fn app_with(kind: Kind) -> (TestApp, StandIn) {
    app_with_secret(kind, SECRET).await
}

pub(crate) async fn app_with_secret(kind: Kind, secret: &str) -> (TestApp, StandIn) {
    // TLS is chosen by the parts.
    crate::parts::get();
    let stand_in = StandIn {
        kind,
        known: Arc::default(),
    };
    let router = Router::new()
        .route("/openid/connect/authorize", get(authorize))
        .route("/authorize", get(authorize))
        .route("/api/openid.connect.token", post(token))
        .route("/oauth/token", post(token))
        .route("/api/openid.connect.userInfo", get(user_info))
        .route("/userinfo", get(user_info))
        .route("/dbconnections/change_password", post(change_password))
        .with_state(stand_in.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    let strategy = match kind {
        Kind::Slack => "slack",
        Kind::Auth0 => "auth0",
    };
    let environment = [
        ("PASSPORT_STRATEGY", strategy),
        ("SLACK_CLIENT_ID", CLIENT),
        ("SLACK_TEAM_ID", TEAM),
        ("AUTH0_DOMAIN", "campaign.us.auth0.com"),
        ("AUTH0_CLIENT_ID", CLIENT),
        ("SIGN_IN_URL", &url),
        ("BASE_URL", BASE),
    ];
    let app = TestApp::build(&environment, |app| {
        app.provider = Provider::of(&app.config, Some(secret.to_owned())).unwrap();
    })
    .await;
    (app, stand_in)
}

async fn authorize(State(stand_in): State<StandIn>, Query(asked): Query<Pairs>) -> Response {
    let is = |name: &str, value: &str| {
        assert_eq!(asked.get(name).map(String::as_str), Some(value), "{name}");
    };
    is("response_type", "code");
    is("client_id", CLIENT);
    is("redirect_uri", &format!("{BASE}/login-callback"));
    is("code_challenge_method", "S256");
    is("scope", "openid profile email");
    if stand_in.kind == Kind::Slack {
        is("team", TEAM);
    }
    assert!(asked["state"].len() >= 32, "a state that can be guessed");
    let mut known = stand_in.known.lock().unwrap();
    known.next += 1;
    let code = format!("code-{}", known.next);
    let person = known.person.clone();
    let challenge = asked["code_challenge"].clone();
    known.codes.insert(
        code.clone(),
        (asked["redirect_uri"].clone(), challenge, person),
    );
    let to = format!(
        "{}?code={code}&state={}",
        asked["redirect_uri"], asked["state"]
    );
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

async fn token(State(stand_in): State<StandIn>, Form(form): Form<Pairs>) -> Response {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let mut known = stand_in.known.lock().unwrap();
    known.exchanges += 1;
    if known.is_broken {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if field("client_id") != CLIENT || field("client_secret") != SECRET {
        return stand_in.refuse(
            "bad_client_secret",
            (StatusCode::UNAUTHORIZED, "access_denied"),
        );
    }
    assert_eq!(field("grant_type"), "authorization_code");
    let verifier = field("code_verifier");
    assert!((43..=128).contains(&verifier.len()), "RFC 7636, 4.1");
    let fits = |(redirect, challenge, _): &(String, String, Value)| {
        redirect == field("redirect_uri")
            && *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
    };
    // A code is used up by whoever brings it, rightly or not.
    let Some((_, _, person)) = known.codes.remove(field("code")).filter(fits) else {
        return stand_in.refuse("invalid_code", (StatusCode::FORBIDDEN, "invalid_grant"));
    };
    let token = format!("token-{}", known.next);
    known.tokens.insert(token.clone(), person);
    Json(json!({"ok": true, "access_token": token, "token_type": "Bearer", "id_token": "not.looked.at", "expires_in": 86400}))
        .into_response()
}

async fn user_info(State(stand_in): State<StandIn>, headers: HeaderMap) -> Response {
    let bearer = headers[header::AUTHORIZATION].to_str().unwrap();
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    match stand_in.known.lock().unwrap().tokens.get(token) {
        Some(person) => Json(person.clone()).into_response(),
        None => stand_in.refuse("invalid_auth", (StatusCode::UNAUTHORIZED, "invalid_token")),
    }
}

async fn change_password(State(stand_in): State<StandIn>, Json(asked): Json<Value>) -> Response {
    let mut known = stand_in.known.lock().unwrap();
    if known.is_broken || asked["client_id"] != CLIENT {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    known.resets.push(asked);
    "We've just sent you an email to reset your password.".into_response()
}

/// A browser: keeps cookies, follows nothing by itself.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    cookies: HashMap<String, String>,
}

impl Browser {
    /// GET of the application; where it sends the browser.
    pub(crate) async fn open(&mut self, app: &TestApp, path: &str) -> String {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::get(path)
            .header(header::COOKIE, cookies.join("; "))
            .body(Body::empty());
        let response = app.send(request.unwrap()).await;
        assert!(
            response.status().is_redirection(),
            "{path}: {}",
            response.status()
        );
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            for part in ["HttpOnly", "Secure", "SameSite=Lax"] {
                assert!(
                    cookie.contains(part) || cookie.contains("Max-Age=0"),
                    "{part} in {cookie}"
                );
            }
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// From our way in to the provider and to the address it sends the browser back to.
    pub(crate) async fn depart(&mut self, app: &TestApp, kind: Kind, next: &str) -> String {
        let start = match kind {
            Kind::Slack => "/login/slack-redirect",
            Kind::Auth0 => "/login/auth0-redirect",
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("nextUrl", next)
            .finish();
        let there = self.open(app, &format!("{start}?{query}")).await;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let answer = client.get(there).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 302);
        let back = answer.headers()[header::LOCATION.as_str()]
            .to_str()
            .unwrap();
        back.strip_prefix(BASE).unwrap().to_owned()
    }

    /// The whole way; where it ends.
    pub(crate) async fn sign_in(&mut self, app: &TestApp, kind: Kind, next: &str) -> String {
        let back = self.depart(app, kind, next).await;
        self.open(app, &back).await
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.cookies.contains_key("session")
    }

    /// The e-mail address the session belongs to.
    pub(crate) async fn who(&self, app: &TestApp) -> Option<String> {
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::COOKIE,
                format!("session={}", self.cookies.get("session")?),
            )
            .body(
                json!({"query": "{ currentUser { email } }"})
                    .to_string()
                    .into(),
            );
        let answer = crate::app::json_of(app.send(request.unwrap()).await).await;
        answer["data"]["currentUser"]["email"]
            .as_str()
            .map(ToOwned::to_owned)
    }
}

/// Ana, as Slack tells of her.
pub(crate) fn ana_of_slack() -> Value {
    json!({"ok": true, "sub": "U7", "https://slack.com/user_id": "U7", "https://slack.com/team_id": TEAM,
        "email": "Ana@Example.org", "email_verified": true, "name": "Ana Maria Diaz", "given_name": "Ana",
        "family_name": "Diaz"})
}

/// Ana, as Auth0 tells of her.
pub(crate) fn ana_of_auth0() -> Value {
    json!({"sub": "auth0|7", "email": "ana@example.org", "email_verified": true, "name": "ana@example.org",
        "https://spoke/user_metadata": {"given_name": "Ana", "family_name": "Diaz", "cell": "+15550001111"}})
}
