//! What becomes of asynchronous invocations that fail: retries, age, destinations.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::model::Retries;
use super::names::{self, LATEST, Reference};
use super::refusals::{invalid, not_found};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    function_name: String,
    qualifier: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    maximum_retry_attempts: Option<i64>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    maximum_event_age_in_seconds: Option<i64>,
    destination_config: Option<BTreeMap<String, Destination>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Destination {
    destination: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Named {
    function_name: String,
    qualifier: Option<String>,
}

/// `PutFunctionEventInvokeConfig`: what is absent goes back to the default.
pub(super) fn put(cloud: &Cloud, input: Value) -> Answer {
    set(cloud, input, false)
}

/// `UpdateFunctionEventInvokeConfig`: what is absent stays.
pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    set(cloud, input, true)
}

fn set(cloud: &Cloud, input: Value, keep: bool) -> Answer {
    let input: Input = values::parse(input)?;
    let reference = Reference::read(&input.function_name, input.qualifier.as_deref())?;
    let attempts = within("MaximumRetryAttempts", input.maximum_retry_attempts, 0..=2)?;
    let age = within(
        "MaximumEventAgeInSeconds",
        input.maximum_event_age_in_seconds,
        60..=21_600,
    )?;
    let target = |kind: &str| {
        let destinations = input.destination_config.as_ref()?;
        let destination = destinations.get(kind)?;
        destination
            .destination
            .clone()
            .filter(|arn| !arn.is_empty())
    };
    let key = reference.published().unwrap_or_default().to_owned();
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &reference.name)?;
        function.at(cloud, reference.qualifier.as_deref())?;
        let before = function.retries.get(&key).filter(|_| keep);
        if keep && before.is_none() {
            return Err(missing(cloud, &reference));
        }
        let before = before.cloned();
        let old = before.as_ref();
        let retries = Retries {
            attempts: attempts
                .and_then(|attempts| u32::try_from(attempts).ok())
                .or(old.and_then(|old| old.attempts)),
            age_seconds: age.or(old.and_then(|old| old.age_seconds)),
            on_success: target("OnSuccess").or(old.and_then(|old| old.on_success.clone())),
            on_failure: target("OnFailure").or(old.and_then(|old| old.on_failure.clone())),
            last_modified: cloud.time.now(),
        };
        let answer = describe(cloud, &reference, &retries);
        function.retries.insert(key, retries);
        Ok(answer)
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let reference = Reference::read(&input.function_name, input.qualifier.as_deref())?;
    let model = cloud.services.lambda.store.read();
    let function = model.function(cloud, &reference.name)?;
    function
        .retries
        .get(reference.published().unwrap_or_default())
        .map(|retries| describe(cloud, &reference, retries))
        .ok_or_else(|| missing(cloud, &reference))
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let reference = Reference::read(&input.function_name, input.qualifier.as_deref())?;
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &reference.name)?;
        function
            .retries
            .remove(reference.published().unwrap_or_default())
            .map(|_| json!({}))
            .ok_or_else(|| missing(cloud, &reference))
    })
}

fn missing(cloud: &Cloud, reference: &Reference) -> crate::error::AwsError {
    not_found(format!(
        "The function {} doesn't have an EventInvokeConfig",
        reference.arn(cloud)
    ))
}

fn within(
    name: &str,
    given: Option<i64>,
    allowed: std::ops::RangeInclusive<i64>,
) -> Answer<Option<u64>> {
    match given {
        None => Ok(None),
        Some(value) if allowed.contains(&value) => Ok(u64::try_from(value).ok()),
        Some(value) => Err(invalid(format!(
            "{name} must be between {} and {}, not {value}.",
            allowed.start(),
            allowed.end()
        ))),
    }
}

fn describe(cloud: &Cloud, reference: &Reference, retries: &Retries) -> Value {
    let qualifier = reference.published().unwrap_or(LATEST);
    let mut destinations = json!({});
    for (kind, arn) in [
        ("OnSuccess", &retries.on_success),
        ("OnFailure", &retries.on_failure),
    ] {
        destinations[kind] = match arn {
            Some(arn) => json!({ "Destination": arn }),
            None => json!({}),
        };
    }
    let mut answer = json!({
        "FunctionArn": names::qualified_arn(cloud, &reference.name, qualifier),
        "LastModified": values::timestamp(retries.last_modified),
        "DestinationConfig": destinations,
    });
    if let Some(attempts) = retries.attempts {
        answer["MaximumRetryAttempts"] = json!(attempts);
    }
    if let Some(seconds) = retries.age_seconds {
        answer["MaximumEventAgeInSeconds"] = json!(seconds);
    }
    answer
}
