//! One operation's hold on its stack.

use std::sync::Arc;

use super::super::model::{Model, Stack};
use crate::Cloud;
use crate::state::Store;

/// A stack that an operation works on. Stacks never leave the model, so looking one up
/// cannot fail.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) cloud: Arc<Cloud>,
    pub(super) id: String,
}

impl Work {
    pub(super) fn new(cloud: &Arc<Cloud>, id: &str) -> Self {
        Self {
            cloud: Arc::clone(cloud),
            id: id.to_owned(),
        }
    }

    pub(super) fn store(&self) -> &Store<Model> {
        &self.cloud.services.cloudformation.store
    }

    /// Looks at the stack.
    pub(super) fn look<R: Default>(&self, look: impl FnOnce(&Stack) -> R) -> R {
        let model = self.store().read();
        model.stacks.get(&self.id).map(look).unwrap_or_default()
    }

    /// Changes the stack.
    pub(super) fn change<R: Default>(&self, change: impl FnOnce(&mut Stack) -> R) -> R {
        self.store().write(|model| {
            let stack = model.stacks.get_mut(&self.id);
            stack.map(change).unwrap_or_default()
        })
    }

    /// Moves the stack on.
    pub(super) fn status(&self, status: &str, reason: Option<String>) {
        self.change(|stack| stack.set_status(status, reason));
    }

    /// Moves a resource on.
    pub(super) fn resource(&self, logical: &str, status: &str, reason: Option<String>) {
        self.change(|stack| stack.set_resource(logical, status, reason));
    }

    /// Marks resources that were under way as failed; their logical ids.
    pub(super) fn interrupted(&self, reason: &str) -> Vec<String> {
        self.change(|stack| {
            let ongoing: Vec<(String, String)> = stack
                .resources
                .values()
                .filter_map(|resource| {
                    let failed = resource.status.strip_suffix("_IN_PROGRESS")?;
                    Some((resource.logical.clone(), format!("{failed}_FAILED")))
                })
                .collect();
            for (logical, status) in &ongoing {
                stack.set_resource(logical, status, Some(reason.to_owned()));
            }
            ongoing.into_iter().map(|(logical, _)| logical).collect()
        })
    }

    /// Marks the executed change set's end.
    pub(super) fn executed(&self, execution: &str) {
        self.change(|stack| {
            for change_set in &mut stack.change_sets {
                if change_set.execution == "EXECUTE_IN_PROGRESS" {
                    execution.clone_into(&mut change_set.execution);
                }
            }
        });
    }
}
