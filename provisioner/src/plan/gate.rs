//! What a deploy has to pass before it touches anything: the plan's refusals, the confirmations it needs, and the saved
//! plan it shall execute.

use std::path::Path;

use chrono::Utc;

use super::consequence::{Consequence, Group};
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
    /// Whether every question but those about what a plan may mean is answered with yes.
    pub yes: bool,
    /// Whether it goes on over what was changed by hand.
    pub drift: bool,
}

impl Word<'_> {
    /// A saved plan was read before.
    fn has_yes(&self) -> bool {
        self.yes || self.plan.is_some()
    }
}

/// Lets a deploy through with what its stacks will go through, or says why not.
pub async fn pass(ctx: &Context, word: Word<'_>) -> Result<Vec<Consequence>, Failure> {
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
    // A plan that is shown tells its warnings itself.
    if !plan.refusals.is_empty() || !is_shown(ctx, &plan, word) {
        for warning in &plan.warnings {
            ctx.ui.notice(format!("warning: {warning}"));
        }
    }
    refused(ctx, &plan)?;
    agreed(ctx, &plan, word)?;
    if !word.drift && ctx.stage.release.drift_check {
        untouched(ctx, &looked).await?;
    }
    Ok(plan.infrastructure.changes)
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

/// The groups nobody has agreed to yet.
fn not_accepted(plan: &Plan, word: Word<'_>) -> Vec<Group> {
    let mut grave = plan.grave();
    grave.retain(|group| !word.accepted.contains(group));
    grave
}

/// Whoever can be asked, and has not answered everything yet, is shown the whole plan.
fn is_shown(ctx: &Context, plan: &Plan, word: Word<'_>) -> bool {
    ctx.ui.can_ask() && !(word.has_yes() && not_accepted(plan, word).is_empty())
}

/// Data that would be lost, capacity that would fall and migrations nobody can judge want a word of their own, each;
/// everything together one yes. Whoever can be asked is shown first what the plan means.
fn agreed(ctx: &Context, plan: &Plan, word: Word<'_>) -> Result<(), Failure> {
    let can_ask = ctx.ui.can_ask();
    if is_shown(ctx, plan, word) {
        ctx.ui.say(report::text(plan));
    }
    let grave = not_accepted(plan, word);
    for group in &grave {
        let told = plan.told(*group);
        let question = format!("{}: {}. Go on?", group.title(), told.join("; "));
        if can_ask && ctx.ui.ask(&question) {
            continue;
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
    // Who was asked about the gravest has seen the rest.
    if word.has_yes() || !grave.is_empty() {
        return Ok(());
    }
    if !can_ask {
        return Err(Failure::new(
            codes::NO_TERMINAL,
            "a deploy wants a yes, and nobody can be asked here",
        )
        .state("nothing was touched")
        .next(format!("spokectl plan{}", ctx.flag()))
        .next(format!("spokectl deploy{} --yes", ctx.flag())));
    }
    if ctx.ui.ask("Make this release?") {
        Ok(())
    } else {
        Err(Failure::new(codes::NO_TERMINAL, "nobody said yes").state("nothing was touched"))
    }
}
