//! Clusters: one server, in front of which the instances stand.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{self, Tag, conflict, invalid};
use super::instances::{LogTypes, managed_secret, resource_id, tag, work};
use super::model::{Cluster, Model, Server, cluster_key};
use super::{servers, show, snapshots};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{optional_boolean, optional_integer, optional_number, parse};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Scaling {
    #[serde(deserialize_with = "optional_number")]
    min_capacity: Option<f64>,
    #[serde(deserialize_with = "optional_number")]
    max_capacity: Option<f64>,
    #[serde(deserialize_with = "optional_integer")]
    // A server here never pauses.
    seconds_until_auto_pause: Option<i64>,
}

impl Scaling {
    fn range(&self) -> Answer<(f64, f64)> {
        let (least, most) = (
            self.min_capacity.unwrap_or(0.5),
            self.max_capacity.unwrap_or(1.0),
        );
        let half = |value: f64| (value * 2.0).fract() == 0.0;
        if !(0.0..=256.0).contains(&least)
            || !(1.0..=256.0).contains(&most)
            || !half(least)
            || !half(most)
        {
            return Err(invalid(
                "Invalid serverless v2 capacity: between 0 and 256 units, the most at least 1, in \
                 steps of 0.5.",
            ));
        }
        if least > most {
            return Err(invalid(
                "Invalid serverless v2 capacity: MinCapacity must not exceed MaxCapacity.",
            ));
        }
        Ok((least, most))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Create {
    #[serde(rename = "DBClusterIdentifier")]
    id: String,
    engine: String,
    engine_mode: Option<String>,
    database_name: Option<String>,
    master_username: Option<String>,
    master_user_password: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    manage_master_user_password: Option<bool>,
    #[serde(rename = "DBClusterParameterGroupName")]
    parameter_group: Option<String>,
    #[serde(rename = "DBSubnetGroupName")]
    subnet_group: Option<String>,
    vpc_security_group_ids: Vec<String>,
    enable_cloudwatch_logs_exports: Vec<String>,
    availability_zones: Vec<String>,
    #[serde(rename = "ServerlessV2ScalingConfiguration")]
    scaling: Option<Scaling>,
    #[serde(deserialize_with = "optional_integer")]
    // Every server has a free port of its own, shown as its endpoint.
    port: Option<i64>,
    tags: Vec<Tag>,
}

/// Makes a cluster. Its server starts with the first instance.
pub(super) async fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let (mut settings, rest) = input::split(input)?;
    let input: Create = parse(rest)?;
    input::check_identifier(&input.id, "DBClusterIdentifier")?;
    if input.engine != "aurora-postgresql" {
        let engine = &input.engine;
        let words = format!(
            "Invalid DB engine: {engine}. The local cloud offers aurora-postgresql clusters."
        );
        return Err(invalid(words));
    }
    if input
        .engine_mode
        .as_deref()
        .is_some_and(|mode| mode != "provisioned")
    {
        return Err(invalid(
            "The local cloud offers engine mode provisioned only (serverless v2 included).",
        ));
    }
    let user = input.master_username.clone().unwrap_or_default();
    let password = if input.manage_master_user_password == Some(true) {
        let (arn, password) = managed_secret(cloud, &user).await?;
        let secret = json!({ "SecretArn": arn, "SecretStatus": "active" });
        settings.insert("MasterUserSecret".to_owned(), secret);
        password
    } else {
        let password = input.master_user_password.clone().unwrap_or_default();
        input::check_master(&user, &password)?;
        password
    };
    let capacity = input.scaling.as_ref().map(Scaling::range).transpose()?;
    // The endpoint is known before the server runs: its port is taken once it starts.
    let port = free_port().await?;
    cloud.services.rds.store.write(|model| {
        insert(
            cloud,
            model,
            input,
            settings,
            Server {
                port,
                user,
                password: Some(password),
                databases: std::collections::BTreeSet::new(),
                runs: false,
            },
            capacity,
        )
    })
}

async fn free_port() -> Answer<u16> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    Ok(listener.local_addr()?.port())
}

fn insert(
    cloud: &Cloud,
    model: &mut Model,
    input: Create,
    mut settings: Map<String, Value>,
    mut server: Server,
    capacity: Option<(f64, f64)>,
) -> Answer {
    let id = input.id.to_lowercase();
    if model.clusters.contains_key(&id) {
        return Err(AwsError::new(
            "DBClusterAlreadyExistsFault",
            "DB Cluster already exists",
        ));
    }
    if let Some(group) = &input.subnet_group
        && !model.subnet_groups.contains_key(&group.to_lowercase())
    {
        return Err(super::groups::missing_subnets(group));
    }
    if let Some(group) = &input.parameter_group
        && !model
            .cluster_parameter_groups
            .contains_key(&group.to_lowercase())
        && !group.starts_with("default.")
    {
        return Err(super::groups::missing_parameters(group));
    }
    settings.insert("DatabaseName".to_owned(), json!(input.database_name));
    settings.insert("MasterUsername".to_owned(), json!(server.user));
    settings.insert(
        "VpcSecurityGroupIds".to_owned(),
        json!(input.vpc_security_group_ids),
    );
    let exports = &input.enable_cloudwatch_logs_exports;
    settings.insert("EnabledCloudwatchLogsExports".to_owned(), json!(exports));
    settings.insert(
        "AvailabilityZones".to_owned(),
        json!(input.availability_zones),
    );
    server.databases.extend(input.database_name);
    let cluster = Cluster {
        id: id.clone(),
        resource_id: resource_id("cluster"),
        engine: input.engine,
        status: "available".to_owned(),
        created: Utc::now(),
        parameter_group: input.parameter_group.map(|name| name.to_lowercase()),
        subnet_group: input.subnet_group.map(|name| name.to_lowercase()),
        last_snapshot: None,
        members: Vec::new(),
        capacity,
        settings,
    };
    model.servers.insert(cluster_key(&id), server);
    tag(
        model,
        &cloud.arn("rds", &format!("cluster:{id}")),
        &input.tags,
    );
    let answer = json!({ "DBCluster": show::cluster(cloud, model, &cluster) });
    model.clusters.insert(id, cluster);
    Ok(answer)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Modify {
    #[serde(rename = "DBClusterIdentifier")]
    id: String,
    #[serde(deserialize_with = "optional_boolean")]
    // Clusters change at once.
    apply_immediately: Option<bool>,
    master_user_password: Option<String>,
    #[serde(rename = "DBClusterParameterGroupName")]
    parameter_group: Option<String>,
    vpc_security_group_ids: Option<Vec<String>>,
    cloudwatch_logs_export_configuration: Option<LogTypes>,
    #[serde(rename = "ServerlessV2ScalingConfiguration")]
    scaling: Option<Scaling>,
    #[serde(deserialize_with = "optional_boolean")]
    // Versions are recorded, not run.
    allow_major_version_upgrade: Option<bool>,
}

/// Changes a cluster. Another capacity restarts the server here; on AWS it does not, but its
/// `max_connections` would wait for a reboot.
pub(super) fn modify(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let (settings, rest) = input::split(input)?;
    let input: Modify = parse(rest)?;
    let capacity = input.scaling.as_ref().map(Scaling::range).transpose()?;
    if let Some(password) = &input.master_user_password {
        input::check_password(password)?;
    }
    let (key, answer) = cloud.services.rds.store.write(|model| {
        if let Some(group) = &input.parameter_group
            && !model
                .cluster_parameter_groups
                .contains_key(&group.to_lowercase())
            && !group.starts_with("default.")
        {
            return Err(super::groups::missing_parameters(group));
        }
        let cluster = available(model, &input.id)?;
        cluster.settings.extend(settings);
        if let Some(groups) = &input.vpc_security_group_ids {
            cluster
                .settings
                .insert("VpcSecurityGroupIds".to_owned(), json!(groups));
        }
        if let Some(types) = &input.cloudwatch_logs_export_configuration {
            types.apply(&mut cluster.settings);
        }
        if let Some(group) = &input.parameter_group {
            cluster.parameter_group = Some(group.to_lowercase());
        }
        cluster.capacity = capacity.or(cluster.capacity);
        "modifying".clone_into(&mut cluster.status);
        let (key, shown) = (cluster_key(&cluster.id), cluster.clone());
        if let (Some(password), Some(server)) =
            (&input.master_user_password, model.servers.get_mut(&key))
        {
            server.password = Some(password.clone());
        }
        Ok((
            key,
            json!({ "DBCluster": show::cluster(cloud, model, &shown) }),
        ))
    })?;
    work(cloud, key, false);
    Ok(answer)
}

fn available<'a>(model: &'a mut Model, id: &str) -> Answer<&'a mut Cluster> {
    let cluster = model.cluster_mut(id)?;
    if cluster.status == "available" {
        return Ok(cluster);
    }
    Err(AwsError::new(
        "InvalidDBClusterStateFault",
        format!(
            "DB cluster {} is {}, not available.",
            cluster.id, cluster.status
        ),
    ))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Named {
    #[serde(rename = "DBClusterIdentifier")]
    id: String,
    #[serde(rename = "TargetDBInstanceIdentifier")]
    target: Option<String>,
}

/// Makes another member the writer; connections break.
pub(super) fn fail_over(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let (key, answer) = cloud.services.rds.store.write(|model| {
        let cluster = available(model, &input.id)?;
        let target = input.target.as_ref().map(|id| id.to_lowercase());
        let target = target.or_else(|| cluster.members.get(1).cloned());
        let position = target.and_then(|id| cluster.members.iter().position(|other| *other == id));
        let Some(position) = position.filter(|position| *position > 0) else {
            return Err(AwsError::new(
                "InvalidDBClusterStateFault",
                format!("DB cluster {} has no reader to fail over to.", cluster.id),
            ));
        };
        cluster.members.swap(0, position);
        "failing-over".clone_into(&mut cluster.status);
        let (key, shown) = (cluster_key(&cluster.id), cluster.clone());
        Ok((
            key,
            json!({ "DBCluster": show::cluster(cloud, model, &shown) }),
        ))
    })?;
    work(cloud, key, true);
    Ok(answer)
}

/// Stops or starts a cluster's server.
pub(super) fn turn(cloud: &Arc<Cloud>, input: &Named, operation: &str) -> Answer {
    let (from, to, runs) = if operation == "StopDBCluster" {
        ("available", "stopping", false)
    } else {
        ("stopped", "starting", true)
    };
    let (key, answer) = cloud.services.rds.store.write(|model| {
        let cluster = model.cluster_mut(&input.id)?;
        if cluster.status != from || cluster.members.is_empty() {
            return Err(AwsError::new(
                "InvalidDBClusterStateFault",
                format!(
                    "DB cluster {} is not in {from} state with instances.",
                    cluster.id
                ),
            ));
        }
        to.clone_into(&mut cluster.status);
        let (key, shown) = (cluster_key(&cluster.id), cluster.clone());
        if let Some(server) = model.servers.get_mut(&key) {
            server.runs = runs;
        }
        for instance in model
            .instances
            .values_mut()
            .filter(|other| other.key() == key)
        {
            to.clone_into(&mut instance.status);
        }
        Ok((
            key,
            json!({ "DBCluster": show::cluster(cloud, model, &shown) }),
        ))
    })?;
    work(cloud, key, false);
    Ok(answer)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Delete {
    #[serde(rename = "DBClusterIdentifier")]
    id: String,
    #[serde(deserialize_with = "optional_boolean")]
    skip_final_snapshot: Option<bool>,
    #[serde(rename = "FinalDBSnapshotIdentifier")]
    final_snapshot: Option<String>,
}

/// Deletes a cluster that has no instances any more.
pub(super) fn delete(cloud: &Arc<Cloud>, input: &Delete) -> Answer {
    let (id, answer) = cloud.services.rds.store.write(|model| {
        let cluster = model.cluster(&input.id)?;
        if cluster.settings.get("DeletionProtection") == Some(&json!(true)) {
            return Err(conflict(
                "Cannot delete protected Cluster, please disable deletion protection and try again.",
            ));
        }
        if !cluster.members.is_empty() {
            return Err(AwsError::new(
                "InvalidDBClusterStateFault",
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            ));
        }
        match (&input.final_snapshot, input.skip_final_snapshot == Some(true)) {
            (None, false) => {
                return Err(conflict(
                    "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
                ));
            }
            (Some(name), false) => snapshots::check_new(model, name)?,
            _ => {}
        }
        let cluster = model.cluster_mut(&input.id)?;
        "deleting".clone_into(&mut cluster.status);
        cluster.last_snapshot.clone_from(&input.final_snapshot);
        let shown = cluster.clone();
        let answer = json!({ "DBCluster": show::cluster(cloud, model, &shown) });
        Ok((shown.id, answer))
    })?;
    remove(cloud, id);
    Ok(answer)
}

/// Takes a cluster away with its server, after its last snapshot.
fn remove(cloud: &Arc<Cloud>, id: String) {
    let cloud = Arc::clone(cloud);
    let background = Arc::clone(&cloud);
    background.background.spawn(async move {
        let key = cluster_key(&id);
        let snapshot = {
            let model = cloud.services.rds.store.read();
            let cluster = model.clusters.get(&id);
            cluster.and_then(|cluster| cluster.last_snapshot.clone())
        };
        let gone = async {
            if let Some(name) = snapshot {
                let taken = snapshots::take(&cloud, &name, &key).await;
                taken.context("taking the last snapshot")?;
            }
            servers::destroy(&cloud, &key).await
        };
        let gone = gone.await;
        let arn = cloud.arn("rds", &format!("cluster:{id}"));
        cloud.services.rds.store.write(|model| match gone {
            Ok(()) => {
                model.clusters.remove(&id);
                model.tags.remove(&arn);
            }
            Err(error) => {
                tracing::error!(
                    id,
                    error = format!("{error:#}"),
                    "a cluster could not be deleted"
                );
                if let Ok(cluster) = model.cluster_mut(&id) {
                    "available".clone_into(&mut cluster.status);
                }
            }
        });
    });
}

/// Takes an instance out of its cluster; without instances the server stops.
pub(super) async fn leave(cloud: &Arc<Cloud>, cluster: &str, id: &str) -> anyhow::Result<()> {
    let key = cluster_key(cluster);
    cloud.services.rds.store.write(|model| {
        let Some(cluster) = model.clusters.get_mut(cluster) else {
            return;
        };
        cluster.members.retain(|other| other != id);
        let runs = !cluster.members.is_empty();
        if let Some(server) = model.servers.get_mut(&key) {
            server.runs = server.runs && runs;
        }
    });
    servers::settle(cloud, &key, false).await.map(drop)
}

/// After a restart of the cloud: deletions go on.
pub(super) fn resumed(cloud: &Arc<Cloud>) {
    let deleting: Vec<String> = {
        let model = cloud.services.rds.store.read();
        let deleting = model
            .clusters
            .values()
            .filter(|cluster| cluster.status == "deleting");
        deleting.map(|cluster| cluster.id.clone()).collect()
    };
    for id in deleting {
        remove(cloud, id);
    }
}
