//! Invoking: choose a version, let it in, run it, tell what happened.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rand::Rng as _;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::concurrency::Slot;
use super::environment::{Environment, Request};
use super::metrics::Target;
use super::model::Version;
use super::names::{self, LATEST, Reference};
use super::refusals::invalid;
use super::{concurrency, events};

/// The largest payload of a synchronous invocation, in bytes.
const SYNC_LIMIT: usize = 6_291_456;
/// The largest payload of an asynchronous invocation, in bytes.
const ASYNC_LIMIT: usize = 1_048_576;

/// A synchronous invocation.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// Name, `name:qualifier` or ARN.
    pub function: String,
    /// Version, alias or `$LATEST`, unless `function` carries one.
    pub qualifier: Option<String>,
    /// The event, JSON.
    pub payload: Bytes,
    /// Base64, handed to the function as it is.
    pub client_context: Option<String>,
    /// Whether the last 4 KB of the log come back.
    pub tail: bool,
}

/// What a synchronous invocation came to. A function that failed is an outcome, too.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The request's id in the function's log.
    pub request_id: String,
    /// The answer, or what is wrong.
    pub payload: Bytes,
    /// Whether the function failed: it reported an error, crashed or ran out of time.
    pub failed: bool,
    /// The version that answered.
    pub executed_version: String,
    /// The last 4 KB of the log, if asked for.
    pub tail: Option<String>,
}

/// Invokes a function and waits for its answer.
///
/// # Errors
/// `ResourceNotFoundException`, `TooManyRequestsException` when it is throttled,
/// `RequestTooLargeException`.
pub async fn invoke(cloud: &Arc<Cloud>, invocation: Invocation) -> Answer<Outcome> {
    if invocation.payload.len() > SYNC_LIMIT {
        return Err(too_large(invocation.payload.len(), SYNC_LIMIT));
    }
    let reference = Reference::read(&invocation.function, invocation.qualifier.as_deref())?;
    perform(cloud, &reference, Uuid::new_v4().to_string(), invocation).await
}

/// The same under a request id that was given out before.
pub(super) async fn perform(
    cloud: &Arc<Cloud>,
    reference: &Reference,
    request_id: String,
    invocation: Invocation,
) -> Answer<Outcome> {
    let version = pick(cloud, reference)?;
    let slot = concurrency::admit(cloud, &reference.name).inspect_err(|_throttled| {
        Target {
            reference,
            executed: &version.version,
        }
        .throttled(cloud);
    })?;
    let request = Request {
        id: request_id,
        payload: invocation.payload,
        function_arn: reference.arn(cloud),
        client_context: invocation.client_context,
        tail: invocation.tail,
    };
    // In a task of its own: a caller that hangs up does not take the function with it.
    let (work, reference) = (Arc::clone(cloud), reference.clone());
    let running = tokio::spawn(async move { run(&work, &reference, version, request, slot).await });
    running.await.map_err(AwsError::internal)?
}

fn pick(cloud: &Cloud, reference: &Reference) -> Answer<Version> {
    let draw = rand::rng().random::<f64>();
    let model = cloud.services.lambda.store.read();
    let function = model
        .functions
        .get(&reference.name)
        .ok_or_else(|| super::refusals::function_not_found(&reference.arn(cloud)))?;
    function
        .pick(cloud, reference.qualifier.as_deref(), draw)
        .cloned()
}

async fn run(
    cloud: &Arc<Cloud>,
    reference: &Reference,
    version: Version,
    request: Request,
    slot: Slot,
) -> Answer<Outcome> {
    let function = &reference.name;
    let pool = &cloud.services.lambda.pool;
    let environment = if let Some(idle) = pool.take(function, &version) {
        idle
    } else {
        let fresh = Environment::prepare(Arc::clone(cloud), function.clone(), version.clone());
        let fresh = Arc::new(fresh.await?);
        pool.started(&fresh);
        fresh
    };
    let request_id = request.id.clone();
    let ended = environment.run(request).await;
    let wanted = ended.reusable && is_current(cloud, function, &version);
    pool.give_back(environment, wanted);
    let target = Target {
        reference,
        executed: &version.version,
    };
    target.invoked(cloud, ended.duration, ended.failed, slot.concurrent);
    drop(slot);
    Ok(Outcome {
        request_id,
        payload: ended.payload,
        failed: ended.failed,
        executed_version: version.version,
        tail: ended.tail,
    })
}

/// Whether this revision would still be chosen: `$LATEST` may have changed meanwhile.
fn is_current(cloud: &Cloud, function: &str, version: &Version) -> bool {
    let model = cloud.services.lambda.store.read();
    model
        .functions
        .get(function)
        .and_then(|function| function.version(&version.version))
        .is_some_and(|current| current.revision == version.revision)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    function_name: String,
    qualifier: Option<String>,
    invocation_type: Option<String>,
    log_type: Option<String>,
    client_context: Option<String>,
    payload: Option<String>,
}

/// `Invoke`.
pub(super) async fn operation(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let payload = input
        .payload
        .map(|text| STANDARD.decode(text))
        .transpose()
        .map_err(|_| invalid("The payload is not base64."))?
        .unwrap_or_default();
    let invocation = Invocation {
        function: input.function_name,
        qualifier: input.qualifier,
        payload: check_json(payload)?,
        client_context: input.client_context,
        tail: input.log_type.as_deref() == Some("Tail"),
    };
    match input.invocation_type.as_deref() {
        None | Some("RequestResponse") => Ok(describe(&invoke(cloud, invocation).await?)),
        Some("Event") => accept(cloud, invocation),
        Some("DryRun") => {
            let reference = Reference::read(&invocation.function, invocation.qualifier.as_deref())?;
            pick(cloud, &reference)?;
            Ok(json!({ "StatusCode": 204 }))
        }
        Some(other) => Err(AwsError::validation(format!(
            "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy \
             constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
        ))),
    }
}

/// Takes an asynchronous invocation in; it is performed soon, and again if it fails.
fn accept(cloud: &Arc<Cloud>, invocation: Invocation) -> Answer {
    if invocation.payload.len() > ASYNC_LIMIT {
        return Err(too_large(invocation.payload.len(), ASYNC_LIMIT));
    }
    let reference = Reference::read(&invocation.function, invocation.qualifier.as_deref())?;
    pick(cloud, &reference)?;
    events::accept(cloud, &reference, invocation)?;
    Ok(json!({ "StatusCode": 202 }))
}

fn describe(outcome: &Outcome) -> Value {
    let mut answer = json!({
        "StatusCode": 200,
        "ExecutedVersion": outcome.executed_version,
        "Payload": STANDARD.encode(&outcome.payload),
        values::REQUEST_ID: outcome.request_id,
    });
    if outcome.failed {
        answer["FunctionError"] = json!("Unhandled");
    }
    if let Some(tail) = &outcome.tail {
        answer["LogResult"] = json!(STANDARD.encode(tail));
    }
    answer
}

fn check_json(payload: Vec<u8>) -> Answer<Bytes> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(&payload) {
        Ok(_) => Ok(payload.into()),
        Err(error) => Err(AwsError::new(
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        )),
    }
}

fn too_large(size: usize, limit: usize) -> AwsError {
    AwsError::new(
        "RequestTooLargeException",
        format!("{size} byte payload is too large for the RequestResponse or Event invocation type (limit {limit} bytes)"),
    )
    .status(413)
}

/// The ARN that tells which version of a function did something.
pub(super) fn executed_arn(cloud: &Cloud, name: &str, version: &str) -> String {
    names::qualified_arn(
        cloud,
        name,
        if version.is_empty() { LATEST } else { version },
    )
}
