//! Which front-end bundle pages name: the pointer, from the cache, else from where it is recorded.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use spoke_contract::release::AssetManifest;

use crate::app::App;
use crate::releases;

/// How long the recorded pointer is believed without asking again.
const FRESH: Duration = Duration::from_secs(30);

/// The pointer as last read from the record.
#[derive(Debug, Default)]
pub struct Bundles {
    recorded: Mutex<Option<(AssetManifest, Instant)>>,
}

impl Bundles {
    /// The bundle to name. Without a cache the record answers, at most every 30 seconds; without
    /// either, what this process knew last.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn current(&self, app: &App) -> anyhow::Result<AssetManifest> {
        if let Some(text) = app.cache.pointer().await {
            match serde_json::from_str(&text) {
                Ok(manifest) => return Ok(manifest),
                Err(error) => tracing::warn!(%error, "the cached bundle pointer is not one"),
            }
        }
        let known = self.known();
        if let Some((manifest, read)) = &known
            && read.elapsed() < FRESH
        {
            return Ok(manifest.clone());
        }
        match releases::pointer(app).await {
            Ok(Some(manifest)) => {
                self.remember(&manifest);
                if let Ok(text) = serde_json::to_string(&manifest) {
                    app.cache.fill_pointer(&text).await;
                }
                Ok(manifest)
            }
            Ok(None) => anyhow::bail!("there is no bundle pointer"),
            Err(error) => {
                let (manifest, _) = known.context("the bundle pointer cannot be read")?;
                let cause = format!("{error:#}");
                tracing::warn!(
                    cause,
                    "the bundle pointer cannot be read; naming the last one known"
                );
                Ok(manifest)
            }
        }
    }

    fn known(&self) -> Option<(AssetManifest, Instant)> {
        self.recorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn remember(&self, manifest: &AssetManifest) {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        *recorded = Some((manifest.clone(), Instant::now()));
    }
}
