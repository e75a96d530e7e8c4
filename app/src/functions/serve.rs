//! The plain server: every function in one process, for development.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sqlx::{Connection, PgConnection};

use crate::app::App;
use crate::config::Config;
use crate::db::migrate;
use crate::functions::scheduled;
use crate::texting::simulation;
use crate::{http, jobs};

const ROUND: Duration = Duration::from_secs(10);
const CONNECTIONS: u32 = 10;

/// Serves until it is told to stop.
///
/// # Errors
/// When the database cannot be migrated or the address is taken.
pub async fn serve(mut config: Config) -> anyhow::Result<()> {
    // What is started by hand is meant to be seen.
    config.release = config.release.max(1);
    config.database_pool = config.database_pool.max(CONNECTIONS);
    let address = config.listen.clone();
    let app = App::start(config).await?;
    migrate(&app).await?;
    simulation::allow_timers(&app);
    jobs::allow_in_process(&app);
    let listener = tokio::net::TcpListener::bind(&address)
        .await
        .with_context(|| format!("listening on {address}"))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let server = axum::serve(listener, http::router(&app)).with_graceful_shutdown(stop());
    tokio::select! {
        served = server => served.context("serving"),
        () = rounds(&app) => Ok(()),
    }
}

async fn migrate(app: &App) -> anyhow::Result<()> {
    let options = app.db.connect_options();
    let mut connection = PgConnection::connect_with(&options)
        .await
        .context("connecting to the database")?;
    migrate::run(&mut connection, Duration::from_secs(30))
        .await
        .context("migrating")?;
    Ok(())
}

async fn rounds(app: &Arc<App>) {
    loop {
        tokio::time::sleep(ROUND).await;
        if let Err(error) = scheduled::answer(app).await {
            tracing::warn!(cause = ?error, "a scheduled round failed");
        }
    }
}

async fn stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
