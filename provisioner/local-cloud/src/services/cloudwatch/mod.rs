//! CloudWatch metrics, alarms and dashboards.
//!
//! Timestamps are real. An alarm counts in periods of cloud time: at speed 60 its one-minute
//! period is one real second. What clients ask for (`GetMetricData`) is real time.

mod actions;
mod alarms;
mod composite;
mod dashboards;
mod evaluate;
mod expression;
mod history;
mod metrics;
mod model;
mod operations;
mod query;
mod reason;
mod rule;
mod series;
mod statistic;
mod tags;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::Cloud;
use crate::state::Store;

pub use metrics::record;
pub use model::Model;
pub(crate) use operations::call;

/// The service.
pub struct CloudWatch {
    pub(crate) store: Store<Model>,
    /// Datapoints are many: they are written apart from the model, and less often.
    metrics: Mutex<series::Metrics>,
    file: PathBuf,
}

impl CloudWatch {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let file = root.join("state").join("metrics.cbor");
        Ok(Self {
            store: Store::load(root, "cloudwatch")?,
            metrics: Mutex::new(series::Metrics::load(&file)?),
            file,
        })
    }
}

/// Starts the evaluation of alarms and the keeping of datapoints.
pub(crate) fn resume(cloud: &Arc<Cloud>) {
    watch::start(cloud);
    metrics::keep(cloud);
}

/// Writes the datapoints.
pub(crate) fn stop(cloud: &Cloud) -> anyhow::Result<()> {
    metrics::save(cloud)
}
