//! What RDS remembers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::classes::{self, Class};
use crate::error::{Answer, AwsError};

/// Everything, by name.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) clusters: BTreeMap<String, Cluster>,
    /// As they are described.
    pub(super) subnet_groups: BTreeMap<String, Value>,
    pub(super) parameter_groups: BTreeMap<String, ParameterGroup>,
    pub(super) cluster_parameter_groups: BTreeMap<String, ParameterGroup>,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    pub(super) servers: BTreeMap<String, Server>,
    /// By ARN.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// An instance: a server of its own, or a member of a cluster's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) resource_id: String,
    pub(super) class: String,
    pub(super) engine: String,
    pub(super) status: String,
    pub(super) cluster: Option<String>,
    pub(super) created: DateTime<Utc>,
    pub(super) parameter_group: Option<String>,
    pub(super) subnet_group: Option<String>,
    /// The snapshot its deletion takes first.
    #[serde(default)]
    pub(super) last_snapshot: Option<String>,
    /// Changes that wait to be applied, by member of `PendingModifiedValues`.
    pub(super) pending: Map<String, Value>,
    /// Everything else, as it is described.
    pub(super) settings: Map<String, Value>,
}

/// A cluster: one server, whose writer is its first member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cluster {
    pub(super) id: String,
    pub(super) resource_id: String,
    pub(super) engine: String,
    pub(super) status: String,
    pub(super) created: DateTime<Utc>,
    pub(super) parameter_group: Option<String>,
    pub(super) subnet_group: Option<String>,
    /// The snapshot its deletion takes first.
    #[serde(default)]
    pub(super) last_snapshot: Option<String>,
    /// Instances, the writer first.
    pub(super) members: Vec<String>,
    /// Least and most capacity units of serverless members.
    pub(super) capacity: Option<(f64, f64)>,
    pub(super) settings: Map<String, Value>,
}

/// A set of settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ParameterGroup {
    pub(super) name: String,
    pub(super) family: String,
    pub(super) description: String,
    pub(super) parameters: BTreeMap<String, Parameter>,
}

/// A setting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Parameter {
    pub(super) value: String,
    /// Applied at once; else at the next restart.
    pub(super) immediate: bool,
}

/// A copy of a server's data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) created: DateTime<Utc>,
    pub(super) status: String,
    pub(super) kind: String,
    /// The instance or cluster as it was described, to be restored from.
    pub(super) source: Value,
    pub(super) server: Server,
    pub(super) of_cluster: bool,
}

/// A `PostgreSQL` server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Server {
    /// Its port on 127.0.0.1; 0 until it ran once.
    pub(super) port: u16,
    pub(super) user: String,
    /// The master password while the server has not been told.
    pub(super) password: Option<String>,
    /// Databases it must have.
    pub(super) databases: BTreeSet<String>,
    /// Whether it should run.
    pub(super) runs: bool,
}

/// The key of an instance's own server.
pub(super) fn instance_key(id: &str) -> String {
    format!("instance-{id}")
}

/// The key of a cluster's server.
pub(super) fn cluster_key(id: &str) -> String {
    format!("cluster-{id}")
}

impl Instance {
    /// The key of the server it stands for.
    pub(super) fn key(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster_key(cluster),
            None => instance_key(&self.id),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.settings.get(name).and_then(Value::as_bool) == Some(true)
    }
}

impl Model {
    pub(super) fn instance(&self, id: &str) -> Answer<&Instance> {
        self.instances
            .get(&id.to_lowercase())
            .ok_or_else(|| missing_instance(id))
    }

    pub(super) fn instance_mut(&mut self, id: &str) -> Answer<&mut Instance> {
        self.instances
            .get_mut(&id.to_lowercase())
            .ok_or_else(|| missing_instance(id))
    }

    pub(super) fn cluster(&self, id: &str) -> Answer<&Cluster> {
        self.clusters
            .get(&id.to_lowercase())
            .ok_or_else(|| missing_cluster(id))
    }

    pub(super) fn cluster_mut(&mut self, id: &str) -> Answer<&mut Cluster> {
        self.clusters
            .get_mut(&id.to_lowercase())
            .ok_or_else(|| missing_cluster(id))
    }

    /// What the machine behind a server stands for, and the settings it has from its group.
    pub(super) fn machine(&self, key: &str) -> (Class, BTreeMap<String, Parameter>) {
        let cluster = key
            .strip_prefix("cluster-")
            .and_then(|id| self.clusters.get(id));
        let id = match cluster {
            Some(cluster) => cluster.members.first().map(String::as_str),
            None => key.strip_prefix("instance-"),
        };
        let instance = id.and_then(|id| self.instances.get(id));
        let class = match (instance.map(|instance| instance.class.as_str()), cluster) {
            (Some("db.serverless"), Some(cluster)) => {
                classes::capacity(cluster.capacity.map_or(1.0, |(_, most)| most))
            }
            (Some(name), _) => classes::find(name).unwrap_or(classes::capacity(1.0)),
            (None, _) => classes::capacity(1.0),
        };
        let mut parameters = BTreeMap::new();
        let groups = [
            cluster
                .and_then(|cluster| cluster.parameter_group.as_ref())
                .and_then(|name| self.cluster_parameter_groups.get(name)),
            instance
                .and_then(|instance| instance.parameter_group.as_ref())
                .and_then(|name| self.parameter_groups.get(name)),
        ];
        for group in groups.into_iter().flatten() {
            parameters.extend(group.parameters.clone());
        }
        (class, parameters)
    }
}

fn missing_instance(id: &str) -> AwsError {
    AwsError::new("DBInstanceNotFound", format!("DBInstance {id} not found.")).status(404)
}

fn missing_cluster(id: &str) -> AwsError {
    AwsError::new(
        "DBClusterNotFoundFault",
        format!("DBCluster {id} not found."),
    )
    .status(404)
}
