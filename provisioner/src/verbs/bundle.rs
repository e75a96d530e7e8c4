//! `spokectl bundle`.

use anyhow::Context as _;
use serde_json::json;
use spoke_contract::names;
use spoke_contract::release::AssetManifest;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::release::record;
use crate::ui::Ui;
use crate::ui::table::table;

/// The front-end bundles that are uploaded, and which one pages name
///
/// Examples:
///   spokectl bundle list
///   spokectl bundle show 4f1c9a2b7d10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Every bundle, and the releases that name it
    List,
    /// What a page loads of one bundle
    Show {
        /// Its id; without it, the bundle pages name now
        id: Option<String>,
    },
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    match args.action {
        Action::List => list(&ctx).await,
        Action::Show { id } => show(&ctx, id).await,
    }
}

async fn list(ctx: &Context) -> Result<Kind, Failure> {
    let bucket = record::asset_bucket(ctx).await?;
    let keys = ctx
        .cloud
        .objects
        .list(&bucket, "bundles/")
        .await
        .blame(codes::UNREADABLE, "the bundles cannot be listed")?;
    let pointer = record::pointer(ctx).await?.map(|bundle| bundle.bundle);
    let history = record::history(ctx).await?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for id in keys
        .iter()
        .filter_map(|key| key.strip_prefix("bundles/")?.strip_suffix(".json"))
    {
        let releases: Vec<u64> = history
            .iter()
            .filter(|release| release.assets.bundle == id)
            .map(|release| release.number)
            .collect();
        let is_live = pointer.as_deref() == Some(id);
        values.push(json!({ "bundle": id, "releases": releases, "live": is_live }));
        let numbers: Vec<_> = releases.iter().map(ToString::to_string).collect();
        rows.push(vec![
            id.to_owned(),
            numbers.join(", "),
            if is_live { "pages name it" } else { "" }.to_owned(),
        ]);
    }
    ctx.ui
        .data(&values, || table(&["bundle", "releases", ""], rows));
    Ok(Kind::Ok)
}

async fn show(ctx: &Context, id: Option<String>) -> Result<Kind, Failure> {
    let id = match id {
        Some(id) => id,
        None => {
            record::pointer(ctx)
                .await?
                .ok_or_else(|| record::never(ctx))?
                .bundle
        }
    };
    let bucket = record::asset_bucket(ctx).await?;
    let unreadable = format!("bundle {id} cannot be read");
    let bytes = ctx
        .cloud
        .objects
        .find(&bucket, &names::bundle_object(&id))
        .await
        .blame(codes::UNREADABLE, &unreadable)?
        .ok_or_else(|| {
            Failure::new(codes::NOT_FOUND, format!("there is no bundle {id}"))
                .next(format!("spokectl bundle list{}", ctx.flag()))
        })?;
    let manifest: AssetManifest = serde_json::from_slice(&bytes)
        .context("its manifest holds something else")
        .blame(codes::UNREADABLE, unreadable)?;
    ctx.ui.data(&manifest, || {
        format!(
            "bundle  {}\nscript  {}\nstyles  {}",
            manifest.bundle,
            manifest.script,
            manifest.styles.join(", ")
        )
    });
    Ok(Kind::Ok)
}
