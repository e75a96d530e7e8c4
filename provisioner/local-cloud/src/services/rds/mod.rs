//! RDS over a real `PostgreSQL`: every instance, and every cluster, is a server of its own.

mod classes;
mod clusters;
mod groups;
mod input;
mod instances;
mod metrics;
mod model;
mod operations;
mod servers;
mod show;
mod snapshots;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::Cloud;
use crate::state::Store;

pub use model::Model;
pub(crate) use operations::call;

/// The service.
pub struct Rds {
    pub(crate) store: Store<Model>,
    /// Servers by their key, see [`model::Key`].
    servers: Mutex<BTreeMap<String, servers::Slot>>,
}

impl Rds {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "rds")?,
            servers: Mutex::default(),
        })
    }
}

/// Brings back every database that was running, and starts measuring.
pub(crate) async fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    servers::resume(cloud).await?;
    cloud.background.spawn(metrics::measure(Arc::clone(cloud)));
    Ok(())
}

/// Stops every database.
pub(crate) async fn stop(cloud: &Cloud) {
    servers::stop_all(cloud).await;
}
