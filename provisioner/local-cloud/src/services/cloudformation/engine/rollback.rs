//! The way back from an update: what was done is undone, last first.

use super::super::model::{Done, Resource};
use super::cleanup;
use super::resource;
use super::stack::failed_to;
use super::work::Work;

/// An update failed: goes back, unless the caller wants to look at what is there.
pub(super) async fn begin(work: &Work, reason: String) {
    work.executed("EXECUTE_FAILED");
    let keep = work.look(|stack| stack.update.as_ref().is_some_and(|u| u.keep_on_failure));
    if keep {
        work.status("UPDATE_FAILED", Some(reason));
        return;
    }
    work.status("UPDATE_ROLLBACK_IN_PROGRESS", Some(reason));
    proceed(work, &[]).await;
}

/// Undoes what is left of the journal, but leaves `skip` as they are.
pub(super) async fn proceed(work: &Work, skip: &[String]) {
    while let Some(done) = last(work) {
        let logical = done.logical().to_owned();
        let undone = if skip.contains(&logical) {
            work.resource(&logical, "UPDATE_COMPLETE", None);
            true
        } else {
            undo(work, done).await
        };
        if !undone {
            let reason = failed_to("update", &[logical]);
            work.status("UPDATE_ROLLBACK_FAILED", Some(reason));
            return;
        }
        work.change(|stack| {
            if let Some(update) = &mut stack.update {
                update.journal.pop();
            }
        });
    }
    work.change(|stack| {
        if let Some(update) = stack.update.take() {
            stack.desired = update.previous;
            stack.outputs = update.previous_outputs;
            stack.imports = update.previous_imports;
        }
        for resource in stack.resources.values_mut() {
            // Refused before anything was touched: it is as it was.
            if resource.status == "UPDATE_FAILED" {
                "UPDATE_COMPLETE".clone_into(&mut resource.status);
            }
        }
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
    });
    cleanup::finish(work, "UPDATE_ROLLBACK_COMPLETE").await;
}

fn last(work: &Work) -> Option<Done> {
    work.look(|stack| stack.update.as_ref()?.journal.last().cloned())
}

async fn undo(work: &Work, done: Done) -> bool {
    match done {
        Done::Created(logical) => {
            work.change(|stack| {
                let made = stack.resources.remove(&logical);
                stack.leaving.extend(made.map(deletable));
            });
            true
        }
        Done::Replaced(before) => {
            work.change(|stack| {
                let logical = before.logical.clone();
                let made = stack.resources.insert(logical.clone(), *before);
                let made = made.filter(|made| made.physical.is_some());
                stack.leaving.extend(made.map(deletable));
                stack.set_resource(&logical, "UPDATE_COMPLETE", None);
            });
            true
        }
        Done::Updated(before) => restore(work, *before).await,
    }
}

/// What an undone update made goes, whatever its policy: it never was part of the stack.
fn deletable(mut resource: Resource) -> Resource {
    use super::super::model::Policy;
    if resource.deletion_policy != Policy::Retain {
        resource.deletion_policy = Policy::Delete;
    }
    resource
}

/// Gives a resource its former properties back.
async fn restore(work: &Work, before: Resource) -> bool {
    let logical = before.logical.clone();
    let attempted = work.look(|stack| {
        let resource = stack.resources.get(&logical);
        resource.map(|resource| resource.properties.clone())
    });
    work.resource(&logical, "UPDATE_IN_PROGRESS", None);
    let restored = resource::alter(
        work,
        &before,
        &attempted.unwrap_or_default(),
        &before.properties,
    )
    .await;
    match restored {
        Ok(()) => {
            work.change(|stack| {
                if let Some(resource) = stack.resources.get_mut(&logical) {
                    let (reference, attributes) =
                        (resource.reference.clone(), resource.attributes.clone());
                    *resource = before;
                    resource.reference = reference;
                    resource.attributes = attributes;
                }
                stack.set_resource(&logical, "UPDATE_COMPLETE", None);
            });
            true
        }
        Err(error) => {
            work.resource(&logical, "UPDATE_FAILED", Some(error.message));
            false
        }
    }
}
