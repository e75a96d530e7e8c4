//! REST-JSON: the operation is a method and a path; members are bound to path, query
//! string, headers and body by the service's table of routes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Request, json, response_with, values, xml};
use crate::error::{Answer, AwsError};
use crate::services;

/// One operation's place on the wire. Labels, query parameters and headers are called by
/// their wire name first and by the member they become second.
pub(crate) struct Route {
    method: Method,
    path: &'static str,
    pub(crate) operation: &'static str,
    status: u16,
    query: &'static [Parameter],
    headers: &'static [(&'static str, &'static str)],
    body: Option<&'static str>,
    answer_headers: &'static [(&'static str, &'static str)],
    answer_body: Option<&'static str>,
    answer_status: Option<&'static str>,
}

/// A parameter of the query string.
pub(crate) struct Parameter {
    wire: &'static str,
    member: &'static str,
    many: bool,
}

/// A parameter given at most once.
pub(crate) const fn one(wire: &'static str, member: &'static str) -> Parameter {
    Parameter {
        wire,
        member,
        many: false,
    }
}

/// A parameter that may be repeated: a list.
pub(crate) const fn many(wire: &'static str, member: &'static str) -> Parameter {
    Parameter {
        wire,
        member,
        many: true,
    }
}

macro_rules! methods {
    ($($name:ident $method:ident),*) => {
        $(
            pub(crate) const fn $name(
                path: &'static str,
                operation: &'static str,
                status: u16,
            ) -> Self {
                Self::new(Method::$method, path, operation, status)
            }
        )*
    };
}

impl Route {
    methods!(get GET, put PUT, post POST, delete DELETE, patch PATCH);

    /// `path` has labels in braces and may end in a query string that must be there.
    const fn new(method: Method, path: &'static str, operation: &'static str, status: u16) -> Self {
        Self {
            method,
            path,
            operation,
            status,
            query: &[],
            headers: &[],
            body: None,
            answer_headers: &[],
            answer_body: None,
            answer_status: None,
        }
    }

    pub(crate) const fn query(mut self, parameters: &'static [Parameter]) -> Self {
        self.query = parameters;
        self
    }

    pub(crate) const fn headers(
        mut self,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.headers = headers;
        self
    }

    /// The member that is the whole body, as base64 text; otherwise the body is an object.
    pub(crate) const fn body(mut self, member: &'static str) -> Self {
        self.body = Some(member);
        self
    }

    pub(crate) const fn answer_headers(
        mut self,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.answer_headers = headers;
        self
    }

    /// The member that is the whole answer's body, as base64 text.
    pub(crate) const fn answer_body(mut self, member: &'static str) -> Self {
        self.answer_body = Some(member);
        self
    }

    /// The member that is the answer's status.
    pub(crate) const fn answer_status(mut self, member: &'static str) -> Self {
        self.answer_status = Some(member);
        self
    }

    /// The labels of a matching request.
    fn labels(&self, method: &Method, path: &str, query: &str) -> Option<Map<String, Value>> {
        let (template, wanted) = self.path.split_once('?').unwrap_or((self.path, ""));
        if self.method != *method || !(wanted.is_empty() || query.split('&').any(|q| q == wanted)) {
            return None;
        }
        let mut labels = Map::new();
        let mut given = path.trim_matches('/').split('/');
        for part in template.trim_matches('/').split('/') {
            let value = given.next()?;
            match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                Some(label) if !value.is_empty() => {
                    let value = percent_decode_str(value).decode_utf8().ok()?;
                    labels.insert(label.to_owned(), Value::from(value));
                }
                None if part == value => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(labels)
    }

    /// Reads body, labels, query string and headers into one input.
    pub(crate) fn decode(&self, request: &Request) -> Answer {
        let mut input = match self.body {
            Some(member) => Map::from_iter([(
                member.to_owned(),
                Value::String(STANDARD.encode(&request.body)),
            )]),
            None => match json::decode(&request.body)? {
                Value::Object(members) => members,
                Value::Null => Map::new(),
                _ => return Err(AwsError::validation("The body is not a JSON object.")),
            },
        };
        for (wire, member) in self.headers {
            let value = request.headers.get(*wire).and_then(|v| v.to_str().ok());
            if let Some(value) = value {
                input.insert((*member).to_owned(), Value::from(value));
            }
        }
        for (name, value) in form_urlencoded::parse(request.query.as_bytes()) {
            self.insert_parameter(&mut input, &name, value.into_owned());
        }
        let labels = self.labels(&request.method, &request.path, &request.query);
        input.extend(labels.unwrap_or_default());
        Ok(Value::Object(input))
    }

    fn insert_parameter(&self, input: &mut Map<String, Value>, name: &str, value: String) {
        let Some(parameter) = self.query.iter().find(|p| p.wire == name) else {
            return;
        };
        if !parameter.many {
            input.insert(parameter.member.to_owned(), Value::String(value));
            return;
        }
        let list = input.entry(parameter.member).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(Value::String(value));
        }
    }
}

/// The services that speak this protocol.
fn services() -> [(&'static str, &'static [Route]); 3] {
    [
        ("lambda", services::lambda::routes::ROUTES),
        ("apigateway", services::apigateway::routes::ROUTES),
        ("scheduler", services::scheduler::routes::ROUTES),
    ]
}

/// Whether the service speaks this protocol.
pub(crate) fn speaks(service: &str) -> bool {
    services().iter().any(|(name, _)| *name == service)
}

/// The route a request takes, among one service's or, for unsigned requests, all.
pub(crate) fn find(
    service: Option<&str>,
    method: &Method,
    path: &str,
    query: &str,
) -> Option<(&'static str, &'static Route)> {
    services()
        .into_iter()
        .filter(|(name, _)| service.is_none_or(|wanted| wanted == *name))
        .find_map(|(name, routes)| {
            let route = routes
                .iter()
                .find(|route| route.labels(method, path, query).is_some())?;
            Some((name, route))
        })
}

/// Writes an answer: bound members leave the body.
pub(crate) fn encode(
    service: &str,
    route: Option<&'static Route>,
    answer: Value,
    id: Uuid,
) -> Answer<Response<Bytes>> {
    let route = route.ok_or_else(|| AwsError::internal("an answer without a route"))?;
    let mut members = match answer {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let status = route
        .answer_status
        .and_then(|member| members.remove(member)?.as_u64())
        .and_then(|status| u16::try_from(status).ok())
        .unwrap_or(route.status);
    let bound: Vec<(&str, String)> = route
        .answer_headers
        .iter()
        .filter_map(|(wire, member)| Some((*wire, xml::text(&members.remove(*member)?)?)))
        .collect();
    let mut headers: Vec<(&str, &str)> = bound.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let body = match route.answer_body {
        Some(member) => blob(members.remove(member).as_ref())?,
        None if status == 204 => Bytes::new(),
        None => {
            headers.push(("content-type", "application/json"));
            times(service, Value::Object(members)).to_string().into()
        }
    };
    Ok(response_with(status, &headers, id, body))
}

fn blob(member: Option<&Value>) -> Answer<Bytes> {
    let text = member.and_then(Value::as_str).unwrap_or_default();
    let bytes = STANDARD.decode(text).map_err(AwsError::internal)?;
    Ok(bytes.into())
}

/// API Gateway writes times as ISO 8601, the others as seconds since 1970.
fn times(service: &str, body: Value) -> Value {
    match service {
        "apigateway" => values::map_times(body, &|seconds| xml::iso_8601(seconds).into()),
        _ => values::map_times(body, &|seconds| json!(seconds)),
    }
}

/// Writes an error: the code in a header, the message under both names services use.
pub(crate) fn encode_error(error: &AwsError, id: Uuid) -> Response<Bytes> {
    let kind = if error.status < 500 {
        "User"
    } else {
        "Service"
    };
    let mut body = json!({ "Type": kind, "message": error.message, "Message": error.message });
    for (member, value) in &error.members {
        body[*member] = json!(value);
    }
    let headers = [
        ("content-type", "application/json"),
        ("x-amzn-errortype", error.code.as_str()),
    ];
    response_with(error.status, &headers, id, body.to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::json;

    use super::{Request, encode, find};

    fn request(method: Method, path: &str, query: &str, body: &'static str) -> Request {
        Request {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    fn operation(method: &Method, path: &str, query: &str) -> Option<&'static str> {
        find(Some("lambda"), method, path, query).map(|(_, route)| route.operation)
    }

    #[test]
    fn methods_paths_and_required_parameters_choose_the_operation() {
        let provisioned = "/2019-09-30/functions/f/provisioned-concurrency";
        let cases = [
            ("/2015-03-31/functions/", "", Some("ListFunctions")),
            ("/2015-03-31/functions/f", "", Some("GetFunction")),
            ("/2015-03-31/functions/f/aliases/Live", "", Some("GetAlias")),
            (
                provisioned,
                "List=ALL",
                Some("ListProvisionedConcurrencyConfigs"),
            ),
            (provisioned, "", Some("GetProvisionedConcurrencyConfig")),
            ("/2015-03-31/functions/f/unheard", "", None),
        ];
        for (path, query, wanted) in cases {
            assert_eq!(operation(&Method::GET, path, query), wanted, "{path}");
        }
    }

    #[test]
    fn labels_parameters_and_body_become_one_input() {
        let path = "/2017-03-31/tags/arn%3Aaws%3Alambda%3Afunction%3Af";
        let untag = request(Method::DELETE, path, "tagKeys=a&tagKeys=b", "");
        let (_, route) = find(None, &untag.method, &untag.path, &untag.query).unwrap();
        assert_eq!(
            route.decode(&untag).unwrap(),
            json!({ "Resource": "arn:aws:lambda:function:f", "TagKeys": ["a", "b"] })
        );
    }

    #[test]
    fn an_invocation_is_bytes_and_headers_both_ways() {
        let mut invoke = request(
            Method::POST,
            "/2015-03-31/functions/f/invocations",
            "Qualifier=Live",
            "{}",
        );
        invoke
            .headers
            .insert("x-amz-invocation-type", "Event".parse().unwrap());
        let (_, route) = find(None, &invoke.method, &invoke.path, &invoke.query).unwrap();
        assert_eq!(
            route.decode(&invoke).unwrap(),
            json!({
                "Payload": "e30=",
                "InvocationType": "Event",
                "Qualifier": "Live",
                "FunctionName": "f",
            })
        );
        let answer = json!({
            "StatusCode": 202,
            "Payload": "e30=",
            "ExecutedVersion": "3",
            "FunctionError": "Unhandled",
        });
        let written = encode("lambda", Some(route), answer, uuid::Uuid::nil()).unwrap();
        assert_eq!(written.status(), 202);
        assert_eq!(written.headers()["x-amz-executed-version"], "3");
        assert_eq!(written.headers()["x-amz-function-error"], "Unhandled");
        assert_eq!(&written.body()[..], b"{}");
    }
}
