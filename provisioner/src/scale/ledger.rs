//! What the scaler remembers: one parameter for now, an object a change for ever.

use anyhow::Context as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use spoke_contract::names;

use super::Scope;
use super::decide::{Move, Past};
use super::ladder::Rung;
use super::steps::Step;
use crate::cloud::ssm::Parameters;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::release::record::JSON;
use crate::stage::Stage;

/// Everything that holds now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ledger {
    /// The number of the newest change.
    pub number: u64,
    /// The database is larger than the stage file says.
    pub active: Option<Active>,
    /// What waits for a person.
    pub proposal: Option<Proposal>,
    /// What is under way, or has failed.
    pub change: Option<Change>,
    /// When the last change ended.
    pub last_change: Option<DateTime<Utc>>,
    /// When a person last said no.
    pub rejected: Option<DateTime<Utc>>,
    /// The refusal that was told last: nobody is told twice.
    pub told: String,
}

/// A database that is larger than its stage file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Active {
    /// Where it stands.
    pub rung: Rung,
    /// Where the stage file had it.
    pub base: Rung,
    /// Who enlarged it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when that was meant to be.
    pub until: DateTime<Utc>,
}

/// A move that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// From where to where, and why.
    #[serde(flatten)]
    pub step: Move,
    /// When it was made.
    pub at: DateTime<Utc>,
}

/// A change under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Counts up from 1 within a stage.
    pub number: u64,
    /// From.
    pub from: Rung,
    /// To.
    pub to: Rung,
    /// Who wanted it.
    pub by: String,
    /// Why.
    pub why: Vec<String>,
    /// Until when it is meant to be.
    pub until: DateTime<Utc>,
    /// Since when it is under way.
    pub started: DateTime<Utc>,
    /// What it takes.
    pub steps: Vec<Step>,
    /// The step it is at.
    pub step: usize,
    /// When that step was begun; it is never begun twice.
    pub begun: Option<DateTime<Utc>>,
    /// CPU before, in percent.
    pub cpu: Option<f64>,
    /// Why it failed. It stays so until a person has looked.
    pub failed: Option<String>,
}

/// A change that is over, for the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its number.
    pub number: u64,
    /// From.
    pub from: Rung,
    /// To.
    pub to: Rung,
    /// Who wanted it.
    pub by: String,
    /// Why.
    pub why: Vec<String>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// Until when it is meant to be; none where the database is no larger than the stage file wants it.
    pub until: Option<DateTime<Utc>>,
    /// Why it failed; none if it did not.
    pub failed: Option<String>,
    /// CPU before, in percent.
    pub cpu_before: Option<f64>,
    /// CPU afterwards, in percent.
    pub cpu_after: Option<f64>,
    /// Connections afterwards.
    pub connections_after: Option<f64>,
    /// Failed calls of the web function since it ended.
    pub errors_after: Option<f64>,
}

impl Proposal {
    /// A sentence about it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Move { from, to, why, .. } = &self.step;
        format!("{from} → {to}: {}", why.join("; "))
    }
}

impl Change {
    /// How far it is, or why it failed, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { number, to, .. } = self;
        if let Some(why) = &self.failed {
            return format!("change {number} to {to}: {why}");
        }
        let at = self
            .steps
            .get(self.step)
            .map_or_else(|| "recording".to_owned(), ToString::to_string);
        let step = (self.step + 1).min(self.steps.len());
        format!(
            "change {number} to {to}, step {step} of {}: {at}",
            self.steps.len()
        )
    }
}

/// A proposal nobody answered is none any more.
const PROPOSAL_HOURS: i64 = 12;

impl Ledger {
    /// What the decision has to know.
    #[must_use]
    pub fn past(&self) -> Past {
        Past {
            last_change: self.last_change,
            rejected: self.rejected,
            failed: self
                .change
                .as_ref()
                .and_then(|change| change.failed.clone()),
            enlarged: self
                .active
                .as_ref()
                .map(|active| (active.base.clone(), active.until)),
        }
    }

    /// The change that is under way.
    #[must_use]
    pub fn under_way(&self) -> Option<&Change> {
        self.change
            .as_ref()
            .filter(|change| change.failed.is_none())
    }

    /// The proposal that still waits.
    #[must_use]
    pub fn waiting(&self, now: DateTime<Utc>) -> Option<&Proposal> {
        self.proposal
            .as_ref()
            .filter(|proposal| now - proposal.at < chrono::TimeDelta::hours(PROPOSAL_HOURS))
    }
}

/// Reads a stage's ledger; a stage whose database was never changed has an empty one.
pub async fn read(parameters: &Parameters, stage: &str) -> Result<Ledger, Failure> {
    let name = names::scaling_parameter(stage);
    let text = parameters.find(&name).await;
    text.and_then(|text| {
        text.map_or_else(
            || Ok(Ledger::default()),
            |text| {
                serde_json::from_str(&text)
                    .with_context(|| format!("parameter {name} holds something else"))
            },
        )
    })
    .blame(
        codes::RECORD,
        format!("what was scaled in stage {stage} cannot be read"),
    )
}

/// Writes the ledger.
pub async fn write(scope: &Scope, ledger: &Ledger) -> Result<(), Failure> {
    let stage = &scope.settings.stage;
    let text = serde_json::to_string(ledger).map_err(anyhow::Error::from)?;
    scope
        .cloud
        .parameters
        .put(&names::scaling_parameter(stage), &text)
        .await
        .blame(
            codes::RECORD,
            format!("what is scaled in stage {stage} cannot be written down"),
        )
}

/// Keeps a change that is over.
pub async fn keep(scope: &Scope, record: &Record) -> Result<(), Failure> {
    let bytes = serde_json::to_vec_pretty(record).map_err(anyhow::Error::from)?;
    let key = names::scaling_object(&scope.settings.stage, record.number);
    scope
        .cloud
        .objects
        .put(&scope.bucket, &key, Bytes::from(bytes), JSON)
        .await
        .blame(
            codes::RECORD,
            format!("change {} could not be recorded", record.number),
        )
}

/// Every change that is over, oldest first.
pub async fn history(scope: &Scope) -> Result<Vec<Record>, Failure> {
    let unreadable = "the history of changes cannot be read";
    let prefix = format!("scaling/{}/", scope.settings.stage);
    let objects = &scope.cloud.objects;
    let keys = objects
        .list(&scope.bucket, &prefix)
        .await
        .blame(codes::RECORD, unreadable)?;
    let mut records: Vec<Record> = Vec::new();
    for key in keys {
        let bytes = objects
            .find(&scope.bucket, &key)
            .await
            .blame(codes::RECORD, unreadable)?;
        let Some(bytes) = bytes else { continue };
        records.push(
            serde_json::from_slice(&bytes)
                .with_context(|| key.clone())
                .blame(codes::RECORD, unreadable)?,
        );
    }
    records.sort_by_key(|record| record.number);
    Ok(records)
}

/// A release renders the database as large as it is: where it was enlarged, the stage file's size is only its base.
pub fn enlarge(stage: &mut Stage, ledger: &Ledger) {
    let (Some(active), Some(file)) = (&ledger.active, Rung::of(&stage.database)) else {
        return;
    };
    let Some(settings) = super::Settings::of(stage) else {
        return;
    };
    if !active.rung.is_above(&file, settings.machine) {
        return;
    }
    let computed =
        |stage: &Stage| crate::plan::connections::most(&stage.database).map(|most| most * 4 / 5);
    let alarm_follows = computed(stage) == Some(stage.database.connections_alarm);
    match &active.rung {
        Rung::Class { class } => stage.database.class.clone_from(class),
        Rung::Capacity { min, max } => {
            stage.database.min_capacity = min.max(stage.database.min_capacity);
            stage.database.max_capacity = *max;
        }
    }
    // The alarm follows the size; one that was written down stays.
    if alarm_follows && let Some(alarm) = computed(stage) {
        stage.database.connections_alarm = alarm;
    }
    stage.enlarged = Some(Active {
        base: file,
        ..active.clone()
    });
}

/// No release while the database changes: its migrations would meet the restart.
pub async fn none_under_way(ctx: &Context) -> Result<(), Failure> {
    let ledger = read(&ctx.cloud.parameters, &ctx.stage.name).await?;
    let Some(change) = ledger.under_way() else {
        return Ok(());
    };
    Err(Failure::new(
        codes::SCALE_UNDER_WAY,
        format!("the database of stage {} is being changed", ctx.stage.name),
    )
    .why(format!(
        "change {}: {} → {}, by {}, since {}",
        change.number,
        change.from,
        change.to,
        change.by,
        change.started.format("%H:%M UTC")
    ))
    .state("nothing was released")
    .next(format!("spokectl scale status{}", ctx.flag())))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::{Active, Ledger, enlarge};
    use crate::scale::ladder::Rung;
    use crate::stage::{self, Stage};

    fn state() -> Stage {
        stage::resolve("state", include_str!("../../tests/it/stages/state.toml")).unwrap()
    }

    fn enlarged(class: &str) -> Ledger {
        let rung = |class: &str| Rung::Class {
            class: class.to_owned(),
        };
        Ledger {
            active: Some(Active {
                rung: rung(class),
                base: rung("db.t4g.medium"),
                by: "scaler".to_owned(),
                at: Utc::now(),
                until: Utc::now() + TimeDelta::days(7),
            }),
            ..Ledger::default()
        }
    }

    #[test]
    fn a_release_renders_what_was_enlarged_and_never_a_smaller_one() {
        let file = state();
        let mut stage = file.clone();
        enlarge(&mut stage, &enlarged("db.r7g.16xlarge"));
        assert_eq!(stage.database.class, "db.r7g.16xlarge");
        assert!(stage.database.connections_alarm > file.database.connections_alarm);
        assert_eq!(
            stage.enlarged.unwrap().base.to_string(),
            file.database.class
        );
        // A stage file that has overtaken the ledger wins.
        let mut stage = file.clone();
        enlarge(&mut stage, &enlarged("db.t4g.micro"));
        assert_eq!(stage.database.class, file.database.class);
        assert!(stage.enlarged.is_none());
    }
}
