//! Cross-origin requests, by the bucket's own CORS configuration: browsers put uploads to
//! presigned URLs from another origin.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use s3s::Body;

use super::configuration::{Cors, CorsRule};
use crate::Cloud;

/// What a request says about its origin.
pub(super) struct Asked {
    bucket: String,
    origin: String,
    method: String,
    headers: Vec<String>,
    preflight: bool,
}

impl Asked {
    /// None for requests without an origin.
    pub(super) fn of(request: &http::Request<Body>) -> Option<Self> {
        let text = |name: HeaderName| request.headers().get(name)?.to_str().ok();
        let preflight = request.method() == Method::OPTIONS;
        let method = if preflight {
            text(header::ACCESS_CONTROL_REQUEST_METHOD).unwrap_or_default()
        } else {
            request.method().as_str()
        };
        let headers = text(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let bucket = request.uri().path().trim_start_matches('/');
        Some(Self {
            bucket: bucket.split('/').next().unwrap_or_default().to_owned(),
            origin: text(header::ORIGIN)?.to_owned(),
            method: method.to_owned(),
            headers: headers
                .split(',')
                .map(|name| name.trim().to_ascii_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
            preflight,
        })
    }

    /// The first rule of the bucket that allows the request.
    fn rule(&self, cloud: &Cloud) -> Option<CorsRule> {
        let kept = {
            let model = cloud.services.s3.store.read();
            let bucket = model.buckets.get(&self.bucket)?;
            bucket.configuration.get("BucketCors")?.clone()
        };
        let cors: Cors = serde_json::from_value(kept).ok()?;
        cors.rules.into_iter().find(|rule| self.fits(rule))
    }

    fn fits(&self, rule: &CorsRule) -> bool {
        let any = |patterns: &[String], text: &str| patterns.iter().any(|p| like(p, text));
        any(&rule.allowed_origins, &self.origin)
            && rule.allowed_methods.contains(&self.method)
            && self
                .headers
                .iter()
                .all(|name| any(&lower(&rule.allowed_headers), name))
    }

    /// The headers a rule gives the answer.
    fn granted(&self, rule: &CorsRule) -> HeaderMap {
        let open = rule.allowed_origins.iter().any(|origin| origin == "*");
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        set(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            if open { "*" } else { &self.origin },
        );
        if !open {
            set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        set(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            &rule.allowed_methods.join(", "),
        );
        if !rule.expose_headers.is_empty() {
            set(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                &rule.expose_headers.join(", "),
            );
        }
        if self.preflight && !self.headers.is_empty() {
            set(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                &self.headers.join(", "),
            );
        }
        if let Some(seconds) = rule.max_age_seconds {
            set(header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
        set(
            header::VARY,
            "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        );
        headers
    }

    /// Answers a browser's question whether it may send the request.
    pub(super) fn preflight(&self, cloud: &Cloud) -> Option<Response<Body>> {
        if !self.preflight {
            return None;
        }
        if let Some(rule) = self.rule(cloud) {
            let mut response = Response::new(Body::empty());
            *response.headers_mut() = self.granted(&rule);
            return Some(response);
        }
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <Error><Code>AccessForbidden</Code><Message>CORSResponse: This CORS request is not \
            allowed. This is usually because the evaluation of Origin, request method / \
            Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
            by the resource's CORS spec.</Message></Error>";
        let mut response = Response::new(Body::from(body.to_owned()));
        *response.status_mut() = StatusCode::FORBIDDEN;
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/xml"),
        );
        Some(response)
    }

    /// Lets the browser's page see the answer, if the bucket allows it.
    pub(super) fn grant(&self, cloud: &Cloud, response: &mut Response<Body>) {
        if let Some(rule) = self.rule(cloud) {
            response.headers_mut().extend(self.granted(&rule));
        }
    }
}

fn lower(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}

/// Equality with at most one `*`, which stands for anything.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(like("http://*.example.com", "http://a.example.com"));
        assert!(like("*", ""));
        assert!(!like("http://a*a", "http://a"));
        assert!(!like("http://a", "http://ab"));
    }
}
