//! A started cloud and the plainest client that speaks every protocol to it.

use std::fmt::Write as _;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local_cloud::{LocalCloud, Options};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// What SigV4 leaves unencoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A cloud in a folder of its own.
pub(crate) struct TestCloud {
    pub(crate) cloud: LocalCloud,
    pub(crate) root: TempDir,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A request under construction; what is not said is empty.
#[derive(Clone, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// Path and query string, encoded.
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Vec<u8>,
}

impl TestCloud {
    pub(crate) async fn start() -> Self {
        Self::at_speed(1.0).await
    }

    pub(crate) async fn at_speed(speed: f64) -> Self {
        Self::resume(tempfile::tempdir().unwrap(), speed).await
    }

    /// Starts on what another cloud left in `root`.
    pub(crate) async fn resume(root: TempDir, speed: f64) -> Self {
        let mut options = Options::new(root.path());
        options.speed = speed;
        Self {
            cloud: LocalCloud::start(options).await.unwrap(),
            root,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Stops; the folder stays for [`TestCloud::resume`].
    pub(crate) async fn stop(self) -> TempDir {
        self.cloud.stop().await.unwrap();
        self.root
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, ask: Ask<'_>) -> Answered {
        let mut request = http::Request::builder().method(ask.method).uri(format!(
            "{}{}",
            self.cloud.endpoint(),
            ask.path
        ));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(ask.body)).unwrap();
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Signs for `service` with the cloud's credentials, then sends.
    pub(crate) async fn signed(&self, service: &str, ask: Ask<'_>) -> Answered {
        let ask = self.sign(service, ask, "local", Utc::now());
        self.send(ask).await
    }

    /// A query protocol's form.
    pub(crate) async fn query(&self, service: &str, form: &str) -> Answered {
        let ask = Ask {
            method: "POST",
            path: "/",
            headers: vec![(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            )],
            body: form.as_bytes().to_vec(),
        };
        self.signed(service, ask).await
    }

    /// A JSON protocol's call; `target` as in `AmazonSSM.GetParameter`.
    pub(crate) async fn json(&self, target: &str, input: Value) -> Answered {
        let ask = Ask {
            method: "POST",
            path: "/",
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", target.to_owned()),
            ],
            body: input.to_string().into_bytes(),
        };
        self.signed("service", ask).await
    }

    /// The same, which must succeed.
    pub(crate) async fn ok(&self, target: &str, input: Value) -> Value {
        let answered = self.json(target, input).await;
        assert_eq!(answered.status, 200, "{target}: {}", answered.text());
        answered.json()
    }

    /// The same, which must be refused: the error's type.
    pub(crate) async fn refused(&self, target: &str, input: Value) -> String {
        let answered = self.json(target, input).await;
        assert_ne!(answered.status, 200, "{target}: {}", answered.text());
        answered.json()["__type"].as_str().unwrap().to_owned()
    }

    /// Adds host, date, digest and signature.
    pub(crate) fn sign<'a>(
        &self,
        service: &str,
        mut ask: Ask<'a>,
        secret: &str,
        at: DateTime<Utc>,
    ) -> Ask<'a> {
        // A streaming body is signed by a word instead of its digest.
        let named = ask
            .headers
            .iter()
            .find(|(name, _)| *name == "x-amz-content-sha256");
        let digest = match named {
            Some((_, word)) => word.clone(),
            None => hex::encode(Sha256::digest(&ask.body)),
        };
        ask.headers
            .retain(|(name, _)| *name != "x-amz-content-sha256");
        let scope = scope(at, service);
        ask.headers.push(("host", self.host()));
        ask.headers
            .push(("x-amz-date", at.format("%Y%m%dT%H%M%SZ").to_string()));
        ask.headers.push(("x-amz-content-sha256", digest.clone()));
        let mut headers = ask.headers.clone();
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut lines = String::new();
        for (name, value) in &headers {
            writeln!(lines, "{name}:{}", value.trim()).unwrap();
        }
        let (path, query) = ask.path.split_once('?').unwrap_or((ask.path, ""));
        let canonical = format!(
            "{}\n{path}\n{}\n{lines}\n{names}\n{digest}",
            ask.method,
            sorted(query)
        );
        let signature = signature(secret, at, service, &canonical);
        ask.headers.push((
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders={names}, Signature={signature}"
            ),
        ));
        ask
    }

    /// A presigned path for S3, valid for a number of seconds from `at`.
    pub(crate) fn presigned(
        &self,
        method: &str,
        path: &str,
        secret: &str,
        at: DateTime<Utc>,
        seconds: u32,
    ) -> String {
        let credential = format!("local/{}", scope(at, "s3"));
        let mut query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host",
            utf8_percent_encode(&credential, UNRESERVED),
            at.format("%Y%m%dT%H%M%SZ"),
        );
        let canonical = format!(
            "{method}\n{path}\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD",
            self.host()
        );
        let signature = signature(secret, at, "s3", &canonical);
        write!(query, "&X-Amz-Signature={signature}").unwrap();
        format!("{path}?{query}")
    }

    fn host(&self) -> String {
        self.cloud
            .endpoint()
            .strip_prefix("http://")
            .unwrap()
            .to_owned()
    }
}

fn sorted(query: &str) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            if pair.contains('=') {
                pair.to_owned()
            } else {
                format!("{pair}=")
            }
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn scope(at: DateTime<Utc>, service: &str) -> String {
    format!("{}/us-east-1/{service}/aws4_request", at.format("%Y%m%d"))
}

fn signature(secret: &str, at: DateTime<Utc>, service: &str, canonical: &str) -> String {
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{}\n{}",
        at.format("%Y%m%dT%H%M%SZ"),
        scope(at, service),
        hex::encode(Sha256::digest(canonical))
    );
    let day = at.format("%Y%m%d").to_string();
    let key = [day.as_str(), "us-east-1", service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
            mac(&key, part)
        });
    hex::encode(mac(&key, &to_sign))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
