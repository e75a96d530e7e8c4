//! The real things underneath: databases, caches, processes, objects on disk.

use std::path::PathBuf;
use std::sync::Arc;

pub mod postgres;
pub mod processes;
pub mod redis;

mod install;

/// Where parts that are not installed are kept once fetched, and who is told about it.
#[derive(Clone)]
pub struct Supply {
    /// The folder fetched parts live in; shared by every cloud of a working copy.
    pub cache: PathBuf,
    /// Told in a sentence what is fetched from where, and what is used.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Supply {
    /// Keeps fetched parts in `cache` and tells the log.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            say: Arc::new(|notice| tracing::info!("{notice}")),
        }
    }

    /// The same, telling `say` instead.
    #[must_use]
    pub fn telling(mut self, say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.say = Arc::new(say);
        self
    }
}

impl std::fmt::Debug for Supply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supply")
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
