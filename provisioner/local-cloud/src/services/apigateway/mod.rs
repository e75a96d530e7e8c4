//! API Gateway HTTP APIs, payload format 2.0.

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
pub struct ApiGateway {
    pub(crate) store: Store<Model>,
}

impl ApiGateway {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "apigateway")?,
        })
    }
}
