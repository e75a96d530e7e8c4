//! The pool: sqlx's, without the question it asks at every give-back.
//!
//! sqlx asks a connection whether it is well whenever it is given back, which doubles the round trips of statements
//! that stand alone. Here a connection whose statement went through is kept at hand for the next one; one whose
//! statement failed or was abandoned goes back to sqlx, which looks after it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryFutureExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement};
use sqlx::{
    Connection, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr,
    Transaction,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A request waits this long for a connection and then says "busy": a caller that hears no in time
/// is better off than one that hangs until the gateway gives up.
const PATIENCE: Duration = Duration::from_secs(3);
/// After this long without use a connection is tried before it is used again: Lambda freezes
/// environments, and a connection may have died while nobody looked.
const LONG_IDLE: Duration = Duration::from_secs(10);
/// After this long without use a connection is closed.
const TOO_IDLE: Duration = Duration::from_mins(5);

/// The pool. Statements may be run on it as on a connection.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    /// Fair: whoever waits longest gets the next connection.
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Idle>>>,
}

#[derive(Debug)]
struct Idle {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

impl Db {
    /// A pool that connects when it is first used.
    pub fn new(options: PgConnectOptions, max_connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .idle_timeout(TOO_IDLE)
            .connect_lazy_with(options);
        Self {
            pool,
            places: Arc::new(Semaphore::new(max_connections as usize)),
            idle: Arc::default(),
        }
    }

    /// A connection of one's own for a while.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] when all are in use for three seconds; when the database
    /// cannot be reached.
    pub async fn acquire(&self) -> sqlx::Result<Lease> {
        let place = tokio::time::timeout(PATIENCE, self.places.clone().acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = match self.at_hand().await {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(Lease {
            connection,
            place,
            idle: self.idle.clone(),
        })
    }

    /// The connection used last that is still well: the others may grow old and be closed.
    async fn at_hand(&self) -> Option<PoolConnection<Postgres>> {
        loop {
            let mut idle = lock(&self.idle).pop()?;
            let age = idle.since.elapsed();
            let is_well =
                age < LONG_IDLE || (age < TOO_IDLE && idle.connection.ping().await.is_ok());
            if is_well {
                return Some(idle.connection);
            }
            if let Err(error) = idle.connection.close().await {
                tracing::debug!(%error, "closing a connection nobody used");
            }
        }
    }

    /// A transaction.
    ///
    /// # Errors
    /// As [`Db::acquire`].
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        let Lease {
            connection, place, ..
        } = self.acquire().await?;
        Ok(Tx {
            transaction: Transaction::begin(connection, None).await?,
            _place: place,
        })
    }

    /// How to connect, for a connection outside the pool.
    pub fn connect_options(&self) -> Arc<PgConnectOptions> {
        self.pool.connect_options()
    }

    /// Closes every connection; whoever asks for one hears so.
    pub async fn close(&self) {
        self.places.close();
        lock(&self.idle).clear();
        self.pool.close().await;
    }
}

fn lock(idle: &Mutex<Vec<Idle>>) -> std::sync::MutexGuard<'_, Vec<Idle>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection in use. Dropped, it goes back to sqlx, which asks whether it is well.
#[derive(Debug)]
pub struct Lease {
    connection: PoolConnection<Postgres>,
    place: OwnedSemaphorePermit,
    idle: Arc<Mutex<Vec<Idle>>>,
}

impl Lease {
    /// Keeps the connection at hand: its last statement went through to the end.
    fn keep(self) {
        let Self {
            connection,
            place,
            idle,
        } = self;
        let since = Instant::now();
        lock(&idle).push(Idle { connection, since });
        // Only now: whoever gets the place finds the connection.
        drop(place);
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// An open transaction; dropped, it is rolled back.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction<'static, Postgres>,
    _place: OwnedSemaphorePermit,
}

impl Tx {
    /// # Errors
    /// When the database does not say that it has kept everything.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.transaction.rollback().await
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

impl<'p> Executor<'p> for &Db {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let db = self.clone();
        // All of it at once: a slow reader must not keep the connection from others.
        let all = async move {
            let mut lease = db.acquire().await?;
            let all: Vec<_> = lease.fetch_many(query).try_collect().await?;
            lease.keep();
            Ok(stream::iter(all.into_iter().map(Ok)))
        };
        all.try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let db = self.clone();
        Box::pin(async move {
            let mut lease = db.acquire().await?;
            let row = lease.fetch_optional(query).await?;
            lease.keep();
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [sqlx::postgres::PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        let db = self.clone();
        Box::pin(async move { db.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        let db = self.clone();
        Box::pin(async move { db.acquire().await?.describe(sql).await })
    }
}
