//! `spokectl deploy`: the release, made.

use std::path::PathBuf;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::plan::consequence::Group;
use crate::plan::gate;
use crate::release::make::{self, Made, Source, Wish};
use crate::release::verdict::Verdict;
use crate::ui::Ui;

/// What `--probes` takes.
pub(super) const MOST_PROBES: u32 = 10_000;

/// Make a release: build, upload, update the stacks, shift the traffic, move the bundle
///
/// Shows what the plan means and asks, unless --yes or a saved plan has answered. Data loss, a fall
/// in capacity and a migration nobody can judge want a word of their own (--accept).
///
/// Locks the stage, builds functions and front end, uploads the bundle beside the old ones, updates
/// the stacks by change set, publishes versions, and has CodeDeploy shift the traffic: preflight runs
/// the migrations first, alarms watch while everybody still gets the old bundle, postflight moves the
/// bundle pointer last. A shift that fails goes back by itself; the command says why and ends with 3.
/// One that too few requests met is live but proves little (see `spokectl config explain`): it ends
/// with 7. What was changed by hand is looked for first (minutes, on AWS): a deploy over it is
/// refused without --drift.
///
/// Ctrl-C between two steps stops; while a stack changes or traffic shifts it detaches (130), and the
/// next deploy goes on from what came of it.
///
/// Examples:
///   spokectl deploy
///   spokectl deploy --stage prod --reason "fixes the join link"
///   spokectl deploy --stage prod --plan prod.plan
///   spokectl deploy --stage prod --accept capacity --yes --output json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Why, for the record
    #[arg(long, default_value = "deploy", value_name = "TEXT")]
    pub reason: String,
    /// Execute exactly this plan, of `plan --save`, or refuse
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Agree to what a plan says it means
    #[arg(long, value_name = "GROUP", value_parser = accepted)]
    pub accept: Vec<Group>,
    /// Go on although something was changed by hand: it stays as it is where the template does not change it
    #[arg(long)]
    pub drift: bool,
    /// Send the new version this many requests of our own while traffic shifts; one that fails stops it
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_PROBES)))]
    pub probes: u32,
}

/// Only what needs to be agreed to can be.
fn accepted(word: &str) -> Result<Group, String> {
    let mut known = Group::ALL
        .into_iter()
        .filter(|group| group.needs().is_some());
    known
        .find(|group| group.needs() == Some(word))
        .ok_or_else(|| "data-loss, capacity or unjudged".to_owned())
}

fn told(ctx: &Context, made: &Made) -> String {
    match &made.release {
        Some(release) => format!(
            "release {} · {} · bundle {} · {}",
            release.number, release.revision, release.assets.bundle, made.url
        ),
        None => format!(
            "no release was made: stage {} has no CodeDeploy (release.codedeploy = false); stacks and functions are \
             prepared, no traffic and no bundle moved · {}",
            ctx.stage.name, made.url
        ),
    }
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    ctx.interrupted.listen();
    let word = gate::Word {
        accepted: &args.accept,
        plan: args.plan.as_deref(),
        yes: global.yes,
        drift: args.drift,
    };
    let planned = gate::pass(&ctx, word).await?;
    let wish = Wish {
        reason: &args.reason,
        probes: args.probes,
        planned: Some(&planned),
    };
    let made = make::release(&ctx, Source::Build, wish).await?;
    ui.data(&made, || told(&ctx, &made));
    // Without a shift nothing could have been proved, and the last line says so.
    if made
        .verdict
        .is_none_or(|verdict| verdict == Verdict::Passed)
    {
        return Ok(Kind::Ok);
    }
    let wanted = ctx.stage.release.min_requests;
    ctx.ui.notice(format!(
        "inconclusive: the new version met {} requests and {} probes while traffic shifted, {wanted} together would mean \
         something (release.min_requests); it is live. Next time: spokectl deploy{} --probes {wanted}",
        made.answered.requests,
        made.answered.probes,
        ctx.flag()
    ));
    Ok(Kind::Inconclusive)
}
