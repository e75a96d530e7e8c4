//! A deployment under way. Everything it has reached is in the model, so that a restart of
//! the cloud goes on where it was.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::AwsError;
use crate::services;

use super::alarms;
use super::configs::ALL_AT_ONCE;
use super::model::{Deployment, Event, Failure, Model, Progress, Routing, Status, deployment_id};
use super::shift;

/// How long a hook may take to report.
const HOOK_LIMIT: Duration = Duration::from_hours(1);
/// How often alarms are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// However fast time passes, alarms are not asked more often than this.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(50);

const BEFORE: usize = 0;
const ALLOW: usize = 1;
const AFTER: usize = 2;

/// Why a deployment ends early.
enum Halt {
    /// Nothing was touched: the plan does not fit what is there.
    Misfit(String),
    Failed {
        code: &'static str,
        message: String,
    },
    Alarm(String),
    Stopped,
}

/// Goes on with the deployments that were under way when the cloud stopped.
pub(crate) fn resume(cloud: &Arc<Cloud>) {
    let open: Vec<String> = {
        let model = cloud.services.codedeploy.store.read();
        model
            .deployments
            .values()
            .filter(|one| !one.status.is_over())
            .map(|one| one.id.clone())
            .collect()
    };
    for id in open {
        start(cloud, &id);
    }
}

/// Performs a deployment in the background.
pub(super) fn start(cloud: &Arc<Cloud>, id: &str) {
    let (work, id) = (Arc::clone(cloud), id.to_owned());
    cloud.background.spawn(async move { run(&work, id).await });
}

/// Performs a deployment, and the one that rolls it back, if that is its end.
async fn run(cloud: &Arc<Cloud>, mut id: String) {
    loop {
        let outcome = tokio::select! {
            biased;
            halt = watch(cloud, &id) => Err(halt),
            done = perform(cloud, &id) => done,
        };
        match end(cloud, &id, outcome) {
            Some(rollback) => id = rollback,
            None => return,
        }
    }
}

async fn perform(cloud: &Arc<Cloud>, id: &str) -> Result<(), Halt> {
    let one = find(cloud, id)?;
    if one.status == Status::Created {
        if one.rolls_back.is_none() {
            check(cloud, &one).await?;
        }
        change(cloud, id, |one| {
            one.status = Status::InProgress;
            one.started = Some(cloud.time.now());
        });
    }
    hook(cloud, id, BEFORE, one.plan.before.as_deref()).await?;
    allow_traffic(cloud, &one).await?;
    hook(cloud, id, AFTER, one.plan.after.as_deref()).await
}

/// The plan fits what is there: the alias stands where the plan says, and all functions exist.
async fn check(cloud: &Arc<Cloud>, one: &Deployment) -> Result<(), Halt> {
    let plan = &one.plan;
    let alias = alias(cloud, one).await.map_err(|error| {
        Halt::Misfit(format!(
            "The alias {} of the Lambda function {} cannot be used: {}",
            plan.alias, plan.function, error.message
        ))
    })?;
    if alias["FunctionVersion"] != plan.current {
        return Err(Halt::Misfit(format!(
            "The alias {} of {} points to version {}, not to the CurrentVersion {} that the AppSpec names.",
            plan.alias, plan.function, alias["FunctionVersion"], plan.current
        )));
    }
    let split = alias["RoutingConfig"]["AdditionalVersionWeights"].as_object();
    if split.is_some_and(|weights| !weights.is_empty()) {
        return Err(Halt::Misfit(format!(
            "The alias {} of {} is split between two versions; its routing must be mended before a deployment.",
            plan.alias, plan.function
        )));
    }
    let wanted = [Some(plan.target.as_str()), None, None];
    let names = [
        Some(plan.function.as_str()),
        plan.before.as_deref(),
        plan.after.as_deref(),
    ];
    for (name, version) in names.iter().zip(wanted) {
        let Some(name) = name else { continue };
        let mut input = json!({ "FunctionName": name });
        if let Some(version) = version {
            input["Qualifier"] = json!(version);
        }
        services::call(cloud, "lambda", "GetFunctionConfiguration", input)
            .await
            .map_err(|error| Halt::Misfit(error.message))?;
    }
    Ok(())
}

/// Invokes a hook and waits for its verdict.
async fn hook(
    cloud: &Arc<Cloud>,
    id: &str,
    place: usize,
    function: Option<&str>,
) -> Result<(), Halt> {
    let event = begin(cloud, id, place, function.is_some());
    let Some(function) = function.filter(|_| event.ended.is_none()) else {
        return Ok(());
    };
    if !event.invoked {
        invoke(cloud, id, &event, function)
            .await
            .map_err(|error| hook_failed(cloud, id, place, &error.to_string()))?;
        change(cloud, id, |one| one.events[place].invoked = true);
    }
    let since = event.started.unwrap_or_else(|| cloud.time.now());
    let passed = (cloud.time.now() - since).to_std().unwrap_or_default();
    let left = cloud.time.real(HOOK_LIMIT).saturating_sub(passed);
    let verdict = tokio::time::timeout(left, verdict(cloud, id, place)).await;
    match verdict {
        Ok(true) => {
            finish(cloud, id, place, Progress::Succeeded);
            Ok(())
        }
        Ok(false) => Err(hook_failed(
            cloud,
            id,
            place,
            &format!("The hook function {function} reported Failed."),
        )),
        Err(_elapsed) => Err(hook_failed(
            cloud,
            id,
            place,
            &format!(
                "The hook function {function} reported nothing within {} seconds.",
                HOOK_LIMIT.as_secs()
            ),
        )),
    }
}

/// Notes that an event begins, once; an event without a hook is skipped.
fn begin(cloud: &Cloud, id: &str, place: usize, wanted: bool) -> Event {
    change(cloud, id, |one| {
        let event = &mut one.events[place];
        if event.started.is_none() {
            let now = cloud.time.now();
            event.started = Some(now);
            if wanted {
                event.status = Progress::Running;
                event.execution = Some(execution_id());
            } else {
                event.status = Progress::Skipped;
                event.ended = Some(now);
            }
        }
        event.clone()
    })
    .unwrap_or_else(|| Event::pending(""))
}

/// The event has exactly two fields.
async fn invoke(
    cloud: &Arc<Cloud>,
    id: &str,
    event: &Event,
    function: &str,
) -> Result<(), AwsError> {
    let payload = json!({
        "DeploymentId": id,
        "LifecycleEventHookExecutionId": event.execution,
    });
    let input = json!({
        "FunctionName": function,
        "InvocationType": "Event",
        "Payload": STANDARD.encode(payload.to_string()),
    });
    services::call(cloud, "lambda", "Invoke", input)
        .await
        .map(drop)
}

async fn verdict(cloud: &Cloud, id: &str, place: usize) -> bool {
    let mut news = cloud.services.codedeploy.news.subscribe();
    loop {
        let reported = {
            let model = cloud.services.codedeploy.store.read();
            model
                .deployments
                .get(id)
                .and_then(|one| one.events[place].verdict)
        };
        if let Some(verdict) = reported {
            return verdict;
        }
        if news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn hook_failed(cloud: &Cloud, id: &str, place: usize, message: &str) -> Halt {
    let name = change(cloud, id, |one| {
        let event = &mut one.events[place];
        event.status = Progress::Failed;
        event.ended = Some(cloud.time.now());
        event.failure = Some(message.to_owned());
        event.name.clone()
    });
    Halt::Failed {
        code: "HOOK_EXECUTION_FAILURE",
        message: format!(
            "One or more of the lifecycle event validation functions failed: {}. {message}",
            name.unwrap_or_default()
        ),
    }
}

/// Shifts the weights step by step.
async fn allow_traffic(cloud: &Arc<Cloud>, one: &Deployment) -> Result<(), Halt> {
    begin(cloud, &one.id, ALLOW, true);
    for (number, step) in shift::steps(one.routing).into_iter().enumerate() {
        let now = find(cloud, &one.id)?;
        if number < now.shifts {
            continue;
        }
        wait_for_shift(cloud, &now, step.wait).await;
        move_alias(cloud, one, step.percentage)
            .await
            .map_err(|message| Halt::Failed {
                code: "INVALID_LAMBDA_CONFIGURATION",
                message,
            })?;
        change(cloud, &one.id, |one| {
            one.shifts = number + 1;
            one.next_shift = None;
            one.percentage = step.percentage;
        });
    }
    finish(cloud, &one.id, ALLOW, Progress::Succeeded);
    Ok(())
}

/// Waits until a step is due; its time is kept, so that a restart does not begin it anew.
async fn wait_for_shift(cloud: &Cloud, one: &Deployment, wait: Duration) {
    let due = one
        .next_shift
        .unwrap_or_else(|| cloud.time.now() + cloud.time.real(wait));
    change(cloud, &one.id, |one| one.next_shift = Some(due));
    let left = (due - cloud.time.now()).to_std().unwrap_or_default();
    tokio::time::sleep(left).await;
}

async fn move_alias(cloud: &Arc<Cloud>, one: &Deployment, percentage: f64) -> Result<(), String> {
    let plan = &one.plan;
    let found = alias(cloud, one).await.map_err(|error| error.to_string())?;
    let stands_at = found["FunctionVersion"].as_str().unwrap_or_default();
    // A rollback takes the alias back from wherever it is.
    if one.rolls_back.is_none() && stands_at != plan.current {
        return Err(format!(
            "The alias {} of {} was moved to version {stands_at} by somebody else.",
            plan.alias, plan.function
        ));
    }
    let whole = percentage >= 100.0;
    let weights = if whole {
        json!({})
    } else {
        json!({ plan.target.clone(): percentage / 100.0 })
    };
    let input = json!({
        "FunctionName": plan.function,
        "Name": plan.alias,
        "FunctionVersion": if whole { &plan.target } else { &plan.current },
        "RoutingConfig": { "AdditionalVersionWeights": weights },
        "RevisionId": found["RevisionId"],
    });
    services::call(cloud, "lambda", "UpdateAlias", input)
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

async fn alias(cloud: &Arc<Cloud>, one: &Deployment) -> Result<Value, AwsError> {
    let input = json!({ "FunctionName": one.plan.function, "Name": one.plan.alias });
    services::call(cloud, "lambda", "GetAlias", input).await
}

/// Ends when an alarm or a person says that the deployment must end.
async fn watch(cloud: &Arc<Cloud>, id: &str) -> Halt {
    let mut news = cloud.services.codedeploy.news.subscribe();
    loop {
        let Ok(one) = find(cloud, id) else {
            return Halt::Stopped;
        };
        if one.stop.is_some() {
            return Halt::Stopped;
        }
        if one.rolls_back.is_none()
            && let Some(message) = alarms::objection(cloud, &one.alarms).await
        {
            return Halt::Alarm(message);
        }
        let pause = cloud.time.real(LOOK_EVERY).max(LOOK_AT_MOST_EVERY);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = news.changed() => {}
        }
    }
}

/// Writes the end of a deployment; answers the deployment that rolls it back, if there is
/// one. Both are written at once: the group is never free in between.
fn end(cloud: &Cloud, id: &str, outcome: Result<(), Halt>) -> Option<String> {
    let now = cloud.time.now();
    cloud.services.codedeploy.store.write(|model| {
        let one = model.deployments.get_mut(id)?;
        one.completed = Some(now);
        one.next_shift = None;
        let Err(halt) = outcome else {
            one.status = Status::Succeeded;
            return None;
        };
        for event in &mut one.events {
            if event.status == Progress::Running {
                event.status = Progress::Failed;
                event.ended = Some(now);
            } else if event.status == Progress::Pending {
                event.status = Progress::Skipped;
            }
        }
        let rolls_back = rolls_back(one, &halt);
        let (status, code, message) = match halt {
            Halt::Misfit(message) => (Status::Failed, "INVALID_LAMBDA_CONFIGURATION", message),
            Halt::Failed { code, message } => (Status::Failed, code, message),
            Halt::Alarm(message) => (Status::Stopped, "ALARM_ACTIVE", message),
            Halt::Stopped => (
                Status::Stopped,
                "MANUAL_STOP",
                "The deployment was stopped on request.".to_owned(),
            ),
        };
        one.status = status;
        one.error = Some(Failure {
            code: code.to_owned(),
            message,
        });
        rolls_back.then(|| roll_back(model, id, now)).flatten()
    })
}

fn rolls_back(one: &Deployment, halt: &Halt) -> bool {
    let on = |event: &str| {
        one.rollback.enabled && one.rollback.events.iter().any(|wanted| wanted == event)
    };
    one.rolls_back.is_none()
        && match halt {
            Halt::Misfit(_) => false,
            Halt::Failed { .. } => on("DEPLOYMENT_FAILURE"),
            Halt::Alarm(_) => on("DEPLOYMENT_STOP_ON_ALARM"),
            Halt::Stopped => one
                .stop
                .and_then(|stop| stop.roll_back)
                .unwrap_or_else(|| on("DEPLOYMENT_STOP_ON_REQUEST")),
        }
}

/// The deployment that takes the alias back, all at once and without hooks.
fn roll_back(model: &mut Model, id: &str, now: chrono::DateTime<chrono::Utc>) -> Option<String> {
    let failed = model.deployments.get_mut(id)?;
    let rollback_id = deployment_id();
    failed.rolled_back_by = Some(rollback_id.clone());
    let mut rollback = failed.clone();
    rollback.id.clone_from(&rollback_id);
    "codeDeployRollback".clone_into(&mut rollback.creator);
    ALL_AT_ONCE.clone_into(&mut rollback.config);
    rollback.routing = Routing::AllAtOnce;
    std::mem::swap(&mut rollback.plan.current, &mut rollback.plan.target);
    rollback.plan.before = None;
    rollback.plan.after = None;
    rollback.revision = json!({
        "revisionType": "AppSpecContent",
        "appSpecContent": { "content": app_spec(&rollback).to_string() },
    });
    rollback.description = None;
    rollback.status = Status::Created;
    rollback.error = None;
    rollback.created = now;
    rollback.started = None;
    rollback.completed = None;
    rollback.events = Event::all();
    rollback.shifts = 0;
    rollback.percentage = 0.0;
    rollback.stop = None;
    rollback.rolled_back_by = None;
    rollback.rolls_back = Some(id.to_owned());
    model.deployments.insert(rollback_id.clone(), rollback);
    Some(rollback_id)
}

fn app_spec(one: &Deployment) -> Value {
    json!({
        "version": 0.0,
        "Resources": [{
            one.plan.function.clone(): {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Name": one.plan.function,
                    "Alias": one.plan.alias,
                    "CurrentVersion": one.plan.current,
                    "TargetVersion": one.plan.target,
                },
            },
        }],
    })
}

fn finish(cloud: &Cloud, id: &str, place: usize, status: Progress) {
    change(cloud, id, |one| {
        one.events[place].status = status;
        one.events[place].ended = Some(cloud.time.now());
    });
}

fn find(cloud: &Cloud, id: &str) -> Result<Deployment, Halt> {
    let model = cloud.services.codedeploy.store.read();
    model.deployment(id).cloned().map_err(|error| Halt::Failed {
        code: "INTERNAL_ERROR",
        message: error.to_string(),
    })
}

fn change<R>(cloud: &Cloud, id: &str, change: impl FnOnce(&mut Deployment) -> R) -> Option<R> {
    let store = &cloud.services.codedeploy.store;
    store.write(|model| model.deployments.get_mut(id).map(change))
}

/// Opaque to hooks, which hand it back.
fn execution_id() -> String {
    let mut bytes = Vec::new();
    for _ in 0..4 {
        bytes.extend_from_slice(Uuid::new_v4().as_bytes());
    }
    STANDARD.encode(bytes)
}
