//! Change sets: made, looked at, executed, thrown away.

use std::sync::Arc;

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::changes;
use super::super::engine;
use super::super::model::{ChangeSet, Desired, Model, OnFailure, Stack};
use super::super::stacks;
use super::super::template::{Template, error};
use super::describe::{parameters, tags};
use super::request::Request;
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{optional_boolean, timestamp};

/// What an empty change set is told. Tools match on these words.
const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different \
                          information to create a change set.";

/// Makes a change set, and for a new stack the stack it is reviewed in.
pub(super) async fn create(cloud: &Arc<Cloud>, request: Request) -> Answer {
    let name = request.change_set_name.clone().unwrap_or_default();
    check_name(&name)?;
    let creates = match request.change_set_type.as_deref() {
        Some("CREATE") => true,
        None | Some("UPDATE") => false,
        Some(other) => {
            let words = format!("The local cloud does not offer change sets of type {other}.");
            return Err(error(words));
        }
    };
    let previous = previous(cloud, &request, creates)?;
    let desired = request.desired(cloud, &previous).await?;
    let on_failure = request.on_stack_failure.clone();
    request.on_failure()?;
    cloud.services.cloudformation.store.write(|model| {
        let mut stack = match stacks::find(model, &request.stack_name) {
            Some(stack) => stack.clone(),
            None => reviewed(cloud, &request.stack_name),
        };
        check_state(&stack, creates)?;
        if stack.change_sets.iter().any(|other| other.name == name) {
            let words = format!("ChangeSet {name} already exists");
            return Err(AwsError::new("AlreadyExistsException", words));
        }
        let changes = stacks::plan(cloud, model, &stack, &desired)?;
        let id = cloud.arn(
            "cloudformation",
            &format!("changeSet/{name}/{}", Uuid::new_v4()),
        );
        let empty = changes.is_empty();
        stack.change_sets.push(ChangeSet {
            id: id.clone(),
            name,
            description: request.description,
            created: Utc::now(),
            status: if empty { "FAILED" } else { "CREATE_COMPLETE" }.to_owned(),
            reason: empty.then(|| NO_CHANGES.to_owned()),
            execution: if empty { "UNAVAILABLE" } else { "AVAILABLE" }.to_owned(),
            desired,
            on_failure,
            changes,
        });
        let answer = json!({ "Id": id, "StackId": stack.id });
        model.stacks.insert(stack.id.clone(), stack);
        Ok(answer)
    })
}

fn check_name(name: &str) -> Answer<()> {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if starts && allowed && name.len() <= 128 {
        return Ok(());
    }
    Err(error(format!(
        "1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// What the stack is before the change set; refuses what fits no stack.
fn previous(cloud: &Arc<Cloud>, request: &Request, creates: bool) -> Answer<Desired> {
    stacks::check_name(
        request
            .stack_name
            .rsplit('/')
            .nth(1)
            .unwrap_or(&request.stack_name),
    )?;
    let model = cloud.services.cloudformation.store.read();
    match stacks::find(&model, &request.stack_name) {
        Some(stack) => {
            check_state(stack, creates)?;
            Ok(stack.desired.clone())
        }
        None if creates => Ok(Desired::default()),
        None => Err(error(format!(
            "Stack [{}] does not exist",
            request.stack_name
        ))),
    }
}

fn check_state(stack: &Stack, creates: bool) -> Answer<()> {
    match (stack.status.as_str(), creates) {
        ("REVIEW_IN_PROGRESS", true) => Ok(()),
        (_, true) => Err(error(format!(
            "Stack [{}] already exists and cannot be created again with the changeSet [CREATE].",
            stack.name
        ))),
        ("REVIEW_IN_PROGRESS", false) => Err(error(format!(
            "Stack [{}] is in REVIEW_IN_PROGRESS state and can only take change sets of type CREATE.",
            stack.name
        ))),
        (_, false) => stacks::check_updatable(stack),
    }
}

/// A stack that exists only for its change sets to be looked at.
fn reviewed(cloud: &Cloud, name: &str) -> Stack {
    let mut stack = stacks::new(cloud, name);
    stack.set_status("REVIEW_IN_PROGRESS", Some("User Initiated".to_owned()));
    stack
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Which {
    change_set_name: String,
    stack_name: Option<String>,
    next_token: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    include_property_values: Option<bool>,
    client_request_token: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    disable_rollback: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    retain_except_on_create: Option<bool>,
}

/// The stack and the change set an operation names.
fn find<'a>(model: &'a Model, which: &Which) -> Answer<(&'a Stack, &'a ChangeSet)> {
    let name = &which.change_set_name;
    let missing = || {
        AwsError::new(
            "ChangeSetNotFound",
            format!("ChangeSet [{name}] does not exist"),
        )
        .status(404)
    };
    let by_name = |change_set: &&ChangeSet| change_set.id == *name || change_set.name == *name;
    if let Some(stack) = &which.stack_name {
        let stack = stacks::get(model, stack)?;
        let found = stack.change_sets.iter().find(by_name);
        return found.map(|found| (stack, found)).ok_or_else(missing);
    }
    if !name.starts_with("arn:") {
        return Err(error(
            "StackName must be specified if ChangeSetName is not specified as an ARN.",
        ));
    }
    let mut stacks = model.stacks.values();
    stacks
        .find_map(|stack| Some((stack, stack.change_sets.iter().find(by_name)?)))
        .ok_or_else(missing)
}

/// Shows a change set with its changes.
pub(super) fn describe(cloud: &Arc<Cloud>, which: &Which) -> Answer {
    const PAGE: usize = 100;
    let model = cloud.services.cloudformation.store.read();
    let (stack, change_set) = find(&model, which)?;
    let desired = &change_set.desired;
    let template = Template::parse(&desired.template)?;
    let from = super::describe::page_start(which.next_token.as_deref())?;
    let with_values = which.include_property_values == Some(true);
    let page = change_set.changes.iter().skip(from).take(PAGE);
    let changes: Value = page
        .map(|change| {
            let told = changes::describe(change, with_values).to_string();
            let masked = engine::mask(&template, desired, &told);
            serde_json::from_str::<Value>(&masked).unwrap_or_default()
        })
        .collect();
    let mut answer = json!({
        "ChangeSetName": change_set.name,
        "ChangeSetId": change_set.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": change_set.description,
        "Parameters": parameters(&template, desired),
        "CreationTime": timestamp(change_set.created),
        "ExecutionStatus": change_set.execution,
        "Status": change_set.status,
        "StatusReason": change_set.reason,
        "NotificationARNs": desired.notification_arns,
        "RollbackConfiguration": {},
        "Capabilities": desired.capabilities,
        "Tags": tags(desired),
        "Changes": changes,
        "IncludeNestedStacks": false,
        "OnStackFailure": change_set.on_failure,
    });
    if change_set.changes.len() > from + PAGE {
        answer["NextToken"] = json!((from + PAGE).to_string());
    }
    Ok(answer)
}

/// Does what a change set says.
pub(super) fn execute(cloud: &Arc<Cloud>, which: &Which) -> Answer {
    if which.retain_except_on_create == Some(true) {
        return Err(error(
            "The local cloud does not offer RetainExceptOnCreate here.",
        ));
    }
    cloud.services.cloudformation.store.write(|model| {
        let (stack, change_set) = find(model, which)?;
        if change_set.execution != "AVAILABLE" {
            return Err(AwsError::new(
                "InvalidChangeSetStatus",
                format!(
                    "ChangeSet [{}] cannot be executed in its current status of [{}]",
                    change_set.id, change_set.status
                ),
            ));
        }
        let creates = stack.status == "REVIEW_IN_PROGRESS";
        if !creates {
            stacks::check_updatable(stack)?;
        }
        let (id, desired) = (stack.id.clone(), change_set.desired.clone());
        let (executed, failure) = (change_set.id.clone(), change_set.on_failure.clone());
        let keeps =
            which.disable_rollback == Some(true) || failure.as_deref() == Some("DO_NOTHING");
        if let Some(stack) = model.stacks.get_mut(&id) {
            // What was planned against the stack as it was says nothing about what it will be.
            stack.change_sets.retain(|other| other.id == executed);
            for change_set in &mut stack.change_sets {
                "EXECUTE_IN_PROGRESS".clone_into(&mut change_set.execution);
            }
            stack.change_set = Some(executed);
            stack.token.clone_from(&which.client_request_token);
            stack.on_failure = match failure.as_deref() {
                _ if keeps => OnFailure::DoNothing,
                Some("DELETE") => OnFailure::Delete,
                _ => OnFailure::Rollback,
            };
            if creates {
                stack.created = Utc::now();
                stack.desired = desired;
                stacks::begin_creation(cloud, model, &id);
                return Ok(json!({}));
            }
        }
        stacks::begin_update(cloud, model, &id, desired, None, keeps);
        Ok(json!({}))
    })
}

/// Throws a change set away; one that is gone is no error.
pub(super) fn delete(cloud: &Arc<Cloud>, which: &Which) -> Answer {
    cloud.services.cloudformation.store.write(|model| {
        let (id, change_set) = match find(model, which) {
            Ok((stack, change_set)) => (stack.id.clone(), change_set.clone()),
            Err(error) if error.code == "ChangeSetNotFound" => return Ok(json!({})),
            Err(error) => return Err(error),
        };
        if change_set.execution == "EXECUTE_IN_PROGRESS" {
            return Err(AwsError::new(
                "InvalidChangeSetStatus",
                format!("ChangeSet [{}] is being executed", change_set.id),
            ));
        }
        if let Some(stack) = model.stacks.get_mut(&id) {
            stack.change_sets.retain(|other| other.id != change_set.id);
        }
        Ok(json!({}))
    })
}

/// The change sets of a stack.
pub(super) fn list(cloud: &Arc<Cloud>, input: &super::describe::Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let stack = stacks::get(&model, &input.stack_name()?)?;
    let summaries = stack.change_sets.iter().map(|change_set| {
        json!({
            "StackId": stack.id,
            "StackName": stack.name,
            "ChangeSetId": change_set.id,
            "ChangeSetName": change_set.name,
            "ExecutionStatus": change_set.execution,
            "Status": change_set.status,
            "StatusReason": change_set.reason,
            "CreationTime": timestamp(change_set.created),
            "Description": change_set.description,
            "IncludeNestedStacks": false,
        })
    });
    Ok(json!({ "Summaries": summaries.collect::<Value>() }))
}
