//! Signing in at Slack or Auth0: there, and back again. Whatever goes wrong ends on the login page, which says what to do.

use axum::Extension;
use axum::extract::{OriginalUri, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Expiration, Key, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::requests::Address;
use crate::http::sign_in::local_path;
use crate::http::{Web, pages, session};
use crate::identity::Refusal;
use crate::people::arrive::{self, Arrival};

const NAME: &str = "sign-in";
/// Only where it is needed.
const PATH: &str = "/login-callback";
/// Long enough for a second factor and a forgotten password.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// A cookie has 4 KB, and a path longer than this is none of ours.
const MAX_NEXT: usize = 1000;

/// What this browser has begun, sealed in a cookie.
#[derive(Debug, Deserialize, Serialize)]
struct Attempt {
    state: String,
    verifier: String,
    next: String,
    begun: i64,
}

/// Where somebody wants to go.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    next_url: Option<String>,
}

/// What the provider sends along.
#[derive(Debug, Deserialize)]
pub struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// GET /login/slack-redirect, GET /login/auth0-redirect
pub async fn start(
    State(web): State<Web>,
    OriginalUri(uri): OriginalUri,
    jar: PrivateCookieJar<Key>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let app = &web.app;
    let next = local_path(wanted.next_url.as_deref())
        .filter(|path| path.len() <= MAX_NEXT)
        .unwrap_or("/");
    let provider = app.provider.as_ref();
    let Some(provider) = provider.filter(|provider| provider.path() == uri.path()) else {
        return pages::to_login(next);
    };
    let departure = provider.depart(app.ids.token(), app.ids.token());
    let attempt = Attempt {
        state: departure.state,
        verifier: departure.verifier,
        next: next.to_owned(),
        begun: app.clock.now().timestamp(),
    };
    (remember(app, jar, &attempt), Redirect::to(&departure.url)).into_response()
}

/// GET /login-callback
pub async fn finish(
    State(web): State<Web>,
    Extension(Address(address)): Extension<Address>,
    jar: PrivateCookieJar<Key>,
    Query(answer): Query<Answer>,
) -> Response {
    let app = &web.app;
    let attempt = recall(&jar, app.clock.now());
    // Whatever comes of it, an attempt is made once.
    let jar = jar.remove(Cookie::build(NAME).path(PATH));
    let next = attempt
        .as_ref()
        .map_or_else(|| "/".to_owned(), |attempt| attempt.next.clone());
    match arrival(app, attempt, answer, &address).await {
        Ok(arrival) => {
            let to = destination(app, arrival, next);
            let jar = session::write(app, jar, arrival.session);
            (jar, Redirect::to(&to)).into_response()
        }
        Err(refusal) => (jar, Redirect::to(&explained(&refusal, &next))).into_response(),
    }
}

async fn arrival(
    app: &App,
    attempt: Option<Attempt>,
    answer: Answer,
    address: &str,
) -> Result<Arrival, Refusal> {
    // Without the state of this browser's own attempt nothing that is said is believed, not even a refusal.
    let attempt = attempt
        .filter(|attempt| answer.state.as_ref() == Some(&attempt.state))
        .ok_or(Refusal::Stale)?;
    if let Some(error) = answer.error {
        return Err(match error.as_str() {
            // The second is Auth0's, when one of its rules says no.
            "access_denied" | "unauthorized" => Refusal::Denied,
            other => anyhow::anyhow!("the provider said {other}").into(),
        });
    }
    let code = answer.code.ok_or(Refusal::Stale)?;
    arrive::arrive(app, code, attempt.verifier, address).await
}

/// People new to the instance agree to the terms first, where their provider does not ask for it.
fn destination(app: &App, arrival: Arrival, next: String) -> String {
    let wants_terms = app
        .provider
        .as_ref()
        .is_some_and(crate::identity::Provider::wants_terms);
    if arrival.is_new && wants_terms {
        return with("/terms", &[("next", &next)]);
    }
    next
}

/// The login page with the sentence for what went wrong.
fn explained(refusal: &Refusal, next: &str) -> String {
    let problem = match refusal {
        Refusal::Denied => "denied",
        Refusal::Stale => "stale",
        Refusal::WrongTeam => "team",
        Refusal::Unverified => "unverified",
        Refusal::TooMany => "many",
        Refusal::Unavailable(cause) => {
            tracing::error!(cause = %format!("{cause:#}"), "somebody could not sign in by the provider");
            "unavailable"
        }
    };
    with("/login", &[("problem", problem), ("nextUrl", next)])
}

fn with(path: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

fn remember(app: &App, jar: PrivateCookieJar<Key>, attempt: &Attempt) -> PrivateCookieJar<Key> {
    let end = std::time::SystemTime::from(app.clock.now() + LIFETIME);
    let value = serde_json::json!(attempt).to_string();
    let cookie = Cookie::build((NAME, value))
        .path(PATH)
        .http_only(true)
        // The browser comes back by a link of another site.
        .same_site(SameSite::Lax)
        .secure(app.config.is_https())
        .expires(Expiration::from(Some(end.into())));
    jar.add(cookie)
}

fn recall(jar: &PrivateCookieJar<Key>, now: DateTime<Utc>) -> Option<Attempt> {
    let attempt: Attempt = serde_json::from_str(jar.get(NAME)?.value()).ok()?;
    let begun = DateTime::from_timestamp(attempt.begun, 0)?;
    (now - begun < LIFETIME).then_some(attempt)
}
