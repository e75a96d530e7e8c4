//! Where everything that a release moves stands: every alias, and the bundle pointer.

use std::collections::BTreeMap;

use serde::Serialize;
use spoke_contract::functions::Function;
use spoke_contract::release::AssetManifest;

use super::{pointer, record};
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};

/// A snapshot, to compare with and to go back to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Positions {
    /// The version each alias points at, by the function's short name.
    pub versions: BTreeMap<String, String>,
    /// The aliases that are split, and the second version's share.
    pub split: BTreeMap<String, (String, f64)>,
    /// The bundle pages name.
    pub bundle: Option<AssetManifest>,
}

/// Reads where everything stands.
pub async fn read(ctx: &Context) -> Result<Positions, Failure> {
    let mut positions = Positions {
        versions: BTreeMap::new(),
        split: BTreeMap::new(),
        bundle: record::pointer(ctx).await?,
    };
    for function in aliased() {
        let alias = ctx
            .cloud
            .functions
            .find_live(&function.lambda_name(&ctx.stage.name))
            .await
            .blame(codes::UNREADABLE, "an alias cannot be read")?;
        let Some(alias) = alias else { continue };
        let name = function.name().to_owned();
        if let Some(second) = alias.second {
            positions.split.insert(name.clone(), second);
        }
        positions.versions.insert(name, alias.version);
    }
    Ok(positions)
}

/// The functions that are called through an alias.
pub fn aliased() -> impl Iterator<Item = Function> {
    Function::ALL
        .into_iter()
        .filter(|function| !function.is_hook())
}

/// What stands elsewhere than it did.
#[must_use]
pub fn moved(before: &Positions, now: &Positions) -> Vec<String> {
    let mut moved = Vec::new();
    for (function, version) in &now.versions {
        let was = before.versions.get(function).unwrap_or(version);
        if let Some((second, share)) = now.split.get(function) {
            moved.push(format!(
                "{function} is split: {:.0} % on version {second}, the rest on {version}",
                share * 100.0
            ));
        } else if was != version {
            moved.push(format!(
                "{function} points at version {version}, not at {was}"
            ));
        }
    }
    if before.bundle != now.bundle {
        let id = |bundle: &Option<AssetManifest>| {
            bundle
                .as_ref()
                .map_or_else(|| "none".to_owned(), |bundle| bundle.bundle.clone())
        };
        moved.push(format!(
            "pages name bundle {}, not {}",
            id(&now.bundle),
            id(&before.bundle)
        ));
    }
    moved
}

/// Puts everything back to `before`: the bundle, the other functions, traffic. Says what it moved.
pub async fn restore(ctx: &Context, before: &Positions) -> Result<Vec<String>, Failure> {
    let now = read(ctx).await?;
    let moved = moved(before, &now);
    if now.bundle != before.bundle {
        match &before.bundle {
            Some(bundle) => pointer::point(ctx, bundle).await?,
            None => pointer::remove(ctx).await?,
        }
    }
    let web_last = aliased()
        .filter(|function| *function != Function::Web)
        .chain([Function::Web]);
    for function in web_last {
        let Some(version) = before.versions.get(function.name()) else {
            continue;
        };
        point_alias(ctx, function, version).await?;
    }
    Ok(moved)
}

/// Points one alias at one version, unless it is there.
pub async fn point_alias(ctx: &Context, function: Function, version: &str) -> Result<(), Failure> {
    let name = function.lambda_name(&ctx.stage.name);
    let what = format!("alias {name}:Live cannot be moved to version {version}");
    let alias = ctx
        .cloud
        .functions
        .live(&name)
        .await
        .blame(codes::GO_BACK, &what)?;
    if alias.version == version && alias.second.is_none() {
        return Ok(());
    }
    ctx.cloud
        .functions
        .point_live(&name, version, &alias)
        .await
        .blame(codes::GO_BACK, what)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spoke_contract::release::AssetManifest;

    use super::{Positions, moved};

    fn positions(web: &str, bundle: &str) -> Positions {
        Positions {
            versions: BTreeMap::from([("web".to_owned(), web.to_owned())]),
            split: BTreeMap::new(),
            bundle: Some(AssetManifest {
                bundle: bundle.to_owned(),
                script: String::new(),
                styles: Vec::new(),
            }),
        }
    }

    #[test]
    fn everything_that_stands_elsewhere_is_named() {
        let before = positions("1", "aaa");
        assert!(moved(&before, &before).is_empty());
        assert_eq!(
            moved(&before, &positions("2", "bbb")),
            [
                "web points at version 2, not at 1",
                "pages name bundle bbb, not aaa"
            ]
        );
        let mut split = positions("1", "aaa");
        split.split.insert("web".to_owned(), ("2".to_owned(), 0.3));
        assert_eq!(
            moved(&before, &split),
            ["web is split: 30 % on version 2, the rest on 1"]
        );
    }
}
