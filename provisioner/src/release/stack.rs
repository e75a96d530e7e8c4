//! Bringing one stack to its template, by change set, with everything it goes through shown.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use chrono::Utc;
use serde::Serialize;

use super::tree::Tree;
use crate::build;
use crate::cloud::cloudformation::{Change, ChangeSet, Stack, Template, Wish};
use crate::cloud::s3::Headers;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::plan::consequence::Consequence;
use crate::plan::held;
use crate::template::{self, Kind};
use crate::ui::live::Live;
use crate::ui::{bold, clock};

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// The stack.
    pub stack: String,
    /// What changed; empty if nothing did.
    pub changes: Vec<Change>,
    /// How long it took.
    pub seconds: u64,
    /// The stack's outputs now.
    #[serde(skip)]
    pub outputs: BTreeMap<String, String>,
}

/// Renders and applies one stack. `known` holds what its parameters are called and are.
pub async fn apply(
    ctx: &Context,
    kind: Kind,
    known: &BTreeMap<String, String>,
) -> Result<Applied, Failure> {
    apply_planned(ctx, kind, known, None).await
}

/// The same, if CloudFormation makes of it what was `planned`, where somebody was shown a plan.
pub async fn apply_planned(
    ctx: &Context,
    kind: Kind,
    known: &BTreeMap<String, String>,
    planned: Option<&[Consequence]>,
) -> Result<Applied, Failure> {
    let name = kind.stack(&ctx.stage.name);
    let started = Instant::now();
    let text = template::render(&ctx.repository, &ctx.stage, kind)?;
    let parameters = parameters(&text, known).blame(
        codes::RENDER,
        format!("the {} template asks for what nobody knows", kind.name()),
    )?;
    let template = hand_over(ctx, kind, text, known).await?;
    let before = ready(ctx, kind, &name).await?;
    let change_set = format!("spokectl-{}", Utc::now().format("%Y%m%d%H%M%S%3f"));
    let wish = Wish {
        stack: &name,
        template: &template,
        parameters: &parameters,
        // No release among them: what a stack is tagged with, all it holds is, and a release must not touch the
        // database. The functions, which change with it anyway, have that tag by their template.
        tags: &ctx.stage.tags(),
        is_new: before.is_none(),
    };
    let changes = propose(ctx, kind, &wish, &change_set).await?;
    if changes.is_empty() {
        let outputs = before.map(|stack| stack.outputs).unwrap_or_default();
        ctx.ui.done(format!("{name}: no change"));
        return Ok(Applied {
            stack: name,
            changes,
            seconds: started.elapsed().as_secs(),
            outputs,
        });
    }
    let performed = async {
        held(ctx, kind, planned, &changes)?;
        perform(ctx, kind, &change_set, changes.len(), before.is_none()).await
    };
    let outputs = match performed.await {
        Ok(outputs) => outputs,
        // CloudFormation is at work on this change set.
        Err(failure) if failure.code == codes::DETACHED => return Err(failure),
        Err(failure) => {
            forget(ctx, kind, &name, &change_set).await;
            return Err(failure);
        }
    };
    let seconds = started.elapsed().as_secs();
    ctx.ui.done(format!(
        "{name}: {} in {}",
        counted(&changes),
        clock(seconds)
    ));
    Ok(Applied {
        stack: name,
        changes,
        seconds,
        outputs,
    })
}

/// Refuses a change set that is not what the plan says.
fn held(
    ctx: &Context,
    kind: Kind,
    planned: Option<&[Consequence]>,
    changes: &[Change],
) -> Result<(), Failure> {
    let wrong = planned.map(|planned| held::differences(kind, planned, changes));
    let Some(wrong) = wrong.filter(|wrong| !wrong.is_empty()) else {
        return Ok(());
    };
    let name = kind.stack(&ctx.stage.name);
    let mut failure = Failure::new(
        codes::PLAN_STALE,
        format!("the change of stack {name} is not what the plan says"),
    );
    failure.why = wrong;
    Err(unchanged(
        ctx,
        failure.state("its change set is deleted, and was not executed"),
    ))
}

/// A template that is too large for a request goes by way of the artifact bucket.
async fn hand_over(
    ctx: &Context,
    kind: Kind,
    text: String,
    known: &BTreeMap<String, String>,
) -> Result<Template, Failure> {
    if text.len() <= template::WITH_REQUEST {
        return Ok(Template::Body(text));
    }
    let what = format!("the {} template could not be handed over", kind.name());
    let Some(bucket) = known.get("ArtifactBucket") else {
        return Err(Failure::new(codes::TEMPLATE_SIZE, what).why(format!(
            "{} bytes are too many for a request ({} allowed), and there is no artifact bucket yet",
            text.len(),
            template::WITH_REQUEST
        )));
    };
    let key = format!("templates/{}.yaml", build::sha256(text.as_bytes()));
    let headers = Headers {
        content_type: "application/yaml",
        cache_control: "no-cache",
    };
    ctx.cloud
        .objects
        .put(bucket, &key, Bytes::from(text), headers)
        .await
        .blame(codes::UPLOAD, what)?;
    Ok(Template::Url(ctx.cloud.objects.url(bucket, &key)))
}

/// `3 to add, 1 to change` in the past tense.
fn counted(changes: &[Change]) -> String {
    let count = |action: &str| {
        changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    let replaced = changes
        .iter()
        .filter(|change| change.replacement == "True")
        .count();
    [
        (count("Add"), "added"),
        (count("Modify") - replaced.min(count("Modify")), "changed"),
        (replaced, "replaced"),
        (count("Remove"), "removed"),
        (count("Import"), "imported"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

/// The values of the parameters a template declares, from everything that is known.
fn parameters(
    template: &str,
    known: &BTreeMap<String, String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let template: serde_norway::Value = serde_norway::from_str(template)?;
    let declared = template
        .get("Parameters")
        .and_then(serde_norway::Value::as_mapping)
        .cloned()
        .unwrap_or_default();
    declared
        .keys()
        .filter_map(serde_norway::Value::as_str)
        .map(|name| {
            let value = known
                .get(name)
                .with_context(|| format!("parameter {name} has no value"))?;
            Ok((name.to_owned(), value.clone()))
        })
        .collect()
}

/// The stack as it is, once nobody else works on it; what never came to life is cleared away.
async fn ready(ctx: &Context, kind: Kind, name: &str) -> Result<Option<Stack>, Failure> {
    let Some(stack) = find(ctx, kind, name).await? else {
        return Ok(None);
    };
    // Only proposed so far: a new proposal takes its place.
    if stack.status == "REVIEW_IN_PROGRESS" {
        return Ok(None);
    }
    let stack = if stack.status.ends_with("IN_PROGRESS") {
        ctx.ui.notice(format!(
            "{name} is still at work from an earlier run ({}); waiting for it",
            stack.status
        ));
        let Some(stack) = settled(ctx, kind, name).await? else {
            return Ok(None);
        };
        stack
    } else {
        stack
    };
    match stack.status.as_str() {
        "ROLLBACK_COMPLETE" | "CREATE_FAILED" => {
            ctx.ui.notice(format!(
                "{name} stands in {} from an earlier run that failed; it never came to life, so it is deleted and made again",
                stack.status
            ));
            ctx.cloud.stacks_of(kind).delete(name).await.blame(
                codes::STACK_STUCK,
                format!("stack {name} cannot be deleted"),
            )?;
            match settled(ctx, kind, name).await? {
                None => Ok(None),
                Some(stack) if stack.status == "DELETE_COMPLETE" => Ok(None),
                Some(stack) => Err(stuck(ctx, kind, &stack)),
            }
        }
        "DELETE_FAILED" => Err(half_deleted(ctx, kind, &stack)),
        status if status.ends_with("_FAILED") => Err(stuck(ctx, kind, &stack)),
        _ => Ok(Some(stack)),
    }
}

/// It lived, and somebody began to delete it: what still stands may be the database, and is nobody's to throw away.
pub(crate) fn half_deleted(ctx: &Context, kind: Kind, stack: &Stack) -> Failure {
    let name = kind.stack(&ctx.stage.name);
    let region = ctx.stage.region_of(kind);
    Failure::new(
        codes::STACK_STUCK,
        format!("stack {name} was to be deleted, and not all of it could be"),
    )
    .why(format!(
        "{}: {}",
        stack.status,
        stack.reason.as_deref().unwrap_or("no reason given")
    ))
    .state("what its deletion left stands, data included; spokectl deletes nothing of it")
    .state(
        "CloudFormation can only delete such a stack to its end, keeping what --retain-resources names: \
         bring what still holds data to safety first",
    )
    .next(format!(
        "aws cloudformation list-stack-resources --stack-name {name} --region {region}"
    ))
}

fn stuck(ctx: &Context, kind: Kind, stack: &Stack) -> Failure {
    let name = kind.stack(&ctx.stage.name);
    let failure = Failure::new(codes::STACK_STUCK, format!("stack {name} is stuck"))
        .why(format!(
            "{}: {}",
            stack.status,
            stack.reason.as_deref().unwrap_or("no reason given")
        ))
        .state("traffic and bundle are where they were");
    let command = if stack.status == "UPDATE_ROLLBACK_FAILED" {
        "continue-update-rollback"
    } else {
        "describe-stack-events"
    };
    failure.next(format!(
        "aws cloudformation {command} --stack-name {name} --region {}",
        ctx.stage.region_of(kind)
    ))
}

async fn find(ctx: &Context, kind: Kind, name: &str) -> Result<Option<Stack>, Failure> {
    ctx.cloud.stacks_of(kind).find(name).await.blame(
        codes::STACK_UNREADABLE,
        format!("stack {name} cannot be read"),
    )
}

/// The stack once it is no longer in progress; none once it is gone.
async fn settled(ctx: &Context, kind: Kind, name: &str) -> Result<Option<Stack>, Failure> {
    loop {
        match find(ctx, kind, name).await? {
            Some(stack) if stack.status.ends_with("IN_PROGRESS") => {
                if ctx.interrupted.seen() {
                    return Err(detached(ctx, kind, &stack.status));
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return Ok(other),
        }
    }
}

/// CloudFormation needs nobody who looks; the next run waits for it in [`ready`].
fn detached(ctx: &Context, kind: Kind, how: &str) -> Failure {
    let name = kind.stack(&ctx.stage.name);
    Failure::new(codes::DETACHED, format!("stack {name} goes on without us"))
        .why("you asked to leave")
        .state(format!(
            "CloudFormation goes on with it ({how}); traffic and bundle are where they were"
        ))
        .state("whoever deploys next waits for its end and goes on from there")
        .next(format!(
            "aws cloudformation describe-stack-events --stack-name {name} --region {}",
            ctx.stage.region_of(kind)
        ))
        .next(format!("spokectl deploy{}", ctx.flag()))
}

/// Asks for a change set and waits until CloudFormation has worked it out.
async fn propose(
    ctx: &Context,
    kind: Kind,
    wish: &Wish<'_>,
    name: &str,
) -> Result<Vec<Change>, Failure> {
    let what = format!("CloudFormation does not take the change of {}", wish.stack);
    let stacks = ctx.cloud.stacks_of(kind);
    stacks
        .create_change_set(wish, name)
        .await
        .blame(codes::CHANGE_SET, &what)
        .map_err(|failure| unchanged(ctx, failure))?;
    let change_set: ChangeSet = loop {
        let change_set = stacks
            .change_set(wish.stack, name)
            .await
            .blame(codes::CHANGE_SET, &what)?;
        if change_set.status == "FAILED" || change_set.status == "CREATE_COMPLETE" {
            break change_set;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    if change_set.status == "CREATE_COMPLETE" {
        return Ok(change_set.changes);
    }
    stacks
        .delete_change_set(wish.stack, name)
        .await
        .blame(codes::CHANGE_SET, &what)?;
    if change_set.is_empty() {
        return Ok(Vec::new());
    }
    let failure = Failure::new(codes::CHANGE_SET, what).why(change_set.reason);
    Err(unchanged(ctx, failure))
}

/// What CloudFormation does not even begin.
fn unchanged(ctx: &Context, failure: Failure) -> Failure {
    failure
        .state("the stack is as it was; traffic and bundle did not move")
        .next(format!("spokectl plan{}", ctx.flag()))
}

/// A change set that came to nothing is of no use to anybody. Where it cannot be deleted the failure before it is told.
async fn forget(ctx: &Context, kind: Kind, stack: &str, change_set: &str) {
    let deleted = ctx
        .cloud
        .stacks_of(kind)
        .delete_change_set(stack, change_set)
        .await;
    if let Err(error) = deleted {
        ctx.ui
            .notice(format!("change set {change_set} stays: {error:#}"));
    }
}

/// Executes a change set and watches it to its end.
async fn perform(
    ctx: &Context,
    kind: Kind,
    change_set: &str,
    changes: usize,
    is_new: bool,
) -> Result<BTreeMap<String, String>, Failure> {
    let name = kind.stack(&ctx.stage.name);
    let name = name.as_str();
    let stacks = ctx.cloud.stacks_of(kind);
    let unreadable = format!("stack {name} cannot be watched");
    let earlier = stacks
        .events(name, None)
        .await
        .blame(codes::STACK_UNREADABLE, &unreadable)?;
    let mut last = earlier.last().map(|event| event.id.clone());
    // Whoever asked to leave by now wants nothing begun.
    if ctx.interrupted.seen() {
        return Err(unchanged(
            ctx,
            Failure::new(codes::INTERRUPTED, format!("stack {name} was not changed"))
                .why("you asked to leave"),
        ));
    }
    stacks.execute(name, change_set).await.blame(
        codes::CHANGE_SET,
        format!("the change of {name} could not be started"),
    )?;
    let started = Instant::now();
    let mut said = Instant::now();
    let mut tree = Tree::default();
    let mut live = Live::new(&ctx.ui);
    loop {
        let stack = find(ctx, kind, name).await?;
        let events = stacks
            .events(name, last.as_deref())
            .await
            .blame(codes::STACK_UNREADABLE, &unreadable)?;
        for event in &events {
            if let Some(line) = tree.take(name, event)
                && !ctx.ui.is_terminal()
            {
                ctx.ui.say(line);
                said = Instant::now();
            }
        }
        last = events.last().map(|event| event.id.clone()).or(last);
        let status = stack.as_ref().map_or("", |stack| stack.status.as_str());
        let (done, seen) = tree.count();
        let mut lines = vec![format!(
            "{} {done}/{} {}",
            bold(name),
            changes.max(seen),
            clock(started.elapsed().as_secs())
        )];
        lines.extend(tree.lines(Utc::now()));
        live.draw(lines);
        if !ctx.ui.is_terminal() && said.elapsed() > Duration::from_secs(15) {
            said = Instant::now();
            ctx.ui.say(format!(
                "  {name}: {done}/{} after {}, waiting for {}",
                changes.max(seen),
                clock(started.elapsed().as_secs()),
                tree.waiting(Utc::now()).join(", ")
            ));
        }
        // A stack that only was proposed stays in review for a moment after the start.
        if !status.ends_with("IN_PROGRESS") {
            live.clear();
            return ended(ctx, kind, stack, &tree, is_new);
        }
        if ctx.interrupted.seen() {
            live.clear();
            let how = format!("{done}/{} resources done", changes.max(seen));
            return Err(detached(ctx, kind, &how));
        }
        tokio::time::sleep(pause(started.elapsed())).await;
    }
}

/// Often at first, when much happens; less often once it is clear that it takes long.
fn pause(elapsed: Duration) -> Duration {
    if elapsed < Duration::from_mins(1) {
        Duration::from_millis(500)
    } else {
        Duration::from_secs(3)
    }
}

fn ended(
    ctx: &Context,
    kind: Kind,
    stack: Option<Stack>,
    tree: &Tree,
    is_new: bool,
) -> Result<BTreeMap<String, String>, Failure> {
    let name = kind.stack(&ctx.stage.name);
    let Some(stack) = stack else {
        return Err(Failure::new(
            codes::STACK_CREATE,
            format!("stack {name} is gone"),
        ));
    };
    match stack.status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Ok(stack.outputs),
        "ROLLBACK_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => {
            let (code, what, state) = if is_new {
                (
                    codes::STACK_CREATE,
                    format!("stack {name} could not be made"),
                    "what had been made was taken away again; the next run starts it anew",
                )
            } else {
                (
                    codes::STACK_UPDATE,
                    format!("stack {name} could not be changed"),
                    "the stack is as it was; traffic and bundle did not move",
                )
            };
            let mut failure = Failure::new(code, what)
                .state(state)
                .next(format!("spokectl deploy{}", ctx.flag()));
            failure.why = tree.reasons();
            if failure.why.is_empty() {
                failure.why.extend(stack.reason);
            }
            Err(failure)
        }
        _ => {
            let mut failure = stuck(ctx, kind, &stack);
            failure.why.extend(tree.reasons());
            Err(failure)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{counted, parameters};
    use crate::cloud::cloudformation::Change;

    #[test]
    fn a_template_gets_what_it_declares_and_nothing_else() {
        let template = "Parameters:\n  A:\n    Type: String\nResources:\n  X: !Ref A\n";
        let known: BTreeMap<_, _> = [("A", "1"), ("B", "2")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let given = parameters(template, &known).unwrap();
        assert_eq!(
            given.into_iter().collect::<Vec<_>>(),
            [("A".to_owned(), "1".to_owned())]
        );
        let error = parameters(template, &BTreeMap::new())
            .unwrap_err()
            .to_string();
        assert!(error.contains("parameter A"), "{error}");
    }

    #[test]
    fn changes_are_counted_by_what_they_mean() {
        let change = |action: &str, replacement: &str| Change {
            action: action.to_owned(),
            resource: "X".to_owned(),
            kind: "AWS::S3::Bucket".to_owned(),
            replacement: replacement.to_owned(),
        };
        let changes = [
            change("Add", ""),
            change("Modify", "False"),
            change("Modify", "True"),
        ];
        assert_eq!(counted(&changes), "1 added, 1 changed, 1 replaced");
    }
}
