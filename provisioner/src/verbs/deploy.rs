//! `spokectl deploy`: the release, made.

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind};
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
///   spokectl deploy --stage prod --output json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Why, for the record
    #[arg(long, default_value = "deploy", value_name = "TEXT")]
    pub reason: String,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    ctx.interrupted.listen();
    let made = make::release(&ctx, Source::Build, &args.reason).await?;
    ui.data(&made, || {
        format!(
            "release {} · {} · bundle {} · {}",
            made.release.number, made.release.revision, made.release.assets.bundle, made.url
        )
    });
    Ok(Kind::Ok)
}
