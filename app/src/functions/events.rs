//! Events of the HTTP API, made fit for what builds requests of them.
//!
//! The gateway decodes the path before it hands it over, and passes header values on that no
//! header type takes. A visitor must not be able to make the function fail with either.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::uri::Authority;
use lambda_http::request::LambdaRequest;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Everything in a decoded path that is not surely itself.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What may not stand in a query; it comes undecoded, so its percent signs stay.
const IN_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The request an event stands for; none when it stands for none.
pub fn request(mut event: Value) -> Option<LambdaRequest> {
    let fields = event.as_object_mut()?;
    escape(fields, "rawPath", IN_PATH);
    escape(fields, "rawQueryString", IN_QUERY);
    if let Some(Value::Object(headers)) = fields.get_mut("headers") {
        headers.retain(|name, value| is_header(name, value));
    }
    let request = serde_json::from_value(event).ok()?;
    is_buildable(&request).then_some(request)
}

fn escape(fields: &mut Map<String, Value>, name: &str, set: &'static AsciiSet) {
    if let Some(Value::String(text)) = fields.get_mut(name) {
        *text = utf8_percent_encode(text, set).to_string();
    }
}

/// Whether the header can be carried; the ones requests are built of must say something sensible.
fn is_header(name: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let is_carried =
        http::HeaderName::try_from(name).is_ok() && http::HeaderValue::from_str(text).is_ok();
    let is_sensible = match name.to_ascii_lowercase().as_str() {
        "host" => is_host(text),
        "x-forwarded-proto" => matches!(text, "http" | "https"),
        _ => true,
    };
    is_carried && is_sensible
}

/// Whether an address can be built of it, by the parser and the type it is going to be built with.
fn is_host(text: &str) -> bool {
    let url = reqwest::Url::parse(&format!("https://{text}/"));
    text.parse::<Authority>().is_ok()
        && url.is_ok_and(|url| http::Uri::try_from(url.as_str()).is_ok())
}

/// Building a request panics where it cannot; it is tried on a copy without the body.
fn is_buildable(request: &LambdaRequest) -> bool {
    let LambdaRequest::ApiGatewayV2(event) = request else {
        return false;
    };
    let mut copy = event.clone();
    copy.body = None;
    catch_unwind(AssertUnwindSafe(|| {
        let built: lambda_http::Request = LambdaRequest::ApiGatewayV2(copy).into();
        drop(built);
    }))
    .is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
    use serde_json::{Value, json};

    use super::request;

    fn event(path: &str, query: &str, host: &str, agent: &str) -> Value {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {"host": host, "user-agent": agent, "x-forwarded-proto": "https"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "a.example.org", "domainPrefix": "a",
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "1.2.3.4", "userAgent": agent},
                "requestId": "r", "routeKey": "$default", "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_583_348_638_390_i64
            },
            "isBase64Encoded": false
        })
    }

    fn uri(path: &str, query: &str) -> String {
        let built: lambda_http::Request = request(event(path, query, "a.example.org", "x"))
            .expect("a request")
            .into();
        built.uri().path_and_query().unwrap().to_string()
    }

    #[test]
    fn decoded_paths_are_encoded_again() {
        assert_eq!(uri("/app/1/todos", "a=1&b=%20"), "/app/1/todos?a=1&b=%20");
        assert_eq!(uri("/ ", ""), "/%20");
        assert_eq!(uri("/\"", ""), "/%22");
        assert_eq!(uri("/%", ""), "/%25");
        assert_eq!(uri("/a?b#c", ""), "/a%3Fb%23c");
        assert_eq!(uri("/é\u{0}\n", "q=<é>"), "/%C3%A9%00%0A?q=%3C%C3%A9%3E");
        assert_eq!(uri("//evil.example", ""), "//evil.example");
    }

    #[test]
    fn odd_headers_are_left_out() {
        for (host, agent) in [
            ("a b", "x"),
            ("", "x"),
            (":", "x"),
            ("a.example.org", "é\u{1}"),
            ("[", "x"),
        ] {
            let built: lambda_http::Request = request(event("/", "", host, agent))
                .expect("a request")
                .into();
            assert_eq!(built.uri().path(), "/");
        }
        assert!(request(json!({"Records": []})).is_none());
        assert!(request(json!("x")).is_none());
    }

    #[test]
    fn hosts_that_are_none_break_nothing() {
        for host in [
            "&:&",
            ".0",
            "1.2.3.999",
            "[::",
            "[::1]:x",
            "a:99999",
            "a b",
            "%zz",
            "@",
            "xn--a",
            "a..b:0",
        ] {
            assert!(request(event("/", "", host, "x")).is_some(), "{host}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn no_path_query_or_header_breaks_anything(
            path in any::<String>(), query in any::<String>(), host in any::<String>(), agent in any::<String>()
        ) {
            let found = request(event(&format!("/{path}"), &query, &host, &agent));
            prop_assert!(found.is_some());
        }
    }
}
