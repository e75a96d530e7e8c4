//! A plan on disk, and whether it is still the plan.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::consequence::Group;
use super::read::Looked;
use super::report::Plan;
use crate::build::sha256;
use crate::failure::{Blame as _, Failure, codes};

/// How long a plan holds.
const HOURS: i64 = 24;

/// What a saved plan is held to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Saved {
    /// Of this format.
    pub version: u32,
    /// 12 digits.
    pub account: String,
    /// Where.
    pub region: String,
    /// Which stage.
    pub stage: String,
    /// The commit of the working copy.
    pub revision: String,
    /// The live release.
    pub release: Option<u64>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The rendered templates, by stack, as SHA-256.
    pub templates: BTreeMap<String, String>,
    /// What was live, by stack, as SHA-256.
    pub live: BTreeMap<String, String>,
    /// The groups that need a confirmation of their own.
    pub grave: Vec<Group>,
}

impl Saved {
    /// Of a plan and what it was made from.
    #[must_use]
    pub fn of(plan: &Plan, looked: &[Looked], now: DateTime<Utc>) -> Self {
        let by_stack = |value: fn(&Looked) -> String| {
            looked
                .iter()
                .map(|one| (one.kind.name().to_owned(), value(one)))
                .collect()
        };
        Self {
            version: 1,
            account: plan.identity.account.clone(),
            region: plan.identity.region.clone(),
            stage: plan.identity.stage.clone(),
            revision: plan.identity.revision.clone(),
            release: plan.release,
            made_at: now,
            templates: by_stack(|one| sha256(one.wanted.as_bytes())),
            live: by_stack(Looked::fingerprint),
            grave: plan.grave(),
        }
    }

    /// What is no longer as it was; empty if this is still the plan.
    #[must_use]
    pub fn differs(&self, now_is: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut expect = |what: &str, then: &str, now: &str| {
            if then != now {
                wrong.push(format!("{what} was {then} and is {now}"));
            }
        };
        expect("the account", &self.account, &now_is.account);
        expect("the region", &self.region, &now_is.region);
        expect("the stage", &self.stage, &now_is.stage);
        expect("the working copy", &self.revision, &now_is.revision);
        let number = |release: Option<u64>| {
            release.map_or_else(|| "none".to_owned(), |number| number.to_string())
        };
        expect(
            "the live release",
            &number(self.release),
            &number(now_is.release),
        );
        for (what, then, now) in [
            (
                "what the stage file asks for in",
                &self.templates,
                &now_is.templates,
            ),
            ("what is live in", &self.live, &now_is.live),
        ] {
            let stacks: std::collections::BTreeSet<_> = then.keys().chain(now.keys()).collect();
            for stack in stacks {
                if then.get(stack) != now.get(stack) {
                    wrong.push(format!("{what} the {stack} stack has changed"));
                }
            }
        }
        let age = now_is.made_at - self.made_at;
        if age > TimeDelta::hours(HOURS) || age < TimeDelta::zero() {
            wrong.push(format!(
                "it was made at {}; a plan holds for {HOURS} hours",
                self.made_at.format("%Y-%m-%d %H:%M UTC")
            ));
        }
        if self.revision.ends_with("-dirty") {
            wrong.push("it was made from changes no commit has, so nobody can tell whether they are the same".to_owned());
        }
        wrong
    }

    /// Writes it.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let what = format!("the plan could not be saved to {}", path.display());
        let text = serde_json::to_string_pretty(self).blame(codes::FOLDER, &what)?;
        std::fs::write(path, text + "\n").blame(codes::FOLDER, what)
    }

    /// Reads it.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let saved: anyhow::Result<Self> =
            text.and_then(|text| serde_json::from_str(&text).context("it is no saved plan"));
        let saved = saved
            .blame(
                codes::PLAN_STALE,
                format!("the plan {} cannot be read", path.display()),
            )
            .map_err(|failure| {
                failure
                    .state("nothing was touched")
                    .next(format!("spokectl plan --save {}", path.display()))
            })?;
        if saved.version == 1 {
            return Ok(saved);
        }
        Err(Failure::new(
            codes::PLAN_STALE,
            format!("the plan {} is of another version", path.display()),
        )
        .why(format!("format {}; this program writes 1", saved.version)))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::Saved;

    fn saved() -> Saved {
        Saved {
            version: 1,
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            stage: "prod".to_owned(),
            revision: "0123456789ab".to_owned(),
            release: Some(3),
            made_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            templates: [("data".to_owned(), "a".to_owned())].into(),
            live: [("data".to_owned(), "b".to_owned())].into(),
            grave: Vec::new(),
        }
    }

    #[test]
    fn a_plan_holds_as_long_as_nothing_moves() {
        let mut now = saved();
        now.made_at += TimeDelta::hours(23);
        assert!(saved().differs(&now).is_empty());
    }

    #[test]
    fn whatever_moved_is_named() {
        let mut now = saved();
        now.account = "210987654321".to_owned();
        now.release = Some(4);
        now.live.insert("data".to_owned(), "c".to_owned());
        now.templates.insert("app".to_owned(), "d".to_owned());
        now.made_at += TimeDelta::hours(25);
        insta::assert_snapshot!(saved().differs(&now).join("\n"), @r"
        the account was 123456789012 and is 210987654321
        the live release was 3 and is 4
        what the stage file asks for in the app stack has changed
        what is live in the data stack has changed
        it was made at 2027-01-15 08:00 UTC; a plan holds for 24 hours
        ");
    }

    #[test]
    fn a_plan_of_uncommitted_changes_never_holds() {
        let mut dirty = saved();
        dirty.revision.push_str("-dirty");
        assert_eq!(dirty.differs(&dirty).len(), 1);
    }
}
