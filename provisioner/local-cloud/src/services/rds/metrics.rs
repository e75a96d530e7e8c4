//! What CloudWatch is told of the databases, every cloud minute, measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::servers::{self, Vitals};
use crate::Cloud;
use crate::parts::processes;
use crate::services::cloudwatch;

/// A server's processor time when it was last looked at.
type Seen = BTreeMap<String, (Instant, Duration)>;

/// Measures for as long as the cloud runs.
pub(super) async fn measure(cloud: Arc<Cloud>) {
    let mut seen = Seen::new();
    loop {
        let keys: Vec<String> = {
            let model = cloud.services.rds.store.read();
            model.servers.keys().cloned().collect()
        };
        for key in keys {
            if servers::has_died(&cloud, &key) {
                tracing::warn!(key, "a database died by itself: starting it again");
                super::instances::work(&cloud, key.clone(), true);
            }
            match servers::vitals(&cloud, &key) {
                Some(vitals) => look(&cloud, &key, &vitals, &mut seen).await,
                None => drop(seen.remove(&key)),
            }
        }
        cloud.time.sleep(Duration::from_mins(1)).await;
    }
}

async fn look(cloud: &Cloud, key: &str, vitals: &Vitals, seen: &mut Seen) {
    const GIB: f64 = 1_073_741_824.0;
    let used = vitals
        .pids
        .iter()
        .filter_map(|pid| processes::cpu_time(*pid))
        .sum();
    let before = seen.insert(key.to_owned(), (Instant::now(), used));
    if let Some((at, before)) = before {
        let processors = vitals.class.vcpus * cloud.processor_share();
        let available = at.elapsed().as_secs_f64() * processors;
        // A restart begins at nought again.
        let spent = used.saturating_sub(before).as_secs_f64();
        let percent = (100.0 * spent / available.max(0.001)).min(100.0);
        tell(cloud, key, "CPUUtilization", percent, "Percent");
    }
    match vitals.ask().await {
        Ok((connections, bytes)) => {
            tell(cloud, key, "DatabaseConnections", connections, "Count");
            let storage = storage(cloud, key) * GIB;
            tell(
                cloud,
                key,
                "FreeStorageSpace",
                (storage - bytes).max(0.0),
                "Bytes",
            );
        }
        Err(error) => tracing::debug!(key, error = format!("{error:#}"), "measuring"),
    }
    let resident: f64 = vitals
        .pids
        .iter()
        .filter_map(|pid| processes::memory(*pid))
        .sum();
    let free = (vitals.class.memory * GIB - resident).max(0.0);
    tell(cloud, key, "FreeableMemory", free, "Bytes");
    capacity(cloud, key, vitals);
}

/// Gigabytes of storage: what was allocated, or what Aurora grows to.
fn storage(cloud: &Cloud, key: &str) -> f64 {
    let model = cloud.services.rds.store.read();
    let instance = key
        .strip_prefix("instance-")
        .and_then(|id| model.instances.get(id));
    let allocated =
        instance.and_then(|instance| instance.settings.get("AllocatedStorage")?.as_f64());
    allocated.unwrap_or(131_072.0)
}

/// What a serverless cluster is scaled to: here always its most.
fn capacity(cloud: &Cloud, key: &str, vitals: &Vitals) {
    let Some(id) = key.strip_prefix("cluster-") else {
        return;
    };
    let serverless = {
        let model = cloud.services.rds.store.read();
        model
            .clusters
            .get(id)
            .is_some_and(|cluster| cluster.capacity.is_some())
    };
    if serverless {
        let units = vitals.class.memory / 2.0;
        tell(cloud, key, "ServerlessDatabaseCapacity", units, "Count");
    }
}

/// Records a value under the instance, and for a cluster under both.
fn tell(cloud: &Cloud, key: &str, metric: &str, value: f64, unit: &str) {
    const NAMESPACE: &str = "AWS/RDS";
    if let Some(id) = key.strip_prefix("instance-") {
        let dimensions = [("DBInstanceIdentifier", id)];
        cloudwatch::record(cloud, NAMESPACE, metric, &dimensions, value, unit);
        return;
    }
    let Some(id) = key.strip_prefix("cluster-") else {
        return;
    };
    cloudwatch::record(
        cloud,
        NAMESPACE,
        metric,
        &[("DBClusterIdentifier", id)],
        value,
        unit,
    );
    let writer = {
        let model = cloud.services.rds.store.read();
        model
            .clusters
            .get(id)
            .and_then(|cluster| cluster.members.first().cloned())
    };
    if let Some(writer) = writer {
        let dimensions = [("DBInstanceIdentifier", writer.as_str())];
        cloudwatch::record(cloud, NAMESPACE, metric, &dimensions, value, unit);
    }
}
