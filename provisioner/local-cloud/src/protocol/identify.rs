//! Tells from a request which service and operation it means, and in which protocol.

use http::{HeaderMap, Method};

use super::{Protocol, Request, Target, rest_json};
use crate::error::AwsError;

/// Prefixes of `X-Amz-Target`, which also name services in RPC paths.
const TARGETS: &[(&str, &str)] = &[
    ("AmazonSSM", "ssm"),
    ("secretsmanager", "secretsmanager"),
    ("CodeDeploy_20141006", "codedeploy"),
    ("Logs_20140328", "logs"),
    ("AmazonSQS", "sqs"),
    ("GraniteServiceVersion20100801", "cloudwatch"),
];

/// Versions of the query protocol, for requests without a signature.
const VERSIONS: &[(&str, &str)] = &[
    ("2011-06-15", "sts"),
    ("2010-05-08", "iam"),
    ("2010-03-31", "sns"),
    ("2010-05-15", "cloudformation"),
    ("2014-10-31", "rds"),
    ("2015-02-02", "elasticache"),
    ("2016-11-15", "ec2"),
    ("2010-08-01", "cloudwatch"),
];

/// The parts of a request that are known before its body is read.
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// Whether this is S3's: signed for S3, or none of the other services' ways of asking.
/// S3's bodies are streamed, so this must be known before they are read.
pub(crate) fn is_s3(head: &Head<'_>) -> bool {
    if let Some(service) = scope(head) {
        return service == "s3";
    }
    if signed_by_version_2(head.query, head.headers) {
        return true;
    }
    !(head.headers.contains_key("x-amz-target")
        || rpc(head.path).is_some()
        || parameter(head.query, "Action").is_some()
        || is_form(head)
        || rest_json::find(None, head.method, head.path, head.query).is_some())
}

/// Whether the request carries a signature of version 2, which only S3 ever took in URLs.
pub(crate) fn signed_by_version_2(query: &str, headers: &HeaderMap) -> bool {
    let in_header = header(headers, "authorization").is_some_and(|value| value.starts_with("AWS "));
    let in_query = ["AWSAccessKeyId", "Signature"]
        .iter()
        .all(|name| parameter(query, name).is_some());
    in_header || in_query
}

/// What a request asks for.
///
/// # Errors
/// When it asks in no protocol we know.
pub(crate) fn target(request: &Request) -> Result<Target, AwsError> {
    let head = Head {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    };
    if let Some((service, operation)) = rpc(head.path) {
        return Ok(Target {
            service: named(service),
            operation: operation.to_owned(),
            protocol: Protocol::Cbor,
        });
    }
    if let Some(wanted) = header(head.headers, "x-amz-target") {
        return Ok(json_target(&head, wanted));
    }
    let scope = scope(&head);
    let rest = rest_json::find(scope.as_deref(), head.method, head.path, head.query);
    if let Some((service, route)) = rest {
        return Ok(Target {
            service: service.to_owned(),
            operation: route.operation.to_owned(),
            protocol: Protocol::RestJson(Some(route)),
        });
    }
    if let Some(service) = scope.as_deref().filter(|name| rest_json::speaks(name)) {
        return Ok(Target {
            service: service.to_owned(),
            operation: format!("{} {}", head.method, head.path),
            protocol: Protocol::RestJson(None),
        });
    }
    query_target(request, scope).ok_or_else(|| {
        let message = format!(
            "The local cloud cannot tell the service and operation of {} {}.",
            head.method, head.path
        );
        AwsError::new("UnknownOperationException", message).status(404)
    })
}

fn json_target(head: &Head<'_>, wanted: &str) -> Target {
    let (service, operation) = wanted.rsplit_once('.').unwrap_or(("", wanted));
    let content_type = header(head.headers, "content-type").unwrap_or_default();
    Target {
        service: named(service),
        operation: operation.to_owned(),
        protocol: Protocol::Json(if content_type.contains("-1.0") {
            "application/x-amz-json-1.0"
        } else {
            "application/x-amz-json-1.1"
        }),
    }
}

fn query_target(request: &Request, scope: Option<String>) -> Option<Target> {
    let body = std::str::from_utf8(&request.body).unwrap_or_default();
    let find = |name| parameter(body, name).or_else(|| parameter(&request.query, name));
    let operation = find("Action")?;
    let service = scope.or_else(|| {
        let version = find("Version")?;
        let known = VERSIONS.iter().find(|(known, _)| *known == version)?;
        Some(known.1.to_owned())
    })?;
    let protocol = if service == "ec2" {
        Protocol::Ec2
    } else {
        Protocol::Query
    };
    Some(Target {
        service,
        operation,
        protocol,
    })
}

/// The service a request is signed for: of the `Authorization` header, or of the query
/// string where the signature is there.
fn scope(head: &Head<'_>) -> Option<String> {
    let credential = header(head.headers, "authorization")
        .and_then(|value| value.split("Credential=").nth(1))
        .and_then(|value| value.split([',', ' ']).next())
        .map(str::to_owned)
        .or_else(|| parameter(head.query, "X-Amz-Credential"))?;
    let service = credential.split('/').nth(3)?;
    Some(match service {
        "monitoring" => "cloudwatch".to_owned(),
        other => other.to_owned(),
    })
}

/// `/service/<service>/operation/<operation>`
fn rpc(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/service/")?.split_once("/operation/")
}

fn named(prefix: &str) -> String {
    TARGETS
        .iter()
        .find(|(name, _)| *name == prefix)
        .map_or(prefix, |(_, service)| *service)
        .to_owned()
}

fn is_form(head: &Head<'_>) -> bool {
    header(head.headers, "content-type")
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn parameter(form: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(form.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
