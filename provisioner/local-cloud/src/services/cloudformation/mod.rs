//! CloudFormation: change sets, stacks, events, rollback, over resource providers that call
//! the same operations a client would.

mod changes;
mod engine;
mod exports;
mod model;
mod operations;
mod policy;
mod providers;
mod scope;
mod stacks;
mod template;

use std::path::Path;
use std::sync::Arc;

use crate::Cloud;
use crate::state::Store;

pub use model::Model;
pub(crate) use operations::call;

/// The service.
pub struct CloudFormation {
    pub(crate) store: Store<Model>,
}

impl CloudFormation {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "cloudformation")?,
        })
    }
}

/// Takes up the operations that were under way when the cloud stopped: they are rolled back,
/// or their deletions finished. Every service that providers call must be up.
pub(crate) fn resume(cloud: &Arc<Cloud>) {
    engine::resume(cloud);
}
