//! Values for a template's parameters: defaults, kept values, constraints.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::model::Given;
use super::{Parameter, Template, error};
use crate::Cloud;
use crate::error::Answer;
use crate::services;

/// A parameter as a request gives it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(in super::super) struct Argument {
    pub(in super::super) parameter_key: String,
    pub(in super::super) parameter_value: Option<String>,
    #[serde(deserialize_with = "crate::protocol::values::optional_boolean")]
    pub(in super::super) use_previous_value: Option<bool>,
    pub(in super::super) resolved_value: Option<String>,
}

/// Values for all parameters of `template`, checked.
pub(in super::super) async fn resolve(
    cloud: &Arc<Cloud>,
    template: &Template,
    arguments: &[Argument],
    previous: &BTreeMap<String, Given>,
) -> Answer<BTreeMap<String, Given>> {
    let mut values = choose(template, arguments, previous)?;
    for (name, parameter) in &template.parameters {
        let Some(given) = values.get_mut(name) else {
            continue;
        };
        check(name, parameter, &given.value)?;
        if let Some(inner) = store_type(&parameter.r#type) {
            let stored = from_store(cloud, &given.value).await?;
            if inner == "Number" && stored.parse::<f64>().is_err() {
                return Err(error(format!("Parameter '{name}' must be a number")));
            }
            given.resolved = Some(stored);
        }
    }
    Ok(values)
}

fn choose(
    template: &Template,
    arguments: &[Argument],
    previous: &BTreeMap<String, Given>,
) -> Answer<BTreeMap<String, Given>> {
    let unknown: Vec<&str> = arguments
        .iter()
        .map(|argument| argument.parameter_key.as_str())
        .filter(|key| !template.parameters.contains_key(*key))
        .collect();
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        return Err(error(format!(
            "Parameters: [{names}] do not exist in the template"
        )));
    }
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, parameter) in &template.parameters {
        let argument = arguments
            .iter()
            .find(|argument| argument.parameter_key == *name);
        let keeps = argument.is_some_and(|argument| argument.use_previous_value == Some(true));
        let value = if keeps {
            previous.get(name).map(|given| given.value.clone())
        } else {
            argument
                .and_then(|argument| argument.parameter_value.clone())
                .or_else(|| parameter.default.as_ref().map(text))
        };
        match value {
            Some(value) => {
                let resolved = None;
                values.insert(name.clone(), Given { value, resolved });
            }
            None => missing.push(name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(values);
    }
    let names = missing.join(", ");
    Err(error(format!("Parameters: [{names}] must have values")))
}

/// A scalar as text.
pub(in super::super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The type inside `AWS::SSM::Parameter::Value<...>`.
fn store_type(kind: &str) -> Option<&str> {
    kind.strip_prefix("AWS::SSM::Parameter::Value<")?
        .strip_suffix('>')
}

async fn from_store(cloud: &Arc<Cloud>, name: &str) -> Answer<String> {
    let answer = services::call(cloud, "ssm", "GetParameter", json!({ "Name": name })).await;
    let value = answer.ok().and_then(|answer| {
        answer
            .pointer("/Parameter/Value")
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    value.ok_or_else(|| {
        error(format!(
            "Unable to fetch parameters [{name}] from parameter store for this account."
        ))
    })
}

/// Whether values of this type are lists.
pub(in super::super) fn is_list(kind: &str) -> bool {
    let inner = store_type(kind).unwrap_or(kind);
    inner == "CommaDelimitedList" || inner.starts_with("List<")
}

fn is_known(kind: &str) -> bool {
    let inner = store_type(kind).unwrap_or(kind);
    let inner = inner
        .strip_prefix("List<")
        .and_then(|inner| inner.strip_suffix('>'))
        .unwrap_or(inner);
    matches!(
        inner,
        "String" | "Number" | "CommaDelimitedList" | "AWS::SSM::Parameter::Name"
    ) || inner.starts_with("AWS::EC2::")
        || inner == "AWS::Route53::HostedZone::Id"
}

/// Checks a declaration.
pub(super) fn check_declaration(name: &str, parameter: &Parameter) -> Answer<()> {
    if is_known(&parameter.r#type) {
        return Ok(());
    }
    Err(error(format!(
        "Template format error: Unrecognized parameter type: {} (parameter {name})",
        parameter.r#type
    )))
}

fn check(name: &str, parameter: &Parameter, value: &str) -> Answer<()> {
    let fail = |rule: String| {
        Err(error(match &parameter.constraint_description {
            Some(words) => format!("Parameter {name} failed to satisfy constraint: {words}"),
            None => format!("Parameter '{name}' {rule}"),
        }))
    };
    if let Some(allowed) = &parameter.allowed_values {
        let items: Vec<&str> = if is_list(&parameter.r#type) {
            value.split(',').map(str::trim).collect()
        } else {
            vec![value]
        };
        let fits = |item: &&str| allowed.iter().any(|allowed| text(allowed) == **item);
        if !items.iter().all(fits) {
            let all: Vec<String> = allowed.iter().map(text).collect();
            return fail(format!("must be one of AllowedValues [{}]", all.join(", ")));
        }
    }
    if let Some(pattern) = &parameter.allowed_pattern
        && !matches(pattern, value)?
    {
        return fail(format!("must match pattern {pattern}"));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a parameter has at most 4,096 characters"
    )]
    let length = value.chars().count() as f64;
    if let Some(least) = parameter.min_length.filter(|least| length < *least) {
        return fail(format!("must contain at least {least} characters"));
    }
    if let Some(most) = parameter.max_length.filter(|most| length > *most) {
        return fail(format!("must contain at most {most} characters"));
    }
    if parameter.r#type != "Number" {
        return Ok(());
    }
    let Ok(number) = value.trim().parse::<f64>() else {
        return fail("must be a number".to_owned());
    };
    if let Some(least) = parameter.min_value.filter(|least| number < *least) {
        return fail(format!("must be a number not less than {least}"));
    }
    if let Some(most) = parameter.max_value.filter(|most| number > *most) {
        return fail(format!("must be a number not greater than {most}"));
    }
    Ok(())
}

/// Whether the whole value matches, as AWS does.
fn matches(pattern: &str, value: &str) -> Answer<bool> {
    let pattern = format!("^(?:{pattern})$");
    regex::Regex::new(&pattern)
        .map(|pattern| pattern.is_match(value))
        .map_err(|cause| error(format!("AllowedPattern is not a pattern: {cause}")))
}
