//! How the database grows: which rungs there are, when the next one is taken, and how. Deciding is pure (`ladder`,
//! `hours`, `decide`, `steps`); the ledger remembers; `work` looks, begins and goes on, whoever asks: the `scaler`
//! function or a person.

pub mod decide;
pub mod hours;
pub mod ladder;
pub mod ledger;
pub mod look;
pub mod notice;
pub mod steps;
pub mod wake;
pub mod work;

use serde::{Deserialize, Serialize};

use crate::cloud::Cloud;
use crate::stage::{DatabaseKind, Scaling, Stage};
use ladder::{Machine, Rung};

/// What the scaler has to know of a stage; it goes to the function as one environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The stage's name.
    pub stage: String,
    /// What the database is.
    pub machine: Machine,
    /// The rung the stage file names.
    pub base: Rung,
    /// `[scaling]`.
    pub scaling: Scaling,
}

impl Settings {
    /// Of a stage; none for a database that is not ours to change.
    #[must_use]
    pub fn of(stage: &Stage) -> Option<Self> {
        let base = stage
            .enlarged
            .as_ref()
            .map(|active| active.base.clone())
            .or_else(|| Rung::of(&stage.database))?;
        Some(Self {
            stage: stage.name.clone(),
            machine: Machine {
                kind: stage.database.kind,
                count: if stage.database.multi_az { 2 } else { 1 },
            },
            base,
            scaling: stage.scaling.clone(),
        })
    }

    /// The identifier of instance or cluster; the data template names it so.
    #[must_use]
    pub fn database(&self) -> String {
        format!("spoke-{}", self.stage)
    }

    /// The identifier of the instance whose class is the database's: the first of a cluster, or the only one.
    #[must_use]
    pub fn first_instance(&self) -> String {
        match self.machine.kind {
            DatabaseKind::Rds | DatabaseKind::Existing => self.database(),
            DatabaseKind::Aurora | DatabaseKind::AuroraServerless => {
                format!("{}-1", self.database())
            }
        }
    }
}

/// Where scaling happens: a stage's database, and where its ledger is kept.
#[derive(Clone, Debug)]
pub struct Scope {
    /// AWS.
    pub cloud: Cloud,
    /// What is known of the stage.
    pub settings: Settings,
    /// The artifact bucket, for the history.
    pub bucket: String,
}
