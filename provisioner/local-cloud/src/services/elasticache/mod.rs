//! ElastiCache over a real server of the Redis protocol: every replication group is one.

mod groups;
mod metrics;
mod model;
mod operations;
mod servers;
mod subnets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::Cloud;
use crate::state::Store;

pub use model::Model;
pub(crate) use operations::call;
pub use servers::{start_group, stop_group};

/// The service.
pub struct ElastiCache {
    pub(crate) store: Store<Model>,
    /// Servers by replication group.
    servers: Mutex<BTreeMap<String, servers::Slot>>,
}

impl ElastiCache {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "elasticache")?,
            servers: Mutex::default(),
        })
    }
}

/// Brings back every cache that was running, and starts measuring.
pub(crate) async fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    servers::resume(cloud).await?;
    cloud.background.spawn(metrics::measure(Arc::clone(cloud)));
    Ok(())
}

/// Stops every cache.
pub(crate) async fn stop(cloud: &Cloud) {
    servers::stop_all(cloud).await;
}
