//! The life of a stack, operation by operation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;
use serde_json::Value;

use super::super::exports;
use super::super::model::{Done, OnFailure, Output, Policy};
use super::apply::{self, Ended, apply};
use super::cleanup::{self, Leaving};
use super::rollback;
use super::work::Work;

/// "The following resource(s) failed to create: [A, B]. "
pub(super) fn failed_to(verb: &str, resources: &[String]) -> String {
    let names = resources.join(", ");
    format!("The following resource(s) failed to {verb}: [{names}]. ")
}

/// Creates what the stack wants.
pub(super) async fn create(work: &Work) {
    match apply(work).await {
        Ended::Well(outputs) => match finish(work, outputs) {
            None => {
                work.executed("EXECUTE_COMPLETE");
                work.status("CREATE_COMPLETE", None);
            }
            Some(reason) => give_up_creation(work, reason).await,
        },
        Ended::Failed(resources) => create_failed(work, &resources).await,
        Ended::Refused(reason) => give_up_creation(work, reason).await,
    }
}

/// Takes over outputs and imports, unless another stack stands in the way: why.
fn finish(work: &Work, outputs: Vec<Output>) -> Option<String> {
    let imports = imports(work);
    work.store().write(|model| {
        let stack = model.stacks.get(&work.id)?;
        let exported: BTreeMap<String, String> = outputs
            .iter()
            .filter_map(|output| Some((output.export.clone()?, output.value.clone())))
            .collect();
        for name in exported.keys() {
            if let Some(other) = exports::exporter(model, name, &work.id) {
                return Some(format!(
                    "Export with name {name} is already exported by stack {}",
                    other.name
                ));
            }
        }
        if let Some(refusal) = exports::refusal(model, stack, &exported) {
            return Some(refusal);
        }
        let stack = model.stacks.get_mut(&work.id)?;
        stack.outputs = outputs;
        stack.imports = imports;
        None
    })
}

/// Names of exports the stack's template imports.
fn imports(work: &Work) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Ok((template, scope)) = apply::scope(work) else {
        return names;
    };
    let resources = template.resources.values();
    let active = resources.filter(|declaration| scope.holds(declaration.condition.as_ref()));
    let properties = active.map(|declaration| Value::Object(declaration.properties.clone()));
    let outputs = template.outputs.values().map(|output| output.value.clone());
    for value in properties.chain(outputs) {
        if let Err(error) = scope.imports(&value, &mut names) {
            tracing::warn!(%error, "an import could not be named");
        }
    }
    names
}

/// Creation failed because of these resources.
pub(super) async fn create_failed(work: &Work, resources: &[String]) {
    give_up_creation(work, failed_to("create", resources)).await;
}

async fn give_up_creation(work: &Work, reason: String) {
    work.executed("EXECUTE_FAILED");
    if work.look(|stack| stack.on_failure) == OnFailure::DoNothing {
        work.status("CREATE_FAILED", Some(reason));
        return;
    }
    let reason = format!("{reason}Rollback requested by user.");
    work.status("ROLLBACK_IN_PROGRESS", Some(reason));
    roll_back_creation(work).await;
}

/// Deletes what a failed creation made.
pub(super) async fn roll_back_creation(work: &Work) {
    let policy = |policy: Policy| match policy {
        Policy::Retain => Policy::Retain,
        // What was made a moment ago holds nothing to snapshot.
        Policy::Delete | Policy::Snapshot | Policy::RetainExceptOnCreate => Policy::Delete,
    };
    let failed = cleanup::delete_all(work, &[], policy).await;
    if !failed.is_empty() {
        work.status("ROLLBACK_FAILED", Some(failed_to("delete", &failed)));
        return;
    }
    work.change(|stack| {
        stack.outputs.clear();
        stack.imports.clear();
    });
    work.status("ROLLBACK_COMPLETE", None);
    if work.look(|stack| stack.on_failure) == OnFailure::Delete {
        delete(work, &[]).await;
    }
}

/// Changes the stack to what it wants.
pub(super) async fn update(work: &Work) {
    let reason = match apply(work).await {
        Ended::Well(outputs) => match denied_removal(work) {
            Some(reason) => reason,
            None => match finish(work, outputs) {
                None => {
                    updated(work).await;
                    return;
                }
                Some(reason) => reason,
            },
        },
        Ended::Failed(resources) => failed_to("update", &resources),
        Ended::Refused(reason) => reason,
    };
    rollback::begin(work, reason).await;
}

/// Why the stack's policy does not let a resource go.
fn denied_removal(work: &Work) -> Option<String> {
    let removed = removed(work);
    work.look(|stack| {
        let during = stack
            .update
            .as_ref()
            .and_then(|update| update.policy.clone());
        let policy = during.or_else(|| stack.policy.clone())?;
        let mut leaving = removed.iter().filter_map(|name| stack.resources.get(name));
        leaving.find_map(|resource| {
            let (logical, kind) = (&resource.logical, &resource.kind);
            super::super::policy::denial(&policy, "Update:Delete", logical, kind)
        })
    })
}

/// Logical ids the new template no longer has.
fn removed(work: &Work) -> Vec<String> {
    let Ok((template, scope)) = apply::scope(work) else {
        return Vec::new();
    };
    let wanted = |logical: &str| {
        let declaration = template.resources.get(logical);
        declaration.is_some_and(|declaration| scope.holds(declaration.condition.as_ref()))
    };
    work.look(|stack| {
        let names = stack.resources.keys();
        names.filter(|name| !wanted(name)).cloned().collect()
    })
}

/// Everything is as wanted: lets go of what was removed or replaced.
async fn updated(work: &Work) {
    let removed = removed(work);
    work.change(|stack| {
        let journal = stack.update.take().map(|update| update.journal);
        for done in journal.unwrap_or_default() {
            if let Done::Replaced(mut before) = done {
                let now = stack.resources.get(&before.logical);
                before.deletion_policy = now.map(|now| now.replace_policy).unwrap_or_default();
                stack.leaving.push(*before);
            }
        }
        for logical in removed {
            stack.leaving.extend(stack.resources.remove(&logical));
        }
        stack.updated = Some(Utc::now());
        stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
    });
    work.executed("EXECUTE_COMPLETE");
    cleanup::finish(work, "UPDATE_COMPLETE").await;
}

/// Deletes everything but `retain`.
pub(super) async fn delete(work: &Work, retain: &[String]) {
    if !work.look(super::super::model::Stack::is_busy) {
        work.status("DELETE_IN_PROGRESS", None);
    }
    let failed = cleanup::delete_all(work, retain, |policy| policy).await;
    let stuck = cleanup::delete_leaving(work).await;
    if stuck == Leaving::Gone && failed.is_empty() {
        work.change(|stack| {
            stack.deleted = Some(Utc::now());
            stack.outputs.clear();
            stack.imports.clear();
            stack.change_sets.clear();
            stack.update = None;
            stack.set_status("DELETE_COMPLETE", None);
        });
        return;
    }
    work.status("DELETE_FAILED", Some(failed_to("delete", &failed)));
}
