//! What a deploy has to pass before it touches anything: the plan's refusals, the confirmations it needs, and the saved
//! plan it shall execute.

use std::path::Path;

use chrono::Utc;

use super::consequence::Group;
use super::read;
use super::report::{self, Plan};
use super::saved::Saved;
use crate::context::Context;
use crate::failure::{Failure, codes};

/// Lets a deploy through, or says why not.
pub async fn pass(ctx: &Context, accepted: &[Group], file: Option<&Path>) -> Result<(), Failure> {
    let (plan, looked) = read::plan(ctx).await?;
    if let Some(file) = file {
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
    refused(ctx, &plan)?;
    confirmed(ctx, &plan, accepted)
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
