//! Functions for tests, and the plainest way to call a service.

use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_cloud::error::{Answer, AwsError};
use local_cloud::services;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::client::TestCloud;

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/test";

impl TestCloud {
    /// Calls an operation, in process.
    pub(crate) async fn call(&self, service: &str, operation: &str, input: Value) -> Answer {
        services::call(self.cloud.cloud(), service, operation, input).await
    }

    /// The same, which must succeed.
    pub(crate) async fn aws(&self, service: &str, operation: &str, input: Value) -> Value {
        match self.call(service, operation, input).await {
            Ok(answer) => answer,
            Err(error) => panic!("{service}:{operation}: {error}"),
        }
    }

    /// The same, which must be refused.
    pub(crate) async fn refusal(&self, service: &str, operation: &str, input: Value) -> AwsError {
        match self.call(service, operation, input).await {
            Ok(answer) => panic!("{service}:{operation} was not refused: {answer}"),
            Err(error) => error,
        }
    }

    /// A function with these variables, a time-out of 5 s.
    pub(crate) async fn function(&self, name: &str, variables: Value) -> Value {
        let input = json!({
            "FunctionName": name,
            "Role": ROLE,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Timeout": 5,
            "Code": { "ZipFile": archive("1") },
            "Environment": { "Variables": variables },
        });
        self.aws("lambda", "CreateFunction", input).await
    }

    /// Publishes a new version labelled `label`; its number.
    pub(crate) async fn publish(&self, name: &str, label: &str) -> String {
        let input = json!({
            "FunctionName": name,
            "Environment": { "Variables": { "LABEL": label } },
        });
        self.aws("lambda", "UpdateFunctionConfiguration", input)
            .await;
        let input = json!({ "FunctionName": name });
        let version = self.aws("lambda", "PublishVersion", input).await;
        version["Version"].as_str().unwrap().to_owned()
    }

    /// Invokes and reads the answer's payload.
    pub(crate) async fn invoke(&self, name: &str, event: Value) -> (Value, Value) {
        let input = json!({ "FunctionName": name, "Payload": STANDARD.encode(event.to_string()) });
        let answer = self.aws("lambda", "Invoke", input).await;
        let payload = STANDARD
            .decode(answer["Payload"].as_str().unwrap())
            .unwrap();
        let payload = serde_json::from_slice(&payload).unwrap();
        (answer, payload)
    }
}

/// A zip archive, base64, whose `bootstrap` is the echo function; `salt` makes it another.
pub(crate) fn archive(salt: &str) -> String {
    let script = format!("#!/bin/sh\n# {salt}\nexec '{}'\n", echo().display());
    archive_of("bootstrap", script.as_bytes(), 0o755)
}

pub(crate) fn archive_of(name: &str, content: &[u8], mode: u32) -> String {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode))
        .unwrap();
    zip.write_all(content).unwrap();
    STANDARD.encode(zip.finish().unwrap().into_inner())
}

fn echo() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples/echo_function");
    assert!(
        path.exists(),
        "{} is missing: cargo build -p local-cloud --example echo_function",
        path.display()
    );
    path
}

/// Waits until `holds`, for 30 s at most.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let started = Instant::now();
    while !holds().await {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "not within 30 s: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
