//! Work that goes on between requests: pollers, evaluators, the state writer.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long background work may take to notice that the cloud stops.
const GRACE: Duration = Duration::from_secs(5);

/// The tasks that live as long as the cloud.
#[derive(Default)]
pub struct Background {
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Background {
    /// Runs `work` until it ends or the cloud stops: it is dropped then, at an await.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping.cancelled() => {}
            }
        });
    }

    /// Cancelled when the cloud stops: for work that must end in its own way. Such work is
    /// started with `spawn_careful`.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Runs `work`, which watches [`Background::stopping`] and ends by itself soon after.
    pub fn spawn_careful(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Ends all work.
    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("background work did not end within {GRACE:?} and is abandoned");
        }
    }
}
