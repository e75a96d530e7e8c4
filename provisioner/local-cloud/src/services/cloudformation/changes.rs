//! What an update would change: the difference between a stack as it is and as it is to be.

mod cause;
mod describe;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::engine::graph;
use super::model::{Policy, Resource, Stack};
use super::providers::{self, Schema};
use super::scope::Scope;
use super::template::{Declaration, Template, error};
use crate::error::Answer;
pub(super) use cause::Inputs;
pub(super) use describe::describe;

/// One resource's change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) action: Action,
    pub(super) logical: String,
    pub(super) physical: Option<String>,
    pub(super) kind: String,
    pub(super) replacement: Option<Replacement>,
    pub(super) policy_action: Option<String>,
    pub(super) scope: Vec<String>,
    pub(super) details: Vec<Detail>,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Action {
    Add,
    Modify,
    Remove,
}

/// Whether a modification makes a new physical resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Replacement {
    False,
    Conditional,
    True,
}

/// One reason of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Detail {
    /// `Properties`, `Tags` or `Metadata`.
    pub(super) attribute: String,
    /// The property, for `Properties`.
    pub(super) name: Option<String>,
    pub(super) recreation: Recreation,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) cause: cause::Cause,
}

/// Whether a property's change makes a new physical resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Recreation {
    Never,
    Conditionally,
    Always,
}

/// Properties as a provider gets them, but for secrets and generated names.
pub(super) fn properties(
    scope: &Scope,
    declaration: &Declaration,
    schema: &Schema,
    tags: &BTreeMap<String, String>,
) -> Answer<Map<String, Value>> {
    let mut properties = scope.properties(&declaration.properties)?;
    schema.coerce(&mut properties);
    schema.tag(&mut properties, tags);
    Ok(properties)
}

/// Names of the properties that differ.
pub(super) fn difference(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let added = new.keys().filter(|name| !old.contains_key(*name));
    let kept = old.keys();
    let names = kept.chain(added);
    let changed = names.filter(|name| old.get(*name) != new.get(*name));
    changed.cloned().collect()
}

/// Every change that turns `stack` into what `inputs` want. `scope` knows no resources yet.
pub(super) fn plan(stack: &Stack, inputs: &Inputs, mut scope: Scope) -> Answer<Vec<Change>> {
    let order = graph::order(inputs.new, &scope)?;
    let mut changes = removals(stack, &order);
    let mut causes = cause::Changed::default();
    for logical in &order {
        let Some(declaration) = inputs.new.resources.get(logical) else {
            continue;
        };
        let Some(schema) = providers::schema(&declaration.r#type) else {
            continue;
        };
        let wanted = properties(&scope, declaration, schema, &inputs.desired.tags)?;
        let Some(resource) = stack
            .resources
            .get(logical)
            .filter(|r| r.physical.is_some())
        else {
            changes.push(addition(logical, declaration, wanted));
            continue;
        };
        if resource.kind != declaration.r#type {
            return Err(error(format!(
                "Update of resource type is not permitted. The new template modifies resource \
                 type of the following resources: [{logical}]"
            )));
        }
        scope.learn(resource);
        let changed = difference(&resource.properties, &wanted);
        scope.forget_attributes(logical, &schema.moving_attributes(&changed));
        let change = modification(resource, declaration, schema, &wanted, inputs, &causes);
        let Some(change) = change else { continue };
        match change.replacement {
            Some(Replacement::True | Replacement::Conditional) => scope.forget(logical),
            Some(Replacement::False) | None => {}
        }
        causes.insert(logical, change.replacement);
        changes.push(change);
    }
    Ok(changes)
}

fn removals(stack: &Stack, order: &[String]) -> Vec<Change> {
    let leaving = stack
        .resources
        .values()
        .filter(|resource| resource.physical.is_some() && !order.contains(&resource.logical));
    leaving
        .map(|resource| Change {
            action: Action::Remove,
            logical: resource.logical.clone(),
            physical: resource.physical.clone(),
            kind: resource.kind.clone(),
            replacement: None,
            policy_action: Some(policy_name(resource.deletion_policy).to_owned()),
            scope: Vec::new(),
            details: Vec::new(),
            before: Some(Value::Object(resource.properties.clone())),
            after: None,
        })
        .collect()
}

fn policy_name(policy: Policy) -> &'static str {
    match policy {
        Policy::Delete => "Delete",
        Policy::Retain | Policy::RetainExceptOnCreate => "Retain",
        Policy::Snapshot => "Snapshot",
    }
}

fn addition(logical: &str, declaration: &Declaration, wanted: Map<String, Value>) -> Change {
    Change {
        action: Action::Add,
        logical: logical.to_owned(),
        physical: None,
        kind: declaration.r#type.clone(),
        replacement: None,
        policy_action: None,
        scope: Vec::new(),
        details: Vec::new(),
        before: None,
        after: Some(Value::Object(wanted)),
    }
}

fn modification(
    resource: &Resource,
    declaration: &Declaration,
    schema: &Schema,
    wanted: &Map<String, Value>,
    inputs: &Inputs,
    causes: &cause::Changed,
) -> Option<Change> {
    let mut details: Vec<Detail> = difference(&resource.properties, wanted)
        .into_iter()
        .flat_map(|name| {
            let found = cause::causes(inputs, causes, &resource.logical, &name);
            let (before, after) = (resource.properties.get(&name), wanted.get(&name));
            let (before, after) = (before.cloned(), after.cloned());
            found.into_iter().map(move |cause| {
                let certain = cause.certain;
                detail(schema, &name, before.clone(), after.clone(), cause, certain)
            })
        })
        .collect();
    if resource.metadata != declaration.metadata {
        details.push(Detail {
            attribute: "Metadata".to_owned(),
            name: None,
            recreation: Recreation::Never,
            before: Some(resource.metadata.clone()),
            after: Some(declaration.metadata.clone()),
            cause: cause::Cause::direct(),
        });
    }
    if details.is_empty() {
        return None;
    }
    let worst = details.iter().map(|detail| detail.recreation).max();
    let replacement = match worst {
        Some(Recreation::Always) => Replacement::True,
        Some(Recreation::Conditionally) => Replacement::Conditional,
        Some(Recreation::Never) | None => Replacement::False,
    };
    let replaced = format!(
        "ReplaceAnd{}",
        policy_name(declaration.update_replace_policy.unwrap_or_default())
    );
    let mut scope: Vec<String> = details.iter().map(|d| d.attribute.clone()).collect();
    scope.sort();
    scope.dedup();
    Some(Change {
        action: Action::Modify,
        logical: resource.logical.clone(),
        physical: resource.physical.clone(),
        kind: resource.kind.clone(),
        replacement: Some(replacement),
        policy_action: (replacement != Replacement::False).then_some(replaced),
        scope,
        details,
        before: Some(Value::Object(resource.properties.clone())),
        after: Some(Value::Object(wanted.clone())),
    })
}

fn detail(
    schema: &Schema,
    name: &str,
    before: Option<Value>,
    after: Option<Value>,
    cause: cause::Cause,
    certain: bool,
) -> Detail {
    let stack_tags = name == schema.tags.property() && cause.is_automatic();
    let recreation = if !schema.replaces(name) {
        Recreation::Never
    } else if certain {
        Recreation::Always
    } else {
        Recreation::Conditionally
    };
    Detail {
        attribute: if stack_tags { "Tags" } else { "Properties" }.to_owned(),
        name: (!stack_tags).then(|| name.to_owned()),
        recreation,
        before,
        after,
        cause,
    }
}

/// The template a stack has now; nothing for a stack in review.
pub(super) fn current(stack: &Stack) -> Answer<Option<Template>> {
    if stack.desired.template.is_empty() {
        return Ok(None);
    }
    Template::parse(&stack.desired.template).map(Some)
}
