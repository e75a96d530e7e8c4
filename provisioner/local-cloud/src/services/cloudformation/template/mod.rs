//! Templates: YAML and JSON, their sections, and the checks that need no values.

mod check;
mod functions;
pub(super) mod parameters;
mod read;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::model::Policy;
use crate::error::{Answer, AwsError};

pub(super) use check::{capabilities_needed, check};
pub(super) use functions::{Uses, uses};

/// A template, read but not evaluated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Template {
    pub(super) description: Option<String>,
    pub(super) metadata: Option<Value>,
    pub(super) parameters: BTreeMap<String, Parameter>,
    pub(super) mappings: Map<String, Value>,
    pub(super) conditions: BTreeMap<String, Value>,
    pub(super) resources: BTreeMap<String, Declaration>,
    pub(super) outputs: BTreeMap<String, OutputDeclaration>,
}

/// A parameter's declaration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Parameter {
    pub(super) r#type: String,
    pub(super) default: Option<Value>,
    pub(super) description: Option<String>,
    #[serde(deserialize_with = "crate::protocol::values::optional_boolean")]
    pub(super) no_echo: Option<bool>,
    pub(super) allowed_values: Option<Vec<Value>>,
    pub(super) allowed_pattern: Option<String>,
    pub(super) constraint_description: Option<String>,
    #[serde(deserialize_with = "crate::protocol::values::optional_number")]
    pub(super) min_length: Option<f64>,
    #[serde(deserialize_with = "crate::protocol::values::optional_number")]
    pub(super) max_length: Option<f64>,
    #[serde(deserialize_with = "crate::protocol::values::optional_number")]
    pub(super) min_value: Option<f64>,
    #[serde(deserialize_with = "crate::protocol::values::optional_number")]
    pub(super) max_value: Option<f64>,
}

/// A resource's declaration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Declaration {
    pub(super) r#type: String,
    pub(super) properties: Map<String, Value>,
    pub(super) depends_on: Option<Value>,
    pub(super) condition: Option<String>,
    pub(super) deletion_policy: Option<Policy>,
    pub(super) update_replace_policy: Option<Policy>,
    pub(super) metadata: Value,
    pub(super) update_policy: Option<Value>,
    pub(super) creation_policy: Option<Value>,
}

/// An output's declaration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct OutputDeclaration {
    pub(super) value: Value,
    pub(super) description: Option<String>,
    pub(super) export: Option<Export>,
    pub(super) condition: Option<String>,
}

/// The name an output is exported under.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Export {
    pub(super) name: Value,
}

/// Sections a template may have; the others AWS knows are refused by name.
const SECTIONS: [&str; 8] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
];

impl Template {
    /// Reads a template in YAML or JSON.
    ///
    /// # Errors
    /// `ValidationError` in CloudFormation's words.
    pub(super) fn parse(text: &str) -> Answer<Self> {
        let value = read::value(text)?;
        let Value::Object(sections) = value else {
            return Err(format_error("unsupported structure."));
        };
        refuse_sections(&sections)?;
        let template: Self = serde_json::from_value(Value::Object(sections))
            .map_err(|error| format_error(&error.to_string()))?;
        if template.resources.is_empty() {
            return Err(format_error(
                "At least one Resources member must be defined.",
            ));
        }
        Ok(template)
    }
}

fn refuse_sections(sections: &Map<String, Value>) -> Answer<()> {
    if let Some(section) = ["Transform", "Rules", "Hooks"]
        .into_iter()
        .find(|section| sections.contains_key(*section))
    {
        return Err(format_error(&format!(
            "the local cloud does not offer the section {section}."
        )));
    }
    let unknown: Vec<&str> = sections
        .keys()
        .map(String::as_str)
        .filter(|section| !SECTIONS.contains(section))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(error(format!(
        "Invalid template property or properties [{}]",
        unknown.join(", ")
    )))
}

/// `ValidationError`, the code of everything that is wrong with a request.
pub(super) fn error(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

fn format_error(what: &str) -> AwsError {
    error(format!("Template format error: {what}"))
}

impl Declaration {
    /// The names in `DependsOn`.
    pub(super) fn depends_on(&self) -> Vec<&str> {
        match &self.depends_on {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// What becomes of the physical resource when the resource leaves the stack. Databases
    /// are snapshotted unless the template says otherwise.
    pub(super) fn deletion_policy(&self) -> Policy {
        let stands_alone = !self.properties.contains_key("DBClusterIdentifier");
        self.deletion_policy.unwrap_or(match self.r#type.as_str() {
            "AWS::RDS::DBCluster" => Policy::Snapshot,
            "AWS::RDS::DBInstance" if stands_alone => Policy::Snapshot,
            _ => Policy::Delete,
        })
    }
}
