//! Concurrency: what is reserved, what is left, and who must wait outside.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::Model;
use super::names::Reference;
use super::refusals::invalid;

/// What an account keeps for functions without a reservation.
const UNRESERVED_LEAST: u32 = 100;

/// How many invocations are under way.
#[derive(Default)]
pub(super) struct Admission {
    running: Mutex<HashMap<String, usize>>,
}

/// The right to run one invocation; given back when dropped.
pub(super) struct Slot {
    cloud: Arc<Cloud>,
    function: String,
    /// How many invocations of the function run, this one included.
    pub concurrent: usize,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = self
            .cloud
            .services
            .lambda
            .admission
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.function) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Lets one more invocation of `function` in, or throttles it as AWS does.
pub(super) fn admit(cloud: &Arc<Cloud>, function: &str) -> Answer<Slot> {
    let lambda = &cloud.services.lambda;
    let limits = Limits::of(&lambda.store.read(), cloud.options.lambda_concurrency);
    let mut running = lambda
        .admission
        .running
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let own = running.get(function).copied().unwrap_or(0);
    if let Some(reserved) = limits.reserved.get(function) {
        if own >= *reserved as usize {
            return Err(throttled(
                "ReservedFunctionConcurrentInvocationLimitExceeded",
            ));
        }
    } else {
        let shared: usize = running
            .iter()
            .filter(|(name, _)| !limits.reserved.contains_key(*name))
            .map(|(_, count)| count)
            .sum();
        if shared >= limits.unreserved as usize {
            return Err(throttled("ConcurrentInvocationLimitExceeded"));
        }
    }
    running.insert(function.to_owned(), own + 1);
    Ok(Slot {
        cloud: Arc::clone(cloud),
        function: function.to_owned(),
        concurrent: own + 1,
    })
}

fn throttled(reason: &str) -> AwsError {
    AwsError::new("TooManyRequestsException", "Rate Exceeded.")
        .status(429)
        .with("Reason", reason)
}

struct Limits {
    reserved: HashMap<String, u32>,
    unreserved: u32,
}

impl Limits {
    fn of(model: &Model, account: u32) -> Self {
        let reserved: HashMap<String, u32> = model
            .functions
            .values()
            .filter_map(|function| Some((function.name.clone(), function.reserved?)))
            .collect();
        let unreserved = account.saturating_sub(reserved.values().sum());
        Self {
            reserved,
            unreserved,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PutInput {
    function_name: String,
    #[serde(deserialize_with = "values::integer")]
    reserved_concurrent_executions: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct NameInput {
    function_name: String,
}

pub(super) fn put(cloud: &Cloud, input: Value) -> Answer {
    let input: PutInput = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    let wanted = u32::try_from(input.reserved_concurrent_executions)
        .map_err(|_| invalid("ReservedConcurrentExecutions must not be negative."))?;
    let account = cloud.options.lambda_concurrency;
    cloud.services.lambda.store.write(|model| {
        let mut limits = Limits::of(model, account);
        limits.reserved.remove(&name);
        let others: u32 = limits.reserved.values().sum();
        model.function(cloud, &name)?;
        if wanted > 0 && others + wanted + UNRESERVED_LEAST > account {
            return Err(invalid(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's \
                 UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_LEAST}]."
            )));
        }
        model.function_mut(cloud, &name)?.reserved = Some(wanted);
        Ok(json!({ "ReservedConcurrentExecutions": wanted }))
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: NameInput = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    let model = cloud.services.lambda.store.read();
    Ok(match model.function(cloud, &name)?.reserved {
        Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
        None => json!({}),
    })
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: NameInput = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    cloud.services.lambda.store.write(|model| {
        model.function_mut(cloud, &name)?.reserved = None;
        Ok(json!({}))
    })
}

/// `GetAccountSettings`.
pub(super) fn account(cloud: &Cloud) -> Value {
    let model = cloud.services.lambda.store.read();
    let account = cloud.options.lambda_concurrency;
    let limits = Limits::of(&model, account);
    let code: u64 = model
        .functions
        .values()
        .flat_map(|function| function.versions.values().chain([&function.latest]))
        .map(|version| version.code.size)
        .sum();
    json!({
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800_u64,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": account,
            "UnreservedConcurrentExecutions": limits.unreserved,
        },
        "AccountUsage": { "TotalCodeSize": code, "FunctionCount": model.functions.len() },
    })
}
