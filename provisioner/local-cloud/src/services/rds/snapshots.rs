//! Snapshots: whole copies of a server's data, and databases made from them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{self, Tag};
use super::instances;
use super::model::{Model, Snapshot, cluster_key, instance_key};
use super::{servers, show};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

fn missing(id: &str) -> AwsError {
    AwsError::new("DBSnapshotNotFound", format!("DBSnapshot not found: {id}")).status(404)
}

/// Refuses a name that is taken or malformed.
pub(super) fn check_new(model: &Model, name: &str) -> Answer<()> {
    input::check_identifier(name, "DBSnapshotIdentifier")?;
    if model.snapshots.contains_key(&name.to_lowercase()) {
        let words = format!(
            "Cannot create the snapshot because one with the identifier {name} already exists."
        );
        return Err(AwsError::new("DBSnapshotAlreadyExists", words));
    }
    Ok(())
}

fn folder(cloud: &Cloud, name: &str) -> PathBuf {
    cloud
        .options
        .root
        .join("databases")
        .join(format!("snapshot-{name}"))
}

fn forget(folder: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Copies a server's data under a name.
///
/// # Errors
/// When the copy fails; the snapshot is shown as failed then.
pub(super) async fn take(cloud: &Cloud, name: &str, key: &str) -> anyhow::Result<()> {
    let name = name.to_lowercase();
    let of_cluster = key.starts_with("cluster-");
    let known = cloud.services.rds.store.write(|model| {
        let source = match key.split_once('-') {
            Some(("cluster", id)) => model
                .clusters
                .get(id)
                .map(|one| show::cluster(cloud, model, one)),
            Some((_, id)) => model
                .instances
                .get(id)
                .map(|one| show::instance(cloud, model, one)),
            None => None,
        };
        let server = model.servers.get(key).cloned();
        let (source, server) = source.zip(server)?;
        let snapshot = Snapshot {
            id: name.clone(),
            created: Utc::now(),
            status: "creating".to_owned(),
            kind: "manual".to_owned(),
            source,
            server,
            of_cluster,
        };
        model.snapshots.insert(name.clone(), snapshot)
    });
    drop(known);
    let to = folder(cloud, &name);
    // What a stop of the cloud left half copied.
    forget(&to)?;
    let copied = servers::copy(cloud, key, &to).await;
    let copied = copied.with_context(|| format!("copying {key} to {}", to.display()));
    cloud.services.rds.store.write(|model| {
        if let Some(snapshot) = model.snapshots.get_mut(&name) {
            let status = if copied.is_ok() {
                "available"
            } else {
                "failed"
            };
            status.clone_into(&mut snapshot.status);
        }
    });
    copied
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Input {
    #[serde(rename = "DBSnapshotIdentifier", alias = "DBClusterSnapshotIdentifier")]
    id: Option<String>,
    #[serde(rename = "DBInstanceIdentifier", alias = "DBClusterIdentifier")]
    source: Option<String>,
    snapshot_type: Option<String>,
    // Snapshots have no tags of their own here.
    tags: Vec<Tag>,
    // Known, and without effect: everything fits one page.
    max_records: Option<Value>,
    // Known, and without effect: everything fits one page.
    marker: Option<String>,
}

/// Takes a snapshot of a running database, which goes on running.
pub(super) fn create(cloud: &Arc<Cloud>, input: Input, of_cluster: bool) -> Answer {
    let name = input.id.unwrap_or_default();
    let source = input.source.unwrap_or_default().to_lowercase();
    let key = {
        let model = cloud.services.rds.store.read();
        check_new(&model, &name)?;
        if of_cluster {
            model.cluster(&source)?;
            cluster_key(&source)
        } else {
            instances::check_available(model.instance(&source)?)?;
            instance_key(&source)
        }
    };
    let member = if of_cluster {
        "DBClusterSnapshot"
    } else {
        "DBSnapshot"
    };
    let prefix = if of_cluster {
        "DBCluster"
    } else {
        "DBInstance"
    };
    let answer = json!({ member: {
        format!("{member}Identifier"): name.to_lowercase(),
        format!("{prefix}Identifier"): source,
        "Status": "creating",
        "SnapshotType": "manual",
    }});
    let cloud = Arc::clone(cloud);
    let background = Arc::clone(&cloud);
    background.background.spawn(async move {
        if let Err(error) = take(&cloud, &name, &key).await {
            tracing::error!(name, error = format!("{error:#}"), "a snapshot failed");
        }
    });
    Ok(answer)
}

/// The snapshots, or some of them.
pub(super) fn describe(cloud: &Cloud, input: &Input, of_cluster: bool) -> Answer {
    let model = cloud.services.rds.store.read();
    if let Some(id) = &input.id
        && !model.snapshots.contains_key(&id.to_lowercase())
    {
        return Err(missing(id));
    }
    let wanted = |snapshot: &&Snapshot| {
        let id = input
            .id
            .as_ref()
            .is_none_or(|id| snapshot.id == id.to_lowercase());
        let kind = input
            .snapshot_type
            .as_ref()
            .is_none_or(|kind| snapshot.kind == *kind);
        let of = input
            .source
            .as_ref()
            .is_none_or(|id| source_id(snapshot) == id.to_lowercase());
        id && kind && of && snapshot.of_cluster == of_cluster
    };
    let found = model.snapshots.values().filter(wanted);
    let shown: Value = found
        .map(|snapshot| show::snapshot(cloud, snapshot))
        .collect();
    let member = if of_cluster {
        "DBClusterSnapshots"
    } else {
        "DBSnapshots"
    };
    Ok(json!({ member: shown }))
}

/// The instance or cluster a snapshot was taken of.
pub(super) fn source_id(snapshot: &Snapshot) -> String {
    let member = if snapshot.of_cluster {
        "DBClusterIdentifier"
    } else {
        "DBInstanceIdentifier"
    };
    let id = snapshot.source.get(member).and_then(Value::as_str);
    id.unwrap_or_default().to_owned()
}

pub(super) fn delete(cloud: &Cloud, input: &Input) -> Answer {
    let id = input.id.clone().unwrap_or_default().to_lowercase();
    let gone = cloud
        .services
        .rds
        .store
        .write(|model| model.snapshots.remove(&id));
    let gone = gone.ok_or_else(|| missing(&id))?;
    forget(&folder(cloud, &id))?;
    let member = if gone.of_cluster {
        "DBClusterSnapshot"
    } else {
        "DBSnapshot"
    };
    Ok(json!({ member: show::snapshot(cloud, &gone) }))
}

/// Makes an instance whose data is a snapshot's.
pub(super) async fn restore(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let Value::Object(mut input) = input else {
        return Err(AwsError::validation("The input is not an object."));
    };
    let id = input.remove("DBSnapshotIdentifier");
    let id = id
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_lowercase();
    let snapshot = {
        let model = cloud.services.rds.store.read();
        model
            .snapshots
            .get(&id)
            .cloned()
            .ok_or_else(|| missing(&id))?
    };
    if snapshot.status != "available" || snapshot.of_cluster {
        return Err(AwsError::new(
            "InvalidDBSnapshotState",
            format!("The snapshot {id} is not an available snapshot of an instance."),
        ));
    }
    let wanted = input.get("DBInstanceIdentifier").and_then(Value::as_str);
    let key = instance_key(&wanted.unwrap_or_default().to_lowercase());
    for name in ["Engine", "DBInstanceClass", "AllocatedStorage"] {
        let value = snapshot.source.get(name).cloned().unwrap_or_default();
        input.entry(name).or_insert(value);
    }
    // The data brings its master user; the one asked for in making the instance is not made.
    input.insert("MasterUsername".to_owned(), json!(snapshot.server.user));
    input.insert(
        "MasterUserPassword".to_owned(),
        json!("not-applied-to-restored-data"),
    );
    let to = servers::folder(cloud, &key);
    if to.exists() {
        return Err(AwsError::new(
            "DBInstanceAlreadyExists",
            "DB instance already exists",
        ));
    }
    let mut server = snapshot.server.clone();
    server.port = 0;
    server.runs = true;
    let from = folder(cloud, &id);
    let copied = copy(&from, &to).await;
    copied.map_err(AwsError::internal)?;
    cloud
        .services
        .rds
        .store
        .write(|model| model.servers.insert(key.clone(), server));
    let created = instances::create(cloud, Value::Object(input)).await;
    if created.is_err() {
        servers::destroy(cloud, &key)
            .await
            .map_err(AwsError::internal)?;
    }
    created
}

async fn copy(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    let copied = tokio::process::Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .output()
        .await?;
    if copied.status.success() {
        return Ok(());
    }
    anyhow::bail!(
        "copying {}: {}",
        from.display(),
        String::from_utf8_lossy(&copied.stderr)
    )
}

/// Reads what a snapshot operation names.
pub(super) fn read(input: Value) -> Answer<Input> {
    parse(input)
}
