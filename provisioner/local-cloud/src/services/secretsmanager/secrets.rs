//! Secrets: made, described, deleted with a way back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng as _;
use rand::distr::Alphanumeric;
use serde::Deserialize;
use serde_json::{Value, json};

use super::versions::Content;
use super::{Secret, invalid_parameter, invalid_request, write};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{self, optional_integer};
use crate::services::tags::{self, Tag, Tags};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Create {
    name: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_binary: Option<String>,
    secret_string: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(cloud: &Cloud, input: Create) -> Answer {
    let name = input.name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if name.is_empty() || name.len() > 512 || !name.chars().all(allowed) {
        return Err(AwsError::validation(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of \
             the following: -/_+=.@!",
        ));
    }
    let content = Content::given(input.secret_string, input.secret_binary)?;
    let mut kept = Tags::new();
    tags::add(&mut kept, input.tags, "InvalidParameterException")?;
    write(cloud, |model, now| {
        if let Some(secret) = model.secrets.get(&name) {
            return existing(
                secret,
                input.client_request_token.as_deref(),
                content.as_ref(),
            );
        }
        let suffix: String = rand::rng()
            .sample_iter(Alphanumeric)
            .take(6)
            .map(char::from)
            .collect();
        let mut secret = Secret {
            arn: cloud.arn("secretsmanager", &format!("secret:{name}-{suffix}")),
            name: name.clone(),
            description: input.description,
            kms_key: input.kms_key_id,
            created: now,
            changed: now,
            accessed: None,
            deleted: None,
            tags: kept,
            versions: BTreeMap::new(),
        };
        let version = match content {
            Some(content) => {
                Some(content.store(&mut secret, input.client_request_token, None, now)?)
            }
            None => None,
        };
        let answer = json!({ "ARN": secret.arn, "Name": name, "VersionId": version });
        model.secrets.insert(name, secret);
        Ok(answer)
    })
}

/// A repeated request with the same token and content is the first one again.
fn existing(secret: &Secret, token: Option<&str>, content: Option<&Content>) -> Answer {
    if secret.deleted.is_some() {
        return Err(invalid_request(
            "You can't create this secret because a secret with this name is already scheduled \
             for deletion.",
        ));
    }
    let same = token
        .and_then(|token| secret.versions.get(token))
        .zip(content)
        .is_some_and(|(version, content)| content.is(version));
    if same {
        return Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": token }));
    }
    Err(AwsError::new(
        "ResourceExistsException",
        format!(
            "The operation failed because the secret {} already exists.",
            secret.name
        ),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    secret_id: String,
}

pub(super) fn describe(cloud: &Cloud, input: Named) -> Answer {
    write(cloud, |model, _| {
        let secret = model.find(&input.secret_id)?;
        let mut described = entry(secret);
        described["VersionIdsToStages"] = stages(secret);
        Ok(described)
    })
}

fn stages(secret: &Secret) -> Value {
    secret
        .versions
        .iter()
        .filter(|(_, version)| !version.stages.is_empty())
        .map(|(id, version)| (id.clone(), json!(version.stages)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn entry(secret: &Secret) -> Value {
    let time = |at: Option<DateTime<Utc>>| at.map(values::timestamp);
    json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "Description": secret.description,
        "KmsKeyId": secret.kms_key,
        "RotationEnabled": false,
        "LastChangedDate": values::timestamp(secret.changed),
        "LastAccessedDate": time(secret.accessed),
        "DeletedDate": time(secret.deleted.map(|(at, _)| at)),
        "Tags": tags::list(&secret.tags),
        "CreatedDate": values::timestamp(secret.created),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    include_planned_deletion: bool,
    #[serde(default, deserialize_with = "optional_integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
    #[serde(default)]
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Filter {
    key: String,
    values: Vec<String>,
}

impl Filter {
    fn fits(&self, secret: &Secret) -> Answer<bool> {
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        Ok(match self.key.as_str() {
            "name" => any(&|value| secret.name.starts_with(value)),
            "tag-key" => any(&|value| secret.tags.keys().any(|key| key.starts_with(value))),
            "tag-value" => any(&|value| secret.tags.values().any(|kept| kept.starts_with(value))),
            other => {
                return Err(AwsError::validation(format!(
                    "The local cloud does not offer the filter {other}."
                )));
            }
        })
    }
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    let limit = usize::try_from(input.max_results.unwrap_or(100))
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| invalid_parameter("MaxResults must be between 1 and 100."))?;
    write(cloud, |model, _| {
        let after = input.next_token.unwrap_or_default();
        let mut found = Vec::new();
        for secret in model.secrets.values() {
            let shown = secret.deleted.is_none() || input.include_planned_deletion;
            if !shown || secret.name <= after {
                continue;
            }
            let mut fits = true;
            for filter in &input.filters {
                fits &= filter.fits(secret)?;
            }
            if fits {
                let mut entry = entry(secret);
                entry["SecretVersionsToStages"] = stages(secret);
                found.push((secret.name.clone(), entry));
            }
        }
        let next = (found.len() > limit).then(|| found[limit - 1].0.clone());
        let page: Vec<Value> = found
            .into_iter()
            .take(limit)
            .map(|(_, entry)| entry)
            .collect();
        Ok(json!({ "SecretList": page, "NextToken": next }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    secret_id: String,
    #[serde(default, deserialize_with = "optional_integer")]
    recovery_window_in_days: Option<i64>,
    #[serde(default)]
    force_delete_without_recovery: bool,
}

pub(super) fn delete(cloud: &Cloud, input: Delete) -> Answer {
    let force = input.force_delete_without_recovery;
    if force && input.recovery_window_in_days.is_some() {
        return Err(invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = input.recovery_window_in_days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(invalid_parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    write(cloud, |model, now| {
        let secret = if force {
            model.find(&input.secret_id)?
        } else {
            model.find_live(&input.secret_id)?
        };
        let gone = if force {
            now
        } else {
            now + TimeDelta::days(days)
        };
        secret.deleted = Some((now, gone));
        let name = secret.name.clone();
        let answer = json!({
            "ARN": secret.arn,
            "Name": name,
            "DeletionDate": values::timestamp(gone),
        });
        if force {
            model.secrets.remove(&name);
        }
        Ok(answer)
    })
}

pub(super) fn restore(cloud: &Cloud, input: Named) -> Answer {
    write(cloud, |model, _| {
        let secret = model.find(&input.secret_id)?;
        secret.deleted = None;
        Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tagging {
    secret_id: String,
    tags: Vec<Tag>,
}

pub(super) fn tag(cloud: &Cloud, input: Tagging) -> Answer {
    write(cloud, |model, _| {
        let secret = model.find_live(&input.secret_id)?;
        tags::add(&mut secret.tags, input.tags, "InvalidParameterException")?;
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Untagging {
    secret_id: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag(cloud: &Cloud, input: Untagging) -> Answer {
    write(cloud, |model, _| {
        let secret = model.find_live(&input.secret_id)?;
        secret.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(json!({}))
    })
}
