//! `spokectl down`.

use crate::context;
use crate::failure::{Failure, Kind};
use crate::local::daemon;
use crate::ui::Ui;

/// Stop what `up` started; what it keeps stays
///
/// Database, files and releases stay in .spoke/, and the next `up` goes on with them.
///
/// Examples:
///   spokectl down
///   spokectl down && spokectl up --fresh
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {}

pub(super) async fn run(_args: Args, ui: Ui) -> Result<Kind, Failure> {
    let repository = context::here()?;
    let stopped = daemon::stop(&repository).await?;
    ui.data(&serde_json::json!({ "stopped": stopped }), || {
        if stopped {
            "the local cloud is stopped; what it keeps is in .spoke/".to_owned()
        } else {
            "nothing was running".to_owned()
        }
    });
    Ok(Kind::Ok)
}
