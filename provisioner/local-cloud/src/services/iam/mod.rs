//! IAM roles and policies: recorded and checked for form, not enforced. Every answer says so
//! in the header `x-local-cloud-note`.

mod document;
mod operations;
mod policies;
mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Answer, AwsError};
use crate::services::tags::Tags;
use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    roles: BTreeMap<String, Role>,
}

/// A role. Documents are kept as they were given.
#[derive(Clone, Serialize, Deserialize)]
struct Role {
    name: String,
    path: String,
    id: String,
    arn: String,
    created: DateTime<Utc>,
    trust: String,
    description: Option<String>,
    max_session_seconds: i64,
    boundary: Option<String>,
    tags: Tags,
    inline: BTreeMap<String, String>,
    attached: BTreeSet<String>,
}

/// The service.
pub struct Iam {
    pub(crate) store: Store<Model>,
}

impl Iam {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "iam")?,
        })
    }
}

impl Model {
    fn role(&self, name: &str) -> Answer<&Role> {
        self.roles.get(name).ok_or_else(|| no_role(name))
    }

    fn role_mut(&mut self, name: &str) -> Answer<&mut Role> {
        self.roles.get_mut(name).ok_or_else(|| no_role(name))
    }
}

fn no_such_entity(message: impl Into<String>) -> AwsError {
    AwsError::new("NoSuchEntity", message).status(404)
}

fn no_role(name: &str) -> AwsError {
    no_such_entity(format!("The role with name {name} cannot be found."))
}
