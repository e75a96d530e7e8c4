//! Each request has an id: in its answer and in every log line it causes.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use lambda_http::request::RequestContext;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use crate::http::Web;

/// The header in which our proxy shows that it is ours; CloudFront writes over what a visitor sends in it.
const ORIGIN: &str = "x-spoke-origin";

/// The id of a request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The address a request comes from; `local` on a plain server.
#[derive(Clone, Debug)]
pub struct Address(pub String);

/// Gives the request its id, logs it when it is answered, and names the id in the answer.
pub async fn trace(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let (id, address) = origin(&web, &request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(Address(address));
    let span = tracing::info_span!("request", request_id = %id);
    let started = Instant::now();
    if let Some(delay) = web.app.config.simulated_delay {
        tokio::time::sleep(delay).await;
    }
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let milliseconds = started.elapsed().as_millis();
    span.in_scope(|| {
        if status >= 500 {
            tracing::error!(%method, path, status, milliseconds, "answered");
        } else {
            tracing::info!(%method, path, status, milliseconds, "answered");
        }
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// What the gateway says about the request; a plain server has no gateway.
fn origin(web: &Web, request: &Request) -> (String, String) {
    match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => (
            context
                .request_id
                .clone()
                .unwrap_or_else(|| web.app.ids.uuid().to_string()),
            forwarded(request, believed(web, request))
                .or_else(|| context.http.source_ip.clone())
                .unwrap_or_else(|| "unknown".to_owned()),
        ),
        _ => (web.app.ids.uuid().to_string(), "local".to_owned()),
    }
}

/// How many proxies of ours stand before the request: the API can be called past them, and whoever does so may write
/// what they like into the header. Only our proxy knows the secret.
fn believed(web: &Web, request: &Request) -> usize {
    let Some(secret) = &web.app.origin_secret else {
        return 0;
    };
    let said = request.headers().get(ORIGIN).map(HeaderValue::as_bytes);
    // Digests, so that the time it takes says nothing of the secret.
    let is_ours = said.is_some_and(|said| Sha256::digest(said) == Sha256::digest(secret));
    if is_ours {
        web.app.config.trusted_proxies
    } else {
        0
    }
}

/// Behind proxies of ours the gateway sees only the last of them. Each appends whom it was called by, the gateway
/// appends the last proxy: so the caller stands as many places before the end. What stands before that anybody can write.
fn forwarded(request: &Request, proxies: usize) -> Option<String> {
    if proxies == 0 {
        return None;
    }
    let header = request.headers().get("x-forwarded-for")?.to_str().ok()?;
    let address = header.rsplit(',').nth(proxies)?.trim();
    address
        .parse::<std::net::IpAddr>()
        .ok()
        .map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;

    use super::forwarded;

    #[test]
    fn the_caller_stands_before_our_proxies_and_nobody_else_is_believed() {
        let of = |header: &str, proxies| {
            let request = Request::builder()
                .header("x-forwarded-for", header)
                .body(Body::empty())
                .unwrap();
            forwarded(&request, proxies)
        };
        let header = "10.9.9.9, 203.0.113.7, 130.176.1.1";
        assert_eq!(of(header, 1).as_deref(), Some("203.0.113.7"));
        assert_eq!(of(header, 0), None);
        assert_eq!(of("130.176.1.1", 1), None);
        assert_eq!(of("somebody, 130.176.1.1", 1), None);
    }
}
