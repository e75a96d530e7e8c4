//! SNS: topics that fan out to queues, functions and addresses.

mod operations;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct Sns {
    pub(crate) store: Store<Model>,
}

impl Sns {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "sns")?,
        })
    }
}
