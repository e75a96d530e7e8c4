//! Lambda: real binaries behind the Runtime API, versions, aliases with weights.

mod aliases;
mod code;
mod concurrency;
mod console;
mod environment;
mod events;
mod functions;
mod invoke;
mod mappings;
mod metrics;
mod model;
mod names;
mod operations;
mod permissions;
mod poll;
mod pool;
mod refusals;
mod retries;
pub(crate) mod routes;
mod runtime_api;
mod settings;
mod tags;
mod versions;

use std::path::Path;
use std::sync::Arc;

use crate::Cloud;
use crate::state::Store;

pub use invoke::{Invocation, Outcome, invoke};
pub use model::Model;
pub(crate) use operations::call;
pub(crate) use permissions::may_invoke;
pub(crate) use poll::queue_url;

/// The service.
pub struct Lambda {
    pub(crate) store: Store<Model>,
    pool: pool::Pool,
    admission: concurrency::Admission,
    pollers: poll::Pollers,
}

impl Lambda {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "lambda")?,
            pool: pool::Pool::default(),
            admission: concurrency::Admission::default(),
            pollers: poll::Pollers::default(),
        })
    }
}

/// Starts what works in the background: queue pollers, asynchronous invocations that were
/// accepted before the last stop, and the reaper of idle environments. Environments
/// themselves start with the next invocation, cold.
pub(crate) fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    code::forget_unused(cloud)?;
    pool::reap_idle(cloud);
    events::resume(cloud)?;
    poll::resume(cloud);
    Ok(())
}

/// Kills every execution environment.
pub(crate) async fn stop(cloud: &Arc<Cloud>) {
    let lambda = &cloud.services.lambda;
    lambda.pool.stop().await;
}
