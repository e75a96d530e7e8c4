//! What a change of size takes, decided before the first step is taken.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::ladder::Rung;
use crate::stage::DatabaseKind;

/// One step. Each is begun once, and looked at until it is done or takes too long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// An instance gets another class.
    SetClass {
        /// Which.
        instance: String,
        /// Its class then.
        class: String,
    },
    /// A reader joins the cluster.
    AddReader {
        /// Its identifier.
        instance: String,
        /// Its class.
        class: String,
    },
    /// A reader becomes the writer.
    FailOver {
        /// Which.
        to: String,
    },
    /// A reader leaves the cluster.
    Remove {
        /// Which.
        instance: String,
    },
    /// Aurora Serverless gets another range.
    SetCapacity {
        /// Least.
        min: f64,
        /// Most.
        max: f64,
    },
    /// What is there is looked at: size, CPU, connections, errors.
    Verify,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetClass { instance, class } => write!(f, "{instance} becomes a {class}"),
            Self::AddReader { instance, class } => write!(f, "{instance}, a {class}, joins"),
            Self::FailOver { to } => write!(f, "{to} becomes the writer"),
            Self::Remove { instance } => write!(f, "{instance} leaves"),
            Self::SetCapacity { min, max } => write!(f, "capacity becomes {min} to {max} ACU"),
            Self::Verify => write!(f, "what is there is measured"),
        }
    }
}

impl Step {
    /// How long it may take before it counts as hung. RDS's averages are minutes; much data makes them tens of minutes.
    #[must_use]
    pub fn patience(&self) -> TimeDelta {
        TimeDelta::minutes(match self {
            Self::SetClass { .. } | Self::AddReader { .. } => 60,
            Self::Remove { .. } => 30,
            Self::FailOver { .. } | Self::SetCapacity { .. } | Self::Verify => 15,
        })
    }
}

/// The members of a database as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// The one that writes, or the only one.
    pub writer: String,
    /// The others.
    pub readers: Vec<String>,
}

/// The steps to a rung.
///
/// Aurora changes class by a failover to a machine that has it already. The machines are the stack's: none of them is
/// removed, or the next release would miss it. With a standby that one changes first; without, a machine joins for as
/// long as the change takes.
#[must_use]
pub fn of(kind: DatabaseKind, members: &Members, to: &Rung) -> Vec<Step> {
    let set = |instance: &str, class: &str| Step::SetClass {
        instance: instance.to_owned(),
        class: class.to_owned(),
    };
    let mut steps = match to {
        Rung::Capacity { min, max } => vec![Step::SetCapacity {
            min: *min,
            max: *max,
        }],
        Rung::Class { class } if kind == DatabaseKind::Rds => vec![set(&members.writer, class)],
        Rung::Class { class } => {
            if let Some(first) = members.readers.first() {
                let mut steps: Vec<Step> =
                    members.readers.iter().map(|id| set(id, class)).collect();
                steps.push(Step::FailOver { to: first.clone() });
                steps.push(set(&members.writer, class));
                steps
            } else {
                let guest = format!("{}-scaling", members.writer);
                vec![
                    Step::AddReader {
                        instance: guest.clone(),
                        class: class.clone(),
                    },
                    Step::FailOver { to: guest.clone() },
                    set(&members.writer, class),
                    Step::FailOver {
                        to: members.writer.clone(),
                    },
                    Step::Remove { instance: guest },
                ]
            }
        }
    };
    steps.push(Step::Verify);
    steps
}

/// What people notice of the change.
#[must_use]
pub fn interruption(kind: DatabaseKind, has_standby: bool) -> &'static str {
    match (kind, has_standby) {
        (DatabaseKind::Rds, true) => {
            "one to two minutes, while the standby takes over; texts wait and are sent afterwards"
        }
        (DatabaseKind::Rds, false) => {
            "3 to 15 minutes, while the database restarts on the new machine; texts wait and are sent afterwards"
        }
        (DatabaseKind::Aurora, true) => "under a minute, one failover",
        (DatabaseKind::Aurora, false) => "twice under a minute, two failovers",
        (DatabaseKind::AuroraServerless, _) => "none",
        (DatabaseKind::Existing, _) => "nobody knows: the database is not ours",
    }
}

/// What becomes of `max_connections`.
#[must_use]
pub fn connections(kind: DatabaseKind, now: u32, then: u32) -> String {
    if now == then {
        return format!("max_connections stays at {now}");
    }
    if kind == DatabaseKind::AuroraServerless {
        return format!(
            "max_connections stays at {now} until the database is rebooted, {then} after that"
        );
    }
    format!("max_connections {now} → {then}")
}

#[cfg(test)]
mod tests {
    use super::{Members, of};
    use crate::scale::ladder::Rung;
    use crate::stage::DatabaseKind::{Aurora, AuroraServerless, Rds};

    fn told(kind: crate::stage::DatabaseKind, readers: &[&str], to: &Rung) -> Vec<String> {
        let members = Members {
            writer: "spoke-prod-1".to_owned(),
            readers: readers.iter().map(|id| (*id).to_owned()).collect(),
        };
        let steps = of(kind, &members, to);
        steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_has_its_own_way_and_none_loses_a_machine_of_the_stack() {
        let large = Rung::Class {
            class: "db.r7g.xlarge".to_owned(),
        };
        assert_eq!(
            told(Rds, &[], &large),
            [
                "spoke-prod-1 becomes a db.r7g.xlarge",
                "what is there is measured"
            ]
        );
        assert_eq!(
            told(Aurora, &["spoke-prod-2"], &large),
            [
                "spoke-prod-2 becomes a db.r7g.xlarge",
                "spoke-prod-2 becomes the writer",
                "spoke-prod-1 becomes a db.r7g.xlarge",
                "what is there is measured"
            ]
        );
        assert_eq!(
            told(Aurora, &[], &large),
            [
                "spoke-prod-1-scaling, a db.r7g.xlarge, joins",
                "spoke-prod-1-scaling becomes the writer",
                "spoke-prod-1 becomes a db.r7g.xlarge",
                "spoke-prod-1 becomes the writer",
                "spoke-prod-1-scaling leaves",
                "what is there is measured"
            ]
        );
        assert_eq!(
            told(
                AuroraServerless,
                &[],
                &Rung::Capacity {
                    min: 2.0,
                    max: 32.0
                }
            ),
            ["capacity becomes 2 to 32 ACU", "what is there is measured"]
        );
    }
}
