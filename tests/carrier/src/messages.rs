//! The Messages resource.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use crate::account::{Text, sid};
use crate::answers::{hang_up, json, refuse};
use crate::pages::page;
use crate::plan::Fault;
use crate::{Shared, callbacks};

/// Longest body, in characters. Twilio: 21617.
const MAX_BODY: usize = 1600;
/// Longest validity, in seconds. Twilio: 36000.
const MAX_VALIDITY: u32 = 36_000;

pub(crate) fn form(body: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// POST Messages.json.
pub(crate) async fn create(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = form(&body);
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if let Some(code) = wrong(&form) {
        return refuse(code);
    }
    let fault = shared.plan().fault(get("To"), get("Body"));
    match &fault {
        Some(Fault::Refuse { code }) => return refuse(*code),
        Some(Fault::Fail) => return refuse(20_500),
        Some(Fault::HangUp) => return hang_up(),
        Some(Fault::HoldBefore) => hold(&shared).await,
        _ => {}
    }
    let text = match take(&shared, &form) {
        Ok(text) => text,
        Err(code) => return refuse(code),
    };
    if fault == Some(Fault::ReportFirst) {
        callbacks::report(&shared, &text.sid, "delivered", None).await;
    } else {
        callbacks::follow(&shared, &text, fault.clone());
    }
    match fault {
        Some(Fault::TakeAndFail) => refuse(20_500),
        Some(Fault::LoseAnswer) => hang_up(),
        Some(Fault::HoldAfter) => {
            hold(&shared).await;
            json(StatusCode::CREATED, &shown(&shared, &text))
        }
        Some(Fault::Slow { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            json(StatusCode::CREATED, &shown(&shared, &text))
        }
        _ => json(StatusCode::CREATED, &shown(&shared, &text)),
    }
}

pub(crate) async fn hold(shared: &Shared) {
    let mut held = shared.plan().held();
    held.mark_unchanged();
    drop(held.changed().await);
}

/// What is wrong with the parameters, by Twilio's error dictionary.
fn wrong(form: &HashMap<String, String>) -> Option<u32> {
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if get("To").is_empty() {
        return Some(21_604);
    }
    if !is_e164(get("To")) {
        return Some(21_211);
    }
    if get("From").is_empty() && get("MessagingServiceSid").is_empty() {
        return Some(21_603);
    }
    if get("Body").is_empty() {
        return Some(21_602);
    }
    if get("Body").chars().count() > MAX_BODY {
        return Some(21_617);
    }
    let is_valid = |text: &String| {
        text.parse::<u32>()
            .is_ok_and(|seconds| (1..=MAX_VALIDITY).contains(&seconds))
    };
    if !form.get("ValidityPeriod").is_none_or(is_valid) {
        return Some(21_624);
    }
    let is_address = |text: &String| text.starts_with("http://") || text.starts_with("https://");
    if !form.get("StatusCallback").is_none_or(is_address) {
        return Some(21_609);
    }
    None
}

pub(crate) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// Takes the text, if the service can send it.
fn take(shared: &Shared, form: &HashMap<String, String>) -> Result<Text, u32> {
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    let (to, service) = (get("To"), get("MessagingServiceSid"));
    let mut state = shared.state();
    let default_callback = state
        .find_service(service)
        .ok_or(21_701_u32)?
        .status_callback
        .clone();
    if state.blocked.contains(&(to.to_owned(), service.to_owned())) {
        return Err(21_610);
    }
    let from = state.sender(service, to).ok_or(21_703_u32)?;
    let text = Text {
        sid: sid("SM"),
        to: to.to_owned(),
        from,
        body: get("Body").to_owned(),
        service: service.to_owned(),
        status: "accepted",
        error_code: None,
        validity: form
            .get("ValidityPeriod")
            .and_then(|text| text.parse().ok()),
        status_callback: form
            .get("StatusCallback")
            .cloned()
            .unwrap_or(default_callback),
        created_at: state.now(),
    };
    state.take(text.clone());
    let count = state.texts.len();
    drop(state);
    shared.taken.send_replace(count);
    Ok(text)
}

/// GET Messages.json, newest first. A text that was accepted and not sent yet has no `DateSent`, and no filter by it
/// finds it.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let is_by_date = query.keys().any(|name| name.starts_with("DateSent"));
    let fits = |text: &Text| !is_by_date && query.get("To").is_none_or(|to| *to == text.to);
    let found = {
        let state = shared.state();
        let places: Vec<usize> = match query.get("To") {
            Some(to) => state.by_number.get(to).cloned().unwrap_or_default(),
            None => (0..state.texts.len()).collect(),
        };
        let texts = places.iter().rev().map(|place| &state.texts[*place]);
        let texts = texts.filter(|text| fits(text)).cloned();
        page(&query, &shared.plan(), texts)
    };
    let Some(found) = found else {
        return refuse(20_001);
    };
    let next = found.next.map(|next| {
        let account = &shared.account;
        format!("/2010-04-01/Accounts/{account}/Messages.json?{next}")
    });
    let messages: Vec<Value> = found
        .items
        .iter()
        .map(|text| shown(&shared, text))
        .collect();
    json(
        StatusCode::OK,
        &json!({"messages": messages, "next_page_uri": next}),
    )
}

/// RFC 2822, as the old API writes dates.
fn date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// What was sent; Twilio documents that smart encoding replaces characters, and not whether its lists show it.
fn body(shared: &Shared, text: &Text) -> String {
    if !shared.plan().smart_encoding {
        return text.body.clone();
    }
    let straight = text.body.replace(['\u{201c}', '\u{201d}'], "\"");
    let straight = straight.replace(['\u{2018}', '\u{2019}'], "'");
    straight
        .replace(['\u{2013}', '\u{2014}'], "-")
        .replace('\u{2026}', "...")
}

fn shown(shared: &Shared, text: &Text) -> Value {
    json!({
        "account_sid": shared.account,
        "api_version": "2010-04-01",
        "body": body(shared, text),
        "date_created": date(text.created_at),
        "date_sent": null,
        "date_updated": date(text.created_at),
        "direction": "outbound-api",
        "error_code": text.error_code,
        "error_message": null,
        "from": text.from,
        "messaging_service_sid": text.service,
        "num_media": "0",
        "num_segments": "1",
        "price": null,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "to": text.to,
        "uri": format!("/2010-04-01/Accounts/{}/Messages/{}.json", shared.account, text.sid),
    })
}
