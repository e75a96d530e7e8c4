//! What must come before what.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::Value;

use super::super::scope::Scope;
use super::super::template::{Template, error, uses};
use crate::error::Answer;

/// For each thing, what it needs first.
pub(in super::super) type Needs = BTreeMap<String, BTreeSet<String>>;

/// What each resource whose condition holds needs, by reference or `DependsOn`.
pub(in super::super) fn needs(template: &Template, scope: &Scope) -> Needs {
    let active = |name: &str| {
        let declaration = template.resources.get(name);
        declaration.is_some_and(|declaration| scope.holds(declaration.condition.as_ref()))
    };
    let mut needs = Needs::new();
    for (logical, declaration) in &template.resources {
        if !active(logical) {
            continue;
        }
        let properties = Value::Object(declaration.properties.clone());
        let used = uses(&properties, Some(&scope.conditions));
        let names = used.names().chain(declaration.depends_on());
        let names = names.filter(|name| active(name)).map(str::to_owned);
        needs.insert(logical.clone(), names.collect());
    }
    needs
}

/// Resources so that each comes after what it needs.
///
/// # Errors
/// `ValidationError` naming the resources of a circle.
pub(in super::super) fn order(template: &Template, scope: &Scope) -> Answer<Vec<String>> {
    let mut left = needs(template, scope);
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let ready: Vec<String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !left.contains_key(need)))
            .map(|(name, _)| name.clone())
            .collect();
        if ready.is_empty() {
            let names: Vec<&str> = left.keys().map(String::as_str).collect();
            return Err(error(format!(
                "Circular dependency between resources: [{}]",
                names.join(", ")
            )));
        }
        for name in ready {
            left.remove(&name);
            order.push(name);
        }
    }
    Ok(order)
}

/// The same edges seen from the other end: for deleting, what needs a thing goes first.
pub(super) fn reversed(needs: &Needs) -> Needs {
    let mut reversed: Needs = needs
        .keys()
        .map(|name| (name.clone(), BTreeSet::new()))
        .collect();
    for (name, needed) in needs {
        for need in needed {
            if let Some(first) = reversed.get_mut(need) {
                first.insert(name.clone());
            }
        }
    }
    reversed
}

/// Runs everything, each thing as soon as what it needs has succeeded. After a failure
/// nothing new starts, but what runs is waited for. `start` gives nothing to hold back.
///
/// Gives the names that failed, in the order they did.
pub(super) async fn run<F>(
    needs: &Needs,
    mut start: impl FnMut(&str) -> Option<F>,
    stops_at_failure: bool,
) -> Vec<String>
where
    F: Future<Output = (String, bool)>,
{
    let mut waiting: BTreeSet<&String> = needs.keys().collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut failed = Vec::new();
    let mut running = FuturesUnordered::new();
    loop {
        if failed.is_empty() || !stops_at_failure {
            let ready: Vec<&String> = waiting
                .iter()
                .filter(|name| {
                    let needed = needs.get(**name);
                    needed.is_none_or(|needed| {
                        needed
                            .iter()
                            .all(|need| done.contains(need) || !needs.contains_key(need))
                    })
                })
                .copied()
                .collect();
            for name in ready {
                waiting.remove(name);
                running.extend(start(name));
            }
        }
        match running.next().await {
            Some((name, true)) => {
                done.insert(name);
            }
            Some((name, false)) => failed.push(name),
            None => return failed,
        }
    }
}
