//! Loading a campaign's contacts from an uploaded file: the `upload_contacts` job.
//!
//! The file streams from the bucket through the parser into a table of its own; only when all of
//! it is there are the campaign's contacts replaced, in one transaction. Whatever fails before
//! leaves the old ones as they are. All that grows with the file here is the set of its numbers.

use std::time::Duration;

use anyhow::Context;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use spoke_contract::names;

use crate::access::{Admin, CampaignBy};
use crate::app::App;
use crate::contacts::cells::Cells;
use crate::contacts::chunks::Chunks;
use crate::contacts::file::{self, Part};
use crate::contacts::mapping::{self, Mapped};
use crate::contacts::phone;
use crate::contacts::reading::{self, Take};
use crate::contacts::rejects::Rejects;
use crate::contacts::row::{Rejection, Row};
use crate::db::contact_import::{ContactImport, RejectedRow};
use crate::db::contact_line::Batch;
use crate::db::job::{JobStatus, NewJob};
use crate::db::{self, Connection};
use crate::error::{Error, OnConstraint, Result};
use crate::jobs;
use crate::jobs::run::Running;
use crate::texting::status::CampaignStatus;

/// The job's type.
pub const KIND: &str = "upload_contacts";
/// How long an upload link works.
const LINK_LIFETIME: Duration = Duration::from_mins(15);
/// Share of the progress that is reading; the rest is the swap.
const READING: f32 = 0.9;

/// An uploaded file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct File {
    #[serde(rename = "s3Key")]
    pub key: String,
    #[serde(default)]
    pub name: Option<String>,
    /// What its columns are; none where their names say it.
    #[serde(default)]
    pub columns: Option<Vec<Mapped>>,
}

/// A place to put a file, and the link that lets one put it there.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadLink {
    pub s3_key: String,
    pub presigned_put_url: String,
}

/// A link the browser can put a file to.
///
/// # Errors
/// When there is no bucket.
pub async fn link(app: &App, by: &Admin) -> Result<UploadLink> {
    let key = format!(
        "{}{}",
        names::contact_upload_prefix(by.organization_id),
        app.ids.token()
    );
    let url = app
        .storage
        .presign_put(app.private_bucket()?, &key, LINK_LIFETIME)
        .await?;
    Ok(UploadLink {
        s3_key: key,
        presigned_put_url: url,
    })
}

/// Whether the file is one of the organization's own uploads, and its columns are named as they can be.
///
/// # Errors
/// As [`check_key`] and [`mapping::check`].
pub fn check(file: &File, organization_id: i32) -> Result<()> {
    check_key(&file.key, organization_id)?;
    file.columns.as_deref().map_or(Ok(()), mapping::check)
}

/// Whether the key is one of the organization's own uploads.
///
/// # Errors
/// [`Error::Forbidden`] when it is not.
pub fn check_key(key: &str, organization_id: i32) -> Result<()> {
    let token = key.strip_prefix(&names::contact_upload_prefix(organization_id));
    let is_token = token.is_some_and(|token| {
        token.len() == 64 && token.chars().all(|character| character.is_ascii_hexdigit())
    });
    if is_token {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// Enqueues the job.
///
/// # Errors
/// [`Error::Refused`] while another upload of the campaign is under way.
pub async fn enqueue(
    tx: &mut Connection,
    by: &Admin,
    campaign_id: i32,
    file: &File,
) -> Result<i32> {
    let job = NewJob {
        kind: KIND,
        campaign_id: Some(campaign_id),
        organization_id: Some(by.organization_id),
        user_id: Some(by.user_id),
        config: serde_json::to_value(file).context("writing the job down")?,
    };
    db::job::insert(tx, job)
        .await
        .on_constraint(db::job::ONE_AT_A_TIME, || {
            Error::bad_input(
                "campaignId",
                "The campaign's contacts are being loaded already.",
            )
        })
}

/// Loads other contacts into a campaign that has not been started; answers the job's id.
///
/// # Errors
/// [`Error::BadInput`] for a started campaign, or while another upload is under way.
pub async fn replace(app: &App, by: &CampaignBy<Admin>, file: &File) -> Result<i32> {
    check(file, by.campaign.organization_id)?;
    if by.campaign.status != CampaignStatus::NotStarted {
        return Err(Error::bad_input(
            "campaignId",
            "The campaign has been started or archived; its contacts cannot be replaced.",
        ));
    }
    let mut tx = app.db.begin().await?;
    let job = enqueue(&mut tx, &by.by, by.campaign.id, file).await?;
    tx.commit().await?;
    jobs::dispatch(app, job).await;
    Ok(job)
}

/// Does the job.
///
/// # Errors
/// A refusal becomes the job's message; the campaign's contacts are as they were.
pub async fn run(running: &Running<'_>) -> Result<()> {
    let app = running.app;
    let file: File =
        serde_json::from_value(running.job.config.clone()).context("reading the job")?;
    let campaign_id = running.job.campaign_id.context("the job has no campaign")?;
    db::contact_line::delete(&app.db, running.job.id).await?;
    let outcome = load_and_swap(running, campaign_id, &file).boxed().await;
    if outcome.is_err() {
        db::contact_line::delete(&app.db, running.job.id).await?;
    }
    outcome
}

async fn load_and_swap(running: &Running<'_>, campaign_id: i32, file: &File) -> Result<()> {
    let app = running.app;
    let campaign = db::campaign::find(&app.db, campaign_id)
        .await?
        .context("the campaign is gone")?;
    let organization = db::organization::find(&app.db, campaign.organization_id)
        .await?
        .context("the organization is gone")?;
    let limit = organization
        .max_contacts()
        .unwrap_or(app.config.max_contacts);
    let path =
        std::env::temp_dir().join(format!("rejected-{}-{}.csv", running.job.id, running.lease));
    let mut load = Load {
        running,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        rows: 0,
        loaded: 0,
        invalid: 0,
        duplicates: 0,
        opted_out: 0,
        cells: Cells::default(),
        custom_fields: Vec::new(),
        rejects: Rejects::new(path),
    };
    stream(&mut load, file).await?;
    if load.loaded == 0 {
        return Err(Error::bad_input(
            "s3Key",
            "No row of the file could be loaded; nothing was changed.",
        ));
    }
    db::contact_line::analyze(&app.db).await?;
    reject_opted_out(&mut load, campaign.organization_id).await?;
    let rejected_rows_key = keep_rejects(&mut load, &file.key).await?;
    swap(load, campaign_id, file, rejected_rows_key).await
}

/// What has been read so far.
struct Load<'a> {
    running: &'a Running<'a>,
    limit: usize,
    rows: usize,
    loaded: usize,
    invalid: usize,
    duplicates: usize,
    opted_out: usize,
    cells: Cells,
    custom_fields: Vec<String>,
    rejects: Rejects,
}

async fn stream(load: &mut Load<'_>, file: &File) -> Result<()> {
    let running = load.running;
    let accepts_possible = running.app.config.suppress_phone_validation;
    let country = running.app.config.phone_number_country.clone();
    let mapping = file.columns.clone();
    let parse = move |chunks: Chunks, hand_over: &mut dyn FnMut(Part) -> bool| {
        let rules = phone::Rules {
            accepts_possible,
            country: &country,
        };
        file::read(chunks, mapping.as_deref(), rules, hand_over)
    };
    reading::read(running, &file.key, READING, parse, load).await
}

impl Take<Part> for Load<'_> {
    async fn take(&mut self, part: Part) -> Result<()> {
        let rows = match part {
            Part::Header(names) => {
                self.custom_fields = names;
                return Ok(());
            }
            Part::Rows(rows) => rows,
        };
        self.rows += rows.len();
        let mut batch = Batch::default();
        for (line, row) in rows {
            match row {
                Ok(row) if self.cells.insert(&row.cell) => push(&mut batch, line, row),
                Ok(row) => {
                    self.duplicates += 1;
                    let reason = "This number is in the file already.".to_owned();
                    let cell = row.cell;
                    self.rejects.push(RejectedRow { line, cell, reason })?;
                }
                Err(Rejection { cell, reason }) => {
                    self.invalid += 1;
                    self.rejects.push(RejectedRow { line, cell, reason })?;
                }
            }
        }
        self.loaded += batch.lines.len();
        if self.loaded > self.limit {
            return Err(Error::bad_input(
                "s3Key",
                format!(
                    "The file has more than {} contacts, the most a campaign may have here; nothing was changed.",
                    self.limit
                ),
            ));
        }
        let running = self.running;
        db::contact_line::insert(&running.app.db, running.job.id, &batch).await?;
        Ok(())
    }
}

fn push(batch: &mut Batch, line: i32, row: Row) {
    batch.lines.push(line);
    batch.cells.push(row.cell);
    batch.first_names.push(row.first_name);
    batch.last_names.push(row.last_name);
    batch.external_ids.push(row.external_id);
    batch.external_id_types.push(row.external_id_type);
    batch.state_codes.push(row.state_code);
    batch.zips.push(row.zip);
    batch.timezones.push(row.timezone.map(str::to_owned));
    batch.custom_fields.push(row.custom_fields);
}

async fn reject_opted_out(load: &mut Load<'_>, organization_id: i32) -> Result<()> {
    let (app, job) = (load.running.app, load.running.job.id);
    let shared = app.config.opt_outs_shared;
    let taken = db::contact_line::take_opted_out(&app.db, job, organization_id, shared).await?;
    load.opted_out = taken.len();
    for (line, cell) in taken {
        let reason = "This number has opted out.".to_owned();
        load.rejects.push(RejectedRow { line, cell, reason })?;
    }
    Ok(())
}

async fn keep_rejects(load: &mut Load<'_>, upload_key: &str) -> Result<Option<String>> {
    let app = load.running.app;
    let Some(path) = load.rejects.file()? else {
        return Ok(None);
    };
    let key = format!("{upload_key}.rejected.csv");
    app.storage
        .put_file(app.private_bucket()?, &key, path, "text/csv")
        .await?;
    Ok(Some(key))
}

/// Replaces the campaign's contacts and ends the job, all or nothing.
async fn swap(
    load: Load<'_>,
    campaign_id: i32,
    file: &File,
    rejected_rows_key: Option<String>,
) -> Result<()> {
    let Running {
        app, job, lease, ..
    } = load.running;
    let mut tx = app.db.begin().await?;
    // A million rows take longer than a request may; nobody waits for this but the admin.
    sqlx::query("SET LOCAL statement_timeout = '600s'")
        .execute(&mut *tx)
        .await?;
    let campaign = db::campaign::find_for_update(&mut *tx, campaign_id)
        .await?
        .filter(|campaign| campaign.status == CampaignStatus::NotStarted)
        .ok_or_else(|| {
            Error::bad_input(
                "campaignId",
                "The campaign has been started or archived meanwhile; its contacts stay as they are.",
            )
        })?;
    let left = db::contact_line::count(&mut *tx, job.id).await?;
    if usize::try_from(left).ok() != load.loaded.checked_sub(load.opted_out) {
        return Err(
            anyhow::anyhow!("only {left} of the file's rows are left in the database").into(),
        );
    }
    db::contact::delete_of_campaign(&mut *tx, campaign_id).await?;
    let shared = app.config.opt_outs_shared;
    let moved = db::contact_line::move_into_campaign(
        &mut *tx,
        job.id,
        campaign_id,
        campaign.organization_id,
        shared,
    )
    .await?;
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let loaded_count = i32::try_from(moved).unwrap_or(i32::MAX);
    let name = file.name.clone().unwrap_or_default();
    let import = ContactImport {
        file_name: name.clone(),
        rows_count: number(load.rows),
        loaded_count,
        invalid_count: number(load.invalid),
        duplicate_count: number(load.duplicates),
        opted_out_count: number(load.loaded) - loaded_count,
        rejected_rows: sqlx::types::Json(load.rejects.first()),
        rejected_rows_key,
    };
    let fields = &load.custom_fields;
    db::campaign::update_contacts(&mut *tx, campaign_id, loaded_count, fields, &name).await?;
    db::contact_import::insert(&mut *tx, campaign_id, job.id, &import).await?;
    db::contact_line::delete(&mut *tx, job.id).await?;
    let message = summary(&import);
    let is_mine = db::job::finish(
        &mut *tx,
        job.id,
        *lease,
        JobStatus::Done,
        &message,
        app.clock.now(),
    )
    .await?;
    if !is_mine {
        return Err(anyhow::anyhow!("another worker has taken the job over").into());
    }
    tx.commit().await?;
    Ok(())
}

fn summary(import: &ContactImport) -> String {
    let mut parts = vec![format!("{} contacts loaded", import.loaded_count)];
    for (count, what) in [
        (import.invalid_count, "invalid"),
        (import.duplicate_count, "duplicate"),
        (import.opted_out_count, "opted out"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("{}.", parts.join(", "))
}
