//! Answers as Twilio gives them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// Marks a response in whose place the connection shall break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

pub(crate) fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}

/// A refusal: Twilio's code, its sentence, and where it is explained.
pub(crate) fn refuse(code: u32) -> Response {
    let (status, message) = sentence(code);
    let body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    json(
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        &body,
    )
}

/// The codes this carrier gives by itself, and those plans like to name. Twilio's error dictionary.
fn sentence(code: u32) -> (u16, &'static str) {
    match code {
        20_001 => (400, "A required parameter is missing or unknown"),
        20_003 => (401, "Authenticate"),
        20_404 => (404, "The requested resource was not found"),
        20_429 => (429, "Too Many Requests"),
        20_500 => (500, "Internal Server Error"),
        20_503 => (503, "Service Unavailable"),
        21_211 => (400, "Invalid 'To' Phone Number"),
        21_408 => (
            400,
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
        ),
        21_421 => (400, "PhoneNumber is invalid"),
        21_422 => (400, "PhoneNumber is not available"),
        21_602 => (400, "Message body is required."),
        21_603 => (400, "A 'From' phone number is required."),
        21_604 => (400, "A 'To' phone number is required."),
        21_609 => (400, "Invalid 'StatusCallback' URL"),
        21_610 => (400, "Attempt to send to unsubscribed recipient"),
        21_614 => (400, "'To' number is not a valid mobile number"),
        21_617 => (
            400,
            "The concatenated message body exceeds the 1600 character limit.",
        ),
        21_624 => (400, "Invalid validity period value"),
        21_701 => (404, "The Messaging Service does not exist"),
        21_703 => (
            400,
            "The Messaging Service does not have a phone number available to send a message",
        ),
        21_710 => (
            409,
            "Phone Number or Short Code is already in the Messaging Service.",
        ),
        21_712 => (
            409,
            "Phone Number or Short Code associated with another Messaging Service.",
        ),
        21_714 => (
            400,
            "The number of phone numbers in the Messaging Service exceeds its limit.",
        ),
        _ => (400, "The request was refused."),
    }
}
