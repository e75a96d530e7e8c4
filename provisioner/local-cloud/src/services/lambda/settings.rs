//! The configuration of a function: what callers may set, what holds when they do not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::Answer;
use crate::protocol::values;

use super::refusals::invalid;

/// All variables of a function together, names and values, in bytes.
const ENVIRONMENT_LIMIT: usize = 4096;

/// Variables that Lambda sets itself.
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// The configuration that holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub runtime: String,
    pub role: String,
    pub handler: String,
    pub description: String,
    pub timeout_seconds: u64,
    pub memory_mb: u64,
    pub environment: BTreeMap<String, String>,
    pub architectures: Vec<String>,
    pub dead_letter: Option<String>,
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub tracing: String,
    pub storage_mb: u64,
    pub log_group: Option<String>,
    pub log_json: bool,
}

/// What a caller may change; what is absent stays.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Changes {
    pub runtime: Option<String>,
    pub role: Option<String>,
    pub handler: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    timeout: Option<i64>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    memory_size: Option<i64>,
    environment: Option<Environment>,
    dead_letter_config: Option<DeadLetter>,
    vpc_config: Option<Vpc>,
    tracing_config: Option<Tracing>,
    ephemeral_storage: Option<Storage>,
    logging_config: Option<Logging>,
    snap_start: Option<SnapStart>,
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DeadLetter {
    target_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Vpc {
    #[serde(default)]
    subnet_ids: Vec<String>,
    #[serde(default)]
    security_group_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Tracing {
    mode: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Storage {
    #[serde(deserialize_with = "values::integer")]
    size: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Logging {
    log_format: Option<String>,
    log_group: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SnapStart {
    apply_on: Option<String>,
}

impl Settings {
    /// AWS's defaults for a custom runtime.
    pub(super) fn new(architectures: Option<Vec<String>>) -> Answer<Self> {
        Ok(Self {
            runtime: String::new(),
            role: String::new(),
            handler: String::new(),
            description: String::new(),
            timeout_seconds: 3,
            memory_mb: 128,
            environment: BTreeMap::new(),
            architectures: check_architectures(architectures)?,
            dead_letter: None,
            subnets: Vec::new(),
            security_groups: Vec::new(),
            tracing: "PassThrough".to_owned(),
            storage_mb: 512,
            log_group: None,
            log_json: false,
        })
    }

    /// This configuration with the changes, if they are allowed.
    pub(super) fn changed(mut self, changes: Changes) -> Answer<Self> {
        if let Some(runtime) = changes.runtime {
            self.runtime = check_runtime(runtime)?;
        }
        if let Some(role) = changes.role {
            self.role = check_role(role)?;
        }
        if let Some(handler) = changes.handler {
            self.handler = handler;
        }
        if let Some(description) = changes.description {
            self.description = check_description(description)?;
        }
        if let Some(seconds) = changes.timeout {
            self.timeout_seconds = within("timeout", seconds, 1, 900)?;
        }
        if let Some(megabytes) = changes.memory_size {
            self.memory_mb = within("memorySize", megabytes, 128, 10_240)?;
        }
        if let Some(environment) = changes.environment {
            self.environment = check_environment(environment.variables)?;
        }
        if let Some(dead_letter) = changes.dead_letter_config {
            self.dead_letter = dead_letter.target_arn.filter(|arn| !arn.is_empty());
        }
        if let Some(vpc) = changes.vpc_config {
            self.subnets = vpc.subnet_ids;
            self.security_groups = vpc.security_group_ids;
        }
        if let Some(tracing) = changes.tracing_config {
            self.tracing = one_of("mode", tracing.mode, &["Active", "PassThrough"])?;
        }
        if let Some(storage) = changes.ephemeral_storage {
            self.storage_mb = within("size", storage.size, 512, 10_240)?;
        }
        if let Some(logging) = changes.logging_config {
            let format = logging.log_format.unwrap_or_else(|| "Text".to_owned());
            self.log_json = one_of("logFormat", format, &["Text", "JSON"])? == "JSON";
            self.log_group = logging.log_group;
        }
        refuse_what_a_custom_runtime_lacks(changes.snap_start, changes.layers)?;
        Ok(self)
    }

    /// The group its log lines go to.
    pub(super) fn log_group(&self, name: &str) -> String {
        self.log_group
            .clone()
            .unwrap_or_else(|| format!("/aws/lambda/{name}"))
    }

    /// Its members of `FunctionConfiguration`.
    pub(super) fn describe(&self, name: &str) -> Map<String, Value> {
        let described = json!({
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "Description": self.description,
            "Timeout": self.timeout_seconds,
            "MemorySize": self.memory_mb,
            "VpcConfig": {
                "SubnetIds": self.subnets,
                "SecurityGroupIds": self.security_groups,
                "VpcId": "",
                "Ipv6AllowedForDualStack": false,
            },
            "TracingConfig": { "Mode": self.tracing },
            "Architectures": self.architectures,
            "EphemeralStorage": { "Size": self.storage_mb },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": {
                "LogFormat": if self.log_json { "JSON" } else { "Text" },
                "LogGroup": self.log_group(name),
            },
        });
        let Value::Object(mut described) = described else {
            return Map::new();
        };
        if !self.environment.is_empty() {
            let variables = json!({ "Variables": self.environment });
            described.insert("Environment".to_owned(), variables);
        }
        if let Some(arn) = &self.dead_letter {
            described.insert("DeadLetterConfig".to_owned(), json!({ "TargetArn": arn }));
        }
        described
    }
}

/// `x86_64` unless said otherwise; recorded, the binary runs on this machine as it is.
pub(super) fn check_architectures(wanted: Option<Vec<String>>) -> Answer<Vec<String>> {
    let wanted = wanted.unwrap_or_else(|| vec!["x86_64".to_owned()]);
    match wanted.as_slice() {
        [one] if matches!(one.as_str(), "x86_64" | "arm64") => Ok(wanted),
        _ => Err(invalid(format!(
            "Architectures takes exactly one of x86_64 and arm64, not {wanted:?}."
        ))),
    }
}

fn check_runtime(runtime: String) -> Answer<String> {
    if matches!(runtime.as_str(), "provided.al2" | "provided.al2023") {
        return Ok(runtime);
    }
    Err(invalid(format!(
        "Value {runtime} at 'runtime' failed to satisfy constraint: the local cloud runs custom \
         runtimes only, [provided.al2, provided.al2023]."
    )))
}

fn check_role(role: String) -> Answer<String> {
    if role.starts_with("arn:aws:iam::") && role.contains(":role/") {
        return Ok(role);
    }
    Err(crate::error::AwsError::validation(format!(
        "1 validation error detected: Value '{role}' at 'role' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{{12}}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"
    )))
}

pub(super) fn check_description(description: String) -> Answer<String> {
    if description.chars().count() <= 256 {
        return Ok(description);
    }
    Err(invalid("A description has at most 256 characters."))
}

fn within(name: &str, given: i64, least: i64, most: i64) -> Answer<u64> {
    match u64::try_from(given) {
        Ok(value) if (least..=most).contains(&given) => Ok(value),
        _ => Err(crate::error::AwsError::validation(format!(
            "1 validation error detected: Value '{given}' at '{name}' failed to satisfy constraint: \
             Member must have value between {least} and {most}"
        ))),
    }
}

fn one_of(name: &str, given: String, allowed: &[&str]) -> Answer<String> {
    if allowed.contains(&given.as_str()) {
        return Ok(given);
    }
    Err(crate::error::AwsError::validation(format!(
        "1 validation error detected: Value '{given}' at '{name}' failed to satisfy constraint: \
         Member must satisfy enum value set: {allowed:?}"
    )))
}

fn check_environment(variables: BTreeMap<String, String>) -> Answer<BTreeMap<String, String>> {
    let reserved: Vec<&str> = variables
        .keys()
        .map(String::as_str)
        .filter(|name| RESERVED.contains(name))
        .collect();
    if !reserved.is_empty() {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment \
             variables you have provided contains reserved keys that are currently not supported \
             for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    if let Some(name) = variables.keys().find(|name| !is_variable_name(name)) {
        return Err(crate::error::AwsError::validation(format!(
            "1 validation error detected: Value '{name}' at 'environment.variables' failed to satisfy \
             constraint: Map keys must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+"
        )));
    }
    let bytes = serde_json::to_vec(&variables).map_or(0, |json| json.len());
    if bytes > ENVIRONMENT_LIMIT {
        return Err(invalid(format!(
            "Lambda was unable to configure your environment variables because the environment \
             variables you have provided exceeded the 4KB limit. String measured: {bytes} bytes"
        )));
    }
    Ok(variables)
}

fn is_variable_name(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn refuse_what_a_custom_runtime_lacks(
    snap_start: Option<SnapStart>,
    layers: Option<Vec<String>>,
) -> Answer<()> {
    let snap_start = snap_start.and_then(|snap_start| snap_start.apply_on);
    if snap_start.is_some_and(|on| on != "None") {
        return Err(invalid("SnapStart is not supported for custom runtimes."));
    }
    if layers.is_some_and(|layers| !layers.is_empty()) {
        return Err(invalid("The local cloud offers no Lambda layers."));
    }
    Ok(())
}
