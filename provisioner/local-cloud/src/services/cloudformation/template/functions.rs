//! Which parameters, resources, conditions and mappings an expression uses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What an expression uses, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Uses {
    /// Names in `Ref`: parameters, pseudo parameters or resources.
    pub(in super::super) references: BTreeSet<String>,
    /// Resource and attribute in `Fn::GetAtt`.
    pub(in super::super) attributes: BTreeSet<(String, String)>,
    pub(in super::super) conditions: BTreeSet<String>,
    pub(in super::super) mappings: BTreeSet<String>,
    /// Functions that are not offered, or are malformed.
    pub(in super::super) unknown: BTreeSet<String>,
}

impl Uses {
    /// Every name that may be a resource.
    pub(in super::super) fn names(&self) -> impl Iterator<Item = &str> {
        let attributes = self.attributes.iter().map(|(name, _)| name.as_str());
        self.references.iter().map(String::as_str).chain(attributes)
    }
}

/// What `value` uses. With `conditions`, only the branch of `Fn::If` that is taken counts.
pub(in super::super) fn uses(value: &Value, conditions: Option<&BTreeMap<String, bool>>) -> Uses {
    let mut uses = Uses::default();
    collect(value, conditions, &mut uses);
    uses
}

fn collect(value: &Value, conditions: Option<&BTreeMap<String, bool>>, uses: &mut Uses) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, conditions, uses)),
        Value::Object(object) => {
            let only = (object.len() == 1).then(|| object.iter().next()).flatten();
            match only {
                Some((key, argument)) if is_function(key) => {
                    function(key, argument, conditions, uses);
                }
                _ => object
                    .values()
                    .for_each(|item| collect(item, conditions, uses)),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key == "Condition" || key.starts_with("Fn::")
}

fn function(
    key: &str,
    argument: &Value,
    conditions: Option<&BTreeMap<String, bool>>,
    uses: &mut Uses,
) {
    match (key, argument) {
        ("Ref", Value::String(name)) => {
            uses.references.insert(name.clone());
        }
        // Outside conditions this is an ordinary property: IAM policies have one.
        ("Condition", Value::String(name)) => {
            uses.conditions.insert(name.clone());
        }
        ("Fn::GetAtt", argument) => match attribute(argument) {
            Some(pair) => {
                uses.attributes.insert(pair);
            }
            None => {
                uses.unknown.insert(key.to_owned());
            }
        },
        ("Fn::Sub", argument) => substitution(argument, conditions, uses),
        ("Fn::FindInMap", Value::Array(items)) => {
            if let Some(Value::String(name)) = items.first() {
                uses.mappings.insert(name.clone());
            }
            for item in items {
                collect(item, conditions, uses);
            }
        }
        ("Fn::If", Value::Array(items)) => branch(items, conditions, uses),
        (
            "Fn::Join" | "Fn::Select" | "Fn::Split" | "Fn::Equals" | "Fn::And" | "Fn::Or"
            | "Fn::Not" | "Fn::ImportValue" | "Fn::Base64" | "Fn::Cidr" | "Fn::GetAZs"
            | "Condition",
            argument,
        ) => collect(argument, conditions, uses),
        _ => {
            uses.unknown.insert(key.to_owned());
        }
    }
}

fn branch(items: &[Value], conditions: Option<&BTreeMap<String, bool>>, uses: &mut Uses) {
    let [Value::String(condition), yes, no] = items else {
        uses.unknown.insert("Fn::If".to_owned());
        return;
    };
    uses.conditions.insert(condition.clone());
    match conditions.and_then(|conditions| conditions.get(condition)) {
        Some(true) => collect(yes, conditions, uses),
        Some(false) => collect(no, conditions, uses),
        None => {
            collect(yes, conditions, uses);
            collect(no, conditions, uses);
        }
    }
}

fn substitution(argument: &Value, conditions: Option<&BTreeMap<String, bool>>, uses: &mut Uses) {
    let (text, given) = match argument {
        Value::String(text) => (text, None),
        Value::Array(items) => {
            if let [Value::String(text), Value::Object(given)] = items.as_slice() {
                (text, Some(given))
            } else {
                uses.unknown.insert("Fn::Sub".to_owned());
                return;
            }
        }
        _ => {
            uses.unknown.insert("Fn::Sub".to_owned());
            return;
        }
    };
    for variable in sub_variables(text) {
        if given.is_some_and(|given| given.contains_key(&variable)) {
            continue;
        }
        match variable.split_once('.') {
            Some((resource, attribute)) => {
                uses.attributes
                    .insert((resource.to_owned(), attribute.to_owned()));
            }
            None => {
                uses.references.insert(variable);
            }
        }
    }
    given
        .into_iter()
        .flat_map(serde_json::Map::values)
        .for_each(|item| collect(item, conditions, uses));
}

/// The names in `${...}`, without the literals `${!...}`.
fn sub_variables(text: &str) -> Vec<String> {
    let pieces = text.split("${").skip(1);
    pieces
        .filter(|piece| !piece.starts_with('!'))
        .filter_map(|piece| piece.split_once('}'))
        .map(|(name, _)| name.trim().to_owned())
        .collect()
}

/// Resource and attribute of a `Fn::GetAtt`, in either form.
fn attribute(argument: &Value) -> Option<(String, String)> {
    match argument {
        Value::String(text) => text
            .split_once('.')
            .map(|(resource, attribute)| (resource.to_owned(), attribute.to_owned())),
        Value::Array(items) => match items.as_slice() {
            [Value::String(resource), Value::String(attribute)] => {
                Some((resource.clone(), attribute.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}
