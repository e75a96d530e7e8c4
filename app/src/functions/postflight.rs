//! The hook after traffic: moves the other functions, then points the instance at the bundle.
//! Whatever fails, what was moved is put back.

use std::time::Duration;

use spoke_contract::functions::Function;
use spoke_contract::release::{AssetManifest, Release};
use tokio::time::Instant;

use crate::app::App;
use crate::error::CanFail;
use crate::functions::hook::{self, Reason};
use crate::releases;

/// What is kept of the hook's time for putting back what it had moved.
const PUT_BACK: Duration = Duration::from_secs(20);

/// What was moved, or is being moved, and where it was before.
enum Moved {
    Alias { function: String, from: String },
    Pointer(Option<AssetManifest>),
}

/// The hook's work, which ends by `until`.
///
/// # Errors
/// What failed, after everything that had been moved was put back.
pub async fn work(app: &App, until: Instant) -> Result<(), Reason> {
    let mut moved = Vec::new();
    let left = "what had moved is put back";
    let enough = until.checked_sub(PUT_BACK).unwrap_or(until);
    let outcome = hook::in_time(enough, left, forward(app, &mut moved)).await;
    if outcome.is_err() {
        put_back(app, moved).await;
    }
    outcome
}

async fn forward(app: &App, moved: &mut Vec<Moved>) -> Result<(), Reason> {
    let pending = releases::pending(app)
        .await
        .map_err(|error| Reason::of("release", &error))?;
    let bundle = match &pending {
        Some(release) => release.assets.bundle.as_str(),
        None => app.config.bundle.as_str(),
    };
    let of_pointer = |error| Reason::of("pointer", &error);
    let manifest = releases::manifest(app, bundle).await.map_err(of_pointer)?;
    if let Some(release) = &pending {
        move_followers(app, release, moved).await?;
    }
    let before = releases::pointer(app).await.map_err(of_pointer)?;
    moved.push(Moved::Pointer(before));
    point(app, &manifest).await.map_err(of_pointer)?;
    tracing::info!(
        bundle = manifest.bundle,
        "the instance points at the bundle"
    );
    Ok(())
}

/// Moves every function that follows the web function to the version the release names.
async fn move_followers(
    app: &App,
    release: &Release,
    moved: &mut Vec<Moved>,
) -> Result<(), Reason> {
    for function in Function::ALL
        .into_iter()
        .filter(|function| function.follows_web())
    {
        let Some(version) = release.versions.get(function.name()) else {
            continue;
        };
        let name = function.lambda_name(&app.config.stage);
        move_one(app, &name, version, moved)
            .await
            .map_err(|error| Reason::of(&name, &error))?;
    }
    Ok(())
}

async fn move_one(
    app: &App,
    function: &str,
    version: &str,
    moved: &mut Vec<Moved>,
) -> anyhow::Result<()> {
    let from = releases::live_version(app, function).await?;
    if from == version {
        return Ok(());
    }
    // Written down first: whether a call that was cut off arrived, nobody knows.
    moved.push(Moved::Alias {
        function: function.to_owned(),
        from,
    });
    releases::move_live(app, function, version).await
}

async fn put_back(app: &App, moved: Vec<Moved>) {
    for what in moved.into_iter().rev() {
        match what {
            Moved::Alias { function, from } => releases::move_live(app, &function, &from)
                .await
                .can_fail("putting an alias back"),
            Moved::Pointer(before) => point_back(app, before)
                .await
                .can_fail("putting the bundle pointer back"),
        }
    }
}

/// The pointer as it was, and the cache told so; before a first release there is none to tell.
async fn point_back(app: &App, before: Option<AssetManifest>) -> anyhow::Result<()> {
    releases::set_pointer(app, before.as_ref()).await?;
    if let Some(before) = before {
        app.cache
            .set_pointer(&serde_json::to_string(&before)?)
            .await;
    }
    Ok(())
}

/// Records the pointer, then tells the cache, which pages ask first.
///
/// # Errors
/// When it cannot be recorded, or a cache that answers does not take it; then it is as it was.
pub async fn point(app: &App, manifest: &AssetManifest) -> anyhow::Result<()> {
    let before = releases::pointer(app).await?;
    releases::set_pointer(app, Some(manifest)).await?;
    let text = serde_json::to_string(manifest)?;
    if app.cache.set_pointer(&text).await {
        return Ok(());
    }
    // A cache that answers but cannot be written would go on naming the old bundle.
    if app.cache.is_answering().await {
        releases::set_pointer(app, before.as_ref()).await?;
        anyhow::bail!("the cache does not take the bundle pointer");
    }
    tracing::warn!("there is no cache to tell; pages read the recorded pointer");
    Ok(())
}
