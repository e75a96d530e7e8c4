//! Templates as such.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::model::Desired;
use super::super::stacks;
use super::super::template::parameters::text;
use super::super::template::{Template, capabilities_needed, check};
use super::request::Request;
use crate::Cloud;
use crate::error::Answer;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Get {
    stack_name: Option<String>,
    change_set_name: Option<String>,
    #[expect(dead_code, reason = "without transforms both stages are the same")]
    template_stage: Option<String>,
}

/// The template of a stack, or of one of its change sets.
pub(super) fn get(cloud: &Arc<Cloud>, input: &Get) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let name = input.stack_name.clone().unwrap_or_default();
    let stack = stacks::get(&model, &name)?;
    let change_set = match &input.change_set_name {
        Some(wanted) => {
            let mut sets = stack.change_sets.iter();
            let found = sets.find(|set| set.name == *wanted || set.id == *wanted);
            Some(found.ok_or_else(|| {
                let words = format!("ChangeSet [{wanted}] does not exist");
                crate::error::AwsError::new("ChangeSetNotFound", words).status(404)
            })?)
        }
        None => None,
    };
    let desired = change_set.map_or(&stack.desired, |set| &set.desired);
    Ok(json!({
        "TemplateBody": desired.template,
        "StagesAvailable": ["Original", "Processed"],
    }))
}

/// Reads a template, checks it, and says what it wants to know.
pub(super) async fn validate(cloud: &Arc<Cloud>, request: Request) -> Answer {
    let template = Template::parse(&request.template(cloud, &Desired::default()).await?)?;
    check(&template)?;
    let parameters: Value = template
        .parameters
        .iter()
        .map(|(name, parameter)| {
            json!({
                "ParameterKey": name,
                "DefaultValue": parameter.default.as_ref().map(text),
                "NoEcho": parameter.no_echo == Some(true),
                "Description": parameter.description,
            })
        })
        .collect();
    let needed = capabilities_needed(&template);
    Ok(json!({
        "Parameters": parameters,
        "Description": template.description,
        "Capabilities": needed.into_iter().collect::<Vec<_>>(),
        "CapabilitiesReason": needed.map(|_| capabilities_reason(&template)),
        "DeclaredTransforms": [],
    }))
}

fn capabilities_reason(template: &Template) -> String {
    let kinds = template
        .resources
        .values()
        .map(|declaration| declaration.r#type.as_str());
    let mut kinds: Vec<&str> = kinds
        .filter(|kind| kind.starts_with("AWS::IAM::"))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds = kinds.join(", ");
    format!("The following resource(s) require capabilities: [{kinds}]")
}

/// The same in more words, for a template or for a stack's.
pub(super) async fn summary(cloud: &Arc<Cloud>, request: Request) -> Answer {
    let text_ = if request.stack_name.is_empty() {
        request.template(cloud, &Desired::default()).await?
    } else {
        let model = cloud.services.cloudformation.store.read();
        stacks::get(&model, &request.stack_name)?
            .desired
            .template
            .clone()
    };
    let template = Template::parse(&text_)?;
    check(&template)?;
    let parameters: Value = template
        .parameters
        .iter()
        .map(|(name, parameter)| {
            let allowed = parameter.allowed_values.iter().flatten().map(text);
            json!({
                "ParameterKey": name,
                "DefaultValue": parameter.default.as_ref().map(text),
                "ParameterType": parameter.r#type,
                "NoEcho": parameter.no_echo == Some(true),
                "Description": parameter.description,
                "ParameterConstraints": { "AllowedValues": allowed.collect::<Vec<_>>() },
            })
        })
        .collect();
    let needed = capabilities_needed(&template);
    let mut kinds: Vec<&str> = template
        .resources
        .values()
        .map(|declaration| declaration.r#type.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    Ok(json!({
        "Parameters": parameters,
        "Description": template.description,
        "Capabilities": needed.into_iter().collect::<Vec<_>>(),
        "CapabilitiesReason": needed.map(|_| capabilities_reason(&template)),
        "ResourceTypes": kinds,
        "Version": "2010-09-09",
        "Metadata": template.metadata.as_ref().map(Value::to_string),
        "DeclaredTransforms": [],
    }))
}
