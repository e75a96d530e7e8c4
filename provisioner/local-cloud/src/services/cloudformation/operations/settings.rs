//! Protections of a stack.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::super::model::Desired;
use super::super::template::error;
use super::super::{policy as policies, stacks};
use super::request::Request;
use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values::optional_boolean;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Protect {
    stack_name: String,
    #[serde(deserialize_with = "optional_boolean")]
    enable_termination_protection: Option<bool>,
}

pub(super) fn protect(cloud: &Arc<Cloud>, input: &Protect) -> Answer {
    cloud.services.cloudformation.store.write(|model| {
        let id = stacks::id_of(model, &input.stack_name)?;
        if let Some(stack) = model.stacks.get_mut(&id) {
            stack.termination_protection = input.enable_termination_protection == Some(true);
        }
        Ok(json!({ "StackId": id }))
    })
}

/// Sets a stack's policy; once set it can only be replaced.
pub(super) async fn set_policy(cloud: &Arc<Cloud>, input: SetPolicy) -> Answer {
    let body = match (input.stack_policy_body, input.stack_policy_url) {
        (Some(body), None) => body,
        (None, Some(url)) => {
            let request = Request {
                template_url: Some(url),
                ..Request::default()
            };
            request.template(cloud, &Desired::default()).await?
        }
        _ => return Err(error("You must specify StackPolicyBody or StackPolicyURL.")),
    };
    policies::check(&body)?;
    cloud.services.cloudformation.store.write(|model| {
        let id = stacks::id_of(model, &input.stack_name)?;
        if let Some(stack) = model.stacks.get_mut(&id) {
            stack.policy = Some(body);
        }
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
pub(super) struct SetPolicy {
    stack_name: String,
    stack_policy_body: Option<String>,
    #[serde(rename = "StackPolicyURL")]
    stack_policy_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct GetPolicy {
    stack_name: String,
}

pub(super) fn policy(cloud: &Arc<Cloud>, input: &GetPolicy) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let stack = stacks::get(&model, &input.stack_name)?;
    Ok(json!({ "StackPolicyBody": stack.policy }))
}
