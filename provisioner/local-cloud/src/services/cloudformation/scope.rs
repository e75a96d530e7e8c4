//! Evaluating a template's functions against parameters, resources and other stacks' exports.

mod arguments;
mod network;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::model::{Desired, Resource};
use super::template::{Template, error, parameters, uses};
use crate::Cloud;
use crate::error::Answer;
use arguments::{list, scalar};

/// Stands for what only execution can tell, in AWS's notation.
pub(super) const UNKNOWN: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// Names of pseudo parameters.
pub(super) const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Marks a value to leave out; no JSON a template can hold equals it.
fn no_value() -> Value {
    json!({ "\u{0}": "no value" })
}

/// What names mean while a template is evaluated.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Parameters and pseudo parameters.
    values: BTreeMap<String, Value>,
    mappings: Map<String, Value>,
    pub(super) conditions: BTreeMap<String, bool>,
    resources: BTreeMap<String, Known>,
    /// Values other stacks export, by name.
    exports: BTreeMap<String, String>,
}

/// What is known of a resource.
#[derive(Clone, Debug)]
struct Known {
    reference: String,
    attributes: Map<String, Value>,
}

impl Scope {
    /// A scope without resources, with all conditions decided.
    pub(super) fn new(
        cloud: &Cloud,
        stack: (&str, &str),
        template: &Template,
        desired: &Desired,
        exports: BTreeMap<String, String>,
    ) -> Answer<Self> {
        let (id, name) = stack;
        let mut values = BTreeMap::new();
        for (parameter, declaration) in &template.parameters {
            let given = desired
                .parameters
                .get(parameter)
                .cloned()
                .unwrap_or_default();
            let text = given.resolved.unwrap_or(given.value);
            let value = if parameters::is_list(&declaration.r#type) {
                text.split(',').map(|item| json!(item.trim())).collect()
            } else {
                json!(text)
            };
            values.insert(parameter.clone(), value);
        }
        let pseudo = [
            ("AWS::AccountId", json!(cloud.options.account)),
            ("AWS::NotificationARNs", json!(desired.notification_arns)),
            ("AWS::NoValue", no_value()),
            ("AWS::Partition", json!("aws")),
            ("AWS::Region", json!(cloud.options.region)),
            ("AWS::StackId", json!(id)),
            ("AWS::StackName", json!(name)),
            ("AWS::URLSuffix", json!("amazonaws.com")),
        ];
        values.extend(pseudo.map(|(name, value)| (name.to_owned(), value)));
        let mut scope = Self {
            values,
            mappings: template.mappings.clone(),
            exports,
            ..Self::default()
        };
        for name in order_of_conditions(template)? {
            let decided = match template.conditions.get(&name) {
                Some(condition) => scope.decide(condition)?,
                None => false,
            };
            scope.conditions.insert(name, decided);
        }
        Ok(scope)
    }

    /// Makes a resource's `Ref` and attributes known.
    pub(super) fn learn(&mut self, resource: &Resource) {
        self.resources.insert(
            resource.logical.clone(),
            Known {
                reference: resource.reference.clone(),
                attributes: resource.attributes.clone(),
            },
        );
    }

    /// Makes a resource's `Ref` and attributes [`UNKNOWN`].
    pub(super) fn forget(&mut self, logical: &str) {
        self.resources.remove(logical);
    }

    /// Makes some attributes of a known resource [`UNKNOWN`].
    pub(super) fn forget_attributes(&mut self, logical: &str, attributes: &[&str]) {
        if let Some(known) = self.resources.get_mut(logical) {
            known
                .attributes
                .retain(|name, _| !attributes.contains(&name.as_str()));
        }
    }

    /// Whether a declaration's condition holds.
    pub(super) fn holds(&self, condition: Option<&String>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(false))
    }

    /// Names of exports an expression imports.
    pub(super) fn imports(&self, value: &Value, names: &mut BTreeSet<String>) -> Answer<()> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.imports(item, names)),
            Value::Object(object) => {
                if let Some(argument) = object.get("Fn::ImportValue") {
                    names.insert(scalar("Fn::ImportValue", &self.evaluate(argument)?)?);
                }
                if let Some(Value::Array(items)) = object.get("Fn::If") {
                    return self.imports(self.branch(items)?, names);
                }
                object
                    .values()
                    .try_for_each(|item| self.imports(item, names))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    /// Evaluates properties: an object without what is `AWS::NoValue`.
    pub(super) fn properties(&self, properties: &Map<String, Value>) -> Answer<Map<String, Value>> {
        match self.evaluate(&Value::Object(properties.clone()))? {
            Value::Object(properties) => Ok(properties),
            _ => Err(error(
                "Template format error: Properties must be an object.",
            )),
        }
    }

    /// Evaluates an expression to text.
    pub(super) fn text(&self, value: &Value) -> Answer<String> {
        scalar("An output", &self.evaluate(value)?)
    }

    /// Evaluates every function in `value`.
    pub(super) fn evaluate(&self, value: &Value) -> Answer<Value> {
        match value {
            Value::Object(object) => {
                if let Some((key, argument)) = object.iter().next()
                    && object.len() == 1
                    && (key == "Ref" || key.starts_with("Fn::"))
                {
                    return self.function(key, argument);
                }
                let mut evaluated = Map::new();
                for (key, item) in object {
                    let item = self.evaluate(item)?;
                    if item != no_value() {
                        evaluated.insert(key.clone(), item);
                    }
                }
                Ok(Value::Object(evaluated))
            }
            Value::Array(items) => {
                let mut evaluated = Vec::with_capacity(items.len());
                for item in items {
                    let item = self.evaluate(item)?;
                    if item != no_value() {
                        evaluated.push(item);
                    }
                }
                Ok(Value::Array(evaluated))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    fn function(&self, name: &str, argument: &Value) -> Answer<Value> {
        match name {
            "Ref" => Ok(self.reference(&scalar(name, argument)?)),
            "Fn::GetAtt" => {
                let (resource, attribute) = arguments::attribute(argument)?;
                Ok(self.attribute(&resource, &attribute))
            }
            "Fn::Sub" => self.substitute(argument),
            "Fn::Join" => {
                let [separator, items] = arguments::exactly(name, argument)?;
                let separator = scalar(name, separator)?;
                let items = list(name, &self.evaluate(items)?)?;
                let texts: Answer<Vec<String>> =
                    items.iter().map(|item| scalar(name, item)).collect();
                Ok(json!(texts?.join(&separator)))
            }
            "Fn::Select" => {
                let [index, items] = arguments::exactly(name, argument)?;
                let index = scalar(name, &self.evaluate(index)?)?;
                arguments::select(&index, &self.evaluate(items)?)
            }
            "Fn::Split" => {
                let [separator, text] = arguments::exactly(name, argument)?;
                let separator = scalar(name, separator)?;
                let text = scalar(name, &self.evaluate(text)?)?;
                Ok(text.split(separator.as_str()).map(Value::from).collect())
            }
            "Fn::If" => match argument {
                Value::Array(items) => self.evaluate(self.branch(items)?),
                _ => Err(arguments::malformed(name)),
            },
            "Fn::FindInMap" => self.find(argument),
            "Fn::ImportValue" => {
                let export = scalar(name, &self.evaluate(argument)?)?;
                let value = self.exports.get(&export).map(|value| json!(value));
                value.ok_or_else(|| error(format!("No export named {export} found.")))
            }
            "Fn::Base64" => {
                let text = scalar(name, &self.evaluate(argument)?)?;
                Ok(json!(
                    base64::engine::general_purpose::STANDARD.encode(text)
                ))
            }
            "Fn::Cidr" => network::subnets(&self.evaluate(argument)?),
            "Fn::GetAZs" => {
                let region = scalar(name, &self.evaluate(argument)?)?;
                let own = self.values.get("AWS::Region").and_then(Value::as_str);
                let region = if region.is_empty() {
                    own.unwrap_or_default()
                } else {
                    &region
                };
                Ok(["a", "b", "c"]
                    .iter()
                    .map(|zone| json!(format!("{region}{zone}")))
                    .collect())
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => Err(error(format!(
                "Template error: {name} cannot be used outside Conditions"
            ))),
            _ => Err(arguments::malformed(name)),
        }
    }

    fn reference(&self, name: &str) -> Value {
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        match self.resources.get(name) {
            Some(known) => json!(known.reference),
            None => json!(UNKNOWN),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Value {
        self.resources
            .get(resource)
            .and_then(|known| known.attributes.get(attribute).cloned())
            .unwrap_or_else(|| json!(UNKNOWN))
    }

    fn branch<'a>(&self, items: &'a [Value]) -> Answer<&'a Value> {
        match items {
            [Value::String(condition), yes, no] => {
                Ok(if self.holds(Some(condition)) { yes } else { no })
            }
            _ => Err(arguments::malformed("Fn::If")),
        }
    }

    fn substitute(&self, argument: &Value) -> Answer<Value> {
        let empty = Map::new();
        let (text, given) = match argument {
            Value::String(text) => (text, &empty),
            Value::Array(items) => match items.as_slice() {
                [Value::String(text), Value::Object(given)] => (text, given),
                _ => return Err(arguments::malformed("Fn::Sub")),
            },
            _ => return Err(arguments::malformed("Fn::Sub")),
        };
        let mut pieces = text.split("${");
        let mut result = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let Some((name, rest)) = piece.split_once('}') else {
                return Err(arguments::malformed("Fn::Sub"));
            };
            match name.strip_prefix('!') {
                Some(literal) => result.extend(["${", literal, "}"]),
                None => result += &self.variable(name.trim(), given)?,
            }
            result += rest;
        }
        Ok(json!(result))
    }

    fn variable(&self, name: &str, given: &Map<String, Value>) -> Answer<String> {
        let value = if let Some(value) = given.get(name) {
            self.evaluate(value)?
        } else if let Some((resource, attribute)) = name.split_once('.') {
            self.attribute(resource, attribute)
        } else {
            self.reference(name)
        };
        scalar("Fn::Sub", &value)
    }

    fn find(&self, argument: &Value) -> Answer<Value> {
        let keys = list("Fn::FindInMap", &self.evaluate(argument)?)?;
        let [map, first, second] = keys.as_slice() else {
            return Err(arguments::malformed("Fn::FindInMap"));
        };
        let (map, first, second) = (
            scalar("Fn::FindInMap", map)?,
            scalar("Fn::FindInMap", first)?,
            scalar("Fn::FindInMap", second)?,
        );
        let entry = self.mappings.get(&map).and_then(|map| map.get(&first));
        entry
            .and_then(|entry| entry.get(&second))
            .cloned()
            .ok_or_else(|| {
                error(format!(
                    "Template error: Unable to get mapping for {map}::{first}::{second}"
                ))
            })
    }

    fn decide(&self, condition: &Value) -> Answer<bool> {
        let malformed =
            || error("Template error: every Condition member must be a condition function");
        let Value::Object(object) = condition else {
            return Err(malformed());
        };
        let (name, argument) = object.iter().next().ok_or_else(malformed)?;
        let each = || match argument {
            Value::Array(items) => items.iter().map(|item| self.decide(item)).collect(),
            _ => Err(malformed()),
        };
        match name.as_str() {
            "Condition" => Ok(self.holds(argument.as_str().map(str::to_owned).as_ref())),
            "Fn::Equals" => {
                let [left, right] = arguments::exactly(name, argument)?;
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                Ok(parameters::text(&left) == parameters::text(&right))
            }
            "Fn::Not" => {
                let decided: Vec<bool> = each()?;
                Ok(!decided.first().copied().ok_or_else(malformed)?)
            }
            "Fn::And" => Ok(each()?.into_iter().all(|decided: bool| decided)),
            "Fn::Or" => Ok(each()?.into_iter().any(|decided: bool| decided)),
            _ => Err(malformed()),
        }
    }
}

/// Conditions so that each comes after those it uses.
pub(super) fn order_of_conditions(template: &Template) -> Answer<Vec<String>> {
    let mut order: Vec<String> = Vec::new();
    let mut left: BTreeMap<&String, BTreeSet<String>> = template
        .conditions
        .iter()
        .map(|(name, condition)| (name, uses(condition, None).conditions))
        .collect();
    while !left.is_empty() {
        let ready: Vec<&String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| order.contains(need)))
            .map(|(name, _)| *name)
            .collect();
        if ready.is_empty() {
            let names: Vec<&str> = left.keys().map(|name| name.as_str()).collect();
            return Err(error(format!(
                "Template error: Circular dependency between conditions: [{}]",
                names.join(", ")
            )));
        }
        for name in ready {
            left.remove(name);
            order.push(name.clone());
        }
    }
    Ok(order)
}
