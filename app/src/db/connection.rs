//! How the pool is made.

use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};

use super::Db;

/// The secret RDS keeps for a database.
#[derive(Clone, Deserialize)]
pub struct DatabaseSecret {
    host: String,
    #[serde(default = "default_port")]
    port: u16,
    username: String,
    password: String,
    #[serde(default = "default_database")]
    dbname: String,
}

impl std::fmt::Debug for DatabaseSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{}@{}:{}/{}",
            self.username, self.host, self.port, self.dbname
        )
    }
}

fn default_port() -> u16 {
    5432
}

fn default_database() -> String {
    "spoke".to_owned()
}

/// Amazon's certificate authorities for RDS, which no public list of roots contains.
const RDS_ROOTS: &[u8] = include_bytes!("rds-roots.pem");

/// Reads the secret's JSON into connection options.
///
/// # Errors
/// When it is not such a secret; the message never contains it.
pub fn options(secret: &str, uses_tls: bool) -> anyhow::Result<PgConnectOptions> {
    let secret: DatabaseSecret = serde_json::from_str(secret)
        .map_err(|error| anyhow::anyhow!("line {}, column {}", error.line(), error.column()))
        .context("the database secret is not JSON with host, port, username, password, dbname")?;
    let mode = if uses_tls {
        PgSslMode::VerifyFull
    } else {
        PgSslMode::Disable
    };
    let options = PgConnectOptions::new_without_pgpass()
        .host(&secret.host)
        .port(secret.port)
        .username(&secret.username)
        .password(&secret.password)
        .database(&secret.dbname)
        .ssl_mode(mode);
    Ok(if uses_tls {
        options.ssl_root_cert_from_pem(RDS_ROOTS.to_vec())
    } else {
        options
    })
}

/// After this long without use a connection is tried before it is used again.
const LONG_IDLE: Duration = Duration::from_secs(10);

/// A pool that connects when it is first used.
///
/// A request waits three seconds for a connection and then says "busy": a caller that hears
/// no in time is better off than one that hangs until the gateway gives up.
pub fn connect(options: PgConnectOptions, max_connections: u32) -> Db {
    let options = options.application_name("spoke").options([
        ("statement_timeout", "20s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("lock_timeout", "10s"),
    ]);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(3))
        .test_before_acquire(false)
        // Lambda freezes environments: a connection may have died while nobody looked. Asking
        // one that has just been used would cost every text a round trip.
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > LONG_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .idle_timeout(Duration::from_mins(5))
        .connect_lazy_with(options)
}
