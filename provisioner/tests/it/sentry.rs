//! Sentry is told of a release: what it is sent, and what is said when it refuses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::aws::told;
use crate::command_line::{spokectl_as, working_copy};
use crate::outputs::same_every_time;

/// A Sentry that writes down what it is sent and answers everything alike.
struct Sentry {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

struct Request {
    line: String,
    token: String,
    body: Value,
}

impl Sentry {
    fn start(status: &'static str, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                kept.lock().unwrap().push(read(&stream));
                let length = answer.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
                );
                stream
                    .write_all(format!("{head}{answer}").as_bytes())
                    .unwrap();
            }
        });
        Self { address, requests }
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let (mut line, mut header) = (String::new(), "-".to_owned());
    let (mut token, mut length) = (String::new(), 0);
    reader.read_line(&mut line).unwrap();
    while !header.trim().is_empty() {
        header.clear();
        reader.read_line(&mut header).unwrap();
        match header.split_once(": ") {
            Some(("authorization", value)) => value.trim().clone_into(&mut token),
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Request {
        line: line.trim().to_owned(),
        token,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

/// A working copy at a commit, and its name.
fn committed() -> (tempfile::TempDir, String) {
    let folder = working_copy(&[("local", include_str!("../../../stages/local.toml"))]);
    let script = "git init -q && git add -A && git -c user.name=t -c user.email=t@example.org commit -q -m all \
        && git rev-parse --short=12 HEAD";
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let commit = String::from_utf8(output.stdout).unwrap();
    (folder, commit.trim().to_owned())
}

const SETTINGS: [(&str, &str); 3] = [
    ("SENTRY_ORG", "campaign"),
    ("SENTRY_PROJECT", "spoke"),
    ("SENTRY_AUTH_TOKEN", "a-secret"),
];

#[test]
fn sentry_is_told_what_is_released_and_when() {
    let (folder, commit) = committed();
    let path = folder.path().to_str().unwrap();
    let sentry = Sentry::start("201 Created", "{}");
    let mut environment = SETTINGS.to_vec();
    environment.push(("SENTRY_URL", &sentry.address));
    let mut said = Vec::new();
    for command in [
        "sentry create",
        "sentry create --output json",
        "sentry finalize",
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let run = spokectl_as(path, &environment, &arguments, "");
        said.push(told(command, &run));
    }
    insta::assert_snapshot!("sentry", said.join("\n").replace(&commit, "[commit]"));

    let requests = sentry.requests.lock().unwrap();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| request.line.as_str())
        .collect();
    let releases = "/api/0/organizations/campaign/releases/";
    let create = format!("POST {releases} HTTP/1.1");
    let finalize = format!("PUT {releases}{commit}/ HTTP/1.1");
    assert_eq!(lines, [&create, &create, &finalize]);
    assert!(
        requests
            .iter()
            .all(|request| request.token == "Bearer a-secret")
    );
    let created = json!({ "version": commit, "projects": ["spoke"] });
    assert_eq!(requests[0].body, created);
    let released = requests[2].body["dateReleased"].as_str().unwrap();
    assert!(released.parse::<chrono::DateTime<chrono::Utc>>().is_ok());
}

#[test]
fn where_sentry_has_no_settings_it_is_not_told() {
    let (folder, commit) = committed();
    let path = folder.path().to_str().unwrap();
    // GitHub writes a variable that is not set as an empty one.
    let partly = [("SENTRY_ORG", "campaign"), ("SENTRY_PROJECT", "")];
    let said = [
        told(
            "sentry create",
            &spokectl_as(path, &[], &["sentry", "create"], ""),
        ),
        told(
            "sentry finalize --output json",
            &spokectl_as(
                path,
                &partly,
                &["sentry", "finalize", "--output", "json"],
                "",
            ),
        ),
    ];
    insta::assert_snapshot!("sentry_unset", said.join("\n").replace(&commit, "[commit]"));
}

#[test]
fn what_sentry_refuses_is_told_with_its_reason_and_without_the_token() {
    let (folder, commit) = committed();
    let path = folder.path().to_str().unwrap();
    let refusing = Sentry::start("401 Unauthorized", r#"{"detail": "Invalid token"}"#);
    let wrong = Sentry::start(
        "400 Bad Request",
        r#"{"projects": ["Invalid project ids or slugs"]}"#,
    );
    // Nobody listens where somebody has just stopped.
    let stopped = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", stopped.local_addr().unwrap());
    drop(stopped);
    let mut said = Vec::new();
    for (url, command) in [
        (refusing.address.as_str(), "sentry create"),
        (&refusing.address, "sentry finalize --output json"),
        (&wrong.address, "sentry create"),
        (&gone, "sentry create"),
        ("sentry.example.org", "sentry create"),
    ] {
        let mut environment = SETTINGS.to_vec();
        environment.push(("SENTRY_URL", url));
        let arguments: Vec<_> = command.split(' ').collect();
        let run = spokectl_as(path, &environment, &arguments, "");
        assert_eq!(run.code, 1, "{}", run.stderr);
        said.push(told(command, &run));
    }
    let said = said.join("\n").replace(&commit, "[commit]");
    assert!(!said.contains("a-secret"), "{said}");
    let settings = same_every_time(path);
    let _same = settings.bind_to_scope();
    insta::assert_snapshot!("sentry_refused", said);
}
