//! What CloudWatch is told of the caches, every cloud minute, measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::servers;
use crate::Cloud;
use crate::parts::processes;
use crate::services::cloudwatch;

/// Measures for as long as the cloud runs.
pub(super) async fn measure(cloud: Arc<Cloud>) {
    let mut seen: BTreeMap<String, (Instant, Duration)> = BTreeMap::new();
    loop {
        let ids: Vec<String> = {
            let model = cloud.services.elasticache.store.read();
            model.groups.keys().cloned().collect()
        };
        for id in ids {
            if servers::has_died(&cloud, &id) {
                tracing::warn!(id, "a cache died by itself: starting it again");
                super::groups::work(&cloud, id.clone());
            }
            let Some((pids, info)) = servers::vitals(&cloud, &id).await else {
                seen.remove(&id);
                continue;
            };
            let used = pids
                .iter()
                .filter_map(|pid| processes::cpu_time(*pid))
                .sum();
            let before = seen.insert(id.clone(), (Instant::now(), used));
            if let Some((at, before)) = before {
                // The engine is one thread: its share is of one processor.
                let spent = used.saturating_sub(before).as_secs_f64();
                let share = spent / at.elapsed().as_secs_f64().max(0.001);
                tell(
                    &cloud,
                    &id,
                    "EngineCPUUtilization",
                    (100.0 * share).min(100.0),
                    "Percent",
                );
            }
            let number = |name: &str| info.get(name).and_then(|value| value.parse::<f64>().ok());
            if let Some(clients) = number("connected_clients") {
                // One of them is this measurement.
                tell(
                    &cloud,
                    &id,
                    "CurrConnections",
                    (clients - 1.0).max(0.0),
                    "Count",
                );
            }
            if let (Some(used), Some(most)) = (number("used_memory"), number("maxmemory"))
                && most > 0.0
            {
                let percent = 100.0 * used / most;
                tell(
                    &cloud,
                    &id,
                    "DatabaseMemoryUsagePercentage",
                    percent,
                    "Percent",
                );
            }
        }
        cloud.time.sleep(Duration::from_mins(1)).await;
    }
}

/// Records a value under the group and under its first node.
fn tell(cloud: &Cloud, id: &str, metric: &str, value: f64, unit: &str) {
    const NAMESPACE: &str = "AWS/ElastiCache";
    let node = format!("{id}-001");
    let group = [("ReplicationGroupId", id)];
    cloudwatch::record(cloud, NAMESPACE, metric, &group, value, unit);
    let node = [("CacheClusterId", node.as_str())];
    cloudwatch::record(cloud, NAMESPACE, metric, &node, value, unit);
}
