//! The migrations: embedded, run by one at a time, taken up again where they stopped.
//!
//! The ledger is sqlx's own table, so that its command line reads it too. The statements run
//! one by one because a failure must name the one that failed.

use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row};

use super::statements::split;

/// Every migration of this binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Any number does; this one says "spoke" on a telephone's keys.
const LOCK: i64 = 77_653;
const LOCK_ATTEMPTS: u32 = 5;
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What stopped the migrations.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {cause}{}", statement.as_ref().map(|sql| format!("\n  in: {sql}")).unwrap_or_default())]
pub struct MigrationFailure {
    /// The migration's file name, or `connection`.
    pub file: String,
    /// The statement, when one failed.
    pub statement: Option<String>,
    /// The database's own words.
    pub cause: String,
}

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// The file names of those that ran now.
    pub ran: Vec<String>,
    /// The newest that has ever run.
    pub schema: i64,
}

/// The newest migration of this binary: `20261121090000`.
pub fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// Runs what has not run yet. Waits up to `patience` for another runner to finish.
///
/// # Errors
/// The first failure. What ran before it stays; its own transaction does not.
pub async fn run(
    connection: &mut PgConnection,
    patience: Duration,
) -> Result<Migrated, MigrationFailure> {
    prepare(connection, patience)
        .await
        .map_err(|error| MigrationFailure {
            file: "connection".to_owned(),
            statement: None,
            cause: error.to_string(),
        })?;
    let outcome = run_pending(connection).await;
    if let Err(error) = sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(connection)
        .await
    {
        tracing::warn!(%error, "the migration lock was not released; it goes with the connection");
    }
    outcome
}

async fn prepare(connection: &mut PgConnection, patience: Duration) -> sqlx::Result<()> {
    // A statement may be long, but not endless; a lock may be awaited, but texters wait behind us.
    for setting in ["SET statement_timeout = '540s'", "SET lock_timeout = '5s'"] {
        sqlx::query(setting).execute(&mut *connection).await?;
    }
    let started = Instant::now();
    while !try_lock(connection).await? {
        if started.elapsed() > patience {
            return Err(sqlx::Error::Protocol(
                "another process has been running migrations all the while; nothing was changed"
                    .to_owned(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
             version bigint PRIMARY KEY,
             description text NOT NULL,
             installed_on timestamptz NOT NULL DEFAULT now(),
             success boolean NOT NULL,
             checksum bytea NOT NULL,
             execution_time bigint NOT NULL
         )",
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn try_lock(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(connection)
        .await
}

async fn run_pending(connection: &mut PgConnection) -> Result<Migrated, MigrationFailure> {
    let mut migrated = Migrated::default();
    for migration in MIGRATIONS.iter() {
        let file = file_name(migration);
        let failed = |statement: Option<&str>, cause: String| MigrationFailure {
            file: file.clone(),
            statement: statement.map(str::to_owned),
            cause,
        };
        let applied = applied_checksum(connection, migration.version)
            .await
            .map_err(|error| failed(None, error.to_string()))?;
        match applied {
            Some(checksum) if checksum != migration.checksum.as_ref() => {
                let cause = "it was changed after it had run; write a new migration instead";
                return Err(failed(None, cause.to_owned()));
            }
            Some(_) => {}
            None => {
                apply(connection, migration)
                    .await
                    .map_err(|(statement, error)| failed(statement.as_deref(), describe(&error)))?;
                tracing::info!(migration = %file, "migrated");
                migrated.ran.push(file);
            }
        }
        migrated.schema = migrated.schema.max(migration.version);
    }
    Ok(migrated)
}

async fn applied_checksum(
    connection: &mut PgConnection,
    version: i64,
) -> sqlx::Result<Option<Vec<u8>>> {
    let row = sqlx::query("SELECT checksum FROM _sqlx_migrations WHERE version = $1 AND success")
        .bind(version)
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}

type StatementError = (Option<String>, sqlx::Error);

/// Runs one migration, again when somebody held a lock for too long.
async fn apply(connection: &mut PgConnection, migration: &Migration) -> Result<(), StatementError> {
    for _ in 1..LOCK_ATTEMPTS {
        match apply_once(connection, migration).await {
            Err((_, error)) if is_lock_timeout(&error) => {
                tracing::warn!(migration = %file_name(migration), "a lock was not free; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            outcome => return outcome,
        }
    }
    apply_once(connection, migration).await
}

async fn apply_once(
    connection: &mut PgConnection,
    migration: &Migration,
) -> Result<(), StatementError> {
    let started = Instant::now();
    let statements = split(migration.sql.as_str());
    if migration.no_tx {
        for statement in &statements {
            execute_again(connection, statement).await?;
        }
        return record(connection, migration, started)
            .await
            .map_err(|error| (None, error));
    }
    let mut tx = connection.begin().await.map_err(|error| (None, error))?;
    for statement in &statements {
        execute(&mut tx, statement).await?;
    }
    record(&mut tx, migration, started)
        .await
        .map_err(|error| (None, error))?;
    tx.commit().await.map_err(|error| (None, error))
}

async fn execute(connection: &mut PgConnection, statement: &str) -> Result<(), StatementError> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| (Some(statement.to_owned()), error))
}

/// Executes a statement of a migration without a transaction. Whoever was killed in it, or before the migration was
/// recorded, may have left an index half made, or the work done.
async fn execute_again(
    connection: &mut PgConnection,
    statement: &str,
) -> Result<(), StatementError> {
    let Some(index) = Concurrently::of(statement) else {
        return execute(connection, statement).await;
    };
    let is_valid: Option<bool> =
        sqlx::query_scalar("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)")
            .bind(index.name)
            .fetch_optional(&mut *connection)
            .await
            .map_err(|error| (Some(statement.to_owned()), error))?;
    let is_done = if index.is_made {
        is_valid == Some(true)
    } else {
        is_valid.is_none()
    };
    if is_done {
        tracing::info!(index = index.name, "an earlier run has done this already");
        return Ok(());
    }
    if is_valid == Some(false) && index.is_made {
        let drop = format!("DROP INDEX CONCURRENTLY {}", index.name);
        execute(connection, &drop).await?;
    }
    execute(connection, statement).await
}

async fn record(
    connection: &mut PgConnection,
    migration: &Migration,
    started: Instant,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES ($1, $2, true, $3, $4)",
    )
    .bind(migration.version)
    .bind(migration.description.as_ref())
    .bind(migration.checksum.as_ref())
    .bind(i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

/// An index that a statement makes or drops without keeping others from their work.
struct Concurrently<'a> {
    name: &'a str,
    is_made: bool,
}

impl<'a> Concurrently<'a> {
    fn of(statement: &'a str) -> Option<Self> {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let at = words
            .windows(2)
            .position(|pair| pair == ["INDEX", "CONCURRENTLY"])?;
        let is_word = |word: &&&str| !["IF", "NOT", "EXISTS"].contains(*word);
        let name = words.iter().skip(at + 2).find(is_word)?;
        Some(Self {
            name: name.trim_end_matches(';'),
            is_made: words.get(at.checked_sub(1)?) != Some(&"DROP"),
        })
    }
}

fn file_name(migration: &Migration) -> String {
    format!(
        "{}_{}.sql",
        migration.version,
        migration.description.replace(' ', "_")
    )
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .as_deref()
        == Some(LOCK_NOT_AVAILABLE)
}

fn describe(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => format!(
            "{} (SQLSTATE {})",
            database.message(),
            database.code().unwrap_or_default()
        ),
        None => error.to_string(),
    }
}
