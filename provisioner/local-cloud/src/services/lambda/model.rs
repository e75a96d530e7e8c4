//! What Lambda remembers.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::Answer;

use super::names::{self, LATEST, Reference};
use super::refusals::{function_not_found, not_found};
use super::settings::Settings;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) functions: BTreeMap<String, Function>,
    pub(super) mappings: BTreeMap<String, Mapping>,
}

/// A function with everything that hangs on it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Function {
    pub name: String,
    /// `$LATEST`: what updates change.
    pub latest: Version,
    /// Published, never changed again.
    pub versions: BTreeMap<u64, Version>,
    /// Numbers are never used twice, not even after a deletion.
    pub next_version: u64,
    pub aliases: BTreeMap<String, Alias>,
    /// Resource policies by qualifier; "" is the unqualified one.
    pub policies: BTreeMap<String, Policy>,
    pub reserved: Option<u32>,
    pub tags: BTreeMap<String, String>,
    /// What happens to asynchronous invocations, by qualifier.
    pub retries: BTreeMap<String, Retries>,
}

/// Code and configuration, as one.
#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "what Lambda calls it")]
pub(super) struct Version {
    /// `$LATEST` or a number.
    pub version: String,
    pub code: Code,
    pub settings: Settings,
    pub last_modified: DateTime<Utc>,
    pub revision: String,
}

/// An unpacked archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Code {
    /// SHA-256 of the archive, base64: what AWS calls `CodeSha256`.
    pub sha256: String,
    /// The same in hexadecimal: the folder's name below `<root>/lambda/`.
    pub folder: String,
    /// The archive's size in bytes.
    pub size: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Alias {
    pub name: String,
    pub version: String,
    pub description: String,
    /// The other version and its share, 0 to 1.
    pub additional: Option<(String, f64)>,
    pub revision: String,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Policy {
    pub revision: String,
    pub statements: Vec<Value>,
}

/// `EventInvokeConfig`: retries and destinations of asynchronous invocations.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Retries {
    pub attempts: Option<u32>,
    pub age_seconds: Option<u64>,
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
    pub last_modified: DateTime<Utc>,
}

/// An event source mapping: a queue whose messages invoke a function.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Mapping {
    pub id: String,
    pub queue_arn: String,
    pub function: String,
    pub qualifier: Option<String>,
    pub enabled: bool,
    pub batch_size: usize,
    pub window_seconds: u64,
    pub reports_batch_item_failures: bool,
    pub maximum_concurrency: Option<usize>,
    pub last_modified: DateTime<Utc>,
    pub last_result: String,
    pub tags: BTreeMap<String, String>,
}

impl Mapping {
    pub(super) fn reference(&self) -> Reference {
        Reference {
            name: self.function.clone(),
            qualifier: self.qualifier.clone(),
        }
    }
}

/// A new revision id.
pub(super) fn revision() -> String {
    Uuid::new_v4().to_string()
}

impl Model {
    pub(super) fn function(&self, cloud: &Cloud, name: &str) -> Answer<&Function> {
        self.functions
            .get(name)
            .ok_or_else(|| function_not_found(&names::arn(cloud, name)))
    }

    pub(super) fn function_mut(&mut self, cloud: &Cloud, name: &str) -> Answer<&mut Function> {
        self.functions
            .get_mut(name)
            .ok_or_else(|| function_not_found(&names::arn(cloud, name)))
    }
}

impl Function {
    /// The version a number or `$LATEST` stands for.
    pub(super) fn version(&self, name: &str) -> Option<&Version> {
        if name == LATEST {
            return Some(&self.latest);
        }
        let version = self.versions.get(&name.parse().ok()?)?;
        (version.version == name).then_some(version)
    }

    /// The version a qualifier stands for; of an alias, its main one.
    pub(super) fn at(&self, cloud: &Cloud, qualifier: Option<&str>) -> Answer<&Version> {
        let qualifier = qualifier.unwrap_or(LATEST);
        let version = match self.aliases.get(qualifier) {
            Some(alias) => self.version(&alias.version),
            None => self.version(qualifier),
        };
        version
            .ok_or_else(|| function_not_found(&names::qualified_arn(cloud, &self.name, qualifier)))
    }

    /// The version one invocation goes to. `draw` is uniform in 0..1 and splits an alias.
    pub(super) fn pick(
        &self,
        cloud: &Cloud,
        qualifier: Option<&str>,
        draw: f64,
    ) -> Answer<&Version> {
        let split = qualifier
            .and_then(|name| self.aliases.get(name))
            .and_then(|alias| alias.additional.as_ref());
        match split {
            Some((other, weight)) if draw < *weight => self.at(cloud, Some(other)),
            _ => self.at(cloud, qualifier),
        }
    }

    pub(super) fn alias(&self, cloud: &Cloud, name: &str) -> Answer<&Alias> {
        self.aliases.get(name).ok_or_else(|| {
            not_found(format!(
                "Cannot find alias arn: {}",
                names::qualified_arn(cloud, &self.name, name)
            ))
        })
    }

    pub(super) fn last_published(&self) -> Option<&Version> {
        self.versions.values().next_back()
    }
}

impl Version {
    /// `FunctionConfiguration`, under `arn`.
    pub(super) fn describe(&self, name: &str, arn: &str) -> Value {
        let mut answer = Map::new();
        answer.insert("FunctionName".to_owned(), json!(name));
        answer.insert("FunctionArn".to_owned(), json!(arn));
        answer.insert("Version".to_owned(), json!(self.version));
        answer.insert("CodeSha256".to_owned(), json!(self.code.sha256));
        answer.insert("CodeSize".to_owned(), json!(self.code.size));
        answer.insert("RevisionId".to_owned(), json!(self.revision));
        answer.insert("LastModified".to_owned(), json!(text(self.last_modified)));
        answer.insert("PackageType".to_owned(), json!("Zip"));
        answer.insert("State".to_owned(), json!("Active"));
        answer.insert("LastUpdateStatus".to_owned(), json!("Successful"));
        answer.extend(self.settings.describe(name));
        Value::Object(answer)
    }
}

/// Lambda writes times as text: `2026-01-31T12:00:00.000+0000`.
pub(super) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
        .replace('Z', "+0000")
}
