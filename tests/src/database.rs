//! The instance's real `PostgreSQL`, from the outside: where it is, and a load that keeps it busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{Connection as _, PgConnection, Row as _};

/// The database's address, as the instance's secret `spoke-<stage>-database` tells it.
pub fn address(secret: &Value) -> String {
    let text = |key: &str| {
        let value = &secret[key];
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    format!(
        "postgres://{}:{}@{}:{}/{}",
        text("username"),
        text("password"),
        text("host"),
        text("port"),
        text("dbname")
    )
}

/// A load on the database; it ends when it is dropped.
#[derive(Debug)]
pub struct Load {
    thousandths: Arc<AtomicU32>,
    task: tokio::task::JoinHandle<()>,
}

impl Load {
    /// A load of nothing, until [`Load::set`] says more.
    pub fn start(address: String) -> Self {
        let thousandths = Arc::new(AtomicU32::new(0));
        let task = tokio::spawn(keep_busy(address, Arc::clone(&thousandths)));
        Self { thousandths, task }
    }

    /// From now on it takes so many thousandths of a real processor.
    pub fn set(&self, thousandths: u32) {
        self.thousandths.store(thousandths, Ordering::Relaxed);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
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
