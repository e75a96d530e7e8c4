//! Cross-origin requests: the gateway answers preflights and stamps answers itself.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::error::Answer;

use super::model::Cors;
use super::refusals::bad_request;

/// Whether a browser asks for permission first.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The headers of a preflight's answer; none where the origin is not allowed.
pub(super) fn preflight(cors: &Cors, request: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !stamp_origin(cors, request, &mut headers) {
        return headers;
    }
    put_list(
        &mut headers,
        ACCESS_CONTROL_ALLOW_METHODS,
        &cors.allow_methods,
    );
    put_list(
        &mut headers,
        ACCESS_CONTROL_ALLOW_HEADERS,
        &cors.allow_headers,
    );
    if let Some(seconds) = cors.max_age {
        put(&mut headers, ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
    headers
}

/// Replaces what the integration said about cross-origin requests.
pub(super) fn stamp(cors: &Cors, request: &HeaderMap, headers: &mut HeaderMap) {
    if stamp_origin(cors, request, headers) {
        put_list(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &cors.expose_headers);
    }
}

pub(super) fn check(cors: &Cors) -> Answer<()> {
    let credentials = cors.allow_credentials == Some(true);
    if credentials && cors.allow_origins.iter().any(|origin| origin == "*") {
        return Err(bad_request(
            "CORS: allowCredentials cannot be true when allowOrigins contains *.",
        ));
    }
    Ok(())
}

fn stamp_origin(cors: &Cors, request: &HeaderMap, headers: &mut HeaderMap) -> bool {
    let Some(origin) = request.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else {
        return false;
    };
    let any = cors.allow_origins.iter().any(|allowed| allowed == "*");
    if !any
        && !cors
            .allow_origins
            .iter()
            .any(|allowed| fits(allowed, origin))
    {
        return false;
    }
    put(
        headers,
        ACCESS_CONTROL_ALLOW_ORIGIN,
        if any { "*" } else { origin },
    );
    if !any {
        put(headers, VARY, "origin");
    }
    if cors.allow_credentials == Some(true) {
        put(headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    true
}

/// `https://*` and `http://*` allow every host of the scheme.
fn fits(allowed: &str, origin: &str) -> bool {
    match allowed.strip_suffix('*') {
        Some(prefix) => origin.starts_with(prefix),
        None => origin.eq_ignore_ascii_case(allowed),
    }
}

fn put_list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    if !values.is_empty() {
        put(headers, name, &values.join(","));
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
