//! Lambda: real processes, versions, weights, limits.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{Ask, TestCloud};
use crate::functions::{ROLE, archive, archive_of, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_answers_and_its_environment_is_used_again() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({ "LABEL": "one" })).await;
    let (answer, first) = cloud.invoke("echo", json!({ "a": 1 })).await;
    let (_, second) = cloud.invoke("echo", json!({ "a": 2 })).await;
    assert_eq!(answer["StatusCode"], 200);
    assert_eq!(answer["ExecutedVersion"], "$LATEST");
    assert!(answer.get("FunctionError").is_none());
    assert_eq!(first["event"], json!({ "a": 1 }));
    assert_eq!(first["label"], "one");
    assert_eq!(
        first["arn"],
        "arn:aws:lambda:us-east-1:000000000000:function:echo"
    );
    assert_eq!(first["environment"], second["environment"]);
    assert_ne!(first["requestId"], second["requestId"]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_holds_what_lambda_documents_and_nothing_of_ours() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({ "MINE": "yes" })).await;
    let (_, variables) = cloud.invoke("echo", json!({ "do": "environment" })).await;
    let variables: BTreeMap<String, String> = serde_json::from_value(variables).unwrap();
    assert_eq!(variables["MINE"], "yes");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "echo");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_VERSION"], "$LATEST");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
    assert_eq!(variables["AWS_LAMBDA_LOG_GROUP_NAME"], "/aws/lambda/echo");
    assert_eq!(variables["TZ"], ":UTC");
    assert_eq!(variables["AWS_ENDPOINT_URL"], cloud.cloud.endpoint());
    let ours = ["HOME", "USER", "CARGO", "CARGO_MANIFEST_DIR", "RUST_LOG"];
    assert!(ours.iter().all(|name| !variables.contains_key(*name)));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_invocations_run_in_environments_of_their_own() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let slow = || cloud.invoke("echo", json!({ "do": "sleep", "ms": 300 }));
    let ((_, a), (_, b), (_, c)) = tokio::join!(slow(), slow(), slow());
    let mut environments = vec![&a["environment"], &b["environment"], &c["environment"]];
    environments.sort_by_key(|id| id.as_u64());
    environments.dedup();
    assert_eq!(environments.len(), 3);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_with_weights_splits_the_requests() {
    let cloud = TestCloud::start().await;
    cloud.function("web", json!({})).await;
    let one = cloud.publish("web", "one").await;
    let two = cloud.publish("web", "two").await;
    let alias = json!({
        "FunctionName": "web",
        "Name": "Live",
        "FunctionVersion": one,
        "RoutingConfig": { "AdditionalVersionWeights": { two.clone(): 0.3 } },
    });
    cloud.aws("lambda", "CreateAlias", alias).await;
    let mut labels: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let (answer, who) = cloud.invoke("web:Live", json!({})).await;
        assert_eq!(answer["ExecutedVersion"], who["version"]);
        let label = who["label"].as_str().unwrap().to_owned();
        *labels.entry(label).or_default() += 1;
    }
    // 120 expected; outside 80..160 less than once in ten thousand runs.
    assert!((80..160).contains(&labels["two"]), "{labels:?}");
    assert_eq!(labels["one"] + labels["two"], 400);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_version_never_changes() {
    let cloud = TestCloud::start().await;
    cloud.function("web", json!({})).await;
    let one = cloud.publish("web", "one").await;
    let same = cloud
        .aws("lambda", "PublishVersion", json!({ "FunctionName": "web" }))
        .await;
    assert_eq!(same["Version"], json!(one));
    let two = cloud.publish("web", "two").await;
    assert_eq!((one.as_str(), two.as_str()), ("1", "2"));
    let code = json!({ "FunctionName": "web", "ZipFile": archive("changed"), "Publish": true });
    let three = cloud.aws("lambda", "UpdateFunctionCode", code).await;
    assert_eq!(three["Version"], "3");
    let (_, who) = cloud.invoke("web:1", json!({})).await;
    assert_eq!(
        (&who["label"], &who["version"]),
        (&json!("one"), &json!("1"))
    );
    let of = |version: &str| json!({ "FunctionName": "web", "Qualifier": version });
    let first = cloud
        .aws("lambda", "GetFunctionConfiguration", of("1"))
        .await;
    assert_ne!(first["CodeSha256"], three["CodeSha256"]);
    assert_eq!(
        first["FunctionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:web:1"
    );
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_for_another_revision_are_refused() {
    let cloud = TestCloud::start().await;
    let created = cloud.function("web", json!({})).await;
    let stale = created["RevisionId"].clone();
    cloud.publish("web", "one").await;
    for (operation, input) in [
        ("UpdateFunctionConfiguration", json!({ "Timeout": 9 })),
        ("UpdateFunctionCode", json!({ "ZipFile": archive("2") })),
        ("PublishVersion", json!({})),
    ] {
        let mut input = input;
        input["FunctionName"] = json!("web");
        input["RevisionId"] = stale.clone();
        let error = cloud.refusal("lambda", operation, input).await;
        assert_eq!(error.code, "PreconditionFailedException", "{operation}");
        assert_eq!(error.status, 412);
    }
    let other = json!({ "FunctionName": "web", "CodeSha256": "AAAA" });
    let error = cloud.refusal("lambda", "PublishVersion", other).await;
    assert_eq!(error.code, "InvalidParameterValueException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_function_is_served_by_new_environments() {
    let cloud = TestCloud::start().await;
    cloud.function("web", json!({ "LABEL": "old" })).await;
    let (_, old) = cloud.invoke("web", json!({})).await;
    cloud.publish("web", "new").await;
    let (_, new) = cloud.invoke("web", json!({})).await;
    assert_eq!(new["label"], "new");
    assert_ne!(old["environment"], new["environment"]);
    let pid = old["environment"].as_u64().unwrap();
    eventually("the old process is gone", || async { !is_running(pid) }).await;
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_refuse_what_aws_refuses() {
    let cloud = TestCloud::start().await;
    cloud.function("web", json!({})).await;
    cloud.publish("web", "one").await;
    cloud.publish("web", "two").await;
    cloud.publish("web", "three").await;
    let alias = |version: &str, weights: Value| {
        json!({
            "FunctionName": "web",
            "Name": "Live",
            "FunctionVersion": version,
            "RoutingConfig": { "AdditionalVersionWeights": weights },
        })
    };
    for (input, code) in [
        (
            alias("$LATEST", json!({ "1": 0.5 })),
            "InvalidParameterValueException",
        ),
        (
            alias("1", json!({ "$LATEST": 0.5 })),
            "InvalidParameterValueException",
        ),
        (
            alias("1", json!({ "2": 0.5, "3": 0.1 })),
            "InvalidParameterValueException",
        ),
        (
            alias("1", json!({ "2": 1.5 })),
            "InvalidParameterValueException",
        ),
        (
            alias("1", json!({ "1": 0.5 })),
            "InvalidParameterValueException",
        ),
        (alias("9", json!({})), "ResourceNotFoundException"),
        (alias("1", json!({ "9": 0.5 })), "ResourceNotFoundException"),
    ] {
        let error = cloud.refusal("lambda", "CreateAlias", input.clone()).await;
        assert_eq!(error.code, code, "{input}");
    }
    let created = cloud
        .aws("lambda", "CreateAlias", alias("1", json!({})))
        .await;
    let again = cloud
        .refusal("lambda", "CreateAlias", alias("1", json!({})))
        .await;
    assert_eq!(again.code, "ResourceConflictException");
    let mut update = alias("2", json!({ "1": 0.9 }));
    update["RevisionId"] = created["RevisionId"].clone();
    cloud.aws("lambda", "UpdateAlias", update.clone()).await;
    let error = cloud.refusal("lambda", "UpdateAlias", update).await;
    assert_eq!(error.code, "PreconditionFailedException");
    let used = json!({ "FunctionName": "web", "Qualifier": "1" });
    let error = cloud.refusal("lambda", "DeleteFunction", used).await;
    assert_eq!(error.code, "ResourceConflictException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_too_long_is_killed() {
    let cloud = TestCloud::start().await;
    cloud.function("slow", json!({})).await;
    let timeout = json!({ "FunctionName": "slow", "Timeout": 1 });
    cloud
        .aws("lambda", "UpdateFunctionConfiguration", timeout)
        .await;
    let (_, before) = cloud.invoke("slow", json!({})).await;
    let (answer, error) = cloud
        .invoke("slow", json!({ "do": "sleep", "ms": 20_000 }))
        .await;
    assert_eq!(answer["FunctionError"], "Unhandled");
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with("Task timed out after 1.00 seconds"),
        "{message}"
    );
    let (answer, after) = cloud.invoke("slow", json!({})).await;
    assert!(answer.get("FunctionError").is_none());
    assert_ne!(before["environment"], after["environment"]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_told_and_the_next_invocation_starts_anew() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let (answer, error) = cloud
        .invoke("echo", json!({ "do": "crash", "code": 3 }))
        .await;
    assert_eq!(answer["FunctionError"], "Unhandled");
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with("Runtime exited with error: exit status 3"),
        "{message}"
    );
    let (answer, _) = cloud.invoke("echo", json!({})).await;
    assert!(answer.get("FunctionError").is_none());
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_a_function_reports_comes_back_and_leaves_its_environment() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let (_, before) = cloud.invoke("echo", json!({})).await;
    let boom = json!({ "do": "error", "type": "Boom", "message": "no" });
    let (answer, error) = cloud.invoke("echo", boom).await;
    assert_eq!(answer["FunctionError"], "Unhandled");
    assert_eq!(error, json!({ "errorType": "Boom", "errorMessage": "no" }));
    let (_, after) = cloud.invoke("echo", json!({})).await;
    assert_eq!(before["environment"], after["environment"]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_init_that_fails_is_tried_once_more_and_then_told() {
    let cloud = TestCloud::start().await;
    cloud.function("exits", json!({ "INIT": "exit:7" })).await;
    let (_, error) = cloud.invoke("exits", json!({})).await;
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.contains("exit status 7"), "{message}");
    cloud.function("refuses", json!({ "INIT": "error" })).await;
    let (_, error) = cloud.invoke("refuses", json!({})).await;
    assert_eq!(error["errorType"], "Init.Refused");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_init_longer_than_ten_seconds_runs_into_the_functions_time_out() {
    let cloud = TestCloud::start().await;
    cloud
        .function("sleeper", json!({ "INIT": "sleep:60000" }))
        .await;
    let timeout = json!({ "FunctionName": "sleeper", "Timeout": 1 });
    cloud
        .aws("lambda", "UpdateFunctionConfiguration", timeout)
        .await;
    let started = std::time::Instant::now();
    let (_, error) = cloud.invoke("sleeper", json!({})).await;
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let seconds = started.elapsed().as_secs_f64();
    assert!((11.0..13.0).contains(&seconds), "{seconds}");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_reserved_concurrency_a_function_is_throttled() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let reserve =
        |count: u32| json!({ "FunctionName": "echo", "ReservedConcurrentExecutions": count });
    cloud
        .aws("lambda", "PutFunctionConcurrency", reserve(2))
        .await;
    let slow = || {
        let event = json!({ "do": "sleep", "ms": 500 }).to_string();
        let input = json!({ "FunctionName": "echo", "Payload": STANDARD.encode(event) });
        cloud.call("lambda", "Invoke", input)
    };
    let answers: [_; 3] = tokio::join!(slow(), slow(), slow()).into();
    let throttled: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(throttled.len(), 1);
    assert_eq!(throttled[0].code, "TooManyRequestsException");
    assert_eq!(throttled[0].status, 429);
    assert_eq!(
        throttled[0].members,
        [(
            "Reason",
            "ReservedFunctionConcurrentInvocationLimitExceeded".to_owned()
        )]
    );
    cloud
        .aws("lambda", "PutFunctionConcurrency", reserve(0))
        .await;
    assert!(slow().await.is_err());
    let all = cloud
        .refusal("lambda", "PutFunctionConcurrency", reserve(950))
        .await;
    assert_eq!(all.code, "InvalidParameterValueException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_cannot_run_is_refused() {
    let cloud = TestCloud::start().await;
    let function = |code: Value| {
        json!({
            "FunctionName": "bad",
            "Role": ROLE,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Code": code,
        })
    };
    for code in [
        json!({ "ZipFile": STANDARD.encode("no zip") }),
        json!({ "ZipFile": archive_of("../bootstrap", b"#!/bin/sh", 0o755) }),
        json!({}),
    ] {
        let error = cloud
            .refusal("lambda", "CreateFunction", function(code))
            .await;
        assert_eq!(error.code, "InvalidParameterValueException", "{error}");
    }
    let mut java = function(json!({ "ZipFile": archive("1") }));
    java["Runtime"] = json!("java21");
    let error = cloud.refusal("lambda", "CreateFunction", java).await;
    assert_eq!(error.code, "InvalidParameterValueException");
    let mut odd = function(json!({ "ZipFile": archive("1") }));
    odd["Colour"] = json!("blue");
    let error = cloud.refusal("lambda", "CreateFunction", odd).await;
    assert!(error.message.contains("Colour"), "{error}");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_without_a_bootstrap_is_taken_and_says_so_when_invoked() {
    let cloud = TestCloud::start().await;
    for (name, archive) in [
        ("unnamed", archive_of("main", b"#!/bin/sh", 0o755)),
        ("unexecutable", archive_of("bootstrap", b"#!/bin/sh", 0o644)),
    ] {
        let input = json!({
            "FunctionName": name,
            "Role": ROLE,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Code": { "ZipFile": archive },
        });
        cloud.aws("lambda", "CreateFunction", input).await;
        let (answer, error) = cloud.invoke(name, json!({})).await;
        assert_eq!(answer["FunctionError"], "Unhandled");
        assert_eq!(error["errorType"], "Runtime.InvalidEntrypoint", "{name}");
    }
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_have_four_kilobytes_and_reserved_names() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    for variables in [
        json!({ "LONG": "x".repeat(4096) }),
        json!({ "AWS_REGION": "x" }),
    ] {
        let input = json!({ "FunctionName": "echo", "Environment": { "Variables": variables } });
        let error = cloud
            .refusal("lambda", "UpdateFunctionConfiguration", input)
            .await;
        assert_eq!(error.code, "InvalidParameterValueException");
    }
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_limit_and_a_payload_has_one() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let (answer, error) = cloud
        .invoke("echo", json!({ "do": "big", "bytes": 7_000_000 }))
        .await;
    assert_eq!(answer["FunctionError"], "Unhandled");
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    let event = json!({ "x": "y".repeat(1_100_000) }).to_string();
    let input = json!({
        "FunctionName": "echo",
        "InvocationType": "Event",
        "Payload": STANDARD.encode(event),
    });
    let error = cloud.refusal("lambda", "Invoke", input).await;
    assert_eq!(error.code, "RequestTooLargeException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tail_holds_what_the_function_printed() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let event = json!({ "do": "print", "lines": ["first", "second"] }).to_string();
    let input = json!({
        "FunctionName": "echo",
        "LogType": "Tail",
        "Payload": STANDARD.encode(event),
    });
    let answer = cloud.aws("lambda", "Invoke", input).await;
    let tail = STANDARD
        .decode(answer["LogResult"].as_str().unwrap())
        .unwrap();
    let tail = String::from_utf8(tail).unwrap();
    let kinds: Vec<&str> = tail
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["START", "first", "second", "END", "REPORT"],
        "{tail}"
    );
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_invocation_that_fails_is_tried_three_times() {
    let cloud = TestCloud::at_speed(600.0).await;
    let diary = cloud.root.path().join("diary");
    cloud
        .function("echo", json!({ "FAIL": "1", "DIARY": diary }))
        .await;
    let input = json!({
        "FunctionName": "echo",
        "InvocationType": "Event",
        "Payload": STANDARD.encode("{\"n\":1}"),
    });
    let answer = cloud.aws("lambda", "Invoke", input).await;
    assert_eq!(answer["StatusCode"], 202);
    let events = cloud.root.path().join("lambda-events");
    eventually("the event is given up", || async {
        std::fs::read_dir(&events).unwrap().next().is_none()
    })
    .await;
    let diary = std::fs::read_to_string(diary).unwrap();
    assert_eq!(diary, "{\"n\":1}\n".repeat(3));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_survive_a_restart_and_their_processes_do_not() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    cloud.publish("echo", "kept").await;
    let (_, before) = cloud.invoke("echo:1", json!({})).await;
    let root = cloud.stop().await;
    let pid = before["environment"].as_u64().unwrap();
    eventually("the process is gone", || async { !is_running(pid) }).await;
    let cloud = TestCloud::resume(root, 1.0).await;
    let (_, after) = cloud.invoke("echo:1", json!({})).await;
    assert_eq!(after["label"], "kept");
    assert_ne!(before["environment"], after["environment"]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_wire_the_headers_tell_version_and_error() {
    let cloud = TestCloud::start().await;
    cloud.function("echo", json!({})).await;
    let invoke = |body: &'static str| Ask {
        method: "POST",
        path: "/2015-03-31/functions/echo/invocations",
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let answered = cloud.signed("lambda", invoke("{\"a\":1}")).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("x-amz-executed-version"), "$LATEST");
    assert_eq!(answered.json()["event"], json!({ "a": 1 }));
    let answered = cloud.signed("lambda", invoke("{\"do\":\"crash\"}")).await;
    assert_eq!(answered.header("x-amz-function-error"), "Unhandled");
    let answered = cloud.signed("lambda", invoke("not json")).await;
    assert_eq!(answered.status, 400);
    assert_eq!(
        answered.header("x-amzn-errortype"),
        "InvalidRequestContentException"
    );
    cloud.stop().await;
}

/// Whether a process is there and no zombie, as Linux tells.
fn is_running(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
