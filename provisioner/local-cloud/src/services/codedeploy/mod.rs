//! CodeDeploy for Lambda: hooks, shifts, alarms, rollback.

mod alarms;
mod applications;
mod appspec;
mod configs;
mod deployments;
mod describe;
mod groups;
mod hooks;
mod model;
mod operations;
mod run;
mod shift;
mod tags;
mod targets;

use std::path::Path;

use tokio::sync::watch;

use crate::state::Store;

pub use model::Model;
pub(crate) use operations::call;
pub(crate) use run::resume;

/// The service.
pub struct CodeDeploy {
    pub(crate) store: Store<Model>,
    /// Counts verdicts and stop requests: whoever waits for one looks again.
    news: watch::Sender<u64>,
}

impl CodeDeploy {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "codedeploy")?,
            news: watch::Sender::new(0),
        })
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }
}
