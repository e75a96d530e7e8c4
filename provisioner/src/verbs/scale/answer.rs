//! `spokectl scale approve` and `reject`: what a person answers the scaler.

use chrono::Utc;
use serde_json::json;

use super::perform::perform;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::lock;
use crate::scale::{Scope, hours, ledger, notice, wake, work};

pub(super) async fn approve(
    ctx: &Context,
    scope: &Scope,
    with_pending: bool,
) -> Result<Kind, Failure> {
    let ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    let now = Utc::now();
    let Some(proposal) = ledger.waiting(now).cloned() else {
        return Err(nothing(ctx));
    };
    let grows = proposal
        .step
        .to
        .is_above(&proposal.step.from, scope.settings.machine);
    if !grows && hours::is_evening(wake::policy(scope)?.zone, now) {
        return Err(Failure::new(
            codes::SCALE_REFUSED,
            "no database becomes smaller in the evening",
        )
        .why(format!(
            "it is evening in {}, when people text",
            scope.settings.scaling.time_zone
        ))
        .state("the proposal stays")
        .next(format!("spokectl scale approve{}", ctx.flag())));
    }
    for line in notice::meaning(&scope.settings, &proposal.step) {
        ctx.ui.say(format!("  {line}"));
    }
    perform(
        ctx,
        scope,
        proposal.step,
        work::until(scope, now),
        with_pending,
    )
    .await
}

fn nothing(ctx: &Context) -> Failure {
    Failure::new(codes::NOTHING_PROPOSED, "nothing is proposed")
        .why("the scaler has proposed nothing, or nobody answered for twelve hours")
        .state("the database is as it was")
        .next(format!("spokectl scale plan{}", ctx.flag()))
}

pub(super) async fn reject(ctx: &Context, scope: &Scope) -> Result<Kind, Failure> {
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    let lock = lock::take(ctx, "scale", None, &caller.arn).await?;
    let done = rejected(ctx, scope, &caller.arn).await;
    let answer = lock::ended(ctx, &lock, done).await?;
    ctx.ui.data(&answer, || {
        answer["rejected"].as_str().unwrap_or_default().to_owned()
    });
    Ok(Kind::Ok)
}

async fn rejected(ctx: &Context, scope: &Scope, by: &str) -> Result<serde_json::Value, Failure> {
    let mut ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    let now = Utc::now();
    if let Some(change) = ledger
        .change
        .clone()
        .filter(|change| change.failed.is_some())
    {
        work::settle(scope, &mut ledger, by, now).await?;
        return Ok(json!({
            "rejected": format!("change {} is put aside; the scaler looks again from what is there", change.number),
            "change": change,
        }));
    }
    let Some(proposal) = ledger.waiting(now).cloned() else {
        return Err(nothing(ctx));
    };
    ledger.proposal = None;
    ledger.rejected = Some(now);
    ledger::write(scope, &ledger).await?;
    Ok(json!({
        "rejected": format!(
            "{} → {}: not now; it is not proposed again for {} minutes",
            proposal.step.from, proposal.step.to, scope.settings.scaling.cool_down_minutes
        ),
        "proposal": proposal,
    }))
}
