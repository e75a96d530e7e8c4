//! GET /graphiql: for admins who are signed in.

use async_graphql::http::GraphiQLSource;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::Key;
use http::{HeaderValue, header};

use crate::access;
use crate::error::{Error, Result};
use crate::http::{Web, session};

/// `GraphiQL` itself comes from its public CDN; only this page may load it.
const POLICY: &str = "default-src 'self'; script-src 'unsafe-inline' 'unsafe-eval' https://unpkg.com; \
    style-src 'unsafe-inline' https://unpkg.com; font-src data: https://unpkg.com; img-src data: https:; \
    worker-src blob:; frame-ancestors 'none'";

/// The page.
///
/// # Errors
/// [`Error::SignedOut`] or [`Error::Forbidden`].
pub async fn page(State(web): State<Web>, jar: PrivateCookieJar<Key>) -> Result<Response> {
    let session = session::read(&jar, web.app.clock.now());
    let viewer = access::viewer(&web.app, session).await?;
    if !viewer.may_explore() {
        return Err(Error::Forbidden);
    }
    let html = GraphiQLSource::build()
        .endpoint("/graphql")
        .title("Spoke GraphiQL")
        .finish();
    let mut response = Html(html).into_response();
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
