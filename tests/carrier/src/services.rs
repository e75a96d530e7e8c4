//! Messaging services and their senders.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Shared;
use crate::account::Service;
use crate::answers::{json, refuse};
use crate::messages::form;
use crate::pages::page;
use crate::plan::Fault;

/// Most senders of one service.
const MAX_SENDERS: usize = 400;

/// POST /v1/Services.
pub(crate) async fn create(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = form(&body);
    let get = |name: &str| form.get(name).cloned().unwrap_or_default();
    if get("FriendlyName").is_empty() || get("FriendlyName").len() > 64 {
        return refuse(20_001);
    }
    let mut state = shared.state();
    let sid = state.service(Service {
        sid: String::new(),
        friendly_name: get("FriendlyName"),
        inbound_request_url: get("InboundRequestUrl"),
        fallback_url: get("FallbackUrl"),
        status_callback: get("StatusCallback"),
    });
    match state.find_service(&sid) {
        Some(service) => json(StatusCode::CREATED, &shown(service)),
        None => refuse(20_500),
    }
}

/// GET /v1/Services.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let state = shared.state();
    let Some(found) = page(&query, &shared.plan(), state.services.iter()) else {
        return refuse(20_001);
    };
    let next = found
        .next
        .map(|next| format!("{}/v1/Services?{next}", shared.url));
    let services: Vec<Value> = found.items.into_iter().map(shown).collect();
    json(
        StatusCode::OK,
        &json!({"services": services, "meta": {"next_page_url": next}}),
    )
}

/// DELETE `/v1/Services/<sid>`.: its senders are free again.
pub(crate) async fn remove(State(shared): State<Arc<Shared>>, Path(sid): Path<String>) -> Response {
    let mut state = shared.state();
    if state.find_service(&sid).is_none() {
        return refuse(20_404);
    }
    state.services.retain(|service| service.sid != sid);
    for number in &mut state.numbers {
        number.service = number.service.take().filter(|service| *service != sid);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// POST `/v1/Services/<sid>/PhoneNumbers`.
pub(crate) async fn attach(
    State(shared): State<Arc<Shared>>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Response {
    let form = form(&body);
    let Some(wanted) = form.get("PhoneNumberSid") else {
        return refuse(20_001);
    };
    let mut state = shared.state();
    if state.find_service(&sid).is_none() {
        return refuse(20_404);
    }
    let count = state
        .numbers
        .iter()
        .filter(|number| number.service.as_ref() == Some(&sid))
        .count();
    let Some(number) = state.numbers.iter_mut().find(|known| known.sid == *wanted) else {
        return refuse(20_404);
    };
    if let Some(Fault::Refuse { code }) = shared.plan().fault(&number.phone_number, "") {
        return refuse(code);
    }
    match &number.service {
        Some(service) if *service == sid => return refuse(21_710),
        Some(_) => return refuse(21_712),
        None if count >= MAX_SENDERS => return refuse(21_714),
        None => number.service = Some(sid),
    }
    let body = json!({"sid": number.sid, "phone_number": number.phone_number});
    json(StatusCode::CREATED, &body)
}

/// GET `/v1/Services/<sid>/PhoneNumbers`.
pub(crate) async fn senders(
    State(shared): State<Arc<Shared>>,
    Path(sid): Path<String>,
) -> Response {
    let state = shared.state();
    let mine = state
        .numbers
        .iter()
        .filter(|number| number.service.as_ref() == Some(&sid));
    let numbers: Vec<Value> = mine
        .map(|number| json!({"sid": number.sid, "phone_number": number.phone_number}))
        .collect();
    json(
        StatusCode::OK,
        &json!({"phone_numbers": numbers, "meta": {"next_page_url": null}}),
    )
}

/// DELETE `/v1/Services/<sid>/PhoneNumbers/<sid>`.
pub(crate) async fn detach(
    State(shared): State<Arc<Shared>>,
    Path((sid, number)): Path<(String, String)>,
) -> Response {
    let mut state = shared.state();
    let found = state
        .numbers
        .iter_mut()
        .find(|known| known.sid == number && known.service.as_ref() == Some(&sid));
    match found {
        Some(number) => {
            number.service = None;
            StatusCode::NO_CONTENT.into_response()
        }
        None => refuse(20_404),
    }
}

fn shown(service: &Service) -> Value {
    json!({
        "sid": service.sid,
        "friendly_name": service.friendly_name,
        "inbound_request_url": service.inbound_request_url,
        "fallback_url": service.fallback_url,
        "status_callback": service.status_callback,
    })
}
