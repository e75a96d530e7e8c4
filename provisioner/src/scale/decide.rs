//! The decision: what runs, what was measured, what the stage allows and the time in; nothing, a proposal, a change or
//! a refusal out. No rule here knows where its numbers come from.

mod seen;
mod words;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::ladder::{Machine, Rung};
use crate::stage::Scaling;
use seen::Seen;

/// The line: at this CPU, in two of the newest three values, the next rung is due.
pub const LINE: f64 = 80.0;

/// Values that count, and how many of them must be over the line: as the alarm does it.
const VALUES: usize = 3;
const OVER: usize = 2;

/// Older values tell nothing about now.
const FRESH_MINUTES: i64 = 10;

/// Calls of our functions a minute for each virtual processor, below which the load is not texting: a text costs two
/// calls, and a processor carries hundreds of them a minute.
const CALLS_A_VCPU: f64 = 5.0;

/// The share of its connections at which a database is as good as full.
const FULL: f64 = 0.9;

/// CPU credits below which a burstable class is about to fall to its baseline.
const FEW_CREDITS: f64 = 20.0;

/// A smaller rung is suggested when the day's peak would keep it this busy at most.
const CALM: f64 = 50.0;

/// What runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// What kind of database, and how many machines.
    pub machine: Machine,
    /// Where it stands.
    pub rung: Rung,
    /// `available`, or what it is busy with.
    pub status: String,
    /// Changes somebody asked for that wait for the maintenance window.
    pub pending: Vec<String>,
    /// The release that is under way.
    pub release: Option<String>,
}

/// One measured value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub value: f64,
}

/// What was measured.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// CPU in percent, newest first.
    pub cpu: Vec<Point>,
    /// Connections, the newest value.
    pub connections: Option<f64>,
    /// Calls of our functions a minute, while the CPU was as it is.
    pub calls: Option<f64>,
    /// CPU credits left, of a burstable class.
    pub credits: Option<f64>,
    /// The day's highest CPU.
    pub day_peak: Option<f64>,
}

/// What happened before.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// When the last change ended.
    pub last_change: Option<DateTime<Utc>>,
    /// When a person last said no.
    pub rejected: Option<DateTime<Utc>>,
    /// A change that failed and that nobody has looked at.
    pub failed: Option<String>,
    /// Where the stage file wants it, if it stands above that, and until when that was meant to be.
    pub enlarged: Option<(Rung, DateTime<Utc>)>,
}

/// What may be done.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// `[scaling]`.
    pub scaling: &'a Scaling,
    /// Its zone.
    pub zone: Tz,
}

/// From one rung to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// From.
    pub from: Rung,
    /// To.
    pub to: Rung,
    /// Why, in sentences with their numbers.
    pub why: Vec<String>,
    /// Why it waits for a person, if the policy alone would not have it wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Nothing is to be done.
    Nothing(Quiet),
    /// A person is to be asked.
    Propose(Move),
    /// The policy has it done.
    Change(Move),
    /// Something should be done, and this is not it.
    Refuse(Refusal),
}

/// Why nothing is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Quiet {
    /// CPU is below the line.
    Calm,
    /// One value of three is over the line.
    Flapping,
    /// A change is under way.
    Changing(String),
    /// What rang was measured before the last change ended.
    Before(DateTime<Utc>),
    /// Too soon after the last change.
    CoolDown(DateTime<Utc>),
    /// A person has said no.
    Rejected(DateTime<Utc>),
    /// It could become smaller, and not in the evening.
    Evening,
}

/// Why what should be done is not.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Nothing was measured lately.
    NoData,
    /// The last change failed and nobody has looked at it.
    Failed(String),
    /// A release is under way.
    Release(String),
    /// The functions hardly call: it is not texting that keeps the database busy.
    Runaway(f64),
    /// Connections are used up, CPU is not, and no larger rung has more.
    Connections(f64, u32),
    /// There is no larger rung, or the stage allows none.
    Ceiling(String),
    /// The next rung costs more than the stage allows.
    Budget(Rung, f64, f64),
    /// The next rung has no price here, and there is a budget to hold.
    NoPrice(Rung),
    /// Nobody here knows the class.
    Unknown(String),
}

/// Decides.
#[must_use]
pub fn decide(
    running: &Running,
    measured: &Measured,
    policy: &Policy<'_>,
    past: &Past,
    now: DateTime<Utc>,
) -> Decision {
    if let Some(why) = &past.failed {
        return Decision::Refuse(Refusal::Failed(why.clone()));
    }
    if running.status != "available" {
        return Decision::Nothing(Quiet::Changing(running.status.clone()));
    }
    let Some(facts) = running.rung.facts(running.machine) else {
        return Decision::Refuse(Refusal::Unknown(running.rung.to_string()));
    };
    let fresh: Vec<Point> = measured
        .cpu
        .iter()
        .copied()
        .filter(|point| now - point.at <= TimeDelta::minutes(FRESH_MINUTES))
        .take(VALUES)
        .collect();
    if fresh.is_empty() {
        return Decision::Refuse(Refusal::NoData);
    }
    // What was measured before the last change says nothing about the database there is now.
    if let Some(changed) = past.last_change
        && fresh.iter().any(|point| point.at <= changed)
    {
        return Decision::Nothing(Quiet::Before(changed));
    }
    let over = fresh.iter().filter(|point| point.value >= LINE).count();
    let seen = Seen {
        running,
        measured,
        policy,
        past,
        now,
        facts,
        percent: fresh.iter().map(|point| point.value).fold(0.0, f64::max),
    };
    if over >= OVER {
        return seen.grow();
    }
    if let Some(decision) = seen.out_of_credits().or_else(|| seen.out_of_connections()) {
        return decision;
    }
    if over > 0 {
        return Decision::Nothing(Quiet::Flapping);
    }
    seen.shrink()
}

/// Whether the stage's ceilings allow a rung. They hold for the scaler; a person may go above by naming the rung.
pub fn allowed(scaling: &Scaling, machine: Machine, now: &Rung, to: &Rung) -> Result<(), Refusal> {
    if let Some(highest) = scaling.highest.as_deref()
        && let Some(ceiling) = Rung::parse(highest, now)
        && to.is_above(&ceiling, machine)
    {
        return Err(Refusal::Ceiling(format!(
            "scaling.highest is {highest}, the next rung would be {to}"
        )));
    }
    let Some(budget) = scaling.weekly_budget else {
        return Ok(());
    };
    match to.facts(machine).and_then(|facts| facts.weekly) {
        Some(weekly) if weekly > budget => Err(Refusal::Budget(to.clone(), weekly, budget)),
        Some(_) => Ok(()),
        None => Err(Refusal::NoPrice(to.clone())),
    }
}

#[cfg(test)]
mod tests;
