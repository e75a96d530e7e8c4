//! Finding stacks and starting what is done to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Utc;
use uuid::Uuid;

use super::changes::{self, Change, Inputs};
use super::engine::{self, Operation};
use super::exports;
use super::model::{Desired, Model, OnFailure, Stack, Update};
use super::scope::Scope;
use super::template::{Template, error};
use crate::Cloud;
use crate::error::{Answer, AwsError};

/// A live stack by name, or any by id.
pub(super) fn find<'a>(model: &'a Model, name: &str) -> Option<&'a Stack> {
    if name.starts_with("arn:") {
        return model.stacks.get(name);
    }
    let mut live = model.stacks.values().filter(|stack| !stack.is_deleted());
    live.find(|stack| stack.name == name)
}

/// The same, as most operations answer a missing one.
pub(super) fn get<'a>(model: &'a Model, name: &str) -> Answer<&'a Stack> {
    find(model, name).ok_or_else(|| missing(name))
}

pub(super) fn missing(name: &str) -> AwsError {
    error(format!("Stack with id {name} does not exist"))
}

/// A stack's id of a name, for changing it.
pub(super) fn id_of(model: &Model, name: &str) -> Answer<String> {
    get(model, name).map(|stack| stack.id.clone())
}

/// Checks a name a new stack is to have.
pub(super) fn check_name(name: &str) -> Answer<()> {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if starts && allowed && name.len() <= 128 {
        return Ok(());
    }
    Err(error(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// A stack with nothing in it.
pub(super) fn new(cloud: &Cloud, name: &str) -> Stack {
    Stack {
        id: cloud.arn(
            "cloudformation",
            &format!("stack/{name}/{}", Uuid::new_v4()),
        ),
        name: name.to_owned(),
        status: String::new(),
        reason: None,
        created: Utc::now(),
        updated: None,
        deleted: None,
        change_set: None,
        desired: Desired::default(),
        on_failure: OnFailure::default(),
        termination_protection: false,
        policy: None,
        outputs: Vec::new(),
        imports: BTreeSet::default(),
        resources: BTreeMap::new(),
        leaving: Vec::new(),
        update: None,
        token: None,
        change_sets: Vec::new(),
        events: Vec::new(),
    }
}

/// What would change: everything `desired` makes of `stack`.
pub(super) fn plan(
    cloud: &Cloud,
    model: &Model,
    stack: &Stack,
    desired: &Desired,
) -> Answer<Vec<Change>> {
    let new = Template::parse(&desired.template)?;
    let old = changes::current(stack)?;
    let exported = exports::values(model, &stack.id);
    let scope = Scope::new(cloud, (&stack.id, &stack.name), &new, desired, exported)?;
    let inputs = Inputs {
        old: old.as_ref(),
        new: &new,
        current: &stack.desired,
        desired,
    };
    changes::plan(stack, &inputs, scope)
}

/// Whether `stack` can be updated now, in CloudFormation's words when it cannot.
pub(super) fn check_updatable(stack: &Stack) -> Answer<()> {
    let updatable = [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_FAILED",
    ];
    if updatable.contains(&stack.status.as_str()) {
        return Ok(());
    }
    Err(error(format!(
        "Stack:{} is in {} state and can not be updated.",
        stack.id, stack.status
    )))
}

/// Begins the creation of a stack that has what it wants.
pub(super) fn begin_creation(cloud: &Arc<Cloud>, model: &mut Model, id: &str) {
    if let Some(stack) = model.stacks.get_mut(id) {
        stack.set_status("CREATE_IN_PROGRESS", Some("User Initiated".to_owned()));
    }
    engine::start(cloud, id, Operation::Create);
}

/// Begins an update to `desired`.
pub(super) fn begin_update(
    cloud: &Arc<Cloud>,
    model: &mut Model,
    id: &str,
    desired: Desired,
    policy: Option<String>,
    keep_on_failure: bool,
) {
    if let Some(stack) = model.stacks.get_mut(id) {
        let previous = std::mem::replace(&mut stack.desired, desired);
        stack.update = Some(Update {
            previous,
            previous_outputs: stack.outputs.clone(),
            previous_imports: stack.imports.clone(),
            journal: Vec::new(),
            cancelled: false,
            policy,
            keep_on_failure,
        });
        stack.set_status("UPDATE_IN_PROGRESS", Some("User Initiated".to_owned()));
    }
    engine::start(cloud, id, Operation::Update);
}
