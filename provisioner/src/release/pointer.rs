//! The bundle pointer, moved by hand: on the way back, and when a failed release left it moved.
//!
//! The parameter is the truth; the cache that holds a copy of it lies in a network this tool
//! cannot reach, so the worker function is asked to move both.

use serde_json::json;
use spoke_contract::functions::Function;
use spoke_contract::names;
use spoke_contract::release::AssetManifest;

use super::record;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};

/// Points the instance at a bundle that is uploaded.
pub async fn point(ctx: &Context, bundle: &AssetManifest) -> Result<(), Failure> {
    let what = format!("the instance cannot be pointed at bundle {}", bundle.bundle);
    let worker = Function::Worker.lambda_name(&ctx.stage.name);
    ctx.cloud
        .functions
        .call(
            &worker,
            &json!({ "command": "point", "bundle": bundle.bundle }),
        )
        .await
        .blame(codes::GO_BACK, &what)?;
    match record::pointer(ctx).await? {
        Some(now) if now == *bundle => Ok(()),
        now => Err(Failure::new(codes::GO_BACK, what).why(format!(
            "the worker said it did, but the pointer holds {}",
            now.map_or_else(|| "nothing".to_owned(), |bundle| bundle.bundle)
        ))),
    }
}

/// Takes the pointer away: there was none before the first release.
pub async fn remove(ctx: &Context) -> Result<(), Failure> {
    ctx.cloud
        .parameters
        .delete(&names::pointer_parameter(&ctx.stage.name))
        .await
        .blame(codes::GO_BACK, "the bundle pointer cannot be taken away")
}
