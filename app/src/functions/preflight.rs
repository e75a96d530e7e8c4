//! The hook before traffic: runs the migrations.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use crate::app::App;
use crate::db::migrate;
use crate::functions::hook::Reason;

/// How long another runner, or a database that wakes up, is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// The hook's work.
///
/// # Errors
/// The migration that failed, its statement and the database's words.
pub async fn work(app: &App) -> Result<(), Reason> {
    let mut connection = connect(app)
        .await
        .map_err(|error| Reason::of("connection", &error))?;
    let migrated = migrate::run(&mut connection, PATIENCE)
        .await
        .map_err(|failure| Reason {
            subject: failure.file,
            statement: failure.statement,
            cause: failure.cause,
        })?;
    tracing::info!(schema = migrated.schema, ran = ?migrated.ran, "the schema is up to date");
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing the connection");
    }
    Ok(())
}

/// A connection of its own, tried again while a paused database wakes up.
async fn connect(app: &App) -> anyhow::Result<PgConnection> {
    let options = app.db.connect_options();
    let started = tokio::time::Instant::now();
    loop {
        match PgConnection::connect_with(&options).await {
            Ok(connection) => return Ok(connection),
            Err(sqlx::Error::Io(error)) if started.elapsed() < PATIENCE => {
                tracing::warn!(%error, "the database cannot be reached yet");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
