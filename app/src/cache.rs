//! Redis: the bundle pointer, version stamps, counters. Everything in it can be lost at any time.
//!
//! A call takes 150 ms at the most. After one that failed nobody asks for two seconds: an
//! instance whose cache is gone is slower, never stuck.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, IntoConnectionInfo, RedisResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spoke_contract::names;

const PATIENCE: Duration = Duration::from_millis(150);
const PAUSE: Duration = Duration::from_secs(2);
const STAMP_SECONDS: u64 = 86_400;
const HOLDER_SECONDS: u64 = 60;
const POINTER_SECONDS: u64 = 300;
const FILLED_SECONDS: u64 = 60;

/// The cache, or the lack of one.
pub struct Cache {
    client: Option<redis::Client>,
    stage: String,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    connection: Option<MultiplexedConnection>,
    paused_until: Option<Instant>,
}

/// What is known about an assignment without asking the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Whose it is: `<user>:<session epoch>`; none when nobody has asked in the last minute.
    pub holder: Option<String>,
    /// Its version.
    pub value: String,
}

impl Cache {
    /// Connects when first used. `url` none: no cache.
    ///
    /// # Errors
    /// When the address is not one.
    pub fn new(url: Option<&str>, password: Option<&str>, stage: &str) -> anyhow::Result<Self> {
        let client = url.map(|url| open(url, password)).transpose()?;
        Ok(Self {
            client,
            stage: stage.to_owned(),
            line: Mutex::new(Line::default()),
        })
    }

    /// The bundle pointer.
    pub async fn pointer(&self) -> Option<String> {
        let key = names::pointer_key(&self.stage);
        self.ask("reading the bundle pointer", async |line| {
            line.get(key).await
        })
        .await
        .flatten()
    }

    /// Sets the bundle pointer for five minutes: then pages ask the record again. Whether it is
    /// so now.
    pub async fn set_pointer(&self, value: &str) -> bool {
        let key = names::pointer_key(&self.stage);
        self.ask("writing the bundle pointer", async |line| {
            line.set_ex::<_, _, ()>(key, value, POINTER_SECONDS).await
        })
        .await
        .is_some()
    }

    /// Sets the bundle pointer unless there is one: a page that has read the record must not
    /// undo what a release has written since.
    pub async fn fill_pointer(&self, value: &str) {
        let key = names::pointer_key(&self.stage);
        let options = redis::SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(redis::SetExpiry::EX(FILLED_SECONDS));
        self.ask("filling the bundle pointer", async |line| {
            line.set_options::<_, _, Option<String>>(key, value, options)
                .await
        })
        .await;
    }

    /// Whether there is a cache and it answers now.
    pub async fn is_answering(&self) -> bool {
        self.ask("asking the cache", async |line| {
            redis::cmd("PING").query_async::<String>(line).await
        })
        .await
        .is_some()
    }

    /// The assignment's stamp; made of `fresh` when there is none. None without a cache.
    pub async fn stamp(&self, assignment_id: i32, fresh: &str) -> Option<Stamp> {
        let keys = (
            self.stamp_key(assignment_id),
            self.holder_key(assignment_id),
        );
        self.ask("reading a stamp", async |line| {
            let (value, holder): (Option<String>, Option<String>) =
                line.mget(&[&keys.0, &keys.1]).await?;
            if let Some(value) = value {
                return Ok(Stamp { holder, value });
            }
            // Two readers at once: the first one's value holds for both.
            let options = redis::SetOptions::default()
                .conditional_set(redis::ExistenceCheck::NX)
                .with_expiration(redis::SetExpiry::EX(STAMP_SECONDS));
            line.set_options::<_, _, Option<String>>(&keys.0, fresh, options)
                .await?;
            let kept: Option<String> = line.get(&keys.0).await?;
            let value = kept.unwrap_or_else(|| fresh.to_owned());
            Ok(Stamp { holder, value })
        })
        .await
    }

    /// Remembers for a minute whose the assignment is, so that polling asks only the cache.
    pub async fn set_holder(&self, assignment_id: i32, holder: &str) {
        let key = self.holder_key(assignment_id);
        self.ask("remembering a holder", async |line| {
            line.set_ex::<_, _, ()>(key, holder, HOLDER_SECONDS).await
        })
        .await;
    }

    /// Something about these assignments' contacts has changed.
    pub async fn bump(&self, assignment_ids: &[i32], fresh: &str) {
        if assignment_ids.is_empty() {
            return;
        }
        self.ask("bumping stamps", async |line| {
            let mut pipeline = redis::pipe();
            for id in assignment_ids {
                pipeline
                    .set_ex(self.stamp_key(*id), fresh, STAMP_SECONDS)
                    .ignore();
            }
            pipeline.query_async::<()>(line).await
        })
        .await;
    }

    /// Counts one more in the current window of a counter; none without a cache.
    pub async fn count(&self, counter: &str, window: Duration) -> Option<u64> {
        let key = format!("{}:count:{counter}", self.stage);
        self.ask("counting", async |line| {
            let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
            let (count,): (u64,) = redis::pipe()
                .incr(&key, 1)
                .cmd("EXPIRE")
                .arg(&key)
                .arg(seconds)
                .arg("NX")
                .ignore()
                .query_async(line)
                .await?;
            Ok(count)
        })
        .await
    }

    /// A value somebody has computed not long ago.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let key = format!("{}:value:{key}", self.stage);
        let text: Option<String> = self
            .ask("reading a value", async |line| line.get(key).await)
            .await
            .flatten();
        serde_json::from_str(&text?).ok()
    }

    /// Keeps a computed value for a while.
    pub async fn set<T: Serialize>(&self, key: &str, value: &T, seconds: u64) {
        let key = format!("{}:value:{key}", self.stage);
        let Ok(text) = serde_json::to_string(value) else {
            return;
        };
        self.ask("keeping a value", async |line| {
            line.set_ex::<_, _, ()>(key, text, seconds).await
        })
        .await;
    }

    fn stamp_key(&self, assignment_id: i32) -> String {
        format!("{}:stamp:{assignment_id}", self.stage)
    }

    fn holder_key(&self, assignment_id: i32) -> String {
        format!("{}:holder:{assignment_id}", self.stage)
    }

    /// One call, in time, or none.
    async fn ask<T>(
        &self,
        what: &str,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Option<T> {
        let client = self.client.as_ref()?;
        let known = {
            let line = self
                .line
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if line
                .paused_until
                .is_some_and(|until| Instant::now() < until)
            {
                return None;
            }
            line.connection.clone()
        };
        let outcome = tokio::time::timeout(PATIENCE, async {
            let mut connection = match known {
                Some(connection) => connection,
                None => client.get_multiplexed_async_connection().await?,
            };
            let value = call(&mut connection).await?;
            RedisResult::Ok((value, connection))
        })
        .await;
        let mut line = self
            .line
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let cause = match outcome {
            Ok(Ok((value, connection))) => {
                line.connection = Some(connection);
                return Some(value);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(%cause, "{what} in the cache failed; going on without it");
        line.connection = None;
        line.paused_until = Some(Instant::now() + PAUSE);
        None
    }
}

fn open(url: &str, password: Option<&str>) -> anyhow::Result<redis::Client> {
    let info = url
        .into_connection_info()
        .context("REDIS_URL is not a Redis address")?;
    let settings = match password {
        Some(password) => info.redis_settings().clone().set_password(password),
        None => info.redis_settings().clone(),
    };
    redis::Client::open(info.set_redis_settings(settings))
        .context("REDIS_URL is not a Redis address")
}
