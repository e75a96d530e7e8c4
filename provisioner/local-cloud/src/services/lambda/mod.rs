//! Lambda: real binaries behind the Runtime API, versions, aliases with weights.

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
pub struct Lambda {
    pub(crate) store: Store<Model>,
}

impl Lambda {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "lambda")?,
        })
    }
}
