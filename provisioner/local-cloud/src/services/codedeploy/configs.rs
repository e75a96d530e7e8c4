//! Deployment configurations: the predefined ones of Lambda, and custom ones.

use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::{Config, Model, Routing};
use super::shift;

const PREFIX: &str = "CodeDeployDefault.";
pub(super) const ALL_AT_ONCE: &str = "CodeDeployDefault.LambdaAllAtOnce";
/// Between first and last shift, in minutes.
const LONGEST: u32 = 2880;
const MOST_CONFIGS: usize = 200;

const fn canary(minutes: u32) -> Routing {
    Routing::Canary {
        percentage: 10,
        minutes,
    }
}

const fn linear(minutes: u32) -> Routing {
    Routing::Linear {
        percentage: 10,
        minutes,
    }
}

const PREDEFINED: &[(&str, Routing)] = &[
    (ALL_AT_ONCE, Routing::AllAtOnce),
    ("CodeDeployDefault.LambdaCanary10Percent5Minutes", canary(5)),
    (
        "CodeDeployDefault.LambdaCanary10Percent10Minutes",
        canary(10),
    ),
    (
        "CodeDeployDefault.LambdaCanary10Percent15Minutes",
        canary(15),
    ),
    (
        "CodeDeployDefault.LambdaCanary10Percent30Minutes",
        canary(30),
    ),
    (
        "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
        linear(1),
    ),
    (
        "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes",
        linear(2),
    ),
    (
        "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes",
        linear(3),
    ),
    (
        "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes",
        linear(10),
    ),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    deployment_config_name: Option<String>,
    compute_platform: Option<String>,
    traffic_routing_config: Option<RoutingInput>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RoutingInput {
    #[serde(rename = "type")]
    kind: Option<String>,
    time_based_canary: Option<Canary>,
    time_based_linear: Option<Linear>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Canary {
    #[serde(deserialize_with = "values::integer")]
    canary_percentage: i64,
    #[serde(deserialize_with = "values::integer")]
    canary_interval: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Linear {
    #[serde(deserialize_with = "values::integer")]
    linear_percentage: i64,
    #[serde(deserialize_with = "values::integer")]
    linear_interval: i64,
}

/// The routing a name stands for.
pub(super) fn routing(model: &Model, name: &str) -> Answer<Routing> {
    PREDEFINED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, routing)| *routing)
        .or_else(|| Some(model.configs.get(name)?.routing))
        .ok_or_else(|| {
            AwsError::new(
                "DeploymentConfigDoesNotExistException",
                format!("No deployment configuration found for name: {name}"),
            )
        })
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = check_name(input.deployment_config_name)?;
    if input.compute_platform.as_deref() != Some("Lambda") {
        return Err(AwsError::new(
            "InvalidComputePlatformException",
            "The compute platform must be Lambda: the local cloud deploys nothing else.",
        ));
    }
    let config = Config {
        id: Uuid::new_v4().to_string(),
        name: name.clone(),
        routing: read_routing(input.traffic_routing_config)?,
        created: cloud.time.now(),
    };
    let id = config.id.clone();
    cloud.services.codedeploy.store.write(|model| {
        if model.configs.contains_key(&name) {
            return Err(AwsError::new(
                "DeploymentConfigAlreadyExistsException",
                format!("Deployment config already exists: {name}"),
            ));
        }
        if model.configs.len() >= MOST_CONFIGS {
            return Err(AwsError::new(
                "DeploymentConfigLimitExceededException",
                format!("There are {MOST_CONFIGS} deployment configurations already."),
            ));
        }
        model.configs.insert(name, config);
        Ok(json!({ "deploymentConfigId": id }))
    })
}

fn check_name(name: Option<String>) -> Answer<String> {
    let name = name.unwrap_or_default();
    if name.is_empty() {
        return Err(AwsError::new(
            "DeploymentConfigNameRequiredException",
            "The deployment configuration has no name.",
        ));
    }
    if name.len() > 100 || name.starts_with(PREFIX) {
        return Err(AwsError::new(
            "InvalidDeploymentConfigNameException",
            format!("A name has at most 100 characters and does not begin with {PREFIX}: {name}"),
        ));
    }
    Ok(name)
}

fn read_routing(input: Option<RoutingInput>) -> Answer<Routing> {
    let invalid =
        |message: String| AwsError::new("InvalidTrafficRoutingConfigurationException", message);
    let input = input.ok_or_else(|| invalid("trafficRoutingConfig is missing.".to_owned()))?;
    let routing = match (
        input.kind.as_deref(),
        input.time_based_canary,
        input.time_based_linear,
    ) {
        (Some("AllAtOnce"), None, None) => Routing::AllAtOnce,
        (Some("TimeBasedCanary"), Some(canary), None) => Routing::Canary {
            percentage: percentage(canary.canary_percentage).map_err(invalid)?,
            minutes: interval(canary.canary_interval).map_err(invalid)?,
        },
        (Some("TimeBasedLinear"), None, Some(linear)) => Routing::Linear {
            percentage: percentage(linear.linear_percentage).map_err(invalid)?,
            minutes: interval(linear.linear_interval).map_err(invalid)?,
        },
        (kind, _, _) => {
            return Err(invalid(format!(
                "The type {kind:?} and the parts given with it do not belong together."
            )));
        }
    };
    let minutes = shift::minutes(routing);
    if minutes > LONGEST {
        return Err(invalid(format!(
            "From the first shift to the last it would take {minutes} minutes; {LONGEST} are the most."
        )));
    }
    Ok(routing)
}

fn percentage(given: i64) -> Result<u8, String> {
    u8::try_from(given)
        .ok()
        .filter(|share| (1..=99).contains(share))
        .ok_or_else(|| format!("A share must be between 1 and 99 percent, not {given}."))
}

fn interval(given: i64) -> Result<u32, String> {
    u32::try_from(given)
        .ok()
        .filter(|minutes| (1..=LONGEST).contains(minutes))
        .ok_or_else(|| format!("An interval must be between 1 and {LONGEST} minutes, not {given}."))
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = input.deployment_config_name.unwrap_or_default();
    let model = cloud.services.codedeploy.store.read();
    let routing = routing(&model, &name)?;
    let (id, created) = match model.configs.get(&name) {
        Some(config) => (config.id.clone(), config.created),
        None => (
            Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string(),
            DateTime::UNIX_EPOCH,
        ),
    };
    Ok(json!({
        "deploymentConfigInfo": {
            "deploymentConfigId": id,
            "deploymentConfigName": name,
            "computePlatform": "Lambda",
            "createTime": values::timestamp(created),
            "trafficRoutingConfig": describe(routing),
        }
    }))
}

fn describe(routing: Routing) -> Value {
    match routing {
        Routing::AllAtOnce => json!({ "type": "AllAtOnce" }),
        Routing::Canary {
            percentage,
            minutes,
        } => json!({
            "type": "TimeBasedCanary",
            "timeBasedCanary": { "canaryPercentage": percentage, "canaryInterval": minutes },
        }),
        Routing::Linear {
            percentage,
            minutes,
        } => json!({
            "type": "TimeBasedLinear",
            "timeBasedLinear": { "linearPercentage": percentage, "linearInterval": minutes },
        }),
    }
}

pub(super) fn list(cloud: &Cloud, _input: &Value) -> Value {
    let model = cloud.services.codedeploy.store.read();
    let names: Vec<&str> = PREDEFINED
        .iter()
        .map(|(name, _)| *name)
        .chain(model.configs.keys().map(String::as_str))
        .collect();
    json!({ "deploymentConfigsList": names })
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = check_name(input.deployment_config_name)?;
    cloud.services.codedeploy.store.write(|model| {
        let user = model
            .applications
            .values()
            .flat_map(|application| application.groups.values())
            .find(|group| group.config == name);
        if let Some(group) = user {
            return Err(AwsError::new(
                "DeploymentConfigInUseException",
                format!("The deployment group {} uses {name}.", group.name),
            ));
        }
        // Deleting what is not there succeeds, as on AWS.
        model.configs.remove(&name);
        Ok(json!({}))
    })
}
