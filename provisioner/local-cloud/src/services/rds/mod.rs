//! RDS over a real PostgreSQL.

mod operations;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct Rds {
    pub(crate) store: Store<Model>,
}

impl Rds {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "rds")?,
        })
    }
}
