//! Two templates of one stack, compared resource by resource and property by property.

use std::collections::{BTreeMap, BTreeSet};

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
    /// `before` is what somebody made of it by hand, and not what the stack's template says.
    #[serde(rename = "byHand", default, skip_serializing_if = "is_false")]
    pub by_hand: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Property {
    /// For people: `MaxCapacity: 8 → 16`.
    #[must_use]
    pub fn told(&self) -> String {
        let change = told(self.before.as_ref(), self.after.as_ref());
        let mark = if self.by_hand {
            " (changed by hand)"
        } else {
            ""
        };
        format!("{}{mark}: {change}", self.path)
    }
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
    if let (Some(Value::Array(old)), Some(Value::Array(new))) = (before, after) {
        let known = found.len();
        for (element, before, after) in paired(old, new) {
            compare(&format!("{path}[{element}]"), before, after, found);
        }
        // Of another order no element tells.
        if found.len() > known {
            return;
        }
    }
    found.push(Property {
        path: path.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
        by_hand: false,
    });
}

/// What an element of a list is called by, where it has a name.
const NAMES: [&str; 6] = ["Id", "Key", "Name", "Sid", "PolicyName", "RuleName"];

/// An element of two lists: what it is called, before and after.
type Pair<'a> = (String, Option<&'a Value>, Option<&'a Value>);

/// The elements of two lists, each beside the one it was: by name where every element has one of its own, where not by
/// place between what is alike at both ends.
fn paired<'a>(old: &'a [Value], new: &'a [Value]) -> Vec<Pair<'a>> {
    let named = NAMES.iter().find_map(|name| {
        let (old, new) = (by_name(old, name)?, by_name(new, name)?);
        let all: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let pairs = all
            .into_iter()
            .map(|one| (one.to_owned(), old.get(one).copied(), new.get(one).copied()));
        Some(pairs.collect())
    });
    named.unwrap_or_else(|| {
        let shorter = old.len().min(new.len());
        let first = (0..shorter).take_while(|at| old[*at] == new[*at]).count();
        let alike = |back: &usize| old[old.len() - 1 - back] == new[new.len() - 1 - back];
        let last = (0..shorter - first).take_while(alike).count();
        (first..old.len().max(new.len()) - last)
            .map(|at| {
                let of = |list: &'a [Value]| list.get(..list.len() - last)?.get(at);
                (at.to_string(), of(old), of(new))
            })
            .collect()
    })
}

fn by_name<'a>(list: &'a [Value], name: &str) -> Option<BTreeMap<&'a str, &'a Value>> {
    let all = list.iter().map(|one| Some((one.get(name)?.as_str()?, one)));
    let all: BTreeMap<_, _> = all.collect::<Option<_>>()?;
    (all.len() == list.len()).then_some(all)
}

fn is_intrinsic(object: &Map<String, Value>) -> bool {
    object.len() == 1
        && object
            .keys()
            .all(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// The most characters of a value in one line.
const MOST: usize = 60;
/// What both sides of a change say alike before they differ, as far as it is shown.
const ALIKE: usize = 15;

/// A value for people: short, references as they are written.
#[must_use]
pub fn shown(value: Option<&Value>) -> String {
    short(&written(value), 0)
}

/// A value before and after, for people: short, of long ones that begin alike only from where they differ.
#[must_use]
pub fn told(before: Option<&Value>, after: Option<&Value>) -> String {
    let (before, after) = (written(before), written(after));
    let is_long = |text: &str| text.chars().count() > MOST;
    let from = if is_long(&before) || is_long(&after) {
        let alike = before.chars().zip(after.chars());
        let alike = alike.take_while(|(old, new)| old == new).count();
        alike.saturating_sub(ALIKE)
    } else {
        0
    };
    format!("{} → {}", short(&before, from), short(&after, from))
}

fn written(value: Option<&Value>) -> String {
    match value {
        None => "(nothing)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(object)) if is_intrinsic(object) => object
            .iter()
            .map(|(key, value)| {
                format!(
                    "!{} {}",
                    key.trim_start_matches("Fn::"),
                    written(Some(value))
                )
            })
            .collect::<Vec<_>>()
            .join(" "),
        Some(other) => other.to_string(),
    }
}

/// A text from a place on, with dots for what is left out.
fn short(text: &str, from: usize) -> String {
    let dots = if from > 0 { "..." } else { "" };
    let rest: String = text.chars().skip(from).collect();
    if rest.chars().count() <= MOST {
        return format!("{dots}{rest}");
    }
    let rest: String = rest.chars().take(MOST - 3).collect();
    format!("{dots}{rest}...")
}

#[cfg(test)]
mod tests {
    use super::{Action, Property, of, parse, told};
    use crate::template::Kind;

    fn changes(before: &str, after: &str) -> Vec<(String, Action, Vec<String>)> {
        let (before, after) = (parse(before).unwrap(), parse(after).unwrap());
        of(Kind::Data, Some(&before), &after)
            .into_iter()
            .map(|change| {
                let told = change.properties.iter().map(Property::told).collect();
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
                    "Kms: (nothing) → {\"Key\":{\"Ref\":\"K\"}}".to_owned(),
                    "Tags: [\"x\"] → (nothing)".to_owned(),
                    "VisibilityTimeout: 30 → 60".to_owned(),
                ]
            )]
        );
    }

    #[test]
    fn a_property_that_cannot_change_replaces_the_resource() {
        let found = changes(BEFORE, &BEFORE.replace("${X}-b", "${X}-c"));
        assert_eq!(found[0].1, Action::Replace);
        assert_eq!(found[0].2, ["QueueName: !Sub ${X}-b → !Sub ${X}-c"]);
    }

    #[test]
    fn comments_and_order_are_no_difference() {
        let after = "Resources:\n  B:\n    Properties: { QueueName: !Sub '${X}-b' } # b\n    Type: AWS::SQS::Queue\n  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      Tags: [x]\n      VisibilityTimeout: 30\n      QueueName: a\n";
        assert!(changes(BEFORE, after).is_empty());
    }

    const LISTS: &str = "
Resources:
  A:
    Type: AWS::S3::Bucket
    Properties:
      Rules: [{ Id: old, Days: 30 }, { Id: rest, Days: 7 }]
      Origins: [a, b, c]
      Where: [!Ref A, { Port: 1, To: 2 }]
";

    #[test]
    fn of_a_list_only_the_element_that_differs_is_told() {
        let told = |old: &str, new: &str| changes(LISTS, &LISTS.replace(old, new))[0].2.clone();
        assert_eq!(told("Days: 7", "Days: 9"), ["Rules[rest].Days: 7 → 9"]);
        assert_eq!(
            told("[{ Id: old, Days: 30 }, ", "["),
            ["Rules[old]: {\"Id\":\"old\",\"Days\":30} → (nothing)"]
        );
        assert_eq!(
            told("[a, b, c]", "[a, x, b, c]"),
            ["Origins[1]: (nothing) → x"]
        );
        assert_eq!(told("[a, b, c]", "[b, c]"), ["Origins[0]: a → (nothing)"]);
        assert_eq!(told("[a, b, c]", "[a, y, c]"), ["Origins[1]: b → y"]);
        assert_eq!(told("To: 2", "To: 3"), ["Where[1].To: 2 → 3"]);
        assert_eq!(told("!Ref A", "!Ref B"), ["Where[0]: !Ref A → !Ref B"]);
        let order = told(
            "{ Id: old, Days: 30 }, { Id: rest, Days: 7 }",
            "{ Id: rest, Days: 7 }, { Id: old, Days: 30 }",
        );
        assert_eq!(order.len(), 1, "{order:?}");
    }

    #[test]
    fn long_values_are_shown_from_where_they_differ() {
        let long =
            |end: &str| serde_json::Value::String(format!("{}{end}", "0123456789".repeat(8)));
        assert_eq!(
            told(Some(&long("first, and so on")), Some(&long("second"))),
            "...567890123456789first, and so on → ...567890123456789second"
        );
        assert_eq!(
            told(Some(&long("")), None),
            format!("{}... → (nothing)", &long("").as_str().unwrap()[..57])
        );
    }
}
