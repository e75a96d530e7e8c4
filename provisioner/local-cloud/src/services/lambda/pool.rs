//! The environments that are there: idle ones wait to be used again, busy ones are known so
//! that they can be stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::Cloud;

use super::environment::Environment;
use super::model::Version;

/// An environment that nobody has used for this long is stopped.
const IDLE_LIMIT: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// A function's version at one revision: environments of another revision serve it no more.
type Key = (String, String);

#[derive(Default)]
pub(super) struct Pool {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The most recently used last.
    idle: HashMap<Key, Vec<Arc<Environment>>>,
    busy: Vec<Weak<Environment>>,
    /// Set when the cloud stops: nothing is kept after that.
    stopped: bool,
}

impl Pool {
    /// An idle environment of this very revision.
    pub(super) fn take(&self, function: &str, version: &Version) -> Option<Arc<Environment>> {
        let mut inner = self.lock();
        let waiting = inner.idle.get_mut(&key(function, version))?;
        let environment = std::iter::from_fn(|| waiting.pop()).find(|found| found.is_ready())?;
        inner.busy.push(Arc::downgrade(&environment));
        Some(environment)
    }

    /// A new environment starts to serve.
    pub(super) fn started(&self, environment: &Arc<Environment>) {
        let mut inner = self.lock();
        inner.busy.retain(|busy| busy.strong_count() > 0);
        inner.busy.push(Arc::downgrade(environment));
    }

    /// An environment has served and can serve again, if its revision is still wanted.
    pub(super) fn give_back(&self, environment: Arc<Environment>, wanted: bool) {
        environment.became_idle();
        let mut inner = self.lock();
        let this = Arc::downgrade(&environment);
        inner.busy.retain(|busy| !busy.ptr_eq(&this));
        if !wanted || inner.stopped {
            environment.kill();
            return;
        }
        let key = key(&environment.function, &environment.version);
        inner.idle.entry(key).or_default().push(environment);
    }

    /// Stops idle environments of `function` whose revision is not in `wanted`.
    pub(super) fn retire(&self, function: &str, wanted: &[String]) {
        self.lock()
            .idle
            .retain(|(name, revision), _| name != function || wanted.contains(revision));
    }

    /// Kills everything.
    pub(super) async fn stop(&self) {
        let (idle, busy) = {
            let mut inner = self.lock();
            inner.stopped = true;
            (
                std::mem::take(&mut inner.idle),
                std::mem::take(&mut inner.busy),
            )
        };
        for environment in busy.iter().filter_map(Weak::upgrade) {
            environment.kill();
        }
        drop(idle);
        // Killing happens in tasks of their own: let them run.
        tokio::task::yield_now().await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(function: &str, version: &Version) -> Key {
    (function.to_owned(), version.revision.clone())
}

/// Stops environments that have been idle for minutes: they hold connections.
pub(super) fn reap_idle(cloud: &Arc<Cloud>) {
    let work = Arc::clone(cloud);
    cloud.background.spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let mut inner = work.services.lambda.pool.lock();
            for waiting in inner.idle.values_mut() {
                waiting.retain(|environment| {
                    environment.idle_for() < IDLE_LIMIT && environment.is_ready()
                });
            }
            inner.idle.retain(|_, waiting| !waiting.is_empty());
        }
    });
}
