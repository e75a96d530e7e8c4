//! SSM Parameter Store.

mod browse;
mod operations;
mod parameters;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::services::tags::Tags;
use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    parameters: BTreeMap<String, Parameter>,
}

/// A parameter with its last hundred versions, the current one last.
#[derive(Clone, Serialize, Deserialize)]
struct Parameter {
    kind: Kind,
    tags: Tags,
    versions: Vec<Version>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    String,
    StringList,
    SecureString,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Tier {
    Standard,
    Advanced,
}

#[derive(Clone, Serialize, Deserialize)]
struct Version {
    number: i64,
    value: String,
    modified: DateTime<Utc>,
    description: Option<String>,
    key_id: Option<String>,
    #[serde(default)]
    pattern: Option<String>,
    tier: Tier,
}

/// The service.
pub struct Ssm {
    pub(crate) store: Store<Model>,
}

impl Ssm {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "ssm")?,
        })
    }
}
