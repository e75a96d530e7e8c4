//! API Gateway HTTP APIs, payload format 2.0. Each API listens on a port of its own.

mod access_log;
mod apis;
mod cors;
mod deployments;
mod event;
mod integrate;
mod integrations;
mod listen;
mod matching;
mod model;
mod operations;
mod parameters;
mod refusals;
pub(crate) mod routes;
mod routing;
mod serve;
mod stages;
mod tags;
mod throttle;

use std::path::Path;

use crate::state::Store;

pub(crate) use listen::resume;
pub use model::Model;
pub(crate) use operations::call;

/// The service.
pub struct ApiGateway {
    pub(crate) store: Store<Model>,
    listeners: listen::Listeners,
    throttles: throttle::Throttles,
}

impl ApiGateway {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "apigateway")?,
            listeners: listen::Listeners::default(),
            throttles: throttle::Throttles::default(),
        })
    }
}
