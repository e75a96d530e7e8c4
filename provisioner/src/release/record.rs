//! The record of releases: the current one in Parameter Store, all of them in the artifact bucket.

use anyhow::Context as _;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spoke_contract::names;
use spoke_contract::release::{AssetManifest, Release};

use crate::cloud::Cloud;
use crate::cloud::s3::Headers;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::template::Kind;

/// JSON objects are read again at every look.
pub const JSON: Headers<'static> = Headers {
    content_type: "application/json",
    cache_control: "no-cache",
};

/// The current release.
pub async fn current(ctx: &Context) -> Result<Option<Release>, Failure> {
    read(ctx, &names::release_parameter(&ctx.stage.name)).await
}

/// The release being made.
pub async fn pending(ctx: &Context) -> Result<Option<Release>, Failure> {
    read(ctx, &names::pending_release_parameter(&ctx.stage.name)).await
}

/// The bundle pages name.
pub async fn pointer(ctx: &Context) -> Result<Option<AssetManifest>, Failure> {
    read(ctx, &names::pointer_parameter(&ctx.stage.name)).await
}

async fn read<T: DeserializeOwned>(ctx: &Context, name: &str) -> Result<Option<T>, Failure> {
    let text = ctx.cloud.parameters.find(name).await;
    text.and_then(|text| {
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .with_context(|| format!("parameter {name} holds something else"))
    })
    .blame(
        codes::RECORD,
        format!("the record of stage {} cannot be read", ctx.stage.name),
    )
}

/// Announces a release, for the postflight hook and for whoever comes after us.
pub async fn announce(ctx: &Context, release: &Release) -> Result<(), Failure> {
    let name = names::pending_release_parameter(&ctx.stage.name);
    put(&ctx.cloud, &name, release)
        .await
        .blame(codes::RECORD, "the release could not be announced")
}

/// Takes the announcement back: it is recorded, or it has gone back.
pub async fn withdraw(ctx: &Context) -> Result<(), Failure> {
    ctx.cloud
        .parameters
        .delete(&names::pending_release_parameter(&ctx.stage.name))
        .await
        .blame(
            codes::RECORD,
            "the announcement of the release could not be withdrawn",
        )
}

/// Records a release as the current one.
pub async fn write(ctx: &Context, release: &Release) -> Result<(), Failure> {
    let what = format!(
        "release {} is live, but could not be recorded",
        release.number
    );
    let bytes = serde_json::to_vec_pretty(release).map_err(anyhow::Error::from)?;
    let key = names::release_object(&ctx.stage.name, release.number);
    // History first: a current release always has its place in it.
    ctx.cloud
        .objects
        .put(&release.code.bucket, &key, Bytes::from(bytes), JSON)
        .await
        .blame(codes::RECORD, &what)?;
    put(
        &ctx.cloud,
        &names::release_parameter(&ctx.stage.name),
        release,
    )
    .await
    .blame(codes::RECORD, what)?;
    withdraw(ctx).await
}

async fn put(cloud: &Cloud, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
    cloud
        .parameters
        .put(name, &serde_json::to_string(value)?)
        .await
}

/// Every recorded release, oldest first.
pub async fn history(ctx: &Context) -> Result<Vec<Release>, Failure> {
    let bucket = artifact_bucket(ctx).await?;
    let prefix = format!("releases/{}/", ctx.stage.name);
    let unreadable = "the history of releases cannot be read";
    let mut releases: Vec<Release> = Vec::new();
    let keys = ctx
        .cloud
        .objects
        .list(&bucket, &prefix)
        .await
        .blame(codes::RECORD, unreadable)?;
    for key in keys {
        let bytes = ctx
            .cloud
            .objects
            .find(&bucket, &key)
            .await
            .blame(codes::RECORD, unreadable)?;
        let Some(bytes) = bytes else { continue };
        releases.push(
            serde_json::from_slice(&bytes)
                .with_context(|| key.clone())
                .blame(codes::RECORD, unreadable)?,
        );
    }
    releases.sort_by_key(|release| release.number);
    Ok(releases)
}

/// The artifact bucket, from the data stack's outputs.
pub async fn artifact_bucket(ctx: &Context) -> Result<String, Failure> {
    output(ctx, Kind::Data, "ArtifactBucket").await
}

/// The asset bucket, from the data stack's outputs.
pub async fn asset_bucket(ctx: &Context) -> Result<String, Failure> {
    output(ctx, Kind::Data, "AssetBucket").await
}

/// One output of a stack.
pub async fn output(ctx: &Context, kind: Kind, name: &str) -> Result<String, Failure> {
    let stack = kind.stack(&ctx.stage.name);
    let found = ctx.cloud.stacks.find(&stack).await.blame(
        codes::STACK_UNREADABLE,
        format!("stack {stack} cannot be read"),
    )?;
    found
        .and_then(|stack| stack.outputs.get(name).cloned())
        .ok_or_else(|| never(ctx).why(format!("stack {stack} has no output {name}")))
}

/// The stage was never deployed.
#[must_use]
pub fn never(ctx: &Context) -> Failure {
    let failure = Failure::new(
        codes::NEVER_RELEASED,
        format!("stage {} has no release", ctx.stage.name),
    );
    failure
        .state("nothing was touched")
        .next(format!("spokectl deploy{}", ctx.flag()))
}
