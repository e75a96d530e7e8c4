//! S3: buckets and objects on disk, through `s3s`.

mod operations;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct S3 {
    pub(crate) store: Store<Model>,
}

impl S3 {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "s3")?,
        })
    }
}
