//! Deleting physical resources, dependents first.

use std::collections::BTreeSet;

use super::super::model::{Event, Policy, Resource};
use super::graph::{self, Needs};
use super::resource;
use super::work::Work;

/// What became of the resources that leave a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    Gone,
    Stuck,
}

/// Deletes what an update or a roll-back left over, and ends with `status`.
pub(super) async fn finish(work: &Work, status: &str) {
    let reason = match delete_leaving(work).await {
        Leaving::Gone => None,
        Leaving::Stuck => {
            work.change(|stack| stack.leaving.clear());
            let words = "Update successful. One or more resources could not be deleted.";
            Some(words.to_owned())
        }
    };
    work.status(status, reason);
}

/// Deletes every leaving resource; those that stay are kept in the list.
pub(super) async fn delete_leaving(work: &Work) -> Leaving {
    let leaving = work.look(|stack| stack.leaving.clone());
    let needs = reversed_needs(leaving.iter().enumerate().map(|(key, resource)| {
        let key = key.to_string();
        (key, resource)
    }));
    let failed = graph::run(
        &needs,
        |key| {
            let resource = key
                .parse()
                .ok()
                .and_then(|index: usize| leaving.get(index))?;
            let key = key.to_owned();
            Some(async move {
                let say = |status: &str, reason: Option<String>| {
                    let event = Event::of(resource, status, reason);
                    work.change(|stack| stack.event(event));
                };
                let gone = resource::delete(work, resource, resource.deletion_policy, say).await;
                if gone {
                    work.change(|stack| stack.leaving.retain(|other| other != resource));
                }
                (key, gone)
            })
        },
        false,
    )
    .await;
    if failed.is_empty() {
        Leaving::Gone
    } else {
        Leaving::Stuck
    }
}

/// Deletes every resource of the stack but `retain`, each by its policy as `adjust` sees it.
/// The logical ids that could not be deleted.
pub(super) async fn delete_all(
    work: &Work,
    retain: &[String],
    adjust: impl Fn(Policy) -> Policy,
) -> Vec<String> {
    let resources = work.look(|stack| stack.resources.clone());
    let by_name = resources
        .iter()
        .map(|(name, resource)| (name.clone(), resource));
    let needs = reversed_needs(by_name);
    graph::run(
        &needs,
        |logical| {
            let resource = resources.get(logical)?;
            let policy = if retain.contains(&resource.logical) {
                Policy::Retain
            } else {
                adjust(resource.deletion_policy)
            };
            Some(async move {
                let logical = &resource.logical;
                let gone = resource::delete(work, resource, policy, |status, reason| {
                    work.resource(logical, status, reason);
                })
                .await;
                if gone {
                    work.change(|stack| stack.resources.remove(logical));
                }
                (logical.clone(), gone)
            })
        },
        false,
    )
    .await
}

/// What must be gone before each: everything that was made after it.
fn reversed_needs<'a>(resources: impl Iterator<Item = (String, &'a Resource)>) -> Needs {
    let resources: Vec<(String, &Resource)> = resources.collect();
    let needs: Needs = resources
        .iter()
        .map(|(key, resource)| {
            let needed = resources
                .iter()
                .filter(|(_, other)| resource.needs.contains(&other.logical))
                .map(|(other, _)| other.clone());
            (key.clone(), needed.collect::<BTreeSet<String>>())
        })
        .collect();
    graph::reversed(&needs)
}
