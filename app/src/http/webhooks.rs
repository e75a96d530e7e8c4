//! Twilio's webhooks. Signed, or refused.

use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use crate::error::{Error, Result};
use crate::http::Web;
use crate::queues;
use crate::texting::inbound::{self, Webhook};
use crate::texting::reports;

/// Nothing to say back.
const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";

/// POST /twilio: a text. When it cannot be kept the carrier hears so, and tries its fallback.
///
/// # Errors
/// [`Error::Forbidden`] when it is not Twilio's; [`Error::Internal`] when it could not be kept.
pub async fn inbound(
    State(web): State<Web>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let webhook = signed(&web, &uri, &headers, &body)?;
    inbound::receive(&web.app, "twilio", &webhook).await?;
    Ok(done())
}

/// POST /twilio-fallback: a text the first address could not take. It goes onto the queue, which
/// needs no database; the inbound function takes it from there.
///
/// # Errors
/// As [`inbound`], when the queue does not take it either.
pub async fn fallback(
    State(web): State<Web>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let webhook = signed(&web, &uri, &headers, &body)?;
    if !is_queued(&web, web.app.config.inbound_queue_url.as_deref(), &webhook).await {
        inbound::receive(&web.app, "twilio", &webhook).await?;
    }
    Ok(done())
}

/// POST /twilio-message-report: a delivery report, onto the queue that applies them in batches.
///
/// # Errors
/// As [`inbound`].
pub async fn report(
    State(web): State<Web>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let mut webhook = signed(&web, &uri, &headers, &body)?;
    reports::note_address(&mut webhook, uri.query().unwrap_or(""));
    // A report that says nothing new costs nobody anything.
    if reports::read(&webhook).is_none() {
        return Ok(done());
    }
    if !is_queued(&web, web.app.config.report_queue_url.as_deref(), &webhook).await {
        reports::apply(&web.app, &[webhook]).await?;
    }
    Ok(done())
}

/// Whether a queue has it now. Where there is none, or it takes nothing, the caller does the work itself: the carrier
/// does not tell everything twice.
async fn is_queued(web: &Web, queue: Option<&str>, webhook: &Webhook) -> bool {
    let Some(queue) = queue else {
        return false;
    };
    let sent = queues::send(&web.app.aws, queue, webhook.encode(), 0).await;
    if let Err(error) = &sent {
        tracing::error!(%error, "a queue does not take what the carrier says; it is worked on at once");
    }
    sent.is_ok()
}

fn signed(web: &Web, uri: &http::Uri, headers: &HeaderMap, body: &[u8]) -> Result<Webhook> {
    let webhook = Webhook::decode(body);
    let twilio = web.app.twilio.as_ref().ok_or(Error::Forbidden)?;
    let signature = headers
        .get("x-twilio-signature")
        .and_then(|signature| signature.to_str().ok())
        .ok_or(Error::Forbidden)?;
    let path = uri
        .path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str);
    let url = format!("{}{path}", web.app.config.callback_url);
    if twilio.is_signed(&url, &webhook.parameters, signature) {
        Ok(webhook)
    } else {
        Err(Error::Forbidden)
    }
}

fn done() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml")], EMPTY).into_response()
}
