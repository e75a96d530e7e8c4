//! The instance's real `PostgreSQL`: kept busy, and watched from the outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection, Row as _};

use crate::instance::Instance;

/// The longest pause so far in which it answered nobody, in milliseconds.
type Longest = Arc<AtomicU64>;

pub(crate) struct Database {
    address: String,
    /// Thousandths of a real processor its load takes.
    wanted: Arc<AtomicU32>,
    longest: Longest,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Database {
    pub(crate) async fn of(instance: &Instance) -> anyhow::Result<Self> {
        let secret = instance.secret("spoke-local-database").await?;
        let text = |key: &str| {
            let value = &secret[key];
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let address = format!(
            "postgres://{}:{}@{}:{}/{}",
            text("username"),
            text("password"),
            text("host"),
            text("port"),
            text("dbname")
        );
        let (wanted, longest) = (Arc::new(AtomicU32::new(0)), Longest::default());
        let tasks = vec![
            tokio::spawn(keep_busy(address.clone(), Arc::clone(&wanted))),
            tokio::spawn(watch(address.clone(), Arc::clone(&longest))),
        ];
        Ok(Self {
            address,
            wanted,
            longest,
            tasks,
        })
    }

    /// From now on a load takes so many thousandths of a real processor.
    pub(crate) fn load(&self, thousandths: u32) {
        self.wanted.store(thousandths, Ordering::Relaxed);
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
        for task in &self.tasks {
            task.abort();
        }
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

/// The restart on another class breaks the connection: the next one is taken.
async fn keep_busy(address: String, wanted: Arc<AtomicU32>) {
    loop {
        if let Ok(mut connection) = PgConnection::connect(&address).await {
            drop(burn(&mut connection, &wanted).await);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Processor seconds a busy machine may owe the load. What it owes beyond is never made up for: that would be a burst.
const LATE: f64 = 0.5;

/// Keeps the server's process as busy as wanted, by what its processor time says, however busy the machine is.
async fn burn(connection: &mut PgConnection, wanted: &AtomicU32) -> sqlx::Result<()> {
    let pid: i32 = sqlx::query("select pg_backend_pid()")
        .fetch_one(&mut *connection)
        .await?
        .get(0);
    let (mut started, mut spent) = (Instant::now(), ticks(pid));
    let mut before = wanted.load(Ordering::Relaxed);
    loop {
        let share = wanted.load(Ordering::Relaxed);
        if share != before {
            (started, spent, before) = (Instant::now(), ticks(pid), share);
        }
        let due = f64::from(share) / 1000.0 * started.elapsed().as_secs_f64();
        let done = f64::from(ticks(pid).saturating_sub(spent)) / 100.0;
        if due - done > LATE {
            (started, spent) = (Instant::now(), ticks(pid));
        } else if done < due {
            let work = "select count(*) from generate_series(1, 20000)";
            sqlx::query(work).fetch_one(&mut *connection).await?;
        } else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sqlx::query("select 1").fetch_one(&mut *connection).await?;
        }
    }
}

/// Processor time of a process, in hundredths of a second.
fn ticks(pid: i32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum()
}
