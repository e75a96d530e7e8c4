//! Replication groups: made, changed, deleted.

use std::sync::Arc;

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::model::{Group, Model, memory};
use super::servers;
use super::subnets::{missing_parameters, missing_subnets};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{optional_boolean, optional_integer, timestamp};

/// A tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

pub(super) fn tag(model: &mut Model, arn: &str, tags: &[Tag]) {
    let all = model.tags.entry(arn.to_owned()).or_default();
    all.extend(tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
}

/// `InvalidParameterValue`.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}

fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterCombination", message)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Create {
    #[serde(rename = "ReplicationGroupId")]
    id: String,
    #[serde(rename = "ReplicationGroupDescription")]
    description: String,
    engine: Option<String>,
    engine_version: Option<String>,
    cache_node_type: Option<String>,
    #[serde(deserialize_with = "optional_integer")]
    num_cache_clusters: Option<i64>,
    #[serde(deserialize_with = "optional_integer")]
    num_node_groups: Option<i64>,
    #[serde(deserialize_with = "optional_integer")]
    replicas_per_node_group: Option<i64>,
    #[serde(deserialize_with = "optional_boolean")]
    automatic_failover_enabled: Option<bool>,
    #[serde(rename = "MultiAZEnabled", deserialize_with = "optional_boolean")]
    multi_az_enabled: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    transit_encryption_enabled: Option<bool>,
    transit_encryption_mode: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    at_rest_encryption_enabled: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    auto_minor_version_upgrade: Option<bool>,
    auth_token: Option<String>,
    cache_subnet_group_name: Option<String>,
    cache_parameter_group_name: Option<String>,
    security_group_ids: Vec<String>,
    kms_key_id: Option<String>,
    preferred_maintenance_window: Option<String>,
    snapshot_window: Option<String>,
    #[serde(deserialize_with = "optional_integer")]
    snapshot_retention_limit: Option<i64>,
    #[serde(deserialize_with = "optional_integer")]
    // Every server has a free port of its own, shown as its endpoint.
    port: Option<i64>,
    tags: Vec<Tag>,
}

impl Create {
    fn check(&self) -> Answer<()> {
        check_id(&self.id, 40)?;
        let engine = self.engine.as_deref().unwrap_or("redis");
        if !matches!(engine, "redis" | "valkey") {
            return Err(invalid(format!(
                "Invalid value for engine: {engine}. Valid values are: redis, valkey"
            )));
        }
        let node = self.cache_node_type.as_deref().unwrap_or("cache.t3.micro");
        if memory(node).is_none() {
            return Err(invalid(format!(
                "The parameter CacheNodeType is invalid: {node}"
            )));
        }
        if self.num_node_groups.unwrap_or(1) != 1 {
            return Err(invalid(
                "The local cloud offers replication groups of one node group.",
            ));
        }
        let nodes = self.nodes();
        if self.automatic_failover_enabled == Some(true) && nodes < 2 {
            return Err(conflict(
                "When using automatic failover, there must be at least 2 cache clusters in the \
                 replication group.",
            ));
        }
        if self.transit_encryption_enabled == Some(true) {
            return Err(conflict(
                "The local cloud's caches speak no TLS: set TransitEncryptionEnabled to false for \
                 a laptop (and leave out AuthToken's demand for it).",
            ));
        }
        self.auth_token.as_deref().map_or(Ok(()), check_token)
    }

    fn nodes(&self) -> i64 {
        let replicas = self.replicas_per_node_group.map(|replicas| replicas + 1);
        self.num_cache_clusters.or(replicas).unwrap_or(1)
    }

    /// What is kept and shown, not acted on.
    fn settings(&self) -> Map<String, Value> {
        let automatic = self.automatic_failover_enabled == Some(true);
        let several = self.multi_az_enabled == Some(true);
        let word = |on: bool| if on { "enabled" } else { "disabled" };
        let settings = json!({
            "EngineVersion": self.engine_version,
            "AutomaticFailover": word(automatic),
            "MultiAZ": word(several),
            "TransitEncryptionEnabled": false,
            "TransitEncryptionMode": self.transit_encryption_mode,
            "AtRestEncryptionEnabled": self.at_rest_encryption_enabled == Some(true),
            "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade.unwrap_or(true),
            "SecurityGroupIds": self.security_group_ids,
            "KmsKeyId": self.kms_key_id,
            "PreferredMaintenanceWindow": self.preferred_maintenance_window,
            "SnapshotWindow": self.snapshot_window,
            "SnapshotRetentionLimit": self.snapshot_retention_limit.unwrap_or(0),
        });
        settings.as_object().cloned().unwrap_or_default()
    }
}

fn check_id(id: &str, longest: usize) -> Answer<()> {
    let starts = id.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if starts && allowed && id.len() <= longest && !id.ends_with('-') && !id.contains("--") {
        return Ok(());
    }
    Err(invalid(
        "The parameter ReplicationGroupId is not a valid identifier. Identifiers must begin with \
         a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a \
         hyphen or contain two consecutive hyphens.",
    ))
}

fn check_token(token: &str) -> Answer<()> {
    let allowed = |c: char| c.is_ascii_graphic() && !"@\"/".contains(c);
    if (16..=128).contains(&token.len()) && token.chars().all(allowed) {
        return Ok(());
    }
    Err(invalid(
        "Invalid AuthToken provided: it has 16 to 128 printable characters other than space, @, \
         \" and /.",
    ))
}

/// Makes a group; its server starts in the background.
pub(super) fn create(cloud: &Arc<Cloud>, input: &Create) -> Answer {
    input.check()?;
    let id = input.id.to_lowercase();
    let answer = cloud.services.elasticache.store.write(|model| {
        if model.groups.contains_key(&id) {
            let words = format!("Replication group {id} already exists.");
            return Err(AwsError::new("ReplicationGroupAlreadyExists", words));
        }
        let subnets = input
            .cache_subnet_group_name
            .as_ref()
            .map(|name| name.to_lowercase());
        if let Some(name) = subnets
            .as_ref()
            .filter(|name| !model.subnet_groups.contains_key(*name))
        {
            return Err(missing_subnets(name));
        }
        let parameters = input
            .cache_parameter_group_name
            .as_ref()
            .map(|name| name.to_lowercase());
        check_parameters(model, parameters.as_ref())?;
        let group = Group {
            id: id.clone(),
            description: input.description.clone(),
            engine: input.engine.clone().unwrap_or_else(|| "redis".to_owned()),
            node_type: input
                .cache_node_type
                .clone()
                .unwrap_or_else(|| "cache.t3.micro".to_owned()),
            nodes: input.nodes(),
            status: "creating".to_owned(),
            created: Utc::now(),
            port: 0,
            auth_token: input.auth_token.clone(),
            subnet_group: subnets,
            parameter_group: parameters,
            runs: true,
            settings: input.settings(),
        };
        tag(model, &arn(cloud, &id), &input.tags);
        let shown = show(cloud, &group);
        model.groups.insert(id.clone(), group);
        Ok(json!({ "ReplicationGroup": shown }))
    })?;
    work(cloud, id);
    Ok(answer)
}

fn check_parameters(model: &Model, name: Option<&String>) -> Answer<()> {
    let Some(name) = name else { return Ok(()) };
    if name.starts_with("default.") || model.parameter_groups.contains_key(name) {
        return Ok(());
    }
    Err(missing_parameters(name))
}

fn arn(cloud: &Cloud, id: &str) -> String {
    cloud.arn("elasticache", &format!("replicationgroup:{id}"))
}

/// Settles a group's server in the background.
pub(super) fn work(cloud: &Arc<Cloud>, id: String) {
    let cloud = Arc::clone(cloud);
    let background = Arc::clone(&cloud);
    background.background.spawn(async move {
        let settled = servers::settle(&cloud, &id).await;
        if let Err(error) = &settled {
            tracing::error!(
                id,
                error = format!("{error:#}"),
                "a cache could not be settled"
            );
        }
        finish(&cloud, &id, settled.is_ok());
    });
}

/// A group's lasting status.
pub(super) fn finish(cloud: &Cloud, id: &str, well: bool) {
    cloud.services.elasticache.store.write(|model| {
        if let Some(group) = model.groups.get_mut(id)
            && group.status != "deleting"
        {
            let status = if well { "available" } else { "create-failed" };
            status.clone_into(&mut group.status);
        }
    });
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Modify {
    #[serde(rename = "ReplicationGroupId")]
    id: String,
    #[serde(rename = "ReplicationGroupDescription")]
    description: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    // Groups change at once.
    apply_immediately: Option<bool>,
    engine: Option<String>,
    engine_version: Option<String>,
    cache_node_type: Option<String>,
    auth_token: Option<String>,
    auth_token_update_strategy: Option<String>,
    cache_parameter_group_name: Option<String>,
    security_group_ids: Option<Vec<String>>,
    #[serde(deserialize_with = "optional_boolean")]
    automatic_failover_enabled: Option<bool>,
    #[serde(rename = "MultiAZEnabled", deserialize_with = "optional_boolean")]
    multi_az_enabled: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    transit_encryption_enabled: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    auto_minor_version_upgrade: Option<bool>,
    preferred_maintenance_window: Option<String>,
    snapshot_window: Option<String>,
    #[serde(deserialize_with = "optional_integer")]
    snapshot_retention_limit: Option<i64>,
}

/// Changes a group; its server restarts with what it holds.
pub(super) fn modify(cloud: &Arc<Cloud>, input: &Modify) -> Answer {
    if input.transit_encryption_enabled == Some(true) {
        return Err(conflict("The local cloud's caches speak no TLS."));
    }
    if let Some(node) = input
        .cache_node_type
        .as_ref()
        .filter(|node| memory(node).is_none())
    {
        return Err(invalid(format!(
            "The parameter CacheNodeType is invalid: {node}"
        )));
    }
    input.auth_token.as_deref().map_or(Ok(()), check_token)?;
    let id = input.id.to_lowercase();
    let answer = cloud.services.elasticache.store.write(|model| {
        let parameters = input
            .cache_parameter_group_name
            .as_ref()
            .map(|name| name.to_lowercase());
        check_parameters(model, parameters.as_ref())?;
        let group = available(model, &id)?;
        if let Some(description) = &input.description {
            group.description.clone_from(description);
        }
        if let Some(node) = &input.cache_node_type {
            group.node_type.clone_from(node);
        }
        if let Some(engine) = &input.engine {
            group.engine.clone_from(engine);
        }
        match (
            input.auth_token_update_strategy.as_deref(),
            &input.auth_token,
        ) {
            (Some("DELETE"), _) => group.auth_token = None,
            (_, Some(token)) => group.auth_token = Some(token.clone()),
            _ => {}
        }
        group.parameter_group = parameters.or(group.parameter_group.take());
        let word = |on: bool| json!(if on { "enabled" } else { "disabled" });
        let changes = [
            (
                "EngineVersion",
                input.engine_version.as_ref().map(|value| json!(value)),
            ),
            (
                "AutomaticFailover",
                input.automatic_failover_enabled.map(word),
            ),
            ("MultiAZ", input.multi_az_enabled.map(word)),
            (
                "AutoMinorVersionUpgrade",
                input.auto_minor_version_upgrade.map(Value::from),
            ),
            (
                "SecurityGroupIds",
                input.security_group_ids.as_ref().map(|value| json!(value)),
            ),
            (
                "PreferredMaintenanceWindow",
                input
                    .preferred_maintenance_window
                    .as_ref()
                    .map(|v| json!(v)),
            ),
            (
                "SnapshotWindow",
                input.snapshot_window.as_ref().map(|value| json!(value)),
            ),
            (
                "SnapshotRetentionLimit",
                input.snapshot_retention_limit.map(Value::from),
            ),
        ];
        for (name, value) in changes {
            if let Some(value) = value {
                group.settings.insert(name.to_owned(), value);
            }
        }
        "modifying".clone_into(&mut group.status);
        Ok::<_, AwsError>(json!({ "ReplicationGroup": show(cloud, group) }))
    })?;
    work(cloud, id);
    Ok(answer)
}

fn available<'a>(model: &'a mut Model, id: &str) -> Answer<&'a mut Group> {
    let group = model.group_mut(id)?;
    if group.status == "available" {
        return Ok(group);
    }
    Err(AwsError::new(
        "InvalidReplicationGroupState",
        format!("Replication group {id} is {}, not available.", group.status),
    ))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
pub(super) struct Count {
    #[serde(rename = "ReplicationGroupId")]
    id: String,
    #[serde(deserialize_with = "optional_integer")]
    new_replica_count: Option<i64>,
    #[serde(deserialize_with = "optional_boolean")]
    // Groups change at once.
    apply_immediately: Option<bool>,
}

/// Changes how many replicas a group is said to have.
pub(super) fn count(cloud: &Cloud, input: &Count) -> Answer {
    cloud.services.elasticache.store.write(|model| {
        let group = available(model, &input.id.to_lowercase())?;
        let replicas = input.new_replica_count.unwrap_or(0);
        if !(0..=5).contains(&replicas) {
            return Err(invalid("NewReplicaCount is between 0 and 5."));
        }
        group.nodes = replicas + 1;
        Ok(json!({ "ReplicationGroup": show(cloud, group) }))
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Delete {
    #[serde(rename = "ReplicationGroupId")]
    id: String,
    #[serde(deserialize_with = "optional_boolean")]
    retain_primary_cluster: Option<bool>,
    final_snapshot_identifier: Option<String>,
}

/// Deletes a group, keeping what it held when a last snapshot is asked for.
pub(super) fn delete(cloud: &Arc<Cloud>, input: &Delete) -> Answer {
    if input.retain_primary_cluster == Some(true) {
        return Err(invalid(
            "The local cloud does not offer RetainPrimaryCluster.",
        ));
    }
    let id = input.id.to_lowercase();
    let answer = cloud.services.elasticache.store.write(|model| {
        if let Some(name) = &input.final_snapshot_identifier {
            check_id(name, 255)?;
            if model.snapshots.contains_key(name) {
                let words = format!("Snapshot {name} already exists.");
                return Err(AwsError::new("SnapshotAlreadyExistsFault", words));
            }
        }
        let group = model.group_mut(&id)?;
        "deleting".clone_into(&mut group.status);
        let shown = show(cloud, group);
        if let Some(name) = &input.final_snapshot_identifier {
            let snapshot = json!({
                "SnapshotName": name,
                "ReplicationGroupId": id,
                "SnapshotStatus": "creating",
                "SnapshotSource": "manual",
                "CacheNodeType": group.node_type,
                "Engine": group.engine,
                "ARN": cloud.arn("elasticache", &format!("snapshot:{name}")),
            });
            model.snapshots.insert(name.clone(), snapshot);
        }
        Ok(json!({ "ReplicationGroup": shown }))
    })?;
    remove(cloud, id);
    Ok(answer)
}

/// Takes a group away. Snapshots that wait for it get its files.
pub(super) fn remove(cloud: &Arc<Cloud>, id: String) {
    let cloud = Arc::clone(cloud);
    let background = Arc::clone(&cloud);
    background.background.spawn(async move {
        let snapshot = {
            let model = cloud.services.elasticache.store.read();
            let mut waiting = model.snapshots.iter().filter(|(_, snapshot)| {
                snapshot.get("SnapshotStatus") == Some(&json!("creating"))
                    && snapshot.get("ReplicationGroupId") == Some(&json!(id))
            });
            waiting.next().map(|(name, _)| name.clone())
        };
        if let Err(error) = servers::destroy(&cloud, &id, snapshot.as_deref()).await {
            tracing::error!(
                id,
                error = format!("{error:#}"),
                "a cache could not be deleted"
            );
            return;
        }
        let arn = arn(&cloud, &id);
        cloud.services.elasticache.store.write(|model| {
            model.groups.remove(&id);
            model.tags.remove(&arn);
            if let Some(snapshot) = snapshot.and_then(|name| model.snapshots.get_mut(&name)) {
                snapshot["SnapshotStatus"] = json!("available");
            }
        });
    });
}

/// A group as it is described.
pub(super) fn show(cloud: &Cloud, group: &Group) -> Value {
    let endpoint = (group.port != 0).then(|| json!({ "Address": "127.0.0.1", "Port": group.port }));
    let nodes = || (1..=group.nodes).map(|number| format!("{}-{number:03}", group.id));
    let members: Value = nodes()
        .enumerate()
        .map(|(index, node)| {
            json!({
                "CacheClusterId": node,
                "CacheNodeId": "0001",
                "CurrentRole": if index == 0 { "primary" } else { "replica" },
                "ReadEndpoint": endpoint,
            })
        })
        .collect();
    let mut shown = group.settings.clone();
    shown.remove("SecurityGroupIds");
    let own = json!({
        "ReplicationGroupId": group.id,
        "Description": group.description,
        "Status": group.status,
        "MemberClusters": nodes().collect::<Vec<_>>(),
        "NodeGroups": [{
            "NodeGroupId": "0001",
            "Status": group.status,
            "PrimaryEndpoint": endpoint,
            "ReaderEndpoint": endpoint,
            "NodeGroupMembers": members,
        }],
        "ClusterEnabled": false,
        "CacheNodeType": group.node_type,
        "AuthTokenEnabled": group.auth_token.is_some(),
        "ARN": arn(cloud, &group.id),
        "Engine": group.engine,
        "ReplicationGroupCreateTime": timestamp(group.created),
    });
    if let Value::Object(own) = own {
        shown.extend(own);
    }
    shown.remove("EngineVersion");
    Value::Object(shown)
}
