//! Values stacks give each other by name.

use std::collections::BTreeMap;

use super::model::{Model, Stack};

/// Every export of live stacks but `except`'s, by name.
pub(super) fn values(model: &Model, except: &str) -> BTreeMap<String, String> {
    let others = live(model).filter(|stack| stack.id != except);
    others
        .flat_map(|stack| &stack.outputs)
        .filter_map(|output| Some((output.export.clone()?, output.value.clone())))
        .collect()
}

/// Names of the live stacks that use an export.
pub(super) fn importers<'a>(model: &'a Model, export: &str) -> Vec<&'a str> {
    live(model)
        .filter(|stack| stack.imports.contains(export))
        .map(|stack| stack.name.as_str())
        .collect()
}

/// The live stack that has an export, but `except`.
pub(super) fn exporter<'a>(model: &'a Model, export: &str, except: &str) -> Option<&'a Stack> {
    live(model)
        .filter(|stack| stack.id != except)
        .find(|stack| {
            let mut exports = stack
                .outputs
                .iter()
                .filter_map(|output| output.export.as_deref());
            exports.any(|name| name == export)
        })
}

/// Why a stack's exports cannot go from `before` to `after`: the first that is in use.
pub(super) fn refusal(
    model: &Model,
    stack: &Stack,
    after: &BTreeMap<String, String>,
) -> Option<String> {
    for output in &stack.outputs {
        let Some(name) = &output.export else {
            continue;
        };
        let change = match after.get(name) {
            None => "deleted",
            Some(value) if *value != output.value => "updated",
            Some(_) => continue,
        };
        let users = importers(model, name);
        if !users.is_empty() {
            let users = users.join(" and ");
            return Some(format!(
                "Export {name} cannot be {change} as it is in use by {users}"
            ));
        }
    }
    None
}

fn live(model: &Model) -> impl Iterator<Item = &Stack> {
    model.stacks.values().filter(|stack| !stack.is_deleted())
}
