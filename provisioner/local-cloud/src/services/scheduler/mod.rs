//! EventBridge Scheduler.

mod operations;
pub(crate) mod routes;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct Scheduler {
    pub(crate) store: Store<Model>,
}

impl Scheduler {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "scheduler")?,
        })
    }
}
