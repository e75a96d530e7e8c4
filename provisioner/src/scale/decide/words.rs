//! Why nothing is done, and why what should be done is not: in sentences.

use std::fmt;

use super::{FRESH_MINUTES, LINE, Quiet, Refusal};
use crate::plan::prices;

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calm => write!(f, "the database has room"),
            Self::Flapping => write!(
                f,
                "CPU is over {LINE:.0} % in one value of three: that is no load to size by"
            ),
            Self::Changing(status) => write!(f, "the database is {status}"),
            Self::Before(at) => write!(
                f,
                "what was measured is older than the last change, which ended {}",
                at.format("%H:%M")
            ),
            Self::CoolDown(until) => write!(
                f,
                "the last change is too recent; the next one may be made from {} UTC on",
                until.format("%H:%M")
            ),
            Self::Rejected(until) => write!(
                f,
                "a person said no; it is not proposed again before {} UTC",
                until.format("%H:%M")
            ),
            Self::Evening => write!(
                f,
                "it could become smaller, but not in the evening, when people text"
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoData => write!(
                f,
                "nothing was measured in the last {FRESH_MINUTES} minutes"
            ),
            Self::Failed(why) => write!(f, "the last change failed and is not tried again: {why}"),
            Self::Release(what) => write!(
                f,
                "{what} is under way; the database is left alone meanwhile"
            ),
            Self::Runaway(calls) => write!(
                f,
                "CPU is over {LINE:.0} % while the functions are called {calls:.0} times a minute: that is not texting but one statement or one job"
            ),
            Self::Connections(used, most) => write!(
                f,
                "{used:.0} of {most} connections are used while CPU is low; a larger database takes no more of them"
            ),
            Self::Ceiling(highest) => write!(f, "the ceiling is reached: {highest}"),
            Self::Budget(rung, weekly, budget) => write!(
                f,
                "{rung} would cost ${weekly:.0} a week (prices of {}), and scaling.weekly_budget is ${budget:.0}",
                prices::DATE
            ),
            Self::NoPrice(rung) => write!(
                f,
                "nobody here knows what {rung} costs, and scaling.weekly_budget has to be held"
            ),
            Self::Unknown(class) => write!(f, "nobody here knows the class {class}"),
        }
    }
}

impl Refusal {
    /// Its kind, without its numbers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoData => "no-data",
            Self::Failed(_) => "failed",
            Self::Release(_) => "release",
            Self::Runaway(_) => "runaway",
            Self::Connections(..) => "connections",
            Self::Ceiling(_) => "ceiling",
            Self::Budget(..) => "budget",
            Self::NoPrice(_) => "no-price",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What a person does about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoData => "look whether the database runs at all: spokectl status",
            Self::Failed(_) => "look at the database, then say so: spokectl scale reject",
            Self::Release(_) => "wait for its end",
            Self::Runaway(_) => {
                "look for a job that is at work, and end the statement that runs longest: runbooks/db-cpu-high.md"
            }
            Self::Connections(..) => {
                "lower app.concurrency and deploy: runbooks/db-connections-high.md"
            }
            Self::Ceiling(_) => {
                "raise scaling.highest and deploy, or spread the texting over more hours"
            }
            Self::Budget(..) => "raise scaling.weekly_budget and deploy, or spokectl scale up",
            Self::NoPrice(_) | Self::Unknown(_) => "choose a rung yourself: spokectl scale up --to",
        }
    }
}
