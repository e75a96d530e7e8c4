//! What ElastiCache remembers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Answer, AwsError};

/// Everything, by name.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) groups: BTreeMap<String, Group>,
    /// As they are described.
    pub(super) subnet_groups: BTreeMap<String, Value>,
    pub(super) parameter_groups: BTreeMap<String, ParameterGroup>,
    /// As they are described.
    pub(super) snapshots: BTreeMap<String, Value>,
    /// By ARN.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// A replication group: one server, however many nodes it is said to have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) engine: String,
    pub(super) node_type: String,
    pub(super) nodes: i64,
    pub(super) status: String,
    pub(super) created: DateTime<Utc>,
    /// Its port on 127.0.0.1; 0 until it ran once.
    pub(super) port: u16,
    pub(super) auth_token: Option<String>,
    pub(super) subnet_group: Option<String>,
    pub(super) parameter_group: Option<String>,
    /// Whether it should run; a fault stops it.
    pub(super) runs: bool,
    /// Everything else, as it is described.
    pub(super) settings: Map<String, Value>,
}

/// A set of settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ParameterGroup {
    pub(super) name: String,
    pub(super) family: String,
    pub(super) description: String,
    pub(super) parameters: BTreeMap<String, String>,
}

impl Model {
    pub(super) fn group(&self, id: &str) -> Answer<&Group> {
        self.groups
            .get(&id.to_lowercase())
            .ok_or_else(|| missing(id))
    }

    pub(super) fn group_mut(&mut self, id: &str) -> Answer<&mut Group> {
        self.groups
            .get_mut(&id.to_lowercase())
            .ok_or_else(|| missing(id))
    }

    /// What a group's parameters set.
    pub(super) fn parameters(&self, group: &Group) -> BTreeMap<String, String> {
        let set = group.parameter_group.as_ref();
        let set = set.and_then(|name| self.parameter_groups.get(name));
        set.map(|set| set.parameters.clone()).unwrap_or_default()
    }
}

fn missing(id: &str) -> AwsError {
    let words = format!("ReplicationGroup {id} not found.");
    AwsError::new("ReplicationGroupNotFoundFault", words).status(404)
}

/// Memory of a node in MiB. Source: ElastiCache user guide, "Supported node types" (the sizes
/// are AWS's `maxmemory`, rounded).
pub(super) fn memory(node_type: &str) -> Option<u32> {
    let (family, size) = node_type.strip_prefix("cache.")?.split_once('.')?;
    let gib = match (family, size) {
        ("t2" | "t3" | "t4g", "micro") => 0.5,
        ("t2" | "t3" | "t4g", "small") => 1.37,
        ("t2" | "t3" | "t4g", "medium") => 3.09,
        ("m5" | "m6g" | "m7g", size) => 6.38 * steps(size)?,
        ("r5" | "r6g" | "r7g", size) => 13.07 * steps(size)?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "memory is positive and small"
    )]
    let mib = (gib * 1024.0_f64) as u32;
    Some(mib)
}

/// How many times a size is a `large`.
fn steps(size: &str) -> Option<f64> {
    match size {
        "large" => Some(1.0),
        "xlarge" => Some(2.0),
        other => {
            let times: f64 = other.strip_suffix("xlarge")?.parse().ok()?;
            [2.0, 4.0, 8.0, 12.0, 16.0, 24.0]
                .contains(&times)
                .then_some(times * 2.0)
        }
    }
}
