//! The AWS query protocol: a form with `Action` and flattened members in, XML out.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::query_names::{is_list, is_map, item_name, namespace};
use super::xml::{element, text};
use super::{Request, Target, error_codes, response};
use crate::error::AwsError;

/// The form's pairs: of the body, and of the query string before it.
pub(super) fn pairs(request: &Request) -> Vec<(String, String)> {
    form_urlencoded::parse(request.query.as_bytes())
        .chain(form_urlencoded::parse(&request.body))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .filter(|(key, _)| !is_signature(key))
        .collect()
}

/// Query strings may carry the signature beside the parameters.
fn is_signature(key: &str) -> bool {
    key.starts_with("X-Amz-") || matches!(key, "Action" | "Version")
}

/// Reads the form: `Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`, and `Tags=`, as
/// SDKs write an empty list, `{"Tags": []}`.
pub(crate) fn decode(request: &Request) -> Value {
    let mut input = Node::from_pairs(pairs(request)).value(Lists::Wrapped);
    for (name, value) in input.as_object_mut().into_iter().flatten() {
        if value == "" && is_list(name) {
            *value = Value::Array(Vec::new());
        }
    }
    input
}

/// How lists are flattened into names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// `Names.member.1`, and `Names.1` too.
    Wrapped,
    /// `Name.1` only; a structure whose one member is a list stays a structure.
    Flat,
}

/// The tree the dots in the names span.
#[derive(Default)]
pub(super) struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Node {
    pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        let mut root = Self::default();
        for (key, value) in pairs {
            let node = key.split('.').fold(&mut root, |node, part| {
                node.children.entry(part.to_owned()).or_default()
            });
            node.text = Some(value);
        }
        root
    }

    pub(super) fn value(self, lists: Lists) -> Value {
        if self.children.is_empty() {
            return self
                .text
                .map_or_else(|| Value::Object(Map::new()), Value::String);
        }
        if self.is_list() {
            return self.items(lists);
        }
        if lists == Lists::Wrapped
            && self.children.len() == 1
            && let Some((name, only)) = self.children.iter().next()
        {
            if only.is_list() && (name == "entry" || only.is_map()) {
                return self.into_only().map_or(Value::Null, Node::entries);
            }
            if only.is_list() {
                return self
                    .into_only()
                    .map_or(Value::Null, |only| only.items(lists));
            }
        }
        let members = self.children.into_iter();
        Value::Object(
            members
                .map(|(name, node)| (name, node.value(lists)))
                .collect(),
        )
    }

    fn into_only(self) -> Option<Node> {
        self.children.into_values().next()
    }

    fn is_list(&self) -> bool {
        !self.children.is_empty() && self.children.keys().all(|key| key.parse::<u32>().is_ok())
    }

    /// `entry.1.key=..&entry.1.value=..`
    fn is_map(&self) -> bool {
        self.children.values().all(|entry| {
            entry.children.len() == 2
                && entry.children.contains_key("key")
                && entry.children.contains_key("value")
        })
    }

    fn items(self, lists: Lists) -> Value {
        let mut items: Vec<(u32, Node)> = self
            .children
            .into_iter()
            .map(|(key, node)| (key.parse().unwrap_or(u32::MAX), node))
            .collect();
        items.sort_by_key(|(index, _)| *index);
        items
            .into_iter()
            .map(|(_, node)| node.value(lists))
            .collect()
    }

    /// A map; some services call its parts `Name` and `Value`.
    fn entries(self) -> Value {
        let mut object = Map::new();
        for mut entry in self.children.into_values() {
            let mut take = |names: [&str; 2]| {
                names
                    .into_iter()
                    .find_map(|name| entry.children.remove(name))
            };
            let key = take(["key", "Name"]).and_then(|node| node.text);
            let value = take(["value", "Value"]);
            object.insert(
                key.unwrap_or_default(),
                value.map_or(Value::Null, |node| node.value(Lists::Wrapped)),
            );
        }
        Value::Object(object)
    }
}

/// Writes an answer: `<XResponse><XResult>...</XResult><ResponseMetadata/></XResponse>`.
pub(crate) fn encode(target: &Target, answer: &Value, id: Uuid) -> Response<Bytes> {
    let operation = &target.operation;
    let result = element(
        &format!("{operation}Result"),
        &members(&target.service, answer),
    );
    let metadata = element("ResponseMetadata", &element("RequestId", &id.to_string()));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{operation}Response xmlns=\"{}\">{result}{metadata}</{operation}Response>",
        namespace(&target.service)
    );
    response(200, "text/xml", id, body)
}

fn members(service: &str, value: &Value) -> String {
    let Some(object) = value.as_object() else {
        return String::new();
    };
    object
        .iter()
        .map(|(name, value)| element(name, &content(service, name, value)))
        .collect()
}

fn content(service: &str, name: &str, value: &Value) -> String {
    if let Some(text) = text(value) {
        return text;
    }
    match value {
        Value::Array(items) => {
            let item = item_name(service, name);
            items
                .iter()
                .map(|value| element(item, &content(service, item, value)))
                .collect()
        }
        Value::Object(entries) if is_map(service, name) => entries
            .iter()
            .map(|(key, value)| entry(service, key, value))
            .collect(),
        _ => members(service, value),
    }
}

fn entry(service: &str, key: &str, value: &Value) -> String {
    let key = quick_xml::escape::escape(key);
    let value = content(service, "value", value);
    element(
        "entry",
        &format!("{}{}", element("key", &key), element("value", &value)),
    )
}

/// Writes an error.
pub(crate) fn encode_error(service: &str, error: &AwsError, id: Uuid) -> Response<Bytes> {
    let code = match (error.code.as_str(), service) {
        ("UnknownOperationException", _) => "InvalidAction",
        ("ValidationException", "rds" | "elasticache") => "InvalidParameterValue",
        ("ValidationException", "sns") => "InvalidParameter",
        ("ValidationException", _) => "ValidationError",
        (code, _) => error_codes::both(service, code).1,
    };
    let inner = [
        element("Type", error.blame()),
        element("Code", &quick_xml::escape::escape(code)),
        element("Message", &quick_xml::escape::escape(&error.message)),
    ]
    .concat();
    let body = format!(
        "<ErrorResponse xmlns=\"{}\">{}{}</ErrorResponse>",
        namespace(service),
        element("Error", &inner),
        element("RequestId", &id.to_string())
    );
    response(error.status, "text/xml", id, body)
}

#[cfg(test)]
mod tests;
