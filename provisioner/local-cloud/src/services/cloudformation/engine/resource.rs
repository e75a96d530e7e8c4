//! One resource: made, changed, replaced or deleted through its provider.

use std::sync::Arc;

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::super::changes::difference;
use super::super::model::{Done, Event, Policy, Resource};
use super::super::policy;
use super::super::providers::{self, Context, Made, Properties, Schema};
use super::super::template::{Declaration, error};
use super::secrets;
use super::work::Work;
use crate::error::{Answer, AwsError};

/// A resource as the template wants it.
pub(super) struct Wanted {
    pub(super) logical: String,
    pub(super) declaration: Declaration,
    pub(super) schema: &'static Schema,
    pub(super) properties: Map<String, Value>,
    pub(super) needs: std::collections::BTreeSet<String>,
}

const REPLACING: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

/// Brings a resource to what is wanted. Whether it went well; why not is in its events.
pub(super) async fn reach(work: &Work, wanted: &Wanted) -> bool {
    let logical = &wanted.logical;
    let existing = work.look(|stack| stack.resources.get(logical).cloned());
    let (outcome, verb) = match existing.filter(|resource| resource.physical.is_some()) {
        None => (create(work, wanted).await, "CREATE"),
        Some(old) => {
            let changed = difference(&old.properties, &wanted.properties);
            if changed.is_empty() {
                keep(work, wanted);
                return true;
            }
            let replaces = changed.iter().any(|name| wanted.schema.replaces(name));
            let outcome = if replaces {
                replace(work, wanted, old).await
            } else {
                modify(work, wanted, old).await
            };
            (outcome, "UPDATE")
        }
    };
    match outcome {
        Ok(()) => {
            work.resource(logical, &format!("{verb}_COMPLETE"), None);
            true
        }
        Err(error) => {
            let reason = explain(&error);
            work.resource(logical, &format!("{verb}_FAILED"), Some(reason));
            false
        }
    }
}

/// A service's refusal as CloudFormation passes it on.
fn explain(error: &AwsError) -> String {
    format!(
        "Resource handler returned message: \"{}\" (HandlerErrorCode: {})",
        error.message, error.code
    )
}

/// The record of a resource about to be made.
fn record(work: &Work, wanted: &Wanted) -> Resource {
    let generated_name = wanted
        .schema
        .name
        .as_ref()
        .filter(|name| !wanted.properties.contains_key(name.property))
        .map(|name| {
            let stack = work.look(|stack| stack.name.clone());
            name.generate(&stack, &wanted.logical, &wanted.properties)
        });
    let mut resource = Resource {
        logical: wanted.logical.clone(),
        kind: wanted.declaration.r#type.clone(),
        generated_name,
        ..Resource::default()
    };
    describe(&mut resource, wanted);
    resource
}

/// What a template says of a resource beside its properties.
fn describe(resource: &mut Resource, wanted: &Wanted) {
    let declaration = &wanted.declaration;
    resource.at = Utc::now();
    resource.properties.clone_from(&wanted.properties);
    resource.needs.clone_from(&wanted.needs);
    resource.deletion_policy = declaration.deletion_policy();
    resource.replace_policy = declaration.update_replace_policy.unwrap_or_default();
    resource.metadata.clone_from(&declaration.metadata);
}

/// Nothing to do but remember policies and metadata.
fn keep(work: &Work, wanted: &Wanted) {
    work.change(|stack| {
        if let Some(resource) = stack.resources.get_mut(&wanted.logical) {
            let at = resource.at;
            describe(resource, wanted);
            resource.at = at;
        }
    });
}

async fn create(work: &Work, wanted: &Wanted) -> Answer<()> {
    let resource = record(work, wanted);
    work.change(|stack| {
        if let Some(update) = &mut stack.update {
            update.journal.push(Done::Created(wanted.logical.clone()));
        }
        stack.resources.insert(wanted.logical.clone(), resource);
        stack.set_resource(&wanted.logical, "CREATE_IN_PROGRESS", None);
    });
    make(work, &wanted.logical, "CREATE_IN_PROGRESS").await
}

/// Calls the provider's create for the record in the stack, and completes the record.
async fn make(work: &Work, logical: &str, status: &str) -> Answer<()> {
    let resource: Resource =
        work.look(|stack| stack.resources.get(logical).cloned().unwrap_or_default());
    let properties = effective(work, &resource, &resource.properties).await?;
    let expected = providers::expected(&work.cloud, &resource.kind, &properties);
    // From here on, and until the provider has answered, a stop leaves this id to look for.
    work.change(|stack| {
        if let Some(resource) = stack.resources.get_mut(logical) {
            resource.physical = expected;
        }
    });
    let context = context(work, &resource);
    let made = providers::create(&resource.kind, &context, &properties).await;
    work.change(|stack| {
        let Some(resource) = stack.resources.get_mut(logical) else {
            return;
        };
        match &made {
            Ok(made) => learn(resource, made),
            // Whatever has the expected id is not ours.
            Err(_) => resource.physical = None,
        }
        let initiated = Some("Resource creation Initiated".to_owned());
        let event = Event::of(resource, status, initiated);
        if made.is_ok() {
            stack.event(event);
        }
    });
    made.map(drop)
}

fn learn(resource: &mut Resource, made: &Made) {
    resource.physical = Some(made.physical.clone());
    resource.reference = made
        .reference
        .clone()
        .unwrap_or_else(|| made.physical.clone());
    resource.attributes.clone_from(&made.attributes);
}

async fn modify(work: &Work, wanted: &Wanted, old: Resource) -> Answer<()> {
    allow(work, wanted, "Update:Modify")?;
    let before = old.clone();
    work.change(|stack| {
        if let Some(update) = &mut stack.update {
            update.journal.push(Done::Updated(Box::new(before)));
        }
        if let Some(resource) = stack.resources.get_mut(&wanted.logical) {
            describe(resource, wanted);
        }
        stack.set_resource(&wanted.logical, "UPDATE_IN_PROGRESS", None);
    });
    alter(work, &old, &old.properties, &wanted.properties).await
}

/// Calls the provider's update and completes the record.
pub(super) async fn alter(
    work: &Work,
    resource: &Resource,
    from: &Map<String, Value>,
    to: &Map<String, Value>,
) -> Answer<()> {
    // What it was may name secrets that are gone; only what it is to be must resolve.
    let old = effective(work, resource, from)
        .await
        .unwrap_or_else(|_| from.clone());
    let new = effective(work, resource, to).await?;
    let physical = resource.physical.clone().unwrap_or_default();
    let context = context(work, resource);
    let made = providers::update(&resource.kind, &context, &physical, &old, &new).await?;
    work.change(|stack| {
        if let Some(resource) = stack.resources.get_mut(&resource.logical) {
            learn(resource, &made);
        }
    });
    Ok(())
}

async fn replace(work: &Work, wanted: &Wanted, old: Resource) -> Answer<()> {
    allow(work, wanted, "Update:Replace")?;
    let mut replacement = record(work, wanted);
    // What others know of it stays until the new one is there.
    replacement.reference.clone_from(&old.reference);
    replacement.attributes.clone_from(&old.attributes);
    let named = wanted.schema.name.as_ref().map(|name| name.property);
    let same_name = named.is_some_and(|property| {
        let name = wanted.properties.get(property);
        name.is_some() && name == old.properties.get(property)
    });
    let name = named.and_then(|property| wanted.properties.get(property).cloned());
    work.change(|stack| {
        if let Some(update) = &mut stack.update {
            update.journal.push(Done::Replaced(Box::new(old)));
        }
        stack.resources.insert(wanted.logical.clone(), replacement);
        let reason = Some(REPLACING.to_owned());
        stack.set_resource(&wanted.logical, "UPDATE_IN_PROGRESS", reason);
    });
    if same_name {
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        return Err(error(format!(
            "CloudFormation cannot update a stack when a custom-named resource requires \
             replacing. Rename {name} and update the stack again."
        )));
    }
    make(work, &wanted.logical, "UPDATE_IN_PROGRESS").await
}

/// Refuses what the stack's policy denies.
fn allow(work: &Work, wanted: &Wanted, action: &str) -> Answer<()> {
    let text = work.look(|stack| {
        let during = stack
            .update
            .as_ref()
            .and_then(|update| update.policy.clone());
        during.or_else(|| stack.policy.clone())
    });
    let Some(text) = text else { return Ok(()) };
    match policy::denial(&text, action, &wanted.logical, &wanted.declaration.r#type) {
        Some(denial) => Err(error(denial)),
        None => Ok(()),
    }
}

/// Deletes a physical resource as its policy says. Whether it is gone or left alone; events
/// tell which.
pub(super) async fn delete(
    work: &Work,
    resource: &Resource,
    policy: Policy,
    say: impl Fn(&str, Option<String>),
) -> bool {
    let Some(physical) = resource.physical.clone() else {
        say("DELETE_COMPLETE", None);
        return true;
    };
    if matches!(policy, Policy::Retain | Policy::RetainExceptOnCreate) {
        say("DELETE_SKIPPED", None);
        return true;
    }
    say("DELETE_IN_PROGRESS", None);
    // A secret that is gone must not keep what used it from being deleted.
    let properties = effective(work, resource, &resource.properties)
        .await
        .unwrap_or_else(|_| resource.properties.clone());
    let snapshot = policy == Policy::Snapshot;
    let context = context(work, resource);
    let deletion = providers::delete(&resource.kind, &context, &physical, &properties, snapshot);
    match deletion.await {
        Err(error) if !providers::is_gone(&error) => {
            say("DELETE_FAILED", Some(explain(&error)));
            false
        }
        _ => {
            say("DELETE_COMPLETE", None);
            true
        }
    }
}

/// Properties with secrets and the generated name filled in.
async fn effective(
    work: &Work,
    resource: &Resource,
    properties: &Map<String, Value>,
) -> Answer<Properties> {
    let mut effective = secrets::resolve(&work.cloud, properties).await?;
    let schema = providers::schema(&resource.kind);
    let name = schema.and_then(|schema| schema.name.as_ref());
    if let (Some(name), Some(generated)) = (name, &resource.generated_name) {
        effective.insert(name.property.to_owned(), json!(generated));
    }
    Ok(effective)
}

fn context(work: &Work, resource: &Resource) -> Context {
    Context {
        cloud: Arc::clone(&work.cloud),
        stack: work.look(|stack| stack.name.clone()),
        logical: resource.logical.clone(),
    }
}
