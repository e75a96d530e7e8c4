//! Opt-outs as a file: the `export_opt_outs` job. What it writes can be imported again.

use std::path::Path;

use anyhow::Context;
use chrono::SecondsFormat;
use spoke_contract::names;

use crate::access::Admin;
use crate::app::App;
use crate::contacts::rejects::{TempFile, without_formula};
use crate::db;
use crate::db::job::{Job, NewJob};
use crate::error::{Error, Result};
use crate::jobs;
use crate::jobs::run::Running;

/// The job's type.
pub const KIND: &str = "export_opt_outs";
/// Opt-outs read at a time.
const PAGE: i64 = 5000;

/// Enqueues the job.
///
/// # Errors
/// When the database does not answer.
pub async fn order(app: &App, by: &Admin) -> Result<Job> {
    let job = NewJob {
        kind: KIND,
        campaign_id: None,
        organization_id: Some(by.organization_id),
        user_id: Some(by.user_id),
        config: serde_json::json!({}),
    };
    let id = db::job::insert(&app.db, job).await?;
    jobs::dispatch(app, id).await;
    db::job::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such job."))
}

/// The job's work: page by page into a file, and the file into the bucket.
///
/// # Errors
/// When database, disk or bucket fail.
pub async fn run(running: &Running<'_>) -> Result<()> {
    let organization_id = running
        .job
        .organization_id
        .context("the job has no organization")?;
    let name = format!("opt-outs-{}-{}.csv", running.job.id, running.lease);
    let file = TempFile(std::env::temp_dir().join(name));
    let count = write(running.app, organization_id, &file.0).await?;
    let prefix = names::contact_upload_prefix(organization_id);
    let key = format!("{prefix}{}/opt-outs.csv", running.app.ids.token());
    running.keep_file(&file.0, &key).await?;
    running.finish(&format!("{count} opt-outs.")).await
}

async fn write(app: &App, organization_id: i32, path: &Path) -> Result<usize> {
    let broken = "writing the opt-outs";
    let mut file = csv::Writer::from_path(path).context(broken)?;
    file.write_record(["cell", "reason", "opted_out_at"])
        .context(broken)?;
    let (mut after, mut count) = (0, 0);
    loop {
        let page = if app.config.opt_outs_shared {
            db::opt_out::list_exported_shared(&app.db, after, PAGE).await?
        } else {
            db::opt_out::list_exported(&app.db, organization_id, after, PAGE).await?
        };
        let Some(last) = page.last() else { break };
        after = last.id;
        count += page.len();
        for row in &page {
            let at = row.created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            file.write_record([&row.cell, &without_formula(&row.reason_code), &at])
                .context(broken)?;
        }
    }
    file.flush().context(broken)?;
    Ok(count)
}
