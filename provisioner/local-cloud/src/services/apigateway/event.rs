//! Payload format 2.0: a request as the function sees it, an answer as the browser gets it.
//! Facts: "Create AWS Lambda proxy integrations for HTTP APIs" of AWS's guide.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A request, read whole, with what the gateway knows about it.
pub(super) struct Received {
    pub id: String,
    pub at: DateTime<Utc>,
    pub method: Method,
    /// As sent.
    pub path: String,
    pub query: String,
    pub protocol: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub source: String,
    pub account: String,
    pub api: String,
    pub port: u16,
    pub stage: String,
    pub route_key: String,
    pub path_parameters: BTreeMap<String, String>,
    pub stage_variables: BTreeMap<String, String>,
}

impl Received {
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(super) fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The event for the function.
    pub(super) fn event(&self) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route_key,
            "rawPath": self.path_as_seen(),
            "rawQueryString": self.query,
        });
        let cookies = self.cookies();
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        event["headers"] = self.headers_as_seen();
        if !self.query.is_empty() {
            event["queryStringParameters"] = self.query_parameters();
        }
        event["requestContext"] = self.context();
        if !self.path_parameters.is_empty() {
            event["pathParameters"] = json!(self.path_parameters);
        }
        if !self.stage_variables.is_empty() {
            event["stageVariables"] = json!(self.stage_variables);
        }
        if !self.body.is_empty() {
            event["body"] = match self.text() {
                Some(text) => json!(text),
                None => json!(STANDARD.encode(&self.body)),
            };
        }
        event["isBase64Encoded"] = json!(!self.body.is_empty() && self.text().is_none());
        event
    }

    /// An HTTP API decodes the path, `rawPath` too; REST APIs and function URLs do not.
    fn path_as_seen(&self) -> String {
        percent_decode_str(&self.path)
            .decode_utf8_lossy()
            .into_owned()
    }

    fn context(&self) -> Value {
        json!({
            "accountId": self.account,
            "apiId": self.api,
            "domainName": self.header(&HOST),
            "domainPrefix": self.api,
            "http": {
                "method": self.method.as_str(),
                "path": self.path_as_seen(),
                "protocol": self.protocol,
                "sourceIp": self.source,
                "userAgent": self.header(&USER_AGENT),
            },
            "requestId": self.id,
            "routeKey": self.route_key,
            "stage": self.stage,
            "time": self.at.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.at.timestamp_millis(),
        })
    }

    fn cookies(&self) -> Vec<String> {
        self.headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split("; "))
            .map(str::to_owned)
            .collect()
    }

    /// Lower-case names, values of one name joined by commas, and what a proxy adds.
    fn headers_as_seen(&self) -> Value {
        let mut seen = Map::new();
        for name in self.headers.keys().filter(|name| **name != COOKIE) {
            let values: Vec<String> = self
                .headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect();
            seen.insert(name.to_string(), json!(values.join(",")));
        }
        let forwarded = match seen.get("x-forwarded-for").and_then(Value::as_str) {
            Some(before) => format!("{before}, {}", self.source),
            None => self.source.clone(),
        };
        seen.insert("x-forwarded-for".to_owned(), json!(forwarded));
        seen.insert("x-forwarded-port".to_owned(), json!(self.port.to_string()));
        seen.insert("x-forwarded-proto".to_owned(), json!("http"));
        Value::Object(seen)
    }

    fn query_parameters(&self) -> Value {
        let mut parameters: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            parameters
                .entry(name.into_owned())
                .and_modify(|before| {
                    before.push(',');
                    before.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        json!(parameters)
    }

    /// The body, where AWS hands it on as text.
    fn text(&self) -> Option<&str> {
        let kind = self.header(&CONTENT_TYPE);
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        let textual = kind.is_empty()
            || kind.starts_with("text/")
            || kind.ends_with("+json")
            || kind.ends_with("+xml")
            || matches!(
                kind.as_str(),
                "application/json" | "application/javascript" | "application/xml"
            );
        if !textual || self.headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        std::str::from_utf8(&self.body).ok()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured {
    status_code: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The HTTP answer a function's payload stands for; none if it is malformed.
pub(super) fn answer(payload: &[u8]) -> Option<Response<Bytes>> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    if value.get("statusCode").is_none() {
        let mut response = Response::new(Bytes::copy_from_slice(payload));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        return Some(response);
    }
    let structured: Structured = serde_json::from_value(value).ok()?;
    let body = structured.body.unwrap_or_default();
    let body = if structured.is_base64_encoded == Some(true) {
        STANDARD.decode(body).ok()?.into()
    } else {
        Bytes::from(body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(structured.status_code).ok()?;
    let headers = response.headers_mut();
    for (name, value) in structured.headers.unwrap_or_default() {
        let value = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        let name = HeaderName::try_from(name).ok()?;
        // Lengths and framing are the connection's business.
        if !matches!(
            name.as_str(),
            "content-length" | "transfer-encoding" | "connection"
        ) {
            headers.insert(name, HeaderValue::try_from(value).ok()?);
        }
    }
    for cookie in structured.cookies.unwrap_or_default() {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    if !headers.contains_key(CONTENT_TYPE) {
        let text = HeaderValue::from_static("text/plain;charset=UTF-8");
        headers.insert(CONTENT_TYPE, text);
    }
    Some(response)
}
