//! Two templates of one stack, compared resource by resource and property by property.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fixed;
use crate::template::Kind;

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Add,
    /// It changes in place.
    Change,
    /// A new one takes its place.
    Replace,
    /// It goes.
    Remove,
}

impl Action {
    /// A sign and a word, for those who see no colours.
    #[must_use]
    pub const fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Add => ("+", "add"),
            Self::Change => ("~", "change"),
            Self::Replace => ("-/+", "replace"),
            Self::Remove => ("-", "remove"),
        }
    }
}

/// One property before and after; none where it is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Property {
    /// `ServerlessV2ScalingConfiguration.MaxCapacity`.
    pub path: String,
    /// Before.
    pub before: Option<Value>,
    /// After.
    pub after: Option<Value>,
}

/// A resource that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which stack.
    pub stack: String,
    /// The logical id.
    pub resource: String,
    /// `AWS::RDS::DBInstance`.
    pub kind: String,
    /// What becomes of it.
    pub action: Action,
    /// What becomes of the old one when it goes or is replaced: `Delete`, `Retain`, `Snapshot`.
    pub fate: String,
    /// Its properties that differ; of an added or removed resource, none.
    pub properties: Vec<Property>,
    /// All properties before.
    #[serde(skip)]
    pub before: Value,
    /// All properties after.
    #[serde(skip)]
    pub after: Value,
}

/// A template as JSON, its short tags (`!Ref`) in their long form.
pub fn parse(text: &str) -> anyhow::Result<Value> {
    let template: serde_norway::Value =
        serde_norway::from_str(text).context("the template is no YAML")?;
    Ok(long(template))
}

fn long(value: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or_default(),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => items.into_iter().map(long).collect(),
        Yaml::Mapping(pairs) => Value::Object(
            pairs
                .into_iter()
                .map(|(key, value)| {
                    let key = key
                        .as_str()
                        .map_or_else(|| long(key.clone()).to_string(), ToOwned::to_owned);
                    (key, long(value))
                })
                .collect::<Map<_, _>>(),
        ),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let key = if ["Ref", "Condition"].contains(&name) {
                name.to_owned()
            } else {
                format!("Fn::{name}")
            };
            Value::Object(Map::from_iter([(key, long(tagged.value))]))
        }
    }
}

/// What differs between a stack's template `before` (nothing, if there is no stack yet) and `after`.
#[must_use]
pub fn of(kind: Kind, before: Option<&Value>, after: &Value) -> Vec<Change> {
    let nothing = Value::Object(Map::new());
    let old = before.map_or(&nothing, |template| &template["Resources"]);
    let new = &after["Resources"];
    let names: BTreeSet<&String> = [old, new]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    names
        .into_iter()
        .filter_map(|name| one(kind, name, old.get(name), new.get(name)))
        .collect()
}

fn one(stack: Kind, name: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Change> {
    let kind = new.or(old)?["Type"].as_str().unwrap_or_default().to_owned();
    let mut properties = Vec::new();
    let action = match (old, new) {
        (None, Some(_)) => Action::Add,
        (Some(_), None) => Action::Remove,
        (Some(old), Some(new)) if old["Type"] != new["Type"] => Action::Replace,
        (Some(old), Some(new)) => {
            compare(
                "",
                Some(&old["Properties"]),
                Some(&new["Properties"]),
                &mut properties,
            );
            if properties.is_empty() && same_but_properties(old, new) {
                return None;
            }
            let replaced = properties.iter().any(|property| {
                fixed::replaces(
                    &kind,
                    property.path.split(['.', '[']).next().unwrap_or_default(),
                )
            });
            if replaced {
                Action::Replace
            } else {
                Action::Change
            }
        }
        (None, None) => return None,
    };
    let policy = if action == Action::Replace {
        "UpdateReplacePolicy"
    } else {
        "DeletionPolicy"
    };
    Some(Change {
        stack: stack.name().to_owned(),
        resource: name.to_owned(),
        fate: old
            .and_then(|old| old[policy].as_str())
            .unwrap_or("Delete")
            .to_owned(),
        kind,
        action,
        properties,
        before: old.map(|old| old["Properties"].clone()).unwrap_or_default(),
        after: new.map(|new| new["Properties"].clone()).unwrap_or_default(),
    })
}

/// Policies and dependencies are changes as well, of no property.
fn same_but_properties(old: &Value, new: &Value) -> bool {
    [
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "DependsOn",
        "Condition",
    ]
    .iter()
    .all(|attribute| old.get(attribute) == new.get(attribute))
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Property>) {
    let before = before.filter(|value| !value.is_null());
    let after = after.filter(|value| !value.is_null());
    if before == after {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after)
        && !is_intrinsic(old)
        && !is_intrinsic(new)
    {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let below = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            compare(&below, old.get(name), new.get(name), found);
        }
        return;
    }
    found.push(Property {
        path: path.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    });
}

fn is_intrinsic(object: &Map<String, Value>) -> bool {
    object.len() == 1
        && object
            .keys()
            .all(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// A value for people: short, references as they are written.
#[must_use]
pub fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => "(nothing)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(object)) if is_intrinsic(object) => object
            .iter()
            .map(|(key, value)| {
                format!("!{} {}", key.trim_start_matches("Fn::"), shown(Some(value)))
            })
            .collect::<Vec<_>>()
            .join(" "),
        Some(other) => other.to_string(),
    };
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Action, of, parse, shown};
    use crate::template::Kind;

    fn changes(before: &str, after: &str) -> Vec<(String, Action, Vec<String>)> {
        let (before, after) = (parse(before).unwrap(), parse(after).unwrap());
        of(Kind::Data, Some(&before), &after)
            .into_iter()
            .map(|change| {
                let told = change
                    .properties
                    .iter()
                    .map(|p| {
                        format!(
                            "{}: {} -> {}",
                            p.path,
                            shown(p.before.as_ref()),
                            shown(p.after.as_ref())
                        )
                    })
                    .collect();
                (change.resource, change.action, told)
            })
            .collect()
    }

    const BEFORE: &str = "
Resources:
  A:
    Type: AWS::SQS::Queue
    Properties: { QueueName: a, VisibilityTimeout: 30, Tags: [x] }
  B:
    Type: AWS::SQS::Queue
    Properties: { QueueName: !Sub '${X}-b' }
";

    #[test]
    fn only_what_differs_is_told() {
        assert!(changes(BEFORE, BEFORE).is_empty());
        let after = BEFORE
            .replace("30", "60")
            .replace("Tags: [x]", "Kms: { Key: !Ref K }");
        assert_eq!(
            changes(BEFORE, &after),
            [(
                "A".to_owned(),
                Action::Change,
                vec![
                    "Kms: (nothing) -> {\"Key\":{\"Ref\":\"K\"}}".to_owned(),
                    "Tags: [\"x\"] -> (nothing)".to_owned(),
                    "VisibilityTimeout: 30 -> 60".to_owned(),
                ]
            )]
        );
    }

    #[test]
    fn a_property_that_cannot_change_replaces_the_resource() {
        let found = changes(BEFORE, &BEFORE.replace("${X}-b", "${X}-c"));
        assert_eq!(found[0].1, Action::Replace);
        assert_eq!(found[0].2, ["QueueName: !Sub ${X}-b -> !Sub ${X}-c"]);
    }

    #[test]
    fn comments_and_order_are_no_difference() {
        let after = "Resources:\n  B:\n    Properties: { QueueName: !Sub '${X}-b' } # b\n    Type: AWS::SQS::Queue\n  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      Tags: [x]\n      VisibilityTimeout: 30\n      QueueName: a\n";
        assert!(changes(BEFORE, after).is_empty());
    }
}
