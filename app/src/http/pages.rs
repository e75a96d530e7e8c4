//! Pages: one HTML shell that names the bundle; the front end does the rest.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::Key;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use spoke_contract::release::AssetManifest;

use crate::access::Session;
use crate::app::App;
use crate::http::{Web, session};

/// Pages anybody may see.
const OPEN: [&str; 3] = ["/", "/login", "/404"];

/// The mark of the front end (`ui/Page.tsx`), inside the page: no request, and none for `/favicon.ico`.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E\
    %3Cpath fill='%230d6277' d='M4 7a4 4 0 0 1 4-4h12a4 4 0 0 1 4 4v7a4 4 0 0 1-4 4h-7l-6 5v-5.2A4 4 0 0 1 4 14z'/%3E\
    %3Cpath fill='%23e8a200' d='M26.5 11.2A4 4 0 0 1 29 15v6a4 4 0 0 1-3 3.9V29l-5-4h-6a4 4 0 0 1-3-1.4l2.6-2.1H20\
    a6.5 6.5 0 0 0 6.5-6.5z'/%3E%3C/svg%3E";

/// GET of any page.
pub async fn page(
    State(web): State<Web>,
    jar: PrivateCookieJar<Key>,
    request: Request,
) -> Response {
    let app = &web.app;
    if app.config.release == 0 {
        return notice(
            "Not released yet",
            "This instance has no release yet. It opens with the first one.",
        );
    }
    let session = session::read(&jar, app.clock.now());
    let path = request.uri().path();
    if session.is_none() && !OPEN.contains(&path) {
        let wanted = request
            .uri()
            .path_and_query()
            .map_or(path, |whole| whole.as_str());
        return to_login(wanted);
    }
    match web.bundles.current(app).await {
        Ok(manifest) => shell(app, &manifest, session),
        Err(error) => {
            tracing::error!(cause = %format!("{error:#}"), "a page could not be made");
            notice(
                "Spoke is not available",
                "The page cannot be loaded just now. Try again in a minute.",
            )
        }
    }
}

/// GET /health: whether this function answers at all, and which release it is.
pub async fn health(State(web): State<Web>) -> Json<Value> {
    let config = &web.app.config;
    Json(json!({"stage": config.stage, "release": config.release}))
}

/// To the login page, and afterwards to where somebody wanted to go.
pub fn to_login(wanted: &str) -> Response {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("nextUrl", wanted)
        .finish();
    let mut response = Redirect::to(&format!("/login?{query}")).into_response();
    *response.status_mut() = StatusCode::FOUND;
    response
}

fn shell(app: &App, manifest: &AssetManifest, session: Option<Session>) -> Response {
    let config = &app.config;
    let origin = config
        .asset_domain
        .as_deref()
        .map(origin)
        .unwrap_or_default();
    let facts = json!({
        "stage": config.stage,
        "release": config.release.to_string(),
        "bundle": manifest.bundle,
        "maxMessageLength": config.max_message_length,
        "signIn": config.strategy.word(),
        "suppressSelfInvite": config.suppress_self_invite,
        "userId": session.map(|session| session.user_id.to_string()),
    });
    let link = |style: &String| {
        let href = escape(style);
        format!("<link rel=\"stylesheet\" crossorigin href=\"{origin}/{href}\">\n")
    };
    let styles = manifest
        .styles
        .iter()
        .map(link)
        .collect::<Vec<_>>()
        .concat();
    let script = escape(&manifest.script);
    let facts = in_script(&facts);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n\
         <title>Spoke</title>\n<link rel=\"icon\" href=\"{ICON}\">\n{styles}\
         <script type=\"application/json\" id=\"spoke-config\">{facts}</script>\n\
         <script type=\"module\" crossorigin src=\"{origin}/{script}\"></script>\n\
         </head>\n<body>\n<div id=\"root\"></div>\n\
         <noscript>Spoke needs JavaScript.</noscript>\n</body>\n</html>\n"
    );
    with_policy(Html(html).into_response(), &policy(app, &origin))
}

/// A page without the front end.
fn notice(title: &str, text: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><main><h1>{title}</h1><p>{text}</p></main></body></html>\n"
    );
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Html(html)).into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    with_policy(response, "default-src 'none'; frame-ancestors 'none'")
}

fn with_policy(mut response: Response, policy: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store, must-revalidate"),
    );
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Scripts only from the bundle; uploads go straight to the bucket, logos come from anywhere.
fn policy(app: &App, assets: &str) -> String {
    let buckets = if app.config.is_https() {
        "https://*.amazonaws.com"
    } else {
        "http://localhost:* http://*.localhost:* http://127.0.0.1:*"
    };
    format!(
        "default-src 'none'; script-src 'self' {assets}; style-src 'self' 'unsafe-inline' {assets}; \
         font-src 'self' {assets}; img-src 'self' data: https: {assets}; connect-src 'self' {buckets}; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn origin(domain: &str) -> String {
    let domain = domain.trim_end_matches('/');
    if domain.contains("://") {
        domain.to_owned()
    } else {
        format!("https://{domain}")
    }
}

/// JSON that ends no script element, whatever it says.
fn in_script(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{in_script, origin};

    #[test]
    fn facts_cannot_leave_their_element() {
        let text = in_script(&json!({"stage": "</script><script>alert(1)//&\u{2028}"}));
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["stage"], "</script><script>alert(1)//&\u{2028}");
    }

    #[test]
    fn an_asset_domain_may_have_its_scheme() {
        assert_eq!(origin("d1.cloudfront.net"), "https://d1.cloudfront.net");
        assert_eq!(origin("http://localhost:9000/"), "http://localhost:9000");
    }
}
