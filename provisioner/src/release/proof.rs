//! What must be so before a shift starts: something can fail it, and its hooks can answer.

use serde_json::json;
use spoke_contract::functions::Function;
use spoke_contract::hooks::HookEvent;

use super::shift;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::ui::dim;

/// The version hooks are called at: they have no alias.
const LATEST: &str = "$LATEST";

/// Refuses a shift that nothing could stop, or that would wait an hour for a verdict that cannot arrive.
pub async fn before_shift(ctx: &Context) -> Result<(), Failure> {
    alarms(ctx).await?;
    for hook in [Function::Preflight, Function::Postflight] {
        reaches_codedeploy(ctx, hook).await?;
    }
    ctx.ui.say(dim(
        "  proved: alarms can stop the shift, both hooks reach CodeDeploy",
    ));
    Ok(())
}

/// A canary that nothing can fail is no canary.
async fn alarms(ctx: &Context) -> Result<(), Failure> {
    let stage = &ctx.stage.name;
    let unreadable = "the alarms of the shift cannot be read";
    let watched = ctx
        .cloud
        .deployments
        .alarms(&shift::application(stage), &shift::group(stage))
        .await
        .blame(codes::SHIFT_UNREADABLE, unreadable)?;
    let known = ctx
        .cloud
        .metrics
        .alarms(&format!("spoke-{stage}-"))
        .await
        .blame(codes::SHIFT_UNREADABLE, unreadable)?;
    let missing: Vec<_> = shift::stack_alarms(stage)
        .into_iter()
        .filter(|name| !watched.contains(name) || !known.iter().any(|alarm| alarm.name == *name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(
        Failure::new(codes::CANARY_BLIND, "nothing could fail this canary")
            .why(format!(
                "{} {} missing, or not watched by deployment group {}",
                missing.join(" and "),
                if missing.len() == 1 { "is" } else { "are" },
                shift::group(stage)
            ))
            .state("nothing was shifted")
            .next(format!("spokectl status{}", ctx.flag())),
    )
}

async fn reaches_codedeploy(ctx: &Context, hook: Function) -> Result<(), Failure> {
    let name = hook.lambda_name(&ctx.stage.name);
    ctx.cloud
        .functions
        .call_at(&name, LATEST, &json!(HookEvent::proof()))
        .await
        .blame(
            codes::HOOK_MUTE,
            format!("the hook {} cannot answer CodeDeploy", hook.name()),
        )
        .map(drop)
        .map_err(|failure| {
            failure
                .state("nothing was shifted")
                .next(format!(
                    "spokectl logs{} --function {} --since 5m",
                    ctx.flag(),
                    hook.name()
                ))
                .next(format!("spokectl deploy{}", ctx.flag()))
        })
}
