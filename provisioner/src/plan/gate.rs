//! What a deploy has to pass before it touches anything: the plan's refusals, the confirmations it needs, and the saved
//! plan it shall execute.

use std::path::Path;

use chrono::Utc;

use super::consequence::Group;
use super::read::{self, Looked};
use super::report::{self, Plan};
use super::saved::Saved;
use crate::context::Context;
use crate::failure::{Failure, codes};

/// What somebody who deploys has agreed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Word<'a> {
    /// What a plan may mean.
    pub accepted: &'a [Group],
    /// The saved plan a deploy is held to.
    pub plan: Option<&'a Path>,
    /// Whether it goes on over what was changed by hand.
    pub drift: bool,
}

/// Lets a deploy through, or says why not.
pub async fn pass(ctx: &Context, word: Word<'_>) -> Result<(), Failure> {
    let (plan, looked) = read::plan(ctx).await.map_err(Failure::untouched)?;
    if let Some(file) = word.plan {
        let saved = Saved::read(file)?;
        let wrong = saved.differs(&Saved::of(&plan, &looked, Utc::now()));
        if !wrong.is_empty() {
            let mut failure = Failure::new(
                codes::PLAN_STALE,
                format!("{} is no longer the plan", file.display()),
            )
            .state("nothing was touched")
            .next(format!(
                "spokectl plan{} --save {}",
                ctx.flag(),
                file.display()
            ));
            failure.why = wrong;
            return Err(failure);
        }
    }
    for warning in &plan.warnings {
        ctx.ui.notice(format!("warning: {warning}"));
    }
    refused(ctx, &plan)?;
    confirmed(ctx, &plan, word.accepted)?;
    if word.drift || !ctx.stage.release.drift_check {
        return Ok(());
    }
    untouched(ctx, &looked).await
}

/// Nobody's work by hand is written over, and none fails a release half-way.
async fn untouched(ctx: &Context, looked: &[Looked]) -> Result<(), Failure> {
    let by_hand = read::by_hand(ctx, looked).await;
    let by_hand = by_hand.map_err(Failure::untouched)?;
    let told: Vec<String> = by_hand.iter().flat_map(report::by_hand).collect();
    if told.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(codes::DRIFTED, "something was changed by hand")
        .state("nothing was touched")
        .next("change it back, or write it into the stage file")
        .next(format!("spokectl plan{} --drift", ctx.flag()))
        .next(format!("spokectl deploy{} --drift", ctx.flag()));
    failure.why = told;
    Err(failure)
}

fn refused(ctx: &Context, plan: &Plan) -> Result<(), Failure> {
    if plan.refusals.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(codes::PLAN_REFUSED, "this release cannot go well")
        .state("nothing was touched");
    for refusal in &plan.refusals {
        failure = failure
            .why(format!("{}: {}", refusal.what, refusal.why))
            .next(refusal.next.clone());
    }
    Err(failure.next(format!("spokectl plan{}", ctx.flag())))
}

/// Data that would be lost and capacity that would fall want a word of their own, each.
fn confirmed(ctx: &Context, plan: &Plan, accepted: &[Group]) -> Result<(), Failure> {
    for group in plan.grave() {
        if accepted.contains(&group) {
            continue;
        }
        let told: Vec<String> = plan
            .infrastructure
            .changes
            .iter()
            .filter(|one| one.group == group)
            .map(|one| {
                format!(
                    "{} ({}): {}",
                    one.change.resource, one.change.stack, one.sentence
                )
            })
            .collect();
        if ctx.ui.can_ask() {
            ctx.ui.say(report::text(plan));
            if ctx
                .ui
                .ask(&format!("{}: {}. Go on?", group.title(), told.join("; ")))
            {
                continue;
            }
        }
        let mut failure = Failure::new(
            codes::NOT_ACCEPTED,
            format!("this release means {}", group.title()),
        )
        .state("nothing was touched")
        .next(format!("spokectl plan{}", ctx.flag()))
        .next(format!(
            "spokectl deploy{} --accept {}",
            ctx.flag(),
            group.needs().unwrap_or_default()
        ));
        failure.why = told;
        return Err(failure);
    }
    Ok(())
}
