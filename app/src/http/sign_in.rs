//! Signing in, up and out.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Json};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::Key;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::Session;
use crate::error::{Error, Result};
use crate::http::requests::Address;
use crate::http::{Web, session};
use crate::people::sign_in::{self, SignUp};

/// The form, as the login page posts it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Form {
    auth_type: String,
    email: String,
    password: String,
    password_confirm: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    cell: Option<String>,
    next_url: Option<String>,
}

/// Where to go now.
#[derive(Serialize)]
pub struct SignedIn {
    redirect: String,
}

/// POST /login-callback. Only JSON is taken: no other site's form can sign somebody in as
/// somebody else.
pub async fn sign_in(
    State(web): State<Web>,
    Extension(Address(address)): Extension<Address>,
    jar: PrivateCookieJar<Key>,
    form: std::result::Result<Json<Form>, JsonRejection>,
) -> Response {
    let Ok(Json(form)) = form else {
        return Error::bad_input("body", "Sign in with JSON: authType, email, password.")
            .into_response();
    };
    let redirect = local_path(form.next_url.as_deref())
        .unwrap_or("/")
        .to_owned();
    match session_of(&web, form, &address, &redirect).await {
        Ok(session) => {
            let jar = session::write(&web.app, jar, session);
            (jar, Json(SignedIn { redirect })).into_response()
        }
        Err(Error::SignedOut) => {
            let body = json!({
                "code": "UNAUTHORIZED",
                "error": "E-mail address and password do not fit together.",
            });
            (StatusCode::UNAUTHORIZED, Json(body)).into_response()
        }
        Err(error) => error.into_response(),
    }
}

async fn session_of(web: &Web, form: Form, address: &str, redirect: &str) -> Result<Session> {
    sign_in::by_password(&web.app)?;
    match form.auth_type.as_str() {
        "login" => sign_in::sign_in(&web.app, &form.email, &form.password, address).await,
        "signup" => {
            // Where signing up is by invitation, a join link is the invitation.
            let is_invited = redirect.starts_with("/join-campaign/");
            if web.app.config.suppress_self_invite && !is_invited {
                return Err(Error::Forbidden);
            }
            if form
                .password_confirm
                .is_some_and(|confirmed| confirmed != form.password)
            {
                return Err(Error::bad_input(
                    "passwordConfirm",
                    "The two passwords differ.",
                ));
            }
            let new = SignUp {
                email: form.email,
                password: form.password,
                first_name: form.first_name.unwrap_or_default(),
                last_name: form.last_name.unwrap_or_default(),
                cell: form.cell.filter(|cell| !cell.is_empty()),
            };
            sign_in::sign_up(&web.app, &new, address).await
        }
        other => Err(Error::bad_input(
            "authType",
            format!("There is no way to sign in called \"{other}\" here."),
        )),
    }
}

/// GET /logout-callback. With Auth0 people are signed out there as well, and come back here without a session.
pub async fn sign_out(State(web): State<Web>, jar: PrivateCookieJar<Key>) -> impl IntoResponse {
    let back = format!("{}/logout-callback", web.app.config.base_url);
    let there = web
        .app
        .provider
        .as_ref()
        .filter(|_| session::is_there(&jar))
        .and_then(|provider| provider.sign_out(&back));
    let to = there.as_deref().unwrap_or("/");
    (session::remove(jar), Redirect::to(to))
}

/// The path, if it stays on this site: browsers read `//x` and `/\x` as other sites.
pub fn local_path(path: Option<&str>) -> Option<&str> {
    let path = path?;
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control);
    is_local.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_this_site_are_redirected_to() {
        for good in ["/", "/app/1/todos?x=1#y", "/join-campaign/abc"] {
            assert_eq!(local_path(Some(good)), Some(good));
        }
        for bad in [
            "",
            "//evil.org",
            "/\\evil.org",
            "https://evil.org",
            "javascript:alert(1)",
            "/a\nb",
            "evil",
        ] {
            assert_eq!(local_path(Some(bad)), None, "{bad}");
        }
        assert_eq!(local_path(None), None);
    }
}
