//! Why a property changes: the template, a parameter, or another resource.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::model::Desired;
use super::super::template::{Template, Uses, uses};
use super::Replacement;

/// What an update is made of.
pub(in super::super) struct Inputs<'a> {
    /// The template the stack has; nothing before its creation.
    pub(in super::super) old: Option<&'a Template>,
    pub(in super::super) new: &'a Template,
    /// What the stack is now.
    pub(in super::super) current: &'a Desired,
    /// What it is to be.
    pub(in super::super) desired: &'a Desired,
}

/// Why a property changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Cause {
    /// `DirectModification`, `ParameterReference`, `ResourceReference`, `ResourceAttribute`
    /// or `Automatic`.
    pub(super) source: String,
    /// The parameter, the resource, or `Resource.Attribute`.
    pub(super) entity: Option<String>,
    /// Whether it changes for certain (`Static`), or only execution can tell (`Dynamic`).
    pub(super) certain: bool,
}

impl Cause {
    pub(super) fn direct() -> Self {
        Self {
            source: "DirectModification".to_owned(),
            entity: None,
            certain: true,
        }
    }

    pub(super) fn is_automatic(&self) -> bool {
        self.source == "Automatic"
    }

    fn from(source: &str, entity: impl Into<String>, certain: bool) -> Self {
        Self {
            source: source.to_owned(),
            entity: Some(entity.into()),
            certain,
        }
    }
}

/// Resources found changed so far.
#[derive(Debug, Default)]
pub(super) struct Changed {
    replacements: BTreeMap<String, Option<Replacement>>,
}

impl Changed {
    pub(super) fn insert(&mut self, logical: &str, replacement: Option<Replacement>) {
        self.replacements.insert(logical.to_owned(), replacement);
    }

    fn is_replaced(&self, logical: &str) -> bool {
        self.replacements.get(logical) == Some(&Some(Replacement::True))
    }

    fn has(&self, logical: &str) -> bool {
        self.replacements.contains_key(logical)
    }
}

/// Why `property` of `logical` changes; at least one reason.
pub(super) fn causes(
    inputs: &Inputs,
    changed: &Changed,
    logical: &str,
    property: &str,
) -> Vec<Cause> {
    let of = |template: &Template| {
        let declaration = template.resources.get(logical)?;
        declaration.properties.get(property).cloned()
    };
    let (old, new) = (inputs.old.and_then(of), of(inputs.new));
    if old != new {
        return vec![Cause::direct()];
    }
    let Some(expression) = new else {
        // Not in either template: it came with the stack's own tags.
        let source = "Automatic".to_owned();
        return vec![Cause {
            source,
            entity: None,
            certain: true,
        }];
    };
    let mut found = referenced(inputs, changed, &all_uses(inputs.new, &expression));
    if found.is_empty() {
        // A mapping, a condition or a stack tag behind the same words.
        found.push(if inputs.current.tags == inputs.desired.tags {
            Cause::direct()
        } else {
            let source = "Automatic".to_owned();
            Cause {
                source,
                entity: None,
                certain: true,
            }
        });
    }
    found
}

/// What an expression uses, with what its conditions use.
fn all_uses(template: &Template, expression: &Value) -> Uses {
    let mut all = uses(expression, None);
    let mut open: Vec<String> = all.conditions.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(condition) = template.conditions.get(&name) else {
            continue;
        };
        let inner = uses(condition, None);
        all.references.extend(inner.references);
        open.extend(
            inner
                .conditions
                .into_iter()
                .filter(|name| all.conditions.insert(name.clone())),
        );
    }
    all
}

fn referenced(inputs: &Inputs, changed: &Changed, uses: &Uses) -> Vec<Cause> {
    let mut found = Vec::new();
    for name in &uses.references {
        if inputs.new.parameters.contains_key(name) {
            let now = inputs.current.parameters.get(name);
            if now != inputs.desired.parameters.get(name) {
                found.push(Cause::from("ParameterReference", name, true));
            }
        } else if inputs.new.resources.contains_key(name) {
            if changed.has(name) {
                let certain = changed.is_replaced(name);
                found.push(Cause::from("ResourceReference", name, certain));
            } else if !was_there(inputs, name) {
                found.push(Cause::from("ResourceReference", name, true));
            }
        }
    }
    for (resource, attribute) in &uses.attributes {
        let entity = format!("{resource}.{attribute}");
        if changed.has(resource) {
            let certain = changed.is_replaced(resource);
            found.push(Cause::from("ResourceAttribute", entity, certain));
        } else if !was_there(inputs, resource) {
            found.push(Cause::from("ResourceAttribute", entity, true));
        }
    }
    found
}

fn was_there(inputs: &Inputs, logical: &str) -> bool {
    inputs
        .old
        .is_some_and(|template| template.resources.contains_key(logical))
}
