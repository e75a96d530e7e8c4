//! Functions: create, change, look at, list, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::code::{self, Source};
use super::model::{Function, Model, Version, revision};
use super::names::{self, LATEST, Reference};
use super::refusals::{check_revision, conflict, invalid};
use super::settings::{Changes, Settings, check_architectures};
use super::versions;

/// How many functions or versions one page holds.
const PAGE: usize = 50;

pub(super) async fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let mut input = members(input)?;
    let name: String = take(&mut input, "FunctionName")?
        .ok_or_else(|| AwsError::validation("FunctionName is missing."))?;
    let name = Reference::read(&name, None)?.name;
    let source: Source = take(&mut input, "Code")?.unwrap_or_default();
    let publish = take_flag(&mut input, "Publish")?;
    let tags: BTreeMap<String, String> = take(&mut input, "Tags")?.unwrap_or_default();
    let package: Option<String> = take(&mut input, "PackageType")?;
    if package.is_some_and(|package| package != "Zip") {
        return Err(invalid("The local cloud runs Zip packages only."));
    }
    let settings = Settings::new(take(&mut input, "Architectures")?)?;
    let settings = settings.changed(complete(values::parse(Value::Object(input))?)?)?;
    let code = code::take_in(cloud, source).await?;
    let latest = Version {
        version: LATEST.to_owned(),
        code,
        settings,
        last_modified: cloud.time.now(),
        revision: revision(),
    };
    cloud.services.lambda.store.write(|model| {
        if model.functions.contains_key(&name) {
            return Err(conflict(format!("Function already exist: {name}")));
        }
        let mut function = new_function(&name, latest, tags);
        let answer = if publish {
            versions::publish(cloud, &mut function, None)
        } else {
            function.latest.describe(&name, &names::arn(cloud, &name))
        };
        model.functions.insert(name, function);
        Ok(answer)
    })
}

fn new_function(name: &str, latest: Version, tags: BTreeMap<String, String>) -> Function {
    Function {
        name: name.to_owned(),
        latest,
        versions: BTreeMap::new(),
        next_version: 1,
        aliases: BTreeMap::new(),
        policies: BTreeMap::new(),
        reserved: None,
        tags,
        retries: BTreeMap::new(),
    }
}

/// What `CreateFunction` demands of a zip package.
fn complete(changes: Changes) -> Answer<Changes> {
    let missing = [
        ("Role", changes.role.is_none()),
        ("Runtime", changes.runtime.is_none()),
        ("Handler", changes.handler.is_none()),
    ];
    match missing.iter().find(|(_, missing)| *missing) {
        None => Ok(changes),
        Some((name, _)) => Err(invalid(format!(
            "{name} is mandatory for functions created with deployment packages."
        ))),
    }
}

pub(super) async fn update_code(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let mut input = members(input)?;
    let name: String = take(&mut input, "FunctionName")?.unwrap_or_default();
    let name = Reference::read(&name, None)?.name;
    let publish = take_flag(&mut input, "Publish")?;
    let dry_run = take_flag(&mut input, "DryRun")?;
    let expected: Option<String> = take(&mut input, "RevisionId")?;
    let architectures: Option<Vec<String>> = take(&mut input, "Architectures")?;
    let architectures = architectures
        .map(|wanted| check_architectures(Some(wanted)))
        .transpose()?;
    let source: Source = values::parse(Value::Object(input))?;
    cloud
        .services
        .lambda
        .store
        .read()
        .function(cloud, &name)
        .and_then(|function| check_revision(expected.as_deref(), &function.latest.revision))?;
    let code = code::take_in(cloud, source).await?;
    change(cloud, &name, |function| {
        check_revision(expected.as_deref(), &function.latest.revision)?;
        let mut changed = function.latest.clone();
        changed.code = code;
        if let Some(architectures) = architectures {
            changed.settings.architectures = architectures;
        }
        if dry_run {
            return Ok(changed.describe(&function.name, &names::arn(cloud, &function.name)));
        }
        changed.last_modified = cloud.time.now();
        changed.revision = revision();
        function.latest = changed;
        Ok(if publish {
            versions::publish(cloud, function, None)
        } else {
            function
                .latest
                .describe(&function.name, &names::arn(cloud, &function.name))
        })
    })
}

pub(super) fn update_configuration(cloud: &Cloud, input: Value) -> Answer {
    let mut input = members(input)?;
    let name: String = take(&mut input, "FunctionName")?.unwrap_or_default();
    let name = Reference::read(&name, None)?.name;
    let expected: Option<String> = take(&mut input, "RevisionId")?;
    let changes: Changes = values::parse(Value::Object(input))?;
    change(cloud, &name, |function| {
        check_revision(expected.as_deref(), &function.latest.revision)?;
        function.latest.settings = function.latest.settings.clone().changed(changes)?;
        function.latest.last_modified = cloud.time.now();
        function.latest.revision = revision();
        Ok(function
            .latest
            .describe(&function.name, &names::arn(cloud, &function.name)))
    })
}

/// Changes `$LATEST` and stops the idle environments of the one before.
fn change(cloud: &Cloud, name: &str, change: impl FnOnce(&mut Function) -> Answer) -> Answer {
    let lambda = &cloud.services.lambda;
    let (answer, wanted) = lambda.store.write(|model| {
        let function = model.function_mut(cloud, name)?;
        let answer = change(function)?;
        Ok::<_, AwsError>((answer, revisions(function)))
    })?;
    lambda.pool.retire(name, &wanted);
    Ok(answer)
}

fn revisions(function: &Function) -> Vec<String> {
    function
        .versions
        .values()
        .chain([&function.latest])
        .map(|version| version.revision.clone())
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Named {
    function_name: String,
    qualifier: Option<String>,
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let named: Named = values::parse(input)?;
    let reference = Reference::read(&named.function_name, named.qualifier.as_deref())?;
    let model = cloud.services.lambda.store.read();
    let (function, version) = find(cloud, &model, &reference)?;
    let mut answer = json!({
        "Configuration": version.describe(&function.name, &reference.arn(cloud)),
        "Code": {
            "RepositoryType": "S3",
            "Location": format!("file://{}", code::archive(cloud, &version.code).display()),
        },
    });
    if !function.tags.is_empty() {
        answer["Tags"] = json!(function.tags);
    }
    if let Some(reserved) = function.reserved {
        answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
    }
    Ok(answer)
}

pub(super) fn get_configuration(cloud: &Cloud, input: Value) -> Answer {
    let named: Named = values::parse(input)?;
    let reference = Reference::read(&named.function_name, named.qualifier.as_deref())?;
    let model = cloud.services.lambda.store.read();
    let (function, version) = find(cloud, &model, &reference)?;
    Ok(version.describe(&function.name, &reference.arn(cloud)))
}

fn find<'a>(
    cloud: &Cloud,
    model: &'a Model,
    reference: &Reference,
) -> Answer<(&'a Function, &'a Version)> {
    let missing = || super::refusals::function_not_found(&reference.arn(cloud));
    let function = model.functions.get(&reference.name).ok_or_else(missing)?;
    let version = function.at(cloud, reference.qualifier.as_deref())?;
    Ok((function, version))
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let named: Named = values::parse(input)?;
    let reference = Reference::read(&named.function_name, named.qualifier.as_deref())?;
    let lambda = &cloud.services.lambda;
    let name = &reference.name;
    let wanted = lambda.store.write(|model| {
        let function = model.function_mut(cloud, name)?;
        let Some(qualifier) = reference.qualifier.as_deref() else {
            model.functions.remove(name);
            return Ok(Vec::new());
        };
        remove_version(cloud, function, qualifier)?;
        Ok::<_, AwsError>(revisions(function))
    })?;
    lambda.pool.retire(name, &wanted);
    Ok(json!({}))
}

fn remove_version(cloud: &Cloud, function: &mut Function, qualifier: &str) -> Answer<()> {
    if qualifier == LATEST {
        return Err(invalid(
            "$LATEST version cannot be deleted without deleting the function.",
        ));
    }
    let users: Vec<&str> = function
        .aliases
        .values()
        .filter(|alias| {
            alias.version == qualifier
                || alias
                    .additional
                    .as_ref()
                    .is_some_and(|(other, _)| other == qualifier)
        })
        .map(|alias| alias.name.as_str())
        .collect();
    if !users.is_empty() {
        return Err(conflict(format!(
            "Version {qualifier} is currently referenced by alias {}: move or delete the alias first.",
            users.join(", ")
        )));
    }
    // Deleting what is not there succeeds, as on AWS; an alias is no version.
    if let Ok(number) = qualifier.parse() {
        drop(function.versions.remove(&number));
        return Ok(());
    }
    function.at(cloud, Some(qualifier))?;
    Err(invalid(format!(
        "Deletion of aliases is not currently supported: {qualifier}. Use DeleteAlias."
    )))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ListInput {
    function_version: Option<String>,
    marker: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    max_items: Option<i64>,
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: ListInput = values::parse(input)?;
    let all = input.function_version.as_deref() == Some("ALL");
    let model = cloud.services.lambda.store.read();
    let mut found = Vec::new();
    for function in model.functions.values() {
        let latest = names::arn(cloud, &function.name);
        found.push(function.latest.describe(&function.name, &latest));
        let published = function.versions.values().filter(|_| all);
        found.extend(published.map(|version| describe_version(cloud, &function.name, version)));
    }
    page("Functions", found, input.marker.as_deref(), input.max_items)
}

/// `ListVersionsByFunction`.
pub(super) fn list_versions(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        marker: Option<String>,
        #[serde(default, deserialize_with = "values::optional_integer")]
        max_items: Option<i64>,
    }
    let input: Input = values::parse(input)?;
    let name = Reference::read(&input.function_name, None)?.name;
    let model = cloud.services.lambda.store.read();
    let function = model.function(cloud, &name)?;
    let versions = [&function.latest]
        .into_iter()
        .chain(function.versions.values())
        .map(|version| describe_version(cloud, &name, version))
        .collect();
    page(
        "Versions",
        versions,
        input.marker.as_deref(),
        input.max_items,
    )
}

pub(super) fn describe_version(cloud: &Cloud, name: &str, version: &Version) -> Value {
    let arn = names::qualified_arn(cloud, name, &version.version);
    version.describe(name, &arn)
}

/// One page of `items`; the marker is the place of the first item of the next.
pub(super) fn page(
    member: &str,
    items: Vec<Value>,
    marker: Option<&str>,
    most: Option<i64>,
) -> Answer {
    let from = match marker.filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => marker
            .parse()
            .map_err(|_| invalid(format!("Invalid Marker: {marker}")))?,
    };
    let size = most
        .and_then(|most| usize::try_from(most).ok())
        .filter(|most| *most > 0)
        .map_or(PAGE, |most| most.min(PAGE));
    let more = items.len() > from + size;
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({ member: items });
    if more {
        answer["NextMarker"] = json!((from + size).to_string());
    }
    Ok(answer)
}

fn members(input: Value) -> Answer<Map<String, Value>> {
    match input {
        Value::Object(members) => Ok(members),
        _ => Err(AwsError::validation("The request has no members.")),
    }
}

fn take<T: DeserializeOwned>(input: &mut Map<String, Value>, member: &str) -> Answer<Option<T>> {
    match input.remove(member) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|error| AwsError::validation(format!("{member}: {error}"))),
    }
}

fn take_flag(input: &mut Map<String, Value>, member: &str) -> Answer<bool> {
    let value = input.remove(member).unwrap_or(Value::Null);
    values::optional_boolean(value)
        .map(Option::unwrap_or_default)
        .map_err(|error| AwsError::validation(format!("{member}: {error}")))
}
