//! Creating, updating and deleting stacks directly, and steering what is under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::engine::{self, Operation};
use super::super::exports;
use super::super::model::Desired;
use super::super::template::error;
use super::super::{policy, stacks};
use super::request::Request;
use crate::Cloud;
use crate::error::{Answer, AwsError};

/// Creates a stack at once.
pub(super) async fn create(cloud: &Arc<Cloud>, request: Request) -> Answer {
    stacks::check_name(&request.stack_name)?;
    let desired = request.desired(cloud, &Desired::default()).await?;
    if let Some(text) = &request.stack_policy_body {
        policy::check(text)?;
    }
    let on_failure = request.on_failure()?;
    cloud.services.cloudformation.store.write(|model| {
        let name = &request.stack_name;
        if stacks::find(model, name).is_some() {
            let words = format!("Stack [{name}] already exists");
            return Err(AwsError::new("AlreadyExistsException", words));
        }
        let mut stack = stacks::new(cloud, name);
        stacks::plan(cloud, model, &stack, &desired)?;
        stack.desired = desired;
        stack.on_failure = on_failure;
        stack.token = request.client_request_token;
        stack.policy = request.stack_policy_body;
        stack.termination_protection = request.enable_termination_protection == Some(true);
        let id = stack.id.clone();
        model.stacks.insert(id.clone(), stack);
        stacks::begin_creation(cloud, model, &id);
        Ok(json!({ "StackId": id }))
    })
}

/// Updates a stack at once.
pub(super) async fn update(cloud: &Arc<Cloud>, request: Request) -> Answer {
    let previous = {
        let model = cloud.services.cloudformation.store.read();
        let stack = stacks::get(&model, &request.stack_name)?;
        stacks::check_updatable(stack)?;
        stack.desired.clone()
    };
    let desired = request.desired(cloud, &previous).await?;
    for text in [
        &request.stack_policy_body,
        &request.stack_policy_during_update_body,
    ] {
        text.as_deref().map_or(Ok(()), policy::check)?;
    }
    cloud.services.cloudformation.store.write(|model| {
        let stack = stacks::get(model, &request.stack_name)?;
        stacks::check_updatable(stack)?;
        if stacks::plan(cloud, model, stack, &desired)?.is_empty() {
            return Err(error("No updates are to be performed."));
        }
        let id = stack.id.clone();
        if let Some(stack) = model.stacks.get_mut(&id) {
            stack.change_sets.clear();
            stack.token = request.client_request_token;
            if request.stack_policy_body.is_some() {
                stack.policy = request.stack_policy_body;
            }
        }
        let policy = request.stack_policy_during_update_body;
        let keep = request.disable_rollback == Some(true);
        stacks::begin_update(cloud, model, &id, desired, policy, keep);
        Ok(json!({ "StackId": id }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Delete {
    stack_name: String,
    #[serde(default)]
    retain_resources: Vec<String>,
    client_request_token: Option<String>,
    #[serde(rename = "RoleARN")]
    #[expect(dead_code, reason = "roles are recorded, not enforced")]
    role: Option<String>,
    deletion_mode: Option<String>,
}

/// Deletes a stack; one that does not exist is gone already.
pub(super) fn delete(cloud: &Arc<Cloud>, input: Delete) -> Answer {
    if input
        .deletion_mode
        .as_deref()
        .is_some_and(|mode| mode != "STANDARD")
    {
        return Err(error("The local cloud offers DeletionMode STANDARD only."));
    }
    cloud.services.cloudformation.store.write(|model| {
        let Some(stack) = stacks::find(model, &input.stack_name) else {
            return Ok(json!({}));
        };
        if stack.is_deleted() || stack.status == "DELETE_IN_PROGRESS" {
            return Ok(json!({}));
        }
        if stack.is_busy() {
            return Err(error(format!(
                "Stack [{}] cannot be deleted while in status {}",
                stack.name, stack.status
            )));
        }
        if stack.termination_protection {
            return Err(error(format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                stack.name
            )));
        }
        if !input.retain_resources.is_empty() && stack.status != "DELETE_FAILED" {
            return Err(error(
                "Invalid operation on stack. RetainResources can be given only when a stack is in \
                 DELETE_FAILED state",
            ));
        }
        let id = stack.id.clone();
        let refusal = exports::refusal(model, stack, &BTreeMap::default());
        let Some(stack) = model.stacks.get_mut(&id) else {
            return Ok(json!({}));
        };
        stack.token = input.client_request_token;
        if let Some(refusal) = refusal {
            // AWS takes the request, and puts the stack back to where it was with the reason.
            let status = stack.status.clone();
            stack.set_status(&status, Some(refusal));
            return Ok(json!({}));
        }
        stack.set_status("DELETE_IN_PROGRESS", Some("User Initiated".to_owned()));
        let retain = input.retain_resources;
        engine::start(cloud, &id, Operation::Delete { retain });
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Cancel {
    stack_name: String,
    #[expect(dead_code, reason = "only names the request")]
    client_request_token: Option<String>,
}

/// Stops an update; it is rolled back.
pub(super) fn cancel(cloud: &Arc<Cloud>, input: &Cancel) -> Answer {
    cloud.services.cloudformation.store.write(|model| {
        let id = stacks::id_of(model, &input.stack_name)?;
        let stack = model.stacks.get_mut(&id);
        let stack = stack.ok_or_else(|| stacks::missing(&input.stack_name))?;
        match &mut stack.update {
            Some(update) if stack.status == "UPDATE_IN_PROGRESS" => {
                update.cancelled = true;
                Ok(json!({}))
            }
            _ => Err(error(format!(
                "CancelUpdateStack cannot be called from current stack status {}",
                stack.status
            ))),
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Continue {
    stack_name: String,
    #[serde(default)]
    resources_to_skip: Vec<String>,
    #[expect(dead_code, reason = "roles are recorded, not enforced")]
    #[serde(rename = "RoleARN")]
    role: Option<String>,
    client_request_token: Option<String>,
}

/// Takes up a roll-back that failed, without the resources to skip.
pub(super) fn continue_rollback(cloud: &Arc<Cloud>, input: Continue) -> Answer {
    cloud.services.cloudformation.store.write(|model| {
        let id = stacks::id_of(model, &input.stack_name)?;
        let stack = model.stacks.get_mut(&id);
        let stack = stack.ok_or_else(|| stacks::missing(&input.stack_name))?;
        if stack.status != "UPDATE_ROLLBACK_FAILED" {
            return Err(error(format!(
                "Stack:{id} is in {} state and can not continue update rollback.",
                stack.status
            )));
        }
        let failed = |name: &String| {
            let resource = stack.resources.get(name);
            resource.is_some_and(|resource| resource.status == "UPDATE_FAILED")
        };
        if let Some(name) = input.resources_to_skip.iter().find(|name| !failed(name)) {
            return Err(error(format!(
                "ResourcesToSkip may name only resources that failed while rolling back: {name} \
                 did not"
            )));
        }
        stack.token = input.client_request_token;
        stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", None);
        let skip = input.resources_to_skip;
        engine::start(cloud, &id, Operation::ContinueRollback { skip });
        Ok(Value::Object(serde_json::Map::new()))
    })
}
