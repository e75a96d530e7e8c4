//! What can be wrong with a template before any value is known.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::providers;
use super::super::scope::PSEUDO;
use super::functions::{Uses, uses};
use super::{Declaration, Template, error, format_error, parameters};
use crate::error::Answer;

/// Refuses unknown types, properties, functions and names, in CloudFormation's words.
pub(in super::super) fn check(template: &Template) -> Answer<()> {
    check_types(template)?;
    for (name, parameter) in &template.parameters {
        parameters::check_declaration(name, parameter)?;
    }
    for condition in template.conditions.values() {
        let uses = uses(condition, None);
        check_functions(&uses)?;
        check_named(template, &uses)?;
        let known = |name: &&str| template.parameters.contains_key(*name) || PSEUDO.contains(name);
        refuse_unresolved(uses.names().filter(|name| !known(name)), "Conditions")?;
    }
    for (logical, declaration) in &template.resources {
        check_resource(template, logical, declaration)?;
    }
    for output in template.outputs.values() {
        check_output(template, output)?;
    }
    super::super::scope::order_of_conditions(template).map(drop)
}

fn check_types(template: &Template) -> Answer<()> {
    let unknown: BTreeSet<&str> = template
        .resources
        .values()
        .map(|declaration| declaration.r#type.as_str())
        .filter(|kind| providers::schema(kind).is_none())
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = unknown.into_iter().collect();
    Err(format_error(&format!(
        "Unrecognized resource types: [{}]",
        names.join(", ")
    )))
}

fn check_resource(template: &Template, logical: &str, declaration: &Declaration) -> Answer<()> {
    if logical.is_empty() || !logical.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format_error(&format!(
            "Resource name {logical} is non alphanumeric."
        )));
    }
    let unsupported = |what: &str| {
        Err(error(format!(
            "Resource {logical}: the local cloud does not offer {what}."
        )))
    };
    if declaration.creation_policy.is_some() {
        return unsupported("CreationPolicy");
    }
    if declaration.update_policy.is_some() {
        return unsupported(
            "UpdatePolicy (CodeDeployLambdaAliasUpdate: move the alias by a CodeDeploy \
             deployment of your own)",
        );
    }
    check_properties(logical, declaration)?;
    let properties = Value::Object(declaration.properties.clone());
    let mut uses = uses(&properties, None);
    check_functions(&uses)?;
    if let Some(condition) = &declaration.condition {
        uses.conditions.insert(condition.clone());
    }
    check_named(template, &uses)?;
    let wanted = uses.names().chain(declaration.depends_on());
    let unresolved = wanted.filter(|name| !is_known(template, name));
    refuse_unresolved(unresolved, "Resources")?;
    check_attributes(template, &uses)
}

fn check_properties(logical: &str, declaration: &Declaration) -> Answer<()> {
    let Some(schema) = providers::schema(&declaration.r#type) else {
        return Ok(());
    };
    let kind = &declaration.r#type;
    for name in declaration.properties.keys() {
        if name == "Fn::Transform" || !schema.has(name) {
            return Err(error(format!(
                "Resource {logical} ({kind}): Encountered unsupported property {name}"
            )));
        }
    }
    let missing = schema
        .required
        .iter()
        .find(|name| !declaration.properties.contains_key(**name));
    match missing {
        Some(name) => Err(error(format!(
            "Resource {logical} ({kind}): Property {name} cannot be empty."
        ))),
        None => Ok(()),
    }
}

fn check_output(template: &Template, output: &super::OutputDeclaration) -> Answer<()> {
    let mut uses = uses(&output.value, None);
    if let Some(export) = &output.export {
        let name = super::functions::uses(&export.name, None);
        check_functions(&name)?;
        uses.references.extend(name.references);
    }
    if let Some(condition) = &output.condition {
        uses.conditions.insert(condition.clone());
    }
    check_functions(&uses)?;
    check_named(template, &uses)?;
    let unresolved = uses.names().filter(|name| !is_known(template, name));
    refuse_unresolved(unresolved, "Outputs")?;
    check_attributes(template, &uses)
}

fn is_known(template: &Template, name: &str) -> bool {
    template.resources.contains_key(name)
        || template.parameters.contains_key(name)
        || PSEUDO.contains(&name)
}

fn refuse_unresolved<'a>(names: impl Iterator<Item = &'a str>, block: &str) -> Answer<()> {
    let names: BTreeSet<&str> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = names.into_iter().collect();
    Err(format_error(&format!(
        "Unresolved resource dependencies [{}] in the {block} block of the template",
        names.join(", ")
    )))
}

fn check_functions(uses: &Uses) -> Answer<()> {
    match uses.unknown.first() {
        Some(name) => Err(error(format!(
            "Template error: {name} is malformed or not offered by the local cloud"
        ))),
        None => Ok(()),
    }
}

fn check_named(template: &Template, uses: &Uses) -> Answer<()> {
    for name in &uses.conditions {
        if !template.conditions.contains_key(name) {
            return Err(format_error(&format!(
                "Unresolved condition dependency {name} in the Resources block of the template"
            )));
        }
    }
    for name in &uses.mappings {
        if !template.mappings.contains_key(name) {
            return Err(error(format!(
                "Template error: Mapping named '{name}' is not present in the 'Mappings' section \
                 of template."
            )));
        }
    }
    Ok(())
}

fn check_attributes(template: &Template, uses: &Uses) -> Answer<()> {
    for (resource, attribute) in &uses.attributes {
        let schema = template
            .resources
            .get(resource)
            .and_then(|declaration| providers::schema(&declaration.r#type));
        if schema.is_some_and(|schema| !schema.attributes.contains(&attribute.as_str())) {
            return Err(error(format!(
                "Template error: resource {resource} does not support attribute type {attribute} \
                 in Fn::GetAtt"
            )));
        }
    }
    Ok(())
}

/// The capabilities a caller must acknowledge: `CAPABILITY_IAM`, or `CAPABILITY_NAMED_IAM`
/// when an IAM resource is named by the template.
pub(in super::super) fn capabilities_needed(template: &Template) -> Option<&'static str> {
    let iam = template
        .resources
        .values()
        .filter(|declaration| declaration.r#type.starts_with("AWS::IAM::"));
    let names = ["RoleName", "ManagedPolicyName", "UserName", "GroupName"];
    let mut needed = None;
    for declaration in iam {
        if names
            .iter()
            .any(|name| declaration.properties.contains_key(*name))
        {
            return Some("CAPABILITY_NAMED_IAM");
        }
        needed = Some("CAPABILITY_IAM");
    }
    needed
}
