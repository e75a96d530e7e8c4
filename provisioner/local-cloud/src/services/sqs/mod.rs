//! SQS: standard queues with visibility time-outs and dead-letter queues.

mod operations;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct Sqs {
    pub(crate) store: Store<Model>,
}

impl Sqs {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "sqs")?,
        })
    }
}
