//! IAM: roles and policies, recorded and not enforced.

mod operations;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct Iam {
    pub(crate) store: Store<Model>,
}

impl Iam {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "iam")?,
        })
    }
}
