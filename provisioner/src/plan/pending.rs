//! The migrations of the working copy beside a release: which it has not run, and what they take away that it needs.

use std::collections::BTreeSet;

use anyhow::Context as _;
use spoke_contract::release::Release;

use super::migrations::{self, Class, Migration, Removal};
use super::report::Refusal;
use super::signals;
use crate::build::revision;
use crate::failure::{Blame as _, Failure, codes};
use crate::repository::Repository;

/// The migrations that would run: what is newer than the live schema, and what is older and was merged later.
pub(super) async fn of(
    repository: &Repository,
    live: Option<&Release>,
) -> Result<Vec<Migration>, Failure> {
    let mut files = files(repository)?;
    if let Some(release) = live {
        let known = known(repository, release).await;
        files.retain(|(file, _)| !has_run(known.as_ref(), &release.schema, file));
    }
    Ok(migrations::judge(&files))
}

/// A warning where nobody can tell which older migrations have run.
pub(super) async fn blind(repository: &Repository, live: Option<&Release>) -> Option<String> {
    let release = live?;
    let has_commit = !revision::is_dirty(&release.revision) && release.revision != "unversioned";
    if !has_commit || known(repository, release).await.is_some() {
        return None;
    }
    Some(format!(
        "this clone does not have commit {} of release {}: a migration older than {} that never ran is not seen; \
         fetch it",
        release.revision, release.number, release.schema
    ))
}

/// Every migration, oldest first, with its text.
fn files(repository: &Repository) -> Result<Vec<(String, String)>, Failure> {
    let entries = match std::fs::read_dir(repository.path("migrations")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).blame(codes::UNREADABLE, "the migrations cannot be listed");
        }
    };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if entry.path().extension().is_none_or(|kind| kind != "sql") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path())
            .with_context(|| name.clone())
            .blame(codes::UNREADABLE, "a migration cannot be read")?;
        files.push((name, text));
    }
    files.sort();
    Ok(files)
}

/// The migrations a release was built with; none where its commit is not here, or was not all it was built from.
async fn known(repository: &Repository, release: &Release) -> Option<BTreeSet<String>> {
    if revision::is_dirty(&release.revision) {
        return None;
    }
    signals::listed(repository, &release.revision, "migrations").await
}

/// A release runs every migration it was built with. One that was gone back to knows fewer than have run: those between
/// its newest and the schema it found.
fn has_run(known: Option<&BTreeSet<String>>, schema: &str, file: &str) -> bool {
    let is_of_schema = stamp(file) <= schema;
    let Some(newest) = known.and_then(BTreeSet::last) else {
        return is_of_schema;
    };
    known.is_some_and(|known| known.contains(file)) || (is_of_schema && stamp(file) > stamp(newest))
}

fn stamp(file: &str) -> &str {
    file.split('_').next().unwrap_or_default()
}

/// Contract migrations the running version still needs what they take away of; and such that do not say what they are.
pub(super) async fn refused(
    repository: &Repository,
    live: Option<&Release>,
    pending: &[Migration],
) -> Vec<Refusal> {
    let Some(release) = live else {
        return Vec::new();
    };
    let mut refusals = Vec::new();
    for migration in pending {
        let takes_away = migration
            .statements
            .iter()
            .filter(|one| one.class == Class::Contract || !one.removes.is_empty());
        for statement in takes_away {
            let place = format!("{}:{}", migration.file, statement.line);
            if migration.phase != "contract" {
                refusals.push(Refusal {
                    what: format!("{place} takes something away and its first line does not say so"),
                    why: statement.why.clone(),
                    next: "give it a file of its own that begins with \"-- phase: contract\", one release after nothing needs it".to_owned(),
                });
                continue;
            }
            for removal in &statement.removes {
                if let Some(why) = needed(repository, release, removal).await {
                    refusals.push(Refusal {
                        what: format!("{place}: release {} still needs what it takes away", release.number),
                        why,
                        next: "release the version that does not need it first, and this migration with the release after it".to_owned(),
                    });
                }
            }
        }
    }
    refusals
}

/// What the schema has become since an earlier release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// What that release needs and is gone.
    pub needed: Vec<String>,
    /// What may be in its way, and cannot be judged.
    pub unclear: Vec<String>,
}

/// What migrations have taken away by now that an earlier release needs, as far as the working copy has them.
pub async fn lost(
    repository: &Repository,
    earlier: &Release,
    live: &Release,
) -> Result<Lost, Failure> {
    let then = known(repository, earlier).await;
    let now = known(repository, live).await;
    let mut files = files(repository)?;
    files.retain(|(file, _)| {
        let was_known = match &then {
            Some(then) => then.contains(file),
            None => stamp(file) <= earlier.schema.as_str(),
        };
        !was_known && has_run(now.as_ref(), &live.schema, file)
    });
    let mut lost = Lost::default();
    for migration in migrations::judge(&files) {
        for statement in &migration.statements {
            let place = format!("{}:{}", migration.file, statement.line);
            for removal in &statement.removes {
                if let Some(why) = needed(repository, earlier, removal).await {
                    lost.needed.push(format!("{place} took it away: {why}"));
                }
            }
            if statement.is_unjudged() {
                lost.unclear.push(format!("{place}: {}", statement.why));
            }
        }
    }
    Ok(lost)
}

/// Which query of a release names what would be gone; the query data of its commit has them all.
async fn needed(repository: &Repository, release: &Release, removal: &Removal) -> Option<String> {
    let commit = release.revision.trim_end_matches("-dirty");
    let paths = ["app/.sqlx"];
    let Some(of_table) = signals::holders(repository, commit, &removal.table, &paths).await else {
        return Some(format!(
            "this clone does not have commit {commit} of release {}, so nobody can tell; fetch it",
            release.number
        ));
    };
    let Some(column) = &removal.column else {
        return of_table
            .first()
            .map(|file| format!("{} is named in {file}", removal.table));
    };
    let of_column = signals::holders(repository, commit, column, &paths).await?;
    of_table
        .iter()
        .find(|file| of_column.contains(file))
        .map(|file| format!("{}.{column} is named in {file}", removal.table))
}

#[cfg(test)]
mod tests {
    use super::has_run;

    #[test]
    fn a_release_has_run_what_it_was_built_with_and_what_it_found() {
        let known = ["1_a.sql", "3_c.sql"].map(ToOwned::to_owned).into();
        let known = Some(&known);
        assert!(has_run(known, "3", "1_a.sql"));
        // Merged late.
        assert!(!has_run(known, "3", "2_b.sql"));
        assert!(!has_run(known, "3", "4_d.sql"));
        // Gone back to from one that had it.
        assert!(has_run(known, "4", "4_d.sql"));
        // Its commit is not here.
        assert!(has_run(None, "3", "2_b.sql"));
        assert!(!has_run(None, "3", "4_d.sql"));
    }
}
