//! `spokectl lock`: who is at work.

use chrono::Utc;
use serde_json::json;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::lock;
use crate::ui::Ui;

/// Who is at work on the stage; take away a lock nobody holds any more.
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
    let sentence = holder.sentence(Utc::now());
    match args.action {
        Action::Status => {
            ui.data(
                &json!({ "locked": true, "holder": holder, "gone": holder.is_gone() }),
                || format!("locked: {sentence}"),
            );
        }
        Action::Release => {
            let agreed = global.yes
                || (ui.can_ask() && ui.ask(&format!("Held for {sentence}. Take it away?")));
            if !agreed {
                return Err(Failure::new(codes::LOCKED, "the lock was not taken away")
                    .why(sentence)
                    .state("the stage is still locked")
                    .next(format!("spokectl lock release{} --yes", ctx.flag())));
            }
            lock::give_back(&ctx).await?;
            ui.data(&json!({ "locked": false, "released": holder }), || {
                format!("released; it was held for {sentence}")
            });
        }
    }
    Ok(Kind::Ok)
}
