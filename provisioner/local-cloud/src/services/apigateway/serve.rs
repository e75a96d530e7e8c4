//! One request to an API: stage, route, integration, answer, and what is told of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use rand::Rng as _;
use serde_json::json;

use crate::Cloud;
use crate::services::cloudwatch;

use super::access_log::{self, Served};
use super::event::Received;
use super::integrate;
use super::matching;
use super::model::{Api, Cors, Integration, Stage};
use super::{cors, matching::DEFAULT};

/// The largest request, in bytes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// What was found for a request.
struct Route {
    stage: Stage,
    integration: Option<Integration>,
    cors: Option<Cors>,
}

/// Answers one request.
pub(super) async fn request(
    cloud: &Arc<Cloud>,
    api: &str,
    from: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await;
    let mut received = Received {
        id: request_id(),
        at: cloud.time.now(),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        protocol: format!("{:?}", parts.version),
        headers: parts.headers,
        body: Bytes::new(),
        source: from.ip().to_string(),
        account: cloud.options.account.clone(),
        api: api.to_owned(),
        port: 0,
        stage: String::new(),
        route_key: String::new(),
        path_parameters: std::collections::BTreeMap::new(),
        stage_variables: std::collections::BTreeMap::new(),
    };
    let route = find(cloud, &mut received);
    let integrated = match body {
        Err(_) => {
            integrate::Answer::plain(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
        }
        Ok(body) => {
            received.body = body.to_bytes();
            answer(cloud, &received, route.as_ref()).await
        }
    };
    let mut response = integrated.response;
    if let Some(cors) = route.as_ref().and_then(|route| route.cors.as_ref()) {
        cors::stamp(cors, &received.headers, response.headers_mut());
    }
    if let Ok(id) = HeaderValue::from_str(&received.id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    let served = Served {
        status: response.status().as_u16(),
        bytes: response.body().len(),
        latency: started.elapsed(),
        integration_latency: integrated.latency,
        integration_error: integrated.error,
    };
    measure(cloud, &received, &served);
    let log = route.and_then(|route| route.stage.access_log);
    if let Some(log) = log {
        access_log::write(cloud, &log, &received, &served);
    }
    response.map(Full::new)
}

async fn answer(
    cloud: &Arc<Cloud>,
    received: &Received,
    route: Option<&Route>,
) -> integrate::Answer {
    let Some(route) = route else {
        return integrate::Answer::plain(StatusCode::NOT_FOUND, "Not Found");
    };
    if let Some(cors) = &route.cors
        && cors::is_preflight(&received.method, &received.headers)
    {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.headers_mut() = cors::preflight(cors, &received.headers);
        return response.into();
    }
    let Some(integration) = &route.integration else {
        return integrate::Answer::plain(StatusCode::NOT_FOUND, "Not Found");
    };
    let throttles = &cloud.services.apigateway.throttles;
    if !throttles.admit(&received.api, &route.stage, &received.route_key) {
        return integrate::Answer::plain(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    }
    integrate::perform(cloud, received, integration).await
}

/// Finds stage and route and notes them in `received`.
fn find(cloud: &Cloud, received: &mut Received) -> Option<Route> {
    let model = cloud.services.apigateway.store.read();
    let api = model.apis.get(&received.api)?;
    received.port = api.port;
    let (stage, path) = stage_of(api, &received.path)?;
    let served = api.served(stage)?;
    received.stage.clone_from(&stage.name);
    received.stage_variables.clone_from(&stage.variables);
    let found = matching::find(served.routes.values(), received.method.as_str(), path);
    if let Some(found) = &found {
        received.route_key.clone_from(&found.route.key);
        received.path_parameters.clone_from(&found.parameters);
    }
    let integration = found
        .and_then(|found| found.route.integration.as_ref())
        .and_then(|id| served.integrations.get(id))
        .cloned();
    Some(Route {
        stage: stage.clone(),
        integration,
        cors: api.cors.clone(),
    })
}

/// The stage a path names in its first segment, or `$default`; and the path below it.
fn stage_of<'a>(api: &'a Api, path: &'a str) -> Option<(&'a Stage, &'a str)> {
    let first = path.trim_start_matches('/').split('/').next()?;
    if first != DEFAULT
        && let Some(stage) = api.stages.get(first)
    {
        let rest = &path[1 + first.len()..];
        return Some((stage, if rest.is_empty() { "/" } else { rest }));
    }
    Some((api.stages.get(DEFAULT)?, path))
}

fn measure(cloud: &Cloud, received: &Received, served: &Served) {
    let flag = |holds: bool| f64::from(u8::from(holds));
    let client = (400..500).contains(&served.status);
    let server = served.status >= 500;
    let millis = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    let mut values = vec![
        ("Count", 1.0, "Count"),
        ("4xx", flag(client), "Count"),
        ("5xx", flag(server), "Count"),
        ("Latency", millis(served.latency), "Milliseconds"),
    ];
    if let Some(latency) = served.integration_latency {
        values.push(("IntegrationLatency", millis(latency), "Milliseconds"));
    }
    let api = ("ApiId", received.api.as_str());
    let stage = ("Stage", received.stage.as_str());
    for (metric, value, unit) in values {
        cloudwatch::record(cloud, "AWS/ApiGateway", metric, &[api], value, unit);
        if !received.stage.is_empty() {
            cloudwatch::record(cloud, "AWS/ApiGateway", metric, &[api, stage], value, unit);
        }
    }
}

/// An id as HTTP APIs give them: 12 bytes in base64 and an equals sign.
fn request_id() -> String {
    let mut bytes = [0_u8; 11];
    rand::rng().fill(&mut bytes[..]);
    STANDARD.encode(bytes)
}

/// A message in the gateway's own shape.
pub(super) fn message(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(json!({ "message": text }).to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
