//! `spokectl lock`: who is at work.

use chrono::Utc;
use serde_json::json;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::lock;
use crate::ui::Ui;

/// Who is at work on the stage; take away a lock nobody holds any more
///
/// A lock whose process is gone from this very machine is taken over by the next deploy by itself.
/// One of another machine is yours to judge: release it only when you know that nobody works there.
///
/// Examples:
///   spokectl lock status --stage prod
///   spokectl lock release --stage prod --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say who holds the lock
    Status,
    /// Take the lock away
    Release,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    let holder = lock::holder(&ctx).await?;
    let Some(holder) = holder else {
        ui.data(&json!({ "locked": false }), || "not locked".to_owned());
        return Ok(Kind::Ok);
    };
    let now = Utc::now();
    let sentence = holder.sentence(now);
    let (why, next) = (holder.why(now), holder.next(now, &ctx.flag()));
    match args.action {
        Action::Status => {
            let answer = json!({
                "locked": true, "holder": holder, "gone": holder.is_gone(now), "why": why, "next": next,
            });
            ui.data(&answer, || {
                format!("locked: {sentence}\n  why   {why}\n  next  {next}")
            });
        }
        Action::Release => {
            let question = format!("Held for {sentence}; {why}. Take it away?");
            let agreed = global.yes || (ui.can_ask() && ui.ask(&question));
            if !agreed {
                return Err(Failure::new(codes::LOCKED, "the lock was not taken away")
                    .why(sentence)
                    .why(why)
                    .state("the stage is still locked")
                    .next(format!("spokectl lock release{} --yes", ctx.flag())));
            }
            let (parameters, stage) = (&ctx.cloud.parameters, &ctx.stage.name);
            if let Some(other) = lock::give_back(parameters, stage, &holder).await? {
                return Err(Failure::new(codes::LOCKED, "the lock was not taken away")
                    .why(format!(
                        "it is somebody else's by now: {}",
                        other.sentence(now)
                    ))
                    .state("the stage is still locked")
                    .next(format!("spokectl lock status{}", ctx.flag())));
            }
            ui.data(&json!({ "locked": false, "released": holder }), || {
                format!("released; it was held for {sentence}")
            });
        }
    }
    Ok(Kind::Ok)
}
