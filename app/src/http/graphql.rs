//! POST /graphql.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Response as Answer, ServerError};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::Key;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::graphql::context::Request;
use crate::http::failed::Failed;
use crate::http::requests::RequestId;
use crate::http::{Web, session};

/// Answers one operation. Only JSON is taken: a form of another site cannot send that.
pub async fn answer(
    State(web): State<Web>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    jar: PrivateCookieJar<Key>,
    body: Bytes,
) -> Response {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send operations as application/json.",
        );
    }
    let mut operation: async_graphql::Request = match serde_json::from_slice(&body) {
        Ok(operation) => operation,
        Err(error) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                &format!("This is no GraphQL request: {error}."),
            );
        }
    };
    let renewed = Arc::new(Mutex::new(None));
    let session = session::read(&jar, web.app.clock.now());
    let name = operation.operation_name.clone();
    let request = Request::new(&web.app, session, renewed.clone());
    web.documents.supply(&mut operation);
    let answer = web.api.execute(operation.data(request)).await;
    let body = Body::of(&answer, name.as_deref(), &request_id);
    let renewed = renewed
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let jar = match renewed {
        Some(session) => session::write(&web.app, jar, session),
        None => jar,
    };
    let is_failed = answer.errors.iter().any(|error| {
        matches!(
            error.source::<Error>(),
            Some(Error::Internal(_) | Error::Busy)
        )
    });
    let failed = is_failed.then_some(Extension(Failed));
    (jar, failed, Json(body)).into_response()
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let error = json!({"message": message, "code": "UNKNOWN", "extensions": {"code": "UNKNOWN"}});
    (status, Json(json!({"errors": [error]}))).into_response()
}

/// The answer with a `code` on each error, beside its message as clients of old expect it, and in
/// its extensions as clients of today do. Causes are logged here, and nowhere else.
#[derive(Serialize)]
struct Body<'a> {
    data: &'a async_graphql::Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

impl<'a> Body<'a> {
    fn of(answer: &'a Answer, operation: Option<&str>, request_id: &str) -> Self {
        let errors = answer.errors.iter();
        Self {
            data: &answer.data,
            errors: errors
                .map(|error| describe(error, operation, request_id))
                .collect(),
        }
    }
}

fn describe(error: &ServerError, operation: Option<&str>, request_id: &str) -> Value {
    let source = error.source::<Error>();
    if let Some(Error::Internal(cause)) = source {
        tracing::error!(operation, cause = %format!("{cause:#}"), "an operation failed");
    }
    // Parsing and validation have no cause of ours.
    let code = source.map_or("UNKNOWN", Error::code);
    let mut extensions = json!({"code": code, "requestId": request_id});
    if let Some(Error::BadInput { field, .. }) = source {
        extensions["field"] = (*field).into();
    }
    json!({
        "message": error.message,
        "code": code,
        "path": error.path,
        "locations": error.locations,
        "extensions": extensions,
    })
}
