//! A change of size, watched to its end.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::lock;
use crate::scale::decide::Move;
use crate::scale::ledger::{self, Record};
use crate::scale::work::{self, Order, Progress};
use crate::scale::{Scope, notice};
use crate::ui::dim;

/// Makes a change, and shows what it brought.
pub(super) async fn perform(
    ctx: &Context,
    scope: &Scope,
    step: Move,
    until: DateTime<Utc>,
    with_pending: bool,
) -> Result<Kind, Failure> {
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    ctx.interrupted.listen();
    let lock = lock::take(ctx, "scale", None, &caller.arn).await?;
    let order = Order {
        step,
        by: caller.arn,
        until,
        with_pending,
    };
    let done = watched(ctx, scope, order).await;
    let record = lock::ended(ctx, &lock, done).await?;
    ctx.ui.data(&record, || notice::outcome(&record).join("\n"));
    Ok(Kind::Ok)
}

/// Begins, and goes on until it is over or until the user leaves; the scaler goes on with it then.
async fn watched(ctx: &Context, scope: &Scope, order: Order) -> Result<Record, Failure> {
    let mut ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    work::begin(scope, &mut ledger, order, Utc::now()).await?;
    let mut said = String::new();
    loop {
        match work::go_on(scope, &mut ledger, Utc::now()).await? {
            Progress::Done(record) => return Ok(record),
            Progress::Failed(record) => {
                return Err(Failure::new(
                    codes::SCALE_FAILED,
                    format!("the database did not become {}", record.to),
                )
                .why(record.failed.unwrap_or_default())
                .state("it is left as it is; nothing is tried again by itself")
                .next(format!("spokectl scale status{}", ctx.flag()))
                .next(format!("spokectl scale reject{}", ctx.flag())));
            }
            Progress::Moved(sentence) => {
                ctx.ui.say(format!(
                    "  {} {sentence}",
                    dim(&Utc::now().format("%H:%M:%S").to_string())
                ));
                continue;
            }
            Progress::Waiting(sentence) if sentence != said => {
                ctx.ui.say(format!("  {}", dim(&sentence)));
                said = sentence;
            }
            Progress::Waiting(_) => {}
        }
        if ctx.interrupted.seen() {
            return Err(
                Failure::new(codes::DETACHED, "the change goes on without you")
                    .state("the scaler looks after it every five minutes, to its end")
                    .next(format!("spokectl scale status{}", ctx.flag())),
            );
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
