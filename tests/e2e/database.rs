//! The instance's real `PostgreSQL`: kept busy, and watched from the outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use e2e::database::{Load, address};
use sqlx::{Connection as _, PgConnection};

use crate::instance::Instance;

/// The longest pause so far in which it answered nobody, in milliseconds.
type Longest = Arc<AtomicU64>;

pub(crate) struct Database {
    address: String,
    load: Load,
    longest: Longest,
    watching: tokio::task::JoinHandle<()>,
}

impl Database {
    pub(crate) async fn of(instance: &Instance) -> anyhow::Result<Self> {
        let secret = instance.secret("spoke-local-database").await?;
        let address = address(&secret);
        let longest = Longest::default();
        Ok(Self {
            load: Load::start(address.clone()),
            watching: tokio::spawn(watch(address.clone(), Arc::clone(&longest))),
            address,
            longest,
        })
    }

    /// From now on a load takes so many thousandths of a real processor.
    pub(crate) fn load(&self, thousandths: u32) {
        self.load.set(thousandths);
    }

    /// The longest time it did not answer since the last look.
    pub(crate) fn interruption(&self) -> Duration {
        Duration::from_millis(self.longest.swap(0, Ordering::Relaxed))
    }

    /// Runs one statement, as a person would.
    pub(crate) async fn ask(&self, statement: &str) -> anyhow::Result<usize> {
        let mut connection = PgConnection::connect(&self.address).await?;
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        Ok(sqlx::query(statement)
            .fetch_all(&mut connection)
            .await?
            .len())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

/// Asks all the time, and notes how long nobody answered.
async fn watch(address: String, longest: Longest) {
    let mut answered = Instant::now();
    loop {
        if let Ok(mut connection) = PgConnection::connect(&address).await {
            while sqlx::query("select 1")
                .execute(&mut connection)
                .await
                .is_ok()
            {
                let pause = answered.elapsed().as_millis();
                longest.fetch_max(u64::try_from(pause).unwrap_or(u64::MAX), Ordering::Relaxed);
                answered = Instant::now();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
