//! Parameters by name: put, get, delete.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Kind, Parameter, Tier, Version};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;
use crate::services::tags::{self, Tag, Tags};

/// How many versions are kept.
const VERSIONS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    name: String,
    value: String,
    #[serde(rename = "Type")]
    kind: Option<Kind>,
    description: Option<String>,
    key_id: Option<String>,
    #[serde(default)]
    overwrite: bool,
    #[serde(default)]
    tags: Vec<Tag>,
    tier: Option<String>,
    data_type: Option<String>,
    allowed_pattern: Option<String>,
}

pub(super) fn put(cloud: &Cloud, input: Put) -> Answer {
    let name = checked_name(&input.name)?.to_owned();
    if input.overwrite && !input.tags.is_empty() {
        return Err(AwsError::validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter \
             with tags, please remove overwrite flag. To update tags for an existing parameter, \
             please use AddTagsToResource or RemoveTagsFromResource.",
        ));
    }
    if input.value.is_empty() {
        return Err(AwsError::validation(
            "1 validation error detected: Value at 'value' failed to satisfy constraint: \
             Member must have length greater than or equal to 1.",
        ));
    }
    if input
        .data_type
        .as_deref()
        .is_some_and(|kind| kind != "text")
    {
        return Err(AwsError::validation(
            "The local cloud offers the data type 'text' only.",
        ));
    }
    if let Some(pattern) = &input.allowed_pattern {
        check_pattern(pattern, &input.value)?;
    }
    let modified = cloud.time.now();
    cloud.services.ssm.store.write(|model| {
        let kept = model.parameters.get(&name);
        if kept.is_some() && !input.overwrite {
            return Err(AwsError::new(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option \
                 in the request to true.",
            ));
        }
        let kind = kind(input.kind, kept)?;
        let last = kept.and_then(|parameter| parameter.versions.last());
        let tier = tier(input.tier.as_deref(), last, input.value.len())?;
        let number = last.map_or(1, |version| version.number + 1);
        let description = input
            .description
            .or_else(|| last.and_then(|version| version.description.clone()));
        let mut given = Tags::new();
        tags::add(&mut given, input.tags, "ValidationException")?;
        let parameter = model.parameters.entry(name).or_insert(Parameter {
            kind,
            tags: given,
            versions: Vec::new(),
        });
        parameter.kind = kind;
        parameter.versions.push(Version {
            number,
            value: input.value,
            modified,
            description,
            key_id: match kind {
                Kind::SecureString => {
                    Some(input.key_id.unwrap_or_else(|| "alias/aws/ssm".to_owned()))
                }
                Kind::String | Kind::StringList => None,
            },
            pattern: input.allowed_pattern,
            tier,
        });
        let surplus = parameter.versions.len().saturating_sub(VERSIONS);
        parameter.versions.drain(..surplus);
        Ok(json!({ "Version": number, "Tier": tier }))
    })
}

fn check_pattern(pattern: &str, value: &str) -> Answer<()> {
    let pattern = regex::Regex::new(pattern).map_err(|error| {
        AwsError::new(
            "InvalidAllowedPatternException",
            format!("The request does not meet the regular expression requirement: {error}"),
        )
    })?;
    if pattern.is_match(value) {
        return Ok(());
    }
    Err(AwsError::new(
        "ParameterPatternMismatchException",
        format!(
            "Parameter value can't be validated based on the specified allowedPattern: {pattern}"
        ),
    ))
}

/// The type stays what it was; a new parameter must name one.
fn kind(given: Option<Kind>, kept: Option<&Parameter>) -> Answer<Kind> {
    match (given, kept) {
        (Some(given), Some(kept)) if given != kept.kind => Err(AwsError::new(
            "HierarchyTypeMismatchException",
            "A hierarchy type can't be changed: the type of an existing parameter stays.",
        )),
        (Some(given), _) => Ok(given),
        (None, Some(kept)) => Ok(kept.kind),
        (None, None) => Err(AwsError::validation(
            "A parameter type is required when you create a parameter.",
        )),
    }
}

/// Standard holds 4 KB, advanced 8 KB, and there is no way back from advanced.
fn tier(given: Option<&str>, last: Option<&Version>, length: usize) -> Answer<Tier> {
    let kept = last.map_or(Tier::Standard, |version| version.tier);
    let tier = match given {
        Some("Standard") => Tier::Standard,
        Some("Advanced") => Tier::Advanced,
        Some("Intelligent-Tiering") if length > 4096 => Tier::Advanced,
        None | Some("Intelligent-Tiering") => kept,
        Some(other) => {
            return Err(AwsError::validation(format!(
                "Value '{other}' at 'tier' failed to satisfy constraint: Member must satisfy \
                 enum value set: [Standard, Advanced, Intelligent-Tiering]"
            )));
        }
    };
    if kept == Tier::Advanced && tier == Tier::Standard {
        return Err(AwsError::validation(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter \
             from the advanced-parameter tier to the standard-parameter tier.",
        ));
    }
    match tier {
        Tier::Standard if length > 4096 => Err(AwsError::validation(
            "Standard tier parameters support a maximum parameter value of 4096 characters. To \
             create a larger parameter value, upgrade the parameter to use the \
             advanced-parameter tier.",
        )),
        Tier::Advanced if length > 8192 => Err(AwsError::validation(
            "Advanced tier parameters support a maximum parameter value of 8192 characters.",
        )),
        tier => Ok(tier),
    }
}

/// A name as given, or out of an ARN.
fn bare(name: &str) -> &str {
    match name.split_once(":parameter/") {
        // The slash belongs to names that have others.
        Some((_, rest)) if rest.contains('/') => &name[name.len() - rest.len() - 1..],
        Some((_, rest)) => rest,
        None => name,
    }
}

fn checked_name(name: &str) -> Answer<&str> {
    let bad = |why: &str| {
        Err(AwsError::validation(format!(
            "Parameter name {name}: {why}"
        )))
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let lower = name.trim_start_matches('/').to_ascii_lowercase();
    if name.is_empty() || name.len() > 1011 || !name.chars().all(allowed) {
        bad("only a mix of letters, numbers and the following 4 symbols .-_/ is allowed")
    } else if name.contains('/') && !name.starts_with('/') {
        bad("must be a fully qualified name (begin with /)")
    } else if name.ends_with('/') || name.contains("//") {
        bad("must not have empty parts")
    } else if lower.starts_with("aws") || lower.starts_with("ssm") {
        bad(
            "No access to reserved parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive)",
        )
    } else if name.matches('/').count() > 15 {
        Err(AwsError::new(
            "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels",
        ))
    } else {
        Ok(name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Get {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

pub(super) fn get(cloud: &Cloud, input: Get) -> Answer {
    let parameter = find(cloud, &input.name, input.with_decryption)?;
    Ok(json!({ "Parameter": parameter }))
}

/// One version of a parameter, by name, name:version or ARN.
fn find(cloud: &Cloud, given: &str, decrypt: bool) -> Answer<Value> {
    let name = bare(given);
    let (name, selector) = match name.rsplit_once(':') {
        Some((name, selector)) => (name, Some(selector)),
        None => (name, None),
    };
    let model = cloud.services.ssm.store.read();
    let parameter = model.parameters.get(name).ok_or_else(not_found)?;
    let version = match selector {
        None => parameter.versions.last(),
        Some(number) => parameter
            .versions
            .iter()
            .find(|version| version.number.to_string() == number),
    };
    let version = version.ok_or_else(|| {
        AwsError::new(
            "ParameterVersionNotFound",
            format!(
                "Systems Manager could not find version {} of {name}.",
                selector.unwrap_or_default()
            ),
        )
    })?;
    let mut found = parameter_json(cloud, name, parameter, version, decrypt);
    if let Some(selector) = selector {
        found["Selector"] = format!(":{selector}").into();
    }
    Ok(found)
}

pub(super) fn not_found() -> AwsError {
    AwsError::new("ParameterNotFound", "The parameter was not found.")
}

pub(super) fn parameter_json(
    cloud: &Cloud,
    name: &str,
    parameter: &Parameter,
    version: &Version,
    decrypt: bool,
) -> Value {
    let slash = if name.starts_with('/') { "" } else { "/" };
    json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": shown(parameter.kind, &version.value, decrypt),
        "Version": version.number,
        "LastModifiedDate": values::timestamp(version.modified),
        "ARN": cloud.arn("ssm", &format!("parameter{slash}{name}")),
        "DataType": "text",
    })
}

/// A secure string that is not to be decrypted is shown as something it cannot be read from.
pub(super) fn shown(kind: Kind, value: &str, decrypt: bool) -> String {
    if kind == Kind::SecureString && !decrypt {
        STANDARD.encode(Sha256::digest(value))
    } else {
        value.to_owned()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct GetMany {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

pub(super) fn get_many(cloud: &Cloud, input: GetMany) -> Answer {
    at_most_ten(&input.names)?;
    let (mut parameters, mut invalid) = (Vec::new(), Vec::new());
    for name in input.names {
        match find(cloud, &name, input.with_decryption) {
            Ok(parameter) => parameters.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({ "Parameters": parameters, "InvalidParameters": invalid }))
}

fn at_most_ten(names: &[String]) -> Answer<()> {
    if (1..=10).contains(&names.len()) {
        Ok(())
    } else {
        Err(AwsError::validation(
            "1 validation error detected: Value at 'names' failed to satisfy constraint: Member \
             must have length less than or equal to 10, greater than or equal to 1",
        ))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    name: String,
}

pub(super) fn delete(cloud: &Cloud, input: Delete) -> Answer {
    cloud.services.ssm.store.write(|model| {
        let removed = model.parameters.remove(bare(&input.name));
        removed.map(|_| json!({})).ok_or_else(not_found)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct DeleteMany {
    names: Vec<String>,
}

pub(super) fn delete_many(cloud: &Cloud, input: DeleteMany) -> Answer {
    at_most_ten(&input.names)?;
    cloud.services.ssm.store.write(|model| {
        let (deleted, invalid): (Vec<_>, Vec<_>) = input
            .names
            .into_iter()
            .partition(|name| model.parameters.remove(bare(name)).is_some());
        Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": invalid }))
    })
}
