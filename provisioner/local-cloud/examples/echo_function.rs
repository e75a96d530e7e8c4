//! A function for tests: speaks the Lambda Runtime API by hand and does what its event says.
//!
//! | event | does |
//! |---|---|
//! | `{"do": "sleep", "ms": 500}` | answers late |
//! | `{"do": "crash", "code": 3}` | exits |
//! | `{"do": "error", "type": "Boom", "message": "..."}` | reports an error |
//! | `{"do": "print", "lines": ["..."]}` | writes lines to standard output |
//! | `{"do": "big", "bytes": 100}` | answers that much |
//! | `{"do": "environment"}` | answers its environment variables |
//! | an SQS batch | fails the messages whose body is `fail`, crashes on `crash` |
//! | an HTTP API event | by path: `/echo`, `/sleep`, `/crash`, `/plain`, `/cookies`, `/binary`, `/status/418` |
//! | a CodeDeploy hook's event | posts `HOOK` (`Succeeded`, `Failed`) or keeps silent |
//! | anything else | tells who it is |
//!
//! Variables: `INIT` (`sleep:<ms>`, `exit:<code>`, `error`) spoils the init phase; `FAIL=1`
//! fails every invocation; `DIARY` is a file that each event is appended to.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

type Http = Client<HttpConnector, Full<Bytes>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let api = format!(
        "http://{}/2018-06-01/runtime",
        std::env::var("AWS_LAMBDA_RUNTIME_API")?
    );
    init(&http, &api).await?;
    let environment = std::process::id();
    loop {
        let (headers, event) =
            send(&http, Request::get(format!("{api}/invocation/next")), "").await?;
        let id = headers["lambda-runtime-aws-request-id"]
            .to_str()?
            .to_owned();
        let event: Value = serde_json::from_slice(&event)?;
        note(&event);
        let (path, body) = match act(&http, &event, &headers, environment).await? {
            Ok(answer) => ("response", answer),
            Err(error) => ("error", error),
        };
        let request = Request::post(format!("{api}/invocation/{id}/{path}"))
            .header("lambda-runtime-function-error-type", "Test.Error");
        send(&http, request, body.to_string()).await?;
    }
}

/// Spoils the start if asked to.
async fn init(http: &Http, api: &str) -> anyhow::Result<()> {
    let plan = var("INIT");
    if let Some(ms) = plan.strip_prefix("sleep:") {
        tokio::time::sleep(Duration::from_millis(ms.parse()?)).await;
    }
    if let Some(code) = plan.strip_prefix("exit:") {
        exit(code.parse()?);
    }
    if plan == "error" {
        let body = json!({ "errorType": "Init.Refused", "errorMessage": "no luck" });
        send(
            http,
            Request::post(format!("{api}/init/error")),
            body.to_string(),
        )
        .await?;
        exit(1);
    }
    Ok(())
}

async fn act(
    http: &Http,
    event: &Value,
    headers: &HeaderMap,
    environment: u32,
) -> anyhow::Result<Result<Value, Value>> {
    if var("FAIL") == "1" {
        return Ok(Err(
            json!({ "errorType": "Failing", "errorMessage": "told to fail" }),
        ));
    }
    if let Some(records) = event["Records"].as_array() {
        return Ok(Ok(batch(records)));
    }
    if event["version"] == "2.0" {
        return Ok(Ok(page(event).await));
    }
    if event.get("LifecycleEventHookExecutionId").is_some() {
        hook(http, event).await?;
        return Ok(Ok(Value::Null));
    }
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    Ok(match event["do"].as_str() {
        Some("sleep") => {
            let ms = event["ms"].as_u64().unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(who(event, headers, environment))
        }
        Some("crash") => exit(event["code"].as_i64().unwrap_or(1).try_into()?),
        Some("error") => Err(json!({ "errorType": text("type"), "errorMessage": text("message") })),
        Some("print") => {
            let lines = event["lines"].as_array().into_iter().flatten();
            print(lines.filter_map(Value::as_str));
            Ok(Value::Null)
        }
        Some("big") => {
            let bytes = event["bytes"].as_u64().unwrap_or_default();
            Ok(json!("x".repeat(usize::try_from(bytes)?)))
        }
        Some("environment") => Ok(std::env::vars()
            .map(|(name, value)| (name, json!(value)))
            .collect()),
        _ => Ok(who(event, headers, environment)),
    })
}

fn who(event: &Value, headers: &HeaderMap, environment: u32) -> Value {
    let header = |name: &str| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    json!({
        "version": var("AWS_LAMBDA_FUNCTION_VERSION"),
        "label": var("LABEL"),
        "environment": environment,
        "requestId": header("lambda-runtime-aws-request-id"),
        "arn": header("lambda-runtime-invoked-function-arn"),
        "deadline": header("lambda-runtime-deadline-ms"),
        "trace": header("lambda-runtime-trace-id"),
        "folder": std::env::current_dir().unwrap_or_default(),
        "event": event,
    })
}

fn batch(records: &[Value]) -> Value {
    if records.iter().any(|record| record["body"] == "crash") {
        exit(1);
    }
    let failures: Vec<Value> = records
        .iter()
        .filter(|record| record["body"] == "fail")
        .map(|record| json!({ "itemIdentifier": record["messageId"] }))
        .collect();
    json!({ "batchItemFailures": failures })
}

async fn page(event: &Value) -> Value {
    let path = event["rawPath"].as_str().unwrap_or_default();
    match path {
        "/sleep" => {
            let ms = event["queryStringParameters"]["ms"].as_str();
            let ms = ms.and_then(|ms| ms.parse().ok()).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(ms)).await;
            json!({ "slept": ms })
        }
        "/crash" => exit(1),
        "/plain" => json!({ "hello": "world" }),
        "/version" => json!({ "version": var("AWS_LAMBDA_FUNCTION_VERSION") }),
        "/cookies" => json!({
            "statusCode": 200,
            "cookies": ["a=1; Path=/", "b=2"],
            "headers": { "X-Made-By": "echo", "content-type": "text/html" },
            "body": "<p>hi</p>",
        }),
        "/binary" => json!({ "statusCode": 200, "isBase64Encoded": true, "body": "AAECA/8=" }),
        _ => match path
            .strip_prefix("/status/")
            .and_then(|code| code.parse::<u16>().ok())
        {
            Some(code) => json!({ "statusCode": code, "body": "as asked" }),
            None => json!({
                "statusCode": 200,
                "headers": { "content-type": "application/json" },
                "body": event.to_string(),
            }),
        },
    }
}

async fn hook(http: &Http, event: &Value) -> anyhow::Result<()> {
    let verdict = var("HOOK");
    if !matches!(verdict.as_str(), "Succeeded" | "Failed") {
        return Ok(());
    }
    let input = json!({
        "deploymentId": event["DeploymentId"],
        "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
        "status": verdict,
    });
    let request = Request::post(std::env::var("AWS_ENDPOINT_URL")?)
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus",
        )
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/codedeploy/aws4_request, SignedHeaders=host, Signature=0",
        );
    let (_, answer) = send(http, request, input.to_string()).await?;
    print([String::from_utf8_lossy(&answer).as_ref()].into_iter());
    Ok(())
}

async fn send(
    http: &Http,
    request: http::request::Builder,
    body: impl Into<Bytes>,
) -> anyhow::Result<(HeaderMap, Bytes)> {
    let request = request.body(Full::new(body.into()))?;
    let (parts, body) = http.request(request).await?.into_parts();
    Ok((parts.headers, body.collect().await?.to_bytes()))
}

fn note(event: &Value) {
    let path = var("DIARY");
    if path.is_empty() {
        return;
    }
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    if let Ok(mut file) = file {
        drop(file.write_all(format!("{event}\n").as_bytes()));
    }
}

fn print<'a>(lines: impl Iterator<Item = &'a str>) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        drop(writeln!(out, "{line}"));
    }
    drop(out.flush());
}

fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[expect(clippy::exit, reason = "a crash is what is asked for")]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}
