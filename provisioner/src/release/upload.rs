//! The bundle beside the old ones, and the archives. What is there already is not sent again.

use std::path::Path;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use spoke_contract::names;
use spoke_contract::release::CodeObject;

use super::record::{self, JSON};
use crate::build::Artifacts;
use crate::build::archive::{Archive, megabytes};
use crate::build::bundle::content_type;
use crate::cloud::s3::Headers;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};

/// A hashed name never changes its contents.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Uploads everything of a release.
pub async fn all(ctx: &Context, artifacts: &Artifacts) -> Result<CodeObject, Failure> {
    let assets = record::asset_bucket(ctx).await?;
    let bucket = record::artifact_bucket(ctx).await?;
    let sent: Vec<u64> = futures::stream::iter(&artifacts.bundle.files)
        .map(|(key, path)| file(ctx, &assets, key, path, content_type(key)))
        .buffered(8)
        .try_collect()
        .await?;
    let manifest =
        serde_json::to_vec_pretty(&artifacts.bundle.manifest).map_err(anyhow::Error::from)?;
    let id = &artifacts.bundle.manifest.bundle;
    // The manifest last: a bundle that is listed is whole.
    ctx.cloud
        .objects
        .put(
            &assets,
            &names::bundle_object(id),
            Bytes::from(manifest),
            JSON,
        )
        .await
        .blame(
            codes::UPLOAD,
            format!("the manifest of bundle {id} could not be uploaded"),
        )?;
    let fresh = sent.iter().filter(|bytes| **bytes > 0).count();
    ctx.ui.done(format!(
        "bundle {id}: {fresh} of {} files new, {}",
        sent.len(),
        megabytes(sent.iter().sum())
    ));
    let archive = &artifacts.archive;
    packed(ctx, &bucket, "functions", archive).await?;
    if let Some(scaler) = &artifacts.scaler {
        packed(ctx, &bucket, "scaler", scaler).await?;
    }
    Ok(CodeObject {
        bucket,
        key: archive.key(),
        sha256: archive.sha256.clone(),
    })
}

async fn packed(ctx: &Context, bucket: &str, what: &str, archive: &Archive) -> Result<(), Failure> {
    let bytes = file(
        ctx,
        bucket,
        &archive.key(),
        &archive.path,
        "application/zip",
    )
    .await?;
    ctx.ui.done(if bytes == 0 {
        format!("{what} {}: already there", archive.short())
    } else {
        format!("{what} {}: {}", archive.short(), megabytes(bytes))
    });
    Ok(())
}

/// Uploads one file unless it is there; says how many bytes went.
async fn file(
    ctx: &Context,
    bucket: &str,
    key: &str,
    path: &Path,
    content_type: &str,
) -> Result<u64, Failure> {
    let what = || format!("{key} could not be uploaded");
    let objects = &ctx.cloud.objects;
    if objects
        .exists(bucket, key)
        .await
        .blame(codes::UPLOAD, what())?
    {
        return Ok(0);
    }
    let bytes = tokio::fs::read(path).await.blame(codes::UPLOAD, what())?;
    let length = bytes.len() as u64;
    let headers = Headers {
        content_type,
        cache_control: FOR_EVER,
    };
    objects
        .put(bucket, key, Bytes::from(bytes), headers)
        .await
        .blame(codes::UPLOAD, what())?;
    Ok(length)
}
