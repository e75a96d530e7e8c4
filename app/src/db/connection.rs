//! How the pool is made.

use anyhow::Context;
use serde::Deserialize;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

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

/// A pool that connects when it is first used.
pub fn connect(options: PgConnectOptions, max_connections: u32) -> Db {
    let options = options.application_name("spoke").options([
        ("statement_timeout", "20s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("lock_timeout", "10s"),
        // Compiling a walk over a campaign in a large table took seven times as long as the walk.
        ("jit", "off"),
        // Pages come from memory or from solid-state storage: at the default of 4, statistics read the whole of a large
        // table rather than the contacts of one campaign.
        ("random_page_cost", "1.1"),
    ]);
    Db::new(options, max_connections)
}
