//! `spokectl plan`: what a deploy would do, and what it means.

use std::path::PathBuf;

use chrono::Utc;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::plan::saved::Saved;
use crate::plan::{read, report};
use crate::ui::{Ui, dim};

/// What a deploy would do, and what it means
///
/// Told by consequence: data loss, downtime, capacity, permissions, routine.
///
/// Reads what is live and changes nothing. Code, bundle, migrations and infrastructure are told
/// apart; the last lines are the connections at the peak against what the database takes, the time,
/// and the dollars a week.
///
/// Ends with 0 if nothing would change, 2 if something would, 5 if a deploy would be refused.
///
/// Examples:
///   spokectl plan --stage prod
///   spokectl plan --stage prod --drift
///   spokectl plan --stage prod --save prod.plan && spokectl deploy --stage prod --plan prod.plan
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Write what this plan is held to, for `deploy --plan`; git ignores *.plan
    #[arg(long, value_name = "FILE.plan", value_parser = plan_file)]
    pub save: Option<PathBuf>,
    /// Look for what was changed by hand as well; AWS takes up to minutes for it
    #[arg(long)]
    pub drift: bool,
}

/// A file of another name would count as a change no commit has, and the plan refuse itself.
fn plan_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    path.extension()
        .is_some_and(|extension| extension == "plan")
        .then_some(path)
        .ok_or_else(|| {
            "name it *.plan, which git ignores: the plan is of a clean working copy".to_owned()
        })
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    let (mut plan, looked) = read::plan(&ctx).await?;
    if args.drift {
        plan.found_by_hand(read::by_hand(&ctx, &looked).await?);
    }
    let identity = &plan.identity;
    ui.say(dim(&format!(
        "account {} · {} · stage {} · {} · {} · {}",
        identity.account,
        identity.region,
        identity.stage,
        identity.by,
        identity.revision,
        identity.at
    )));
    ui.data(&plan, || report::text(&plan));
    if let Some(file) = &args.save {
        Saved::of(&plan, &looked, Utc::now()).write(file)?;
        ui.done(format!(
            "saved to {}; it holds for 24 hours",
            file.display()
        ));
    }
    Ok(if !plan.refusals.is_empty() {
        Kind::Refused
    } else if plan.has_changes() || plan.has_drift() {
        Kind::Findings
    } else {
        Kind::Ok
    })
}
