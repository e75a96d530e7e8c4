//! The hook after traffic: moves the other functions, then points the instance at the bundle.
//! Whatever fails, what was moved is put back.

use spoke_contract::functions::Function;
use spoke_contract::release::{AssetManifest, Release};

use crate::app::App;
use crate::error::CanFail;
use crate::functions::hook::Reason;
use crate::releases;

/// An alias that was moved, and where it was before.
struct Moved {
    function: String,
    from: String,
}

/// The hook's work.
///
/// # Errors
/// What failed, after everything that had been moved was put back.
pub async fn work(app: &App) -> Result<(), Reason> {
    let pending = releases::pending(app)
        .await
        .map_err(|error| Reason::of("release", &error))?;
    let bundle = match &pending {
        Some(release) => release.assets.bundle.as_str(),
        None => app.config.bundle.as_str(),
    };
    let manifest = releases::manifest(app, bundle)
        .await
        .map_err(|error| Reason::of("pointer", &error))?;
    let mut moved = Vec::new();
    let outcome = match &pending {
        Some(release) => move_followers(app, release, &mut moved).await,
        None => Ok(()),
    };
    let outcome = match outcome {
        Ok(()) => point(app, &manifest)
            .await
            .map_err(|error| Reason::of("pointer", &error)),
        failed => failed,
    };
    if outcome.is_err() {
        put_back(app, moved).await;
    } else {
        tracing::info!(
            bundle = manifest.bundle,
            "the instance points at the bundle"
        );
    }
    outcome
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
    releases::move_live(app, function, version).await?;
    moved.push(Moved {
        function: function.to_owned(),
        from,
    });
    Ok(())
}

async fn put_back(app: &App, moved: Vec<Moved>) {
    for Moved { function, from } in moved.into_iter().rev() {
        releases::move_live(app, &function, &from)
            .await
            .can_fail("putting an alias back");
    }
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
