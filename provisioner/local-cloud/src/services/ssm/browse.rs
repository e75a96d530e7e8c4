//! Parameters by path, their history, descriptions and tags.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Parameter;
use super::parameters::{not_found, parameter_json, shown};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{self, optional_integer};
use crate::services::tags::{self, Tag};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ByPath {
    path: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    parameter_filters: Vec<Filter>,
    #[serde(default)]
    with_decryption: bool,
    #[serde(default, deserialize_with = "optional_integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Filter {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

impl Filter {
    fn fits(&self, name: &str, parameter: &Parameter) -> Answer<bool> {
        let option = self.option.as_deref();
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        Ok(match (self.key.as_str(), option.unwrap_or("Equals")) {
            ("Name", "Equals") => any(&|value| name == value),
            ("Name", "BeginsWith") => any(&|value| name.starts_with(value)),
            ("Name", "Contains") => any(&|value| name.contains(value)),
            ("Path", "Recursive") => any(&|value| is_below(name, value, true)),
            ("Path", "OneLevel" | "Equals") => any(&|value| is_below(name, value, false)),
            ("Type", "Equals") => any(&|value| json!(parameter.kind) == value),
            (key, "Equals") if key.starts_with("tag:") => {
                let kept = parameter.tags.get(&key["tag:".len()..]);
                kept.is_some_and(|kept| self.values.is_empty() || self.values.contains(kept))
            }
            (key, option) => {
                return Err(AwsError::new(
                    "InvalidFilterKey",
                    format!("The local cloud does not offer the filter {key} with {option}."),
                ));
            }
        })
    }
}

fn is_below(name: &str, path: &str, recursive: bool) -> bool {
    let Some(rest) = name.strip_prefix(path.trim_end_matches('/')) else {
        return false;
    };
    let Some(rest) = rest.strip_prefix('/') else {
        return false;
    };
    recursive || !rest.contains('/')
}

pub(super) fn by_path(cloud: &Cloud, input: ByPath) -> Answer {
    if !input.path.starts_with('/') {
        return Err(AwsError::validation(
            "The parameter path must begin with a slash",
        ));
    }
    let limit = limit(input.max_results, 10)?;
    let model = cloud.services.ssm.store.read();
    let mut found = Vec::new();
    for (name, parameter) in &model.parameters {
        if !is_below(name, &input.path, input.recursive)
            || !fit(&input.parameter_filters, name, parameter)?
        {
            continue;
        }
        if let Some(version) = parameter.versions.last() {
            let shown = parameter_json(cloud, name, parameter, version, input.with_decryption);
            found.push((name.clone(), shown));
        }
    }
    let (page, next) = page(found, input.next_token, limit);
    Ok(json!({ "Parameters": page, "NextToken": next }))
}

fn fit(filters: &[Filter], name: &str, parameter: &Parameter) -> Answer<bool> {
    for filter in filters {
        if !filter.fits(name, parameter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn limit(given: Option<i64>, most: usize) -> Answer<usize> {
    let Some(given) = given else {
        return Ok(most);
    };
    usize::try_from(given)
        .ok()
        .filter(|limit| (1..=most).contains(limit))
        .ok_or_else(|| {
            AwsError::validation(format!(
                "Value '{given}' at 'maxResults' failed to satisfy constraint: between 1 and {most}"
            ))
        })
}

/// What comes after the token, which is the last key of the page before.
fn page<K: ToString>(
    all: Vec<(K, Value)>,
    token: Option<String>,
    limit: usize,
) -> (Vec<Value>, Option<String>) {
    let start = token.map_or(0, |token| {
        all.iter()
            .position(|(key, _)| key.to_string() == token)
            .map_or(0, |place| place + 1)
    });
    let more = all.len() > start + limit;
    let mut page: Vec<_> = all.into_iter().skip(start).take(limit).collect();
    let next = page.last().filter(|_| more).map(|(key, _)| key.to_string());
    (page.drain(..).map(|(_, value)| value).collect(), next)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct History {
    name: String,
    #[serde(default)]
    with_decryption: bool,
    #[serde(default, deserialize_with = "optional_integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn history(cloud: &Cloud, input: History) -> Answer {
    let limit = limit(input.max_results, 50)?;
    let model = cloud.services.ssm.store.read();
    let parameter = model.parameters.get(&input.name).ok_or_else(not_found)?;
    let versions = parameter
        .versions
        .iter()
        .map(|version| {
            let mut entry = description(cloud, &input.name, parameter, version);
            entry["Value"] = shown(parameter.kind, &version.value, input.with_decryption).into();
            entry["Labels"] = json!([]);
            (version.number, entry)
        })
        .collect();
    let (page, next) = page(versions, input.next_token, limit);
    Ok(json!({ "Parameters": page, "NextToken": next }))
}

fn description(
    cloud: &Cloud,
    name: &str,
    parameter: &Parameter,
    version: &super::Version,
) -> Value {
    json!({
        "Name": name,
        "Type": parameter.kind,
        "KeyId": version.key_id,
        "LastModifiedDate": values::timestamp(version.modified),
        "LastModifiedUser": format!("arn:aws:iam::{}:user/local", cloud.options.account),
        "Description": version.description,
        "AllowedPattern": version.pattern,
        "Version": version.number,
        "Tier": version.tier,
        "Policies": [],
        "DataType": "text",
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    #[serde(default)]
    parameter_filters: Vec<Filter>,
    #[serde(default, deserialize_with = "optional_integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn describe(cloud: &Cloud, input: Describe) -> Answer {
    let limit = limit(input.max_results, 50)?;
    let model = cloud.services.ssm.store.read();
    let mut found = Vec::new();
    for (name, parameter) in &model.parameters {
        if let Some(version) = parameter.versions.last()
            && fit(&input.parameter_filters, name, parameter)?
        {
            found.push((name.clone(), description(cloud, name, parameter, version)));
        }
    }
    let (page, next) = page(found, input.next_token, limit);
    Ok(json!({ "Parameters": page, "NextToken": next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tagged {
    resource_type: ResourceType,
    resource_id: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// Parameters are the only resources offered.
#[derive(Deserialize)]
enum ResourceType {
    Parameter,
}

fn change(
    cloud: &Cloud,
    input: Tagged,
    change: impl FnOnce(&mut Parameter, Tagged) -> Answer<()>,
) -> Answer {
    let ResourceType::Parameter = input.resource_type;
    cloud.services.ssm.store.write(|model| {
        let parameter = model.parameters.get_mut(&input.resource_id);
        change(parameter.ok_or_else(no_resource)?, input)?;
        Ok(json!({}))
    })
}

fn no_resource() -> AwsError {
    AwsError::new(
        "InvalidResourceId",
        "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
    )
}

pub(super) fn add_tags(cloud: &Cloud, input: Tagged) -> Answer {
    change(cloud, input, |parameter, input| {
        tags::add(&mut parameter.tags, input.tags, "ValidationException")
    })
}

pub(super) fn remove_tags(cloud: &Cloud, input: Tagged) -> Answer {
    change(cloud, input, |parameter, input| {
        parameter
            .tags
            .retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })
}

pub(super) fn list_tags(cloud: &Cloud, input: Tagged) -> Answer {
    let model = cloud.services.ssm.store.read();
    let parameter = model.parameters.get(&input.resource_id);
    let parameter = parameter.ok_or_else(no_resource)?;
    Ok(json!({ "TagList": tags::list(&parameter.tags) }))
}
