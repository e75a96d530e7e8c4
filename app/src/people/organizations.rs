//! Organizations.

use crate::access::{Founder, Role};
use crate::app::App;
use crate::db;
use crate::db::organization::Organization;
use crate::error::{Error, Result};

const MAX_NAME: usize = 200;

/// Makes an organization; whoever makes it owns it.
///
/// # Errors
/// [`Error::BadInput`] when the name is empty.
pub async fn create(app: &App, by: &Founder, name: &str) -> Result<Organization> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Error::bad_input(
            "name",
            format!("A name has 1 to {MAX_NAME} characters."),
        ));
    }
    let mut tx = app.db.begin().await?;
    let organization = db::organization::insert(&mut *tx, name, app.ids.uuid()).await?;
    db::membership::insert(&mut *tx, by.user_id, organization.id, Role::Owner).await?;
    tx.commit().await?;
    Ok(organization)
}
