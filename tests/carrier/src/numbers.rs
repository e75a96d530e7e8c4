//! Numbers for sale, and numbers bought.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Shared;
use crate::account::Number;
use crate::answers::{json, refuse};
use crate::messages::{form, is_e164};
use crate::pages::page;
use crate::plan::Fault;

/// Twilio shows thirty numbers at a time, whatever is asked for.
const PAGE: usize = 30;
/// How many numbers an area code has to sell.
const FOR_SALE: usize = 1000;

/// GET AvailablePhoneNumbers/US/Local.json. Area codes that begin with 0 or 1 have none.
pub(crate) async fn search(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let area = query.get("AreaCode").map_or("", String::as_str);
    let is_area = area.len() == 3 && area.bytes().all(|digit| digit.is_ascii_digit());
    if !is_area {
        return refuse(20_001);
    }
    let size: usize = query
        .get("PageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(PAGE);
    let state = shared.state();
    let owned = |number: &str| {
        state
            .numbers
            .iter()
            .any(|known| known.phone_number == number)
    };
    let sells = if area.starts_with(['0', '1']) {
        0
    } else {
        FOR_SALE
    };
    let found: Vec<Value> = (0..sells)
        .map(|place| format!("+1{area}555{place:04}"))
        .filter(|number| !owned(number))
        .take(size.min(PAGE))
        .map(|number| {
            json!({
                "phone_number": number,
                "friendly_name": number,
                "iso_country": "US",
                "capabilities": {"voice": true, "SMS": true, "MMS": true},
            })
        })
        .collect();
    json(StatusCode::OK, &json!({"available_phone_numbers": found}))
}

/// POST IncomingPhoneNumbers.json.
pub(crate) async fn buy(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = form(&body);
    let Some(number) = form.get("PhoneNumber").filter(|number| is_e164(number)) else {
        return refuse(21_421);
    };
    let fault = shared.plan().fault(number, "");
    if let Some(Fault::Refuse { code }) = fault {
        return refuse(code);
    }
    let bought = {
        let mut state = shared.state();
        if state
            .numbers
            .iter()
            .any(|known| known.phone_number == *number)
        {
            return refuse(21_422);
        }
        let name = form.get("FriendlyName").unwrap_or(number);
        let sid = state.number(number, name);
        state.numbers.iter().find(|known| known.sid == sid).cloned()
    };
    match (fault, bought) {
        (Some(Fault::LoseAnswer), _) => crate::answers::hang_up(),
        (Some(Fault::HoldAfter), Some(bought)) => {
            crate::messages::hold(&shared).await;
            json(StatusCode::CREATED, &shown(&bought))
        }
        (_, Some(bought)) => json(StatusCode::CREATED, &shown(&bought)),
        (_, None) => refuse(20_500),
    }
}

/// GET IncomingPhoneNumbers.json.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let state = shared.state();
    let fits = |number: &&Number| {
        let is_number = query
            .get("PhoneNumber")
            .is_none_or(|wanted| *wanted == number.phone_number);
        let is_name = query
            .get("FriendlyName")
            .is_none_or(|wanted| *wanted == number.friendly_name);
        is_number && is_name
    };
    let Some(found) = page(&query, &shared.plan(), state.numbers.iter().filter(fits)) else {
        return refuse(20_001);
    };
    let next = found.next.map(|next| {
        let account = &shared.account;
        format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json?{next}")
    });
    let numbers: Vec<Value> = found.items.into_iter().map(shown).collect();
    json(
        StatusCode::OK,
        &json!({"incoming_phone_numbers": numbers, "next_page_uri": next}),
    )
}

/// DELETE `IncomingPhoneNumbers/<sid>.json`.
pub(crate) async fn release(
    State(shared): State<Arc<Shared>>,
    Path(sid): Path<String>,
) -> Response {
    let sid = sid.trim_end_matches(".json");
    let mut state = shared.state();
    let before = state.numbers.len();
    state.numbers.retain(|number| number.sid != sid);
    if state.numbers.len() == before {
        return refuse(20_404);
    }
    StatusCode::NO_CONTENT.into_response()
}

fn shown(number: &Number) -> Value {
    json!({
        "sid": number.sid,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
    })
}
