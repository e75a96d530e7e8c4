//! Aliases: names for versions, with a second version and its weight while traffic shifts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::functions::page;
use super::model::{Alias, Function, revision};
use super::names::{self, LATEST, Reference};
use super::refusals::{check_revision, conflict, function_not_found, invalid};
use super::settings::check_description;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    function_name: String,
    name: String,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Routing>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Routing {
    #[serde(default)]
    additional_version_weights: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Named {
    function_name: String,
    name: String,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    check_alias_name(&input.name)?;
    let version = input
        .function_version
        .ok_or_else(|| invalid("FunctionVersion is missing."))?;
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &name)?;
        let arn = names::qualified_arn(cloud, &name, &input.name);
        if function.aliases.contains_key(&input.name) {
            return Err(conflict(format!("Alias already exists: {arn}")));
        }
        let alias = Alias {
            name: input.name.clone(),
            version,
            description: check_description(input.description.unwrap_or_default())?,
            additional: input.routing_config.map(additional).transpose()?.flatten(),
            revision: revision(),
        };
        check(cloud, function, &alias)?;
        let answer = describe(cloud, &name, &alias);
        function.aliases.insert(input.name, alias);
        Ok(answer)
    })
}

pub(super) fn update(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &name)?;
        let mut alias = function.alias(cloud, &input.name)?.clone();
        check_revision(input.revision_id.as_deref(), &alias.revision)?;
        if let Some(version) = input.function_version {
            alias.version = version;
        }
        if let Some(description) = input.description {
            alias.description = check_description(description)?;
        }
        if let Some(routing) = input.routing_config {
            alias.additional = additional(routing)?;
        }
        alias.revision = revision();
        check(cloud, function, &alias)?;
        let answer = describe(cloud, &name, &alias);
        function.aliases.insert(input.name, alias);
        Ok(answer)
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    let model = cloud.services.lambda.store.read();
    let alias = model.function(cloud, &name)?.alias(cloud, &input.name)?;
    Ok(describe(cloud, &name, alias))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        function_version: Option<String>,
        marker: Option<String>,
        #[serde(default, deserialize_with = "values::optional_integer")]
        max_items: Option<i64>,
    }
    let input: Input = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    let model = cloud.services.lambda.store.read();
    let aliases = model
        .function(cloud, &name)?
        .aliases
        .values()
        .filter(|alias| {
            input
                .function_version
                .as_ref()
                .is_none_or(|version| *version == alias.version)
        })
        .map(|alias| describe(cloud, &name, alias))
        .collect();
    page("Aliases", aliases, input.marker.as_deref(), input.max_items)
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &name)?;
        // Deleting an alias that is not there succeeds, as on AWS.
        function.aliases.remove(&input.name);
        function.policies.remove(&input.name);
        function.retries.remove(&input.name);
        Ok(json!({}))
    })
}

fn check_alias_name(name: &str) -> Answer<()> {
    let fits = (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !name.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        return Ok(());
    }
    Err(crate::error::AwsError::validation(format!(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
    )))
}

/// At most one additional version, with a weight between 0 and 1.
fn additional(routing: Routing) -> Answer<Option<(String, f64)>> {
    let mut weights = routing.additional_version_weights.into_iter();
    let Some((version, weight)) = weights.next() else {
        return Ok(None);
    };
    if weights.next().is_some() {
        return Err(invalid(
            "Number of items in AdditionalVersionWeights cannot be greater than 1.",
        ));
    }
    if !(0.0..=1.0).contains(&weight) {
        return Err(invalid(format!(
            "Function version weight {weight} is invalid: it must be between 0.0 and 1.0."
        )));
    }
    Ok(Some((version, weight)))
}

/// Both versions exist; with two of them, both are published, different and run alike.
fn check(cloud: &Cloud, function: &Function, alias: &Alias) -> Answer<()> {
    let find = |version: &str| {
        function.version(version).ok_or_else(|| {
            function_not_found(&names::qualified_arn(cloud, &function.name, version))
        })
    };
    let main = find(&alias.version)?;
    let Some((other, _)) = &alias.additional else {
        return Ok(());
    };
    if alias.version == LATEST || other == LATEST {
        return Err(invalid(
            "$LATEST is not supported for an alias pointing to more than 1 version",
        ));
    }
    if *other == alias.version {
        return Err(invalid(format!(
            "Invalid function version {other}. Function version {other} is already included in routing configuration."
        )));
    }
    let other = find(other)?;
    if other.settings.role != main.settings.role {
        return Err(invalid(
            "An alias pointing to two versions needs the same execution role on both.",
        ));
    }
    if other.settings.dead_letter != main.settings.dead_letter {
        return Err(invalid(
            "An alias pointing to two versions needs the same dead-letter configuration on both.",
        ));
    }
    Ok(())
}

fn describe(cloud: &Cloud, function: &str, alias: &Alias) -> Value {
    let mut answer = json!({
        "AliasArn": names::qualified_arn(cloud, function, &alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    });
    if let Some((version, weight)) = &alias.additional {
        answer["RoutingConfig"] = json!({ "AdditionalVersionWeights": { version: weight } });
    }
    answer
}
