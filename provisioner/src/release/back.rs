//! Going back: bundle first, then the other functions, then traffic.

use chrono::Utc;
use serde::Serialize;
use spoke_contract::functions::Function;
use spoke_contract::release::Release;

use super::positions::{aliased, point_alias};
use super::{pointer, record};
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::plan::pending::Lost;

/// What going back would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WayBack {
    /// The release that is live.
    pub from: u64,
    /// The release to go back to.
    pub to: u64,
    /// What moves, in this order.
    pub moves: Vec<String>,
    /// What stays as it is.
    pub stays: Vec<String>,
    /// What the earlier release needs and the schema has lost.
    pub lost: Vec<String>,
}

/// The release to go back to: the one asked for, or the newest whose web version is older than
/// the live one. Going back twice therefore goes back two releases, and never forth again.
pub fn choose<'a>(
    history: &'a [Release],
    current: &Release,
    wanted: Option<u64>,
) -> Option<&'a Release> {
    match wanted {
        Some(number) => history.iter().find(|release| release.number == number),
        None => history
            .iter()
            .filter(|release| version(release) < version(current))
            .max_by_key(|release| (version(release), release.number)),
    }
}

fn version(release: &Release) -> u64 {
    release
        .versions
        .get(Function::Web.name())
        .and_then(|version| version.parse().ok())
        .unwrap_or_default()
}

/// What going back from `current` to `target` moves, and what it cannot move.
#[must_use]
pub fn way(current: &Release, target: &Release, lost: Lost) -> WayBack {
    let mut moves = Vec::new();
    if current.assets != target.assets {
        moves.push(format!(
            "bundle {} → {}",
            current.assets.bundle, target.assets.bundle
        ));
    }
    for function in order() {
        let name = function.name();
        let (from, to) = (current.versions.get(name), target.versions.get(name));
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            moves.push(format!("{name} version {from} → {to}"));
        }
    }
    let mut stays = Vec::new();
    if current.schema != target.schema {
        let what = if lost.needed.is_empty() {
            "nothing"
        } else {
            "some"
        };
        stays.push(format!(
            "schema stays at {}; {what} of what the queries of release {} name, which knew {}, is gone",
            current.schema, target.number, target.schema
        ));
        let unclear = lost.unclear.iter();
        stays.extend(unclear.map(|place| format!("cannot be judged: {place}")));
    }
    stays.push("settings of stage file and templates stay as they are".to_owned());
    WayBack {
        from: current.number,
        to: target.number,
        moves,
        stays,
        lost: lost.needed,
    }
}

/// The other functions first, traffic last.
fn order() -> impl Iterator<Item = Function> {
    aliased()
        .filter(|function| *function != Function::Web)
        .chain([Function::Web])
}

/// Goes back, and records it as a release of its own.
pub async fn go(
    ctx: &Context,
    current: &Release,
    target: &Release,
    by: &str,
    number: u64,
) -> Result<Release, Failure> {
    pointer::point(ctx, &target.assets)
        .await
        .map_err(|failure| half_way(ctx, failure, "nothing moved").kind(Kind::RolledBack))?;
    ctx.ui
        .done(format!("pages name bundle {}", target.assets.bundle));
    for function in order() {
        let Some(version) = target.versions.get(function.name()) else {
            continue;
        };
        point_alias(ctx, function, version)
            .await
            .map_err(|failure| {
                half_way(ctx, failure, "the bundle is back, not every function is")
            })?;
        ctx.ui
            .done(format!("{} is on version {version}", function.name()));
    }
    let release = Release {
        number,
        schema: current.schema.clone(),
        deployment_id: String::new(),
        by: by.to_owned(),
        at: Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        reason: format!(
            "rollback from release {} to {}",
            current.number, target.number
        ),
        ..target.clone()
    };
    record::write(ctx, &release).await?;
    Ok(release)
}

fn half_way(ctx: &Context, failure: Failure, state: &str) -> Failure {
    let mut failure = failure
        .state(state)
        .next(format!("spokectl status{}", ctx.flag()))
        .next(format!("spokectl rollback{}", ctx.flag()));
    failure.code = codes::GO_BACK;
    failure.kind = codes::GO_BACK.kind;
    failure
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spoke_contract::release::{AssetManifest, CodeObject, Release};

    use super::{Lost, choose, way};

    fn release(number: u64, web: &str, bundle: &str, schema: &str) -> Release {
        Release {
            number,
            revision: "abc".to_owned(),
            versions: BTreeMap::from([
                ("web".to_owned(), web.to_owned()),
                ("worker".to_owned(), web.to_owned()),
            ]),
            assets: AssetManifest {
                bundle: bundle.to_owned(),
                script: "assets/i.js".to_owned(),
                styles: Vec::new(),
            },
            schema: schema.to_owned(),
            code: CodeObject {
                bucket: "b".to_owned(),
                key: "k".to_owned(),
                sha256: "s".to_owned(),
            },
            deployment_id: "d-1".to_owned(),
            by: "me".to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
            reason: "deploy".to_owned(),
        }
    }

    #[test]
    fn going_back_twice_never_goes_forth() {
        let first = release(1, "2", "aaa", "1");
        let second = release(2, "3", "bbb", "1");
        let third = release(3, "4", "ccc", "1");
        let history = [first.clone(), second.clone(), third.clone()];
        assert_eq!(choose(&history, &third, None), Some(&second));
        let back = Release {
            number: 4,
            ..second.clone()
        };
        let history = [first.clone(), second.clone(), third, back.clone()];
        assert_eq!(choose(&history, &back, None), Some(&first));
        let back = Release { number: 5, ..first };
        assert_eq!(choose(&history, &back, None), None);
        assert_eq!(choose(&history, &back, Some(2)), Some(&second));
        assert_eq!(choose(&history, &back, Some(9)), None);
    }

    #[test]
    fn bundle_first_then_the_others_then_traffic() {
        let way = way(
            &release(2, "3", "bbb", "20260202"),
            &release(1, "2", "aaa", "20260101"),
            Lost::default(),
        );
        assert_eq!(
            way.moves,
            [
                "bundle bbb → aaa",
                "worker version 3 → 2",
                "web version 3 → 2"
            ]
        );
        assert!(way.stays[0].contains("schema stays at 20260202"), "{way:?}");
    }
}
