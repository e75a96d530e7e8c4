//! A secret's values: one is current, one was before it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Secret, Version, invalid_parameter, invalid_request, write};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// A new value.
pub(super) struct Content {
    text: Option<String>,
    binary: Option<String>,
}

impl Content {
    /// At most one of both, at most 64 KB.
    pub(super) fn given(text: Option<String>, binary: Option<String>) -> Answer<Option<Self>> {
        if text.is_some() && binary.is_some() {
            return Err(invalid_parameter(
                "You can't specify both a binary secret value and a string secret value in the \
                 same secret.",
            ));
        }
        if text
            .as_ref()
            .or(binary.as_ref())
            .is_some_and(|value| value.len() > 65536)
        {
            return Err(AwsError::validation(
                "Value at 'secretString' failed to satisfy constraint: Member must have length \
                 less than or equal to 65536",
            ));
        }
        let empty = text.is_none() && binary.is_none();
        Ok((!empty).then_some(Self { text, binary }))
    }

    pub(super) fn is(&self, version: &Version) -> bool {
        self.text == version.text && self.binary == version.binary
    }

    /// Adds a version with its stages; answers its id.
    pub(super) fn store(
        self,
        secret: &mut Secret,
        token: Option<String>,
        stages: Option<Vec<String>>,
        now: DateTime<Utc>,
    ) -> Answer<String> {
        let id = token.unwrap_or_else(|| Uuid::new_v4().to_string());
        if let Some(kept) = secret.versions.get(&id) {
            return if self.is(kept) {
                Ok(id)
            } else {
                Err(AwsError::new(
                    "ResourceExistsException",
                    format!(
                        "You can't use ClientRequestToken {id} because that value is already in \
                         use for a version of secret {}.",
                        secret.arn
                    ),
                ))
            };
        }
        let version = Version {
            text: self.text,
            binary: self.binary,
            created: now,
            stages: Vec::new(),
        };
        secret.versions.insert(id.clone(), version);
        for stage in stages.unwrap_or_else(|| vec![CURRENT.to_owned()]) {
            secret.stage(&stage, &id);
        }
        // A version without a stage may be forgotten; AWS forgets the oldest.
        secret
            .versions
            .retain(|other, version| *other == id || !version.stages.is_empty());
        secret.changed = now;
        Ok(id)
    }
}

impl Secret {
    /// Moves a stage to a version; what was current becomes the previous.
    fn stage(&mut self, stage: &str, id: &str) {
        let before = self.staged(stage).map(|(id, _)| id.clone());
        for version in self.versions.values_mut() {
            version.stages.retain(|kept| kept != stage);
        }
        if let Some(version) = self.versions.get_mut(id) {
            version.stages.push(stage.to_owned());
        }
        if let (CURRENT, Some(before)) = (stage, before)
            && before != id
        {
            self.stage(PREVIOUS, &before);
        }
    }

    fn staged(&self, stage: &str) -> Option<(&String, &Version)> {
        self.versions
            .iter()
            .find(|(_, version)| version.stages.iter().any(|kept| kept == stage))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    secret_id: String,
    client_request_token: Option<String>,
    secret_binary: Option<String>,
    secret_string: Option<String>,
    version_stages: Option<Vec<String>>,
}

pub(super) fn put(cloud: &Cloud, input: Put) -> Answer {
    let content = Content::given(input.secret_string, input.secret_binary)?
        .ok_or_else(|| invalid_request("You must provide either SecretString or SecretBinary."))?;
    write(cloud, |model, now| {
        let secret = model.find_live(&input.secret_id)?;
        let token = input.client_request_token;
        let id = content.store(secret, token, input.version_stages, now)?;
        let stages = secret.versions.get(&id).map(|version| &version.stages);
        Ok(json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": id,
            "VersionStages": stages,
        }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Update {
    secret_id: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_binary: Option<String>,
    secret_string: Option<String>,
}

pub(super) fn update(cloud: &Cloud, input: Update) -> Answer {
    let content = Content::given(input.secret_string, input.secret_binary)?;
    write(cloud, |model, now| {
        let secret = model.find_live(&input.secret_id)?;
        let id = match content {
            Some(content) => Some(content.store(secret, input.client_request_token, None, now)?),
            None => None,
        };
        secret.description = input.description.or_else(|| secret.description.take());
        secret.kms_key = input.kms_key_id.or_else(|| secret.kms_key.take());
        secret.changed = now;
        Ok(json!({ "ARN": secret.arn, "Name": secret.name, "VersionId": id }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Get {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

pub(super) fn get(cloud: &Cloud, input: Get) -> Answer {
    write(cloud, |model, now| {
        let secret = model.find_live(&input.secret_id)?;
        let stage = input.version_stage.as_deref();
        let found = match &input.version_id {
            Some(id) => secret.versions.get_key_value(id).filter(|(_, version)| {
                stage.is_none_or(|stage| version.stages.iter().any(|kept| kept == stage))
            }),
            None => secret.staged(stage.unwrap_or(CURRENT)),
        };
        let (id, version) = found.ok_or_else(|| {
            let wanted = match &input.version_id {
                Some(id) => format!("VersionId: {id}"),
                None => format!("staging label: {}", stage.unwrap_or(CURRENT)),
            };
            AwsError::new(
                "ResourceNotFoundException",
                format!("Secrets Manager can't find the specified secret value for {wanted}"),
            )
        })?;
        let answer = json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": id,
            "SecretString": version.text,
            "SecretBinary": version.binary,
            "VersionStages": version.stages,
            "CreatedDate": values::timestamp(version.created),
        });
        secret.accessed = Some(now);
        Ok(answer)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    secret_id: String,
    /// Versions without a stage are not kept.
    #[serde(rename = "IncludeDeprecated")]
    _include_deprecated: Option<bool>,
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    write(cloud, |model, _| {
        let secret = model.find(&input.secret_id)?;
        let versions: Vec<Value> = secret
            .versions
            .iter()
            .map(|(id, version)| {
                json!({
                    "VersionId": id,
                    "VersionStages": version.stages,
                    "CreatedDate": values::timestamp(version.created),
                })
            })
            .collect();
        Ok(json!({ "ARN": secret.arn, "Name": secret.name, "Versions": versions }))
    })
}
