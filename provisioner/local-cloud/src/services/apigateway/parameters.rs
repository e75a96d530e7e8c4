//! Parameter mapping: `$request.body`, `$request.header.name`, `$context.requestId` and text
//! with `${...}` inside.

use std::collections::BTreeMap;

use http::HeaderName;
use serde_json::Value;

use super::event::Received;

/// What a mapping comes to for one request; none where it refers to something unknown.
pub(super) fn evaluate(mapping: &str, request: &Received) -> Option<String> {
    if let Some(reference) = mapping.strip_prefix('$')
        && !mapping.starts_with("${")
    {
        return look_up(reference, request);
    }
    let mut text = String::new();
    let mut rest = mapping;
    while let Some((before, after)) = rest.split_once("${") {
        let (reference, after) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&look_up(reference, request).unwrap_or_default());
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// All mappings of an integration.
pub(super) fn evaluate_all(
    mappings: &BTreeMap<String, String>,
    request: &Received,
) -> BTreeMap<String, String> {
    mappings
        .iter()
        .filter_map(|(name, mapping)| Some((name.clone(), evaluate(mapping, request)?)))
        .collect()
}

fn look_up(reference: &str, request: &Received) -> Option<String> {
    let (scope, rest) = reference.split_once('.')?;
    match scope {
        "context" => context(rest, request),
        "stageVariables" => request.stage_variables.get(rest).cloned(),
        "request" => match rest.split_once('.') {
            None if rest == "body" => Some(request.body_text()),
            None if rest == "path" => Some(request.path.clone()),
            Some(("body", path)) => in_body(path, request),
            Some(("header", name)) => {
                let name = HeaderName::try_from(name).ok()?;
                request.headers.get(&name)?;
                Some(request.header(&name).to_owned())
            }
            Some(("querystring", name)) => form_urlencoded::parse(request.query.as_bytes())
                .find(|(given, _)| given == name)
                .map(|(_, value)| value.into_owned()),
            Some(("path", name)) => request.path_parameters.get(name).cloned(),
            _ => None,
        },
        _ => None,
    }
}

/// `$request.body.a.b`: a member of a JSON body.
fn in_body(path: &str, request: &Received) -> Option<String> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let found = path
        .split('.')
        .try_fold(&body, |value, member| value.get(member))?;
    Some(match found {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

pub(super) fn context(name: &str, request: &Received) -> Option<String> {
    let text = match name {
        "requestId" | "extendedRequestId" => request.id.as_str(),
        "apiId" | "domainPrefix" => request.api.as_str(),
        "stage" => request.stage.as_str(),
        "routeKey" => request.route_key.as_str(),
        "accountId" => request.account.as_str(),
        "httpMethod" | "http.method" => request.method.as_str(),
        "path" | "http.path" => request.path.as_str(),
        "protocol" | "http.protocol" => request.protocol.as_str(),
        "identity.sourceIp" | "http.sourceIp" => request.source.as_str(),
        "identity.userAgent" | "http.userAgent" => request.header(&http::header::USER_AGENT),
        "domainName" => request.header(&http::header::HOST),
        "requestTime" => {
            return Some(request.at.format("%d/%b/%Y:%H:%M:%S +0000").to_string());
        }
        "requestTimeEpoch" => return Some(request.at.timestamp_millis().to_string()),
        _ => return None,
    };
    Some(text.to_owned())
}
