//! Version stamps: polling compares them and asks for more only when they differ.

use crate::access::Session;
use crate::app::App;
use crate::db;
use crate::db::assignment::Assignment;
use crate::error::Result;

/// The assignment's stamp, and whether this session has read it in the last minute: then nothing
/// needs to be asked of the database. The cached value says nothing about any contact.
pub async fn cached(app: &App, session: Session, assignment_id: i32) -> Option<String> {
    let stamp = app.cache.stamp(assignment_id, &app.ids.token()).await?;
    (stamp.holder? == holder(session)).then_some(stamp.value)
}

/// The stamp of an assignment the session may read.
///
/// # Errors
/// When there is no cache and the database does not answer either.
pub async fn read(app: &App, session: Option<Session>, assignment: &Assignment) -> Result<String> {
    let Some(stamp) = app.cache.stamp(assignment.id, &app.ids.token()).await else {
        return Ok(db::assignment::fingerprint(&app.db, assignment.id).await?);
    };
    if let Some(session) = session.filter(|session| session.user_id == assignment.user_id) {
        app.cache.set_holder(assignment.id, &holder(session)).await;
    }
    Ok(stamp.value)
}

fn holder(session: Session) -> String {
    format!("{}:{}", session.user_id, session.epoch)
}
