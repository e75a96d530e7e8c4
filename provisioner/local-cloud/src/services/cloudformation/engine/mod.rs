//! Doing what stacks ask for: creating, updating, deleting, and the way back.

mod apply;
mod cleanup;
pub(super) mod graph;
mod resource;
mod rollback;
mod secrets;
mod stack;
mod work;

use std::sync::Arc;

use crate::Cloud;
pub(super) use secrets::mask;
use work::Work;

/// An operation on a stack, whose status already says that it has begun.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// Creates what the stack wants.
    Create,
    /// Changes the stack to what it wants; the way back is in its update.
    Update,
    /// Deletes everything but these.
    Delete { retain: Vec<String> },
    /// Takes up a roll-back that failed, without these resources.
    ContinueRollback { skip: Vec<String> },
}

/// Performs an operation in the background.
pub(super) fn start(cloud: &Arc<Cloud>, stack: &str, operation: Operation) {
    let work = Work::new(cloud, stack);
    cloud.background.spawn(async move {
        match operation {
            Operation::Create => stack::create(&work).await,
            Operation::Update => stack::update(&work).await,
            Operation::Delete { retain } => stack::delete(&work, &retain).await,
            Operation::ContinueRollback { skip } => rollback::proceed(&work, &skip).await,
        }
    });
}

/// What operations are told that were under way when the cloud stopped.
const INTERRUPTED: &str = "The local cloud stopped while this was under way";

/// Takes up every operation that was under way.
pub(super) fn resume(cloud: &Arc<Cloud>) {
    let busy: Vec<(String, String)> = {
        let model = cloud.services.cloudformation.store.read();
        let busy = model.stacks.values().filter(|stack| stack.is_busy());
        busy.map(|stack| (stack.id.clone(), stack.status.clone()))
            .collect()
    };
    for (id, status) in busy {
        let work = Work::new(cloud, &id);
        tracing::info!(stack = %id, %status, "taking up what the stop interrupted");
        cloud.background.spawn(async move {
            match status.as_str() {
                "CREATE_IN_PROGRESS" => {
                    let failed = work.interrupted(INTERRUPTED);
                    stack::create_failed(&work, &failed).await;
                }
                "ROLLBACK_IN_PROGRESS" => stack::roll_back_creation(&work).await,
                "DELETE_IN_PROGRESS" => stack::delete(&work, &[]).await,
                "UPDATE_IN_PROGRESS" => {
                    let failed = work.interrupted(INTERRUPTED);
                    rollback::begin(&work, stack::failed_to("update", &failed)).await;
                }
                "UPDATE_ROLLBACK_IN_PROGRESS" => rollback::proceed(&work, &[]).await,
                "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
                    cleanup::finish(&work, "UPDATE_COMPLETE").await;
                }
                _ => cleanup::finish(&work, "UPDATE_ROLLBACK_COMPLETE").await,
            }
        });
    }
}
