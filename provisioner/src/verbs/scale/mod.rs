//! `spokectl scale`: the database's size.

mod answer;
mod by_hand;
mod history;
mod perform;
mod plan;
mod screen;

use chrono::{NaiveDate, Utc};

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::record;
use crate::scale::decide::{Decision, Measured, Running};
use crate::scale::ledger::{self, Ledger};
use crate::scale::{Scope, Settings, look};
use crate::ui::Ui;
use by_hand::Wish;

/// The database's size: where it stands, what the next rung means, and taking it
///
/// The function `scaler` looks by itself, when the alarm db-cpu-high rings and every five minutes. It
/// proposes the next rung, or takes it, as scaling.policy says; ceilings, cool-down and quiet times
/// are in the stage file. What was enlarged stays so through every deploy, until `scale down`.
///
/// Examples:
///   spokectl scale status --stage prod
///   spokectl scale plan --stage prod
///   spokectl scale approve --stage prod
///   spokectl scale up --stage prod --to db.r7g.2xlarge --until 2026-11-04 --reason "the vote"
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Where it stands, what was measured, what waits and what is under way
    Status,
    /// What the scaler would do now, and what that means; changes nothing
    Plan {
        /// What this class, or these capacity units, would mean instead
        #[arg(long, value_name = "CLASS|ACU")]
        to: Option<String>,
    },
    /// Make it larger now
    Up {
        /// A class, or capacity units (16, or 4-16); left out, the next rung
        #[arg(long, value_name = "CLASS|ACU")]
        to: Option<String>,
        /// Until when it is to be so
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
        /// For the record
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// What waits for the maintenance window may be applied along
        #[arg(long)]
        with_pending: bool,
    },
    /// Make it as small again as the stage file says; not in the evening
    Down {
        /// A class, or capacity units; left out, what the stage file says
        #[arg(long, value_name = "CLASS|ACU")]
        to: Option<String>,
        /// For the record
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// What waits for the maintenance window may be applied along
        #[arg(long)]
        with_pending: bool,
    },
    /// Do what the scaler proposes
    Approve {
        /// What waits for the maintenance window may be applied along
        #[arg(long)]
        with_pending: bool,
    },
    /// Say no to what the scaler proposes, or put a change aside that failed
    Reject,
    /// Every change there was: who, why, until when, and what it brought
    History,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    let scope = scope(&ctx).await?;
    match args.action {
        Action::Status => screen::show(&ctx, &scope).await,
        Action::Plan { to } => plan::show(&ctx, &scope, to.as_deref()).await,
        Action::Up {
            to,
            until,
            reason,
            with_pending,
        } => {
            let wish = Wish {
                to,
                until,
                reason,
                with_pending,
                grows: true,
            };
            by_hand::change(global, &ctx, &scope, wish).await
        }
        Action::Down {
            to,
            reason,
            with_pending,
        } => {
            let wish = Wish {
                to,
                until: None,
                reason,
                with_pending,
                grows: false,
            };
            by_hand::change(global, &ctx, &scope, wish).await
        }
        Action::Approve { with_pending } => answer::approve(&ctx, &scope, with_pending).await,
        Action::Reject => answer::reject(&ctx, &scope).await,
        Action::History => history::show(&ctx, &scope).await,
    }
}

async fn scope(ctx: &Context) -> Result<Scope, Failure> {
    let settings = Settings::of(&ctx.stage).ok_or_else(|| {
        Failure::new(
            codes::SCALE_REFUSED,
            format!(
                "the database of stage {} is not ours to change",
                ctx.stage.name
            ),
        )
        .why("database.kind is \"existing\": it was here before us")
        .state("nothing was looked at or changed")
    })?;
    Ok(Scope {
        cloud: ctx.cloud.clone(),
        settings,
        bucket: record::artifact_bucket(ctx).await?,
    })
}

async fn read(ctx: &Context, scope: &Scope) -> Result<(Ledger, Running, Measured), Failure> {
    let ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    let (running, _) = look::running(scope).await?;
    let measured = look::measured(scope, Utc::now()).await?;
    Ok((ledger, running, measured))
}

/// A decision in one sentence.
fn sentence(decision: &Decision) -> String {
    match decision {
        Decision::Nothing(quiet) => format!("nothing: {quiet}"),
        Decision::Propose(step) => format!("propose {} → {}", step.from, step.to),
        Decision::Change(step) => format!("change {} → {}", step.from, step.to),
        Decision::Refuse(refusal) => format!("refuse: {refusal}; {}", refusal.remedy()),
    }
}
