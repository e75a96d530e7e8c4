//! Creating and updating all resources of a stack, as parallel as their needs allow.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::changes;
use super::super::exports;
use super::super::model::{Event, Output};
use super::super::providers;
use super::super::scope::Scope;
use super::super::template::{Template, error};
use super::graph;
use super::resource::{self, Wanted};
use super::work::Work;
use crate::error::Answer;

/// The stack's template and a scope that knows what was made so far.
pub(super) fn scope(work: &Work) -> Answer<(Template, Scope)> {
    let model = work.store().read();
    let stack = model.stacks.get(&work.id);
    let stack = stack.ok_or_else(|| error("the stack is gone"))?;
    let template = Template::parse(&stack.desired.template)?;
    let exported = exports::values(&model, &stack.id);
    let names = (stack.id.as_str(), stack.name.as_str());
    let scope = Scope::new(&work.cloud, names, &template, &stack.desired, exported)?;
    Ok((template, scope))
}

/// How applying ended.
pub(super) enum Ended {
    Well(Vec<Output>),
    /// Some resources failed.
    Failed(Vec<String>),
    /// Something else did, such as an output.
    Refused(String),
}

/// Brings every resource to what the template wants, and evaluates the outputs.
pub(super) async fn apply(work: &Work) -> Ended {
    let (template, scope) = match scope(work) {
        Ok(both) => both,
        Err(error) => return Ended::Refused(error.message),
    };
    let needs = graph::needs(&template, &scope);
    let scope = Mutex::new(scope);
    let failed = Mutex::new(Vec::new());
    graph::run(
        &needs,
        |logical| {
            if is_cancelled(work) {
                return None;
            }
            let wanted = wanted(work, &template, &lock(&scope), &needs, logical);
            let (scope, failed) = (&scope, &failed);
            let logical = logical.to_owned();
            Some(async move {
                let reached = match wanted {
                    Ok(wanted) => resource::reach(work, &wanted).await,
                    Err(error) => {
                        unevaluated(work, &logical, error.message);
                        false
                    }
                };
                let cancelled = reached && !lock(failed).is_empty() && cancel(work, &logical);
                if reached && !cancelled {
                    if let Some(made) = work.look(|stack| stack.resources.get(&logical).cloned()) {
                        lock(scope).learn(&made);
                    }
                } else {
                    lock(failed).push(logical.clone());
                }
                (logical, reached)
            })
        },
        true,
    )
    .await;
    let failed = std::mem::take(&mut *lock(&failed));
    if !failed.is_empty() {
        return Ended::Failed(failed);
    }
    if is_cancelled(work) {
        return Ended::Refused("User Initiated".to_owned());
    }
    match outputs(&template, &lock(&scope)) {
        Ok(outputs) => Ended::Well(outputs),
        Err(error) => Ended::Refused(error.message),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A resource whose properties cannot be told: it may not be in the stack yet.
fn unevaluated(work: &Work, logical: &str, reason: String) {
    work.change(|stack| {
        let known = stack.resources.get(logical).cloned().unwrap_or_default();
        let status = if known.physical.is_some() {
            "UPDATE_FAILED"
        } else {
            "CREATE_FAILED"
        };
        let mut event = Event::of(&known, status, Some(reason));
        logical.clone_into(&mut event.logical);
        stack.event(event);
    });
}

fn is_cancelled(work: &Work) -> bool {
    work.look(|stack| stack.update.as_ref().is_some_and(|update| update.cancelled))
}

/// Another resource failed while this one was under way: tells so, when it changed at all.
fn cancel(work: &Work, logical: &str) -> bool {
    let status = work.look(|stack| {
        let resource = stack.resources.get(logical);
        resource.map(|resource| resource.status.clone())
    });
    let touched = work.look(|stack| {
        let update = stack.update.as_ref();
        update.is_none_or(|update| update.journal.iter().any(|done| done.logical() == logical))
    });
    match status.as_deref() {
        Some("CREATE_COMPLETE") if touched => {
            let reason = Some("Resource creation cancelled".to_owned());
            work.resource(logical, "CREATE_FAILED", reason);
            true
        }
        Some("UPDATE_COMPLETE") if touched => {
            let reason = Some("Resource update cancelled".to_owned());
            work.resource(logical, "UPDATE_FAILED", reason);
            true
        }
        _ => false,
    }
}

fn wanted(
    work: &Work,
    template: &Template,
    scope: &Scope,
    needs: &graph::Needs,
    logical: &str,
) -> Answer<Wanted> {
    let declaration = template
        .resources
        .get(logical)
        .ok_or_else(|| error(format!("{logical} is not in the template")))?;
    let schema = providers::schema(&declaration.r#type)
        .ok_or_else(|| error(format!("{} is not offered", declaration.r#type)))?;
    let tags = work.look(|stack| stack.desired.tags.clone());
    Ok(Wanted {
        logical: logical.to_owned(),
        declaration: declaration.clone(),
        schema,
        properties: changes::properties(scope, declaration, schema, &tags)?,
        needs: needs.get(logical).cloned().unwrap_or_default(),
    })
}

/// The outputs whose condition holds, in the order of their names.
fn outputs(template: &Template, scope: &Scope) -> Answer<Vec<Output>> {
    let active = template
        .outputs
        .iter()
        .filter(|(_, output)| scope.holds(output.condition.as_ref()));
    active
        .map(|(key, output)| {
            Ok(Output {
                key: key.clone(),
                value: scope.text(&output.value)?,
                description: output.description.clone(),
                export: match &output.export {
                    Some(export) => Some(scope.text(&export.name)?),
                    None => None,
                },
            })
        })
        .collect()
}
