//! Migrations: once, one runner at a time, and a failure that names its statement.

use std::time::Duration;

use spoke::db::migrate;
use sqlx::{Connection, PgConnection};

use crate::parts;

async fn connect(database: &str) -> PgConnection {
    PgConnection::connect(&parts::get().url(database))
        .await
        .unwrap()
}

#[tokio::test]
async fn they_run_once_and_two_runners_at_once_are_one() {
    let database = parts::get().empty_database().await;
    let (mut first, mut second) = (connect(&database).await, connect(&database).await);
    let patience = Duration::from_secs(30);
    let (one, two) = tokio::join!(
        migrate::run(&mut first, patience),
        migrate::run(&mut second, patience)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    let count = migrate::MIGRATIONS.iter().count();
    assert_eq!(one.ran.len() + two.ran.len(), count);
    assert!(one.ran.is_empty() || two.ran.is_empty());
    assert_eq!(
        (one.schema, two.schema),
        (migrate::newest(), migrate::newest())
    );
    let again = migrate::run(&mut first, patience).await.unwrap();
    assert!(again.ran.is_empty());
}

#[tokio::test]
async fn a_failure_names_file_statement_and_cause_and_can_be_mended() {
    let database = parts::get().empty_database().await;
    let mut connection = connect(&database).await;
    sqlx::raw_sql("CREATE TABLE message (id int)")
        .execute(&mut connection)
        .await
        .unwrap();
    let failure = migrate::run(&mut connection, Duration::ZERO)
        .await
        .unwrap_err();
    assert!(failure.file.ends_with("_create_messages.sql"), "{failure}");
    assert!(
        failure
            .statement
            .as_ref()
            .unwrap()
            .starts_with("CREATE TABLE message ("),
        "{failure}"
    );
    assert_eq!(
        failure.cause,
        "relation \"message\" already exists (SQLSTATE 42P07)"
    );
    // What came before it stays, and the next run goes on from there.
    sqlx::raw_sql("DROP TABLE message")
        .execute(&mut connection)
        .await
        .unwrap();
    let migrated = migrate::run(&mut connection, Duration::ZERO).await.unwrap();
    assert!(
        migrated.ran[0].ends_with("_create_messages.sql"),
        "{migrated:?}"
    );
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_refused() {
    let database = parts::get().database().await;
    let mut connection = connect(&database).await;
    sqlx::raw_sql("UPDATE _sqlx_migrations SET checksum = 'x'")
        .execute(&mut connection)
        .await
        .unwrap();
    let failure = migrate::run(&mut connection, Duration::ZERO)
        .await
        .unwrap_err();
    assert!(
        failure.cause.contains("changed after it had run"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_runner_that_holds_the_lock_is_not_waited_for_for_ever() {
    let database = parts::get().database().await;
    let (mut holder, mut waiter) = (connect(&database).await, connect(&database).await);
    sqlx::raw_sql("SELECT pg_advisory_lock(77653)")
        .execute(&mut holder)
        .await
        .unwrap();
    let failure = migrate::run(&mut waiter, Duration::ZERO).await.unwrap_err();
    assert!(failure.cause.contains("another process"), "{failure}");
}

#[test]
fn every_migration_says_its_phase_in_the_first_line() {
    for migration in migrate::MIGRATIONS.iter() {
        // One that may not run in a transaction says so before anything else: sqlx wants it there.
        let mut lines = migration.sql.as_str().lines();
        let first = lines
            .find(|line| *line != "-- no-transaction")
            .unwrap_or("");
        let phases = [
            "-- phase: expand",
            "-- phase: backfill",
            "-- phase: contract",
        ];
        assert!(phases.contains(&first), "{}: {first}", migration.version);
    }
}

/// A function is killed in the middle of an index, or just after it: the next run goes on from there.
#[tokio::test]
async fn an_index_that_was_left_half_made_is_made_again() {
    let database = parts::get().empty_database().await;
    let mut connection = connect(&database).await;
    let patience = Duration::from_secs(30);
    migrate::run(&mut connection, patience).await.unwrap();
    let forget = "DELETE FROM _sqlx_migrations WHERE description LIKE '%index of%'";
    let half =
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'opt_out_pages'::regclass";
    for left in ["", half] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{forget}; {left}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let again = migrate::run(&mut connection, patience).await.unwrap();
        assert!(again.ran.len() > 3, "{:?}", again.ran);
        let valid: bool = sqlx::query_scalar(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'opt_out_pages'::regclass",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        assert!(valid, "{left}");
    }
}
