//! The servers: brought to what the model wants of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use anyhow::Context as _;

use super::model::{Group, memory};
use crate::Cloud;
use crate::parts::redis::{Options, Redis};

/// A server's place: whoever holds the lock may start and stop it.
#[derive(Clone, Default)]
pub(super) struct Slot {
    running: Arc<tokio::sync::Mutex<Option<Redis>>>,
}

/// Memory a server here is given at most, in MiB.
const MOST_MEMORY: u32 = 256;

fn slot(cloud: &Cloud, id: &str) -> Slot {
    let servers = &cloud.services.elasticache.servers;
    let mut servers = servers.lock().unwrap_or_else(PoisonError::into_inner);
    servers.entry(id.to_owned()).or_default().clone()
}

fn folder(cloud: &Cloud, id: &str) -> PathBuf {
    cloud.options.root.join("caches").join(id)
}

/// Brings a group's server to what the model wants: not running, or running as configured.
///
/// # Errors
/// When it does not start.
pub(super) async fn settle(cloud: &Cloud, id: &str) -> anyhow::Result<()> {
    let slot = slot(cloud, id);
    let mut running = slot.running.lock().await;
    if let Some(old) = running.take() {
        old.stop().await?;
    }
    let (group, parameters) = {
        let model = cloud.services.elasticache.store.read();
        let group = model.groups.get(id).cloned();
        let parameters = group.as_ref().map(|group| model.parameters(group));
        (group, parameters.unwrap_or_default())
    };
    let Some(group) = group.filter(|group| group.runs) else {
        return Ok(());
    };
    let mut options = Options::new(cloud.options.supply.clone());
    options.port = group.port;
    if group.port != 0 && !is_free(group.port).await {
        let port = group.port;
        (cloud.options.supply.say)(&format!(
            "Port {port} of cache {id} is taken: it gets another"
        ));
        options.port = 0;
    }
    options.password.clone_from(&group.auth_token);
    options.persistent = true;
    options.max_memory = memory(&group.node_type)
        .unwrap_or(MOST_MEMORY)
        .min(MOST_MEMORY);
    options.settings.extend(parameters);
    let redis = Redis::start(&folder(cloud, id), options).await?;
    let port = redis.port();
    *running = Some(redis);
    cloud.services.elasticache.store.write(|model| {
        if let Some(group) = model.groups.get_mut(id) {
            group.port = port;
        }
    });
    Ok(())
}

async fn is_free(port: u16) -> bool {
    tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .is_ok()
}

/// A fault: stops a replication group's server. What is connected is cut off, what connects
/// is refused, until [`start_group`]. It stays stopped over restarts of the cloud.
///
/// # Errors
/// When there is no such group, or the server does not stop.
pub async fn stop_group(cloud: &Arc<Cloud>, id: &str) -> anyhow::Result<()> {
    turn(cloud, id, false).await
}

/// Ends the fault of [`stop_group`]: the server is back on the same port when this returns.
///
/// # Errors
/// When there is no such group, or the server does not start.
pub async fn start_group(cloud: &Arc<Cloud>, id: &str) -> anyhow::Result<()> {
    turn(cloud, id, true).await
}

async fn turn(cloud: &Arc<Cloud>, id: &str, runs: bool) -> anyhow::Result<()> {
    let id = id.to_lowercase();
    cloud.services.elasticache.store.write(|model| {
        let group = model.group_mut(&id)?;
        group.runs = runs;
        Ok::<_, crate::error::AwsError>(())
    })?;
    settle(cloud, &id).await
}

/// Starts every server that should run.
pub(super) async fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    let groups: Vec<Group> = {
        let model = cloud.services.elasticache.store.read();
        model.groups.values().cloned().collect()
    };
    let starts = groups
        .iter()
        .filter(|group| group.status != "deleting")
        .map(|group| async move {
            let started = settle(cloud, &group.id).await;
            started.with_context(|| format!("starting cache {}", group.id))
        });
    futures::future::try_join_all(starts).await?;
    for group in groups {
        if group.status == "deleting" {
            super::groups::remove(cloud, group.id);
        } else {
            super::groups::finish(cloud, &group.id, true);
        }
    }
    Ok(())
}

/// Stops every server.
pub(super) async fn stop_all(cloud: &Cloud) {
    let slots: Vec<Slot> = {
        let servers = &cloud.services.elasticache.servers;
        let mut servers = servers.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *servers).into_values().collect()
    };
    let stops = slots.iter().map(|slot| async {
        if let Some(redis) = slot.running.lock().await.take()
            && let Err(error) = redis.stop().await
        {
            tracing::warn!(error = format!("{error:#}"), "stopping a cache");
        }
    });
    futures::future::join_all(stops).await;
}

/// Whether a server that should run has died by itself.
pub(super) fn has_died(cloud: &Cloud, id: &str) -> bool {
    let slot = slot(cloud, id);
    slot.running
        .try_lock()
        .is_ok_and(|mut running| running.as_mut().is_some_and(|redis| !redis.is_running()))
}

/// A running server's processes and what it says of itself; nothing while it does not answer.
pub(super) async fn vitals(cloud: &Cloud, id: &str) -> Option<(Vec<u32>, HashMap<String, String>)> {
    let slot = slot(cloud, id);
    let running = slot.running.try_lock().ok()?;
    let redis = running.as_ref()?;
    let info = redis.info().await.ok()?;
    Some((redis.pids(), info))
}

/// Stops a group's server and deletes what it held, or keeps it under a snapshot's name.
pub(super) async fn destroy(cloud: &Cloud, id: &str, snapshot: Option<&str>) -> anyhow::Result<()> {
    let slot = slot(cloud, id);
    if let Some(redis) = slot.running.lock().await.take() {
        redis.stop().await?;
    }
    let from = folder(cloud, id);
    let moved = match snapshot {
        Some(name) => std::fs::rename(&from, folder(cloud, &format!("snapshot-{name}"))),
        None => std::fs::remove_dir_all(&from),
    };
    match moved {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("deleting {}", from.display()))
        }
        _ => Ok(()),
    }
}
