//! `spokectl rollback`: the way back.

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::plan::pending;
use crate::release::back::{self, WayBack};
use crate::release::settle::{self, Settled};
use crate::release::{attempt, lock, record};
use crate::ui::Ui;

/// Go back to an earlier release: bundle first, then the other functions, then traffic
///
/// A shift under way is stopped instead, and its traffic goes back to the release before.
///
/// Takes seconds, runs no hook and waits for no alarm. Going back is recorded as a release of its
/// own.
///
/// Migrations never go back. Where they have only added since, the earlier release works with the
/// newer schema; where one took away what a query of that release names, going back is refused.
///
/// Examples:
///   spokectl rollback
///   spokectl rollback --stage prod --to 41 --yes
///   spokectl rollback --plan-only
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The release to go back to; without it, the newest before the live one
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<u64>,
    /// Go back although the schema has lost what the earlier release needs
    #[arg(long)]
    pub anyway: bool,
    /// Only say what would move
    #[arg(long)]
    pub plan_only: bool,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    if args.plan_only {
        let (way, _, _) = decide(&ctx, &args).await?;
        ui.data(&way, || describe(&way));
        let is_refused = !way.lost.is_empty() && !args.anyway;
        return Ok(if is_refused { Kind::Refused } else { Kind::Ok });
    }
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    let lock = lock::take(&ctx, "rollback", None, &caller.arn).await?;
    let gone = locked(&ctx, global, &args, &caller.arn).await;
    lock::ended(&ctx, &lock, gone).await?;
    Ok(Kind::Ok)
}

async fn locked(ctx: &Context, global: &Global, args: &Args, by: &str) -> Result<(), Failure> {
    // A shift under way is gone back from by stopping it: no question, every second counts.
    if settle::stop(ctx).await? == Settled::TakenBack && args.to.is_none() {
        return stopped(ctx).await;
    }
    let (way, current, target) = decide(ctx, args).await?;
    ctx.ui.say(describe(&way));
    if !args.anyway {
        whole(ctx, &way)?;
    }
    agree(ctx, global)?;
    let bucket = record::artifact_bucket(ctx).await?;
    let highest = attempt::numbers(ctx, &bucket)
        .await?
        .into_iter()
        .chain([current.number])
        .max()
        .unwrap_or_default();
    let release = back::go(ctx, &current, &target, by, highest + 1).await?;
    ctx.ui.data(
        &serde_json::json!({ "release": release, "way": way }),
        || {
            format!(
                "release {} is live: release {} again · bundle {}",
                release.number, target.number, release.assets.bundle
            )
        },
    );
    Ok(())
}

/// The release before the one that was stopped has everything again.
async fn stopped(ctx: &Context) -> Result<(), Failure> {
    let release = record::current(ctx).await?;
    let live = release.as_ref().map_or_else(
        || "nothing".to_owned(),
        |release| format!("release {}", release.number),
    );
    ctx.ui.data(
        &serde_json::json!({ "release": release, "way": null }),
        || format!("the shift is stopped; {live} has all the traffic"),
    );
    Ok(())
}

async fn decide(
    ctx: &Context,
    args: &Args,
) -> Result<
    (
        WayBack,
        spoke_contract::release::Release,
        spoke_contract::release::Release,
    ),
    Failure,
> {
    let current = record::current(ctx)
        .await?
        .ok_or_else(|| record::never(ctx))?;
    let history = record::history(ctx).await?;
    let target = back::choose(&history, &current, args.to).ok_or_else(|| {
        let numbers: Vec<_> = history
            .iter()
            .map(|release| release.number.to_string())
            .collect();
        let failure = match args.to {
            Some(number) => Failure::new(codes::NOT_FOUND, format!("there is no release {number}")),
            None => Failure::new(
                codes::NOTHING_TO_GO_BACK_TO,
                "there is no earlier release to go back to",
            ),
        };
        failure
            .state(format!(
                "nothing moved: release {} is live; recorded are {}",
                current.number,
                numbers.join(", ")
            ))
            .next(format!("spokectl bundle list{}", ctx.flag()))
            .next(format!("spokectl status{}", ctx.flag()))
    })?;
    let lost = pending::lost(&ctx.repository, target, &current).await?;
    let way = back::way(&current, target, lost);
    Ok((way, current.clone(), target.clone()))
}

/// Nobody goes back to a release that the database cannot answer any more, unless they insist.
fn whole(ctx: &Context, way: &WayBack) -> Result<(), Failure> {
    if way.lost.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(
        codes::SCHEMA_LOST,
        format!("release {} needs what the schema has lost", way.to),
    )
    .state(format!("nothing moved: release {} is live", way.from))
    .next(format!(
        "spokectl rollback{} --to <a later release>",
        ctx.flag()
    ))
    .next(format!(
        "mend it, and release that: spokectl deploy{}",
        ctx.flag()
    ))
    .next(format!(
        "spokectl rollback{} --to {} --anyway",
        ctx.flag(),
        way.to
    ));
    failure.why.clone_from(&way.lost);
    Err(failure)
}

fn describe(way: &WayBack) -> String {
    let mut lines = vec![format!("from release {} to release {}:", way.from, way.to)];
    lines.extend(way.moves.iter().map(|line| format!("  ~ {line}")));
    if way.moves.is_empty() {
        lines.push("  nothing moves".to_owned());
    }
    lines.extend(way.stays.iter().map(|line| format!("    {line}")));
    lines.extend(way.lost.iter().map(|line| format!("  ! {line}")));
    lines.join("\n")
}

fn agree(ctx: &Context, global: &Global) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    if !ctx.ui.can_ask() {
        return Err(Failure::new(
            codes::NO_TERMINAL,
            "going back wants a yes, and nobody can be asked here",
        )
        .state("nothing moved")
        .next(format!("spokectl rollback{} --yes", ctx.flag())));
    }
    if ctx.ui.ask("Go back?") {
        Ok(())
    } else {
        Err(Failure::new(codes::NO_TERMINAL, "nobody said yes").state("nothing moved"))
    }
}
