//! EventBridge Scheduler: `rate`, `cron` and `at`, for functions, queues and topics.
//!
//! Times are cloud times: at speed 60 a schedule of every hour comes every minute, and a
//! clock time is reached sixty times sooner.

mod cron;
mod deliver;
mod expression;
mod groups;
mod model;
mod operations;
pub(crate) mod routes;
mod run;
mod schedules;
mod tags;

use std::path::Path;

use tokio::sync::Notify;

use crate::state::Store;

pub use model::Model;
pub(crate) use operations::call;
pub(crate) use run::resume;

/// The service.
pub struct Scheduler {
    pub(crate) store: Store<Model>,
    /// A schedule was added or changed.
    changed: Notify,
}

impl Scheduler {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "scheduler")?,
            changed: Notify::new(),
        })
    }
}
