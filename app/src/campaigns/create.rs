//! Making a campaign: its row, its sections, and the job that loads its contacts.

use crate::access::Admin;
use crate::app::App;
use crate::campaigns::edit;
use crate::campaigns::sections::{self, Sections};
use crate::contacts::upload;
use crate::db;
use crate::db::campaign::Changes;
use crate::error::Result;
use crate::jobs;

/// Makes the campaign and loads its contacts from the uploaded file; answers its id.
///
/// # Errors
/// [`crate::error::Error::BadInput`] for a value that cannot be; [`crate::error::Error::Forbidden`] for another
/// organization's file.
pub async fn create(
    app: &App,
    by: &Admin,
    changes: &Changes,
    sections: &Sections,
    file: &upload::File,
) -> Result<i32> {
    upload::check(file, by.organization_id)?;
    edit::check(changes)?;
    let title = changes.title.as_deref().unwrap_or("New Campaign");
    let zone = app.config.reference_zone.name();
    let mut tx = app.db.begin().await?;
    let id = db::campaign::insert(
        &mut *tx,
        by.organization_id,
        by.user_id,
        title,
        zone,
        file.name.as_deref(),
    )
    .await?;
    edit::write(&mut tx, id, changes).await?;
    sections::write(&mut tx, id, sections).await?;
    let job = upload::enqueue(&mut tx, by, id, file).await?;
    tx.commit().await?;
    jobs::dispatch(app, job).await;
    Ok(id)
}
