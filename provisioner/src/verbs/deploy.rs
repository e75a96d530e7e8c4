//! `spokectl deploy`: the release, made.

use std::path::PathBuf;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::plan::consequence::Group;
use crate::plan::gate;
use crate::release::make::{self, Source};
use crate::ui::Ui;

/// Make a release.
///
/// Locks the stage, builds functions and front end, uploads the bundle beside the old ones, updates the stacks
/// by change set, publishes versions, and has CodeDeploy shift the traffic: preflight runs the migrations first,
/// alarms watch while everybody still gets the old bundle, postflight moves the bundle pointer last.
/// A shift that fails goes back by itself; the command says why and ends with 3.
///
/// Ctrl-C between two steps stops; during the shift it detaches (130), and the next deploy records what came of it.
///
/// Examples:
///   spokectl deploy
///   spokectl deploy --stage prod --reason "fixes the join link"
///   spokectl deploy --stage prod --plan prod.plan
///   spokectl deploy --stage prod --accept capacity --output json
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
}

/// Only what needs to be agreed to can be.
fn accepted(word: &str) -> Result<Group, String> {
    let mut known = Group::ALL
        .into_iter()
        .filter(|group| group.needs().is_some());
    known
        .find(|group| group.needs() == Some(word))
        .ok_or_else(|| "data-loss or capacity".to_owned())
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    ctx.interrupted.listen();
    gate::pass(&ctx, &args.accept, args.plan.as_deref()).await?;
    let made = make::release(&ctx, Source::Build, &args.reason).await?;
    ui.data(&made, || {
        format!(
            "release {} · {} · bundle {} · {}",
            made.release.number, made.release.revision, made.release.assets.bundle, made.url
        )
    });
    Ok(Kind::Ok)
}
