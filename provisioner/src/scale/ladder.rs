//! The rungs a database can stand on: what each is, what it costs, and which comes next.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::connections::{self, memory_gib};
use crate::plan::prices::{self, HOURS_A_WEEK};
use crate::stage::{Database, DatabaseKind};

/// What stands on the rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Which kind of database.
    pub kind: DatabaseKind,
    /// How many machines are paid: writer and standby.
    pub count: u8,
}

/// A size: an instance class, or what Aurora Serverless moves between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rung {
    /// `db.r7g.xlarge`.
    Class {
        /// Its name.
        class: String,
    },
    /// Aurora capacity units.
    Capacity {
        /// It never falls below.
        min: f64,
        /// It never exceeds.
        max: f64,
    },
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class { class } => f.write_str(class),
            Self::Capacity { min, max } => write!(f, "{min} to {max} ACU"),
        }
    }
}

/// What a rung is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Virtual processors.
    pub vcpus: f64,
    /// Of these, what it can give all day: a burstable class gives its baseline only.
    pub sustained: f64,
    /// Memory.
    pub memory_gib: f64,
    /// The engine's default for it.
    pub max_connections: u32,
    /// Dollars a week, at its most; none if the price is not known.
    pub weekly: Option<f64>,
}

/// What the next rung must be good for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need {
    /// This many virtual processors are busy.
    Power(f64),
    /// Speed that does not depend on credits.
    Steady,
    /// More connections.
    Connections,
}

/// A rung is right when its processors are this busy at most under the load that made it necessary.
const COMFORTABLE: f64 = 0.6;

/// Sizes of a family with a processor of its own, in order. Source: RDS user guide, "DB instance classes".
const SIZES: [&str; 7] = [
    "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge",
];

/// The most Aurora Serverless v2 can be given.
const MOST_CAPACITY: f64 = 256.0;

impl Rung {
    /// The rung a stage file names; none for a database that is not ours.
    #[must_use]
    pub fn of(database: &Database) -> Option<Self> {
        match database.kind {
            DatabaseKind::Rds | DatabaseKind::Aurora => Some(Self::Class {
                class: database.class.clone(),
            }),
            DatabaseKind::AuroraServerless => Some(Self::Capacity {
                min: database.min_capacity,
                max: database.max_capacity,
            }),
            DatabaseKind::Existing => None,
        }
    }

    /// Reads a class, or capacity units: the most, or `least-most`.
    #[must_use]
    pub fn parse(text: &str, now: &Self) -> Option<Self> {
        match now {
            Self::Class { .. } => vcpus(text).map(|_| Self::Class {
                class: text.to_owned(),
            }),
            Self::Capacity { min, .. } => {
                let (min, max) = match text.split_once('-') {
                    Some((min, max)) => (min.parse().ok()?, max.parse().ok()?),
                    None => (*min, text.parse().ok()?),
                };
                let is_half = |units: f64| (units * 2.0).fract() == 0.0;
                (is_half(min)
                    && is_half(max)
                    && min >= 0.5
                    && min <= max
                    && (1.0..=MOST_CAPACITY).contains(&max))
                .then_some(Self::Capacity { min, max })
            }
        }
    }

    /// As a person types it: what `parse` reads.
    #[must_use]
    pub fn typed(&self) -> String {
        match self {
            Self::Class { class } => class.clone(),
            Self::Capacity { min, max } => format!("{min}-{max}"),
        }
    }

    /// Whether the class lives on credits.
    #[must_use]
    pub fn is_burstable(&self) -> bool {
        matches!(self, Self::Class { class } if class.starts_with("db.t"))
    }

    /// What it is worth; none for a class nobody here knows.
    #[must_use]
    pub fn facts(&self, machine: Machine) -> Option<Facts> {
        let count = f64::from(machine.count);
        match self {
            Self::Class { class } => {
                let kind = if machine.kind == DatabaseKind::Rds {
                    "rds"
                } else {
                    "aurora"
                };
                let vcpus = vcpus(class)?;
                Some(Facts {
                    vcpus,
                    sustained: vcpus * baseline(class),
                    memory_gib: f64::from(memory_gib(class)?),
                    max_connections: connections::of_class(class)?,
                    weekly: prices::of(&format!("{kind}:{class}"))
                        .map(|hourly| hourly * count * HOURS_A_WEEK),
                })
            }
            // A unit is about 2 GiB, and the processor that goes with it.
            Self::Capacity { min, max } => Some(Facts {
                vcpus: max / 4.0,
                sustained: max / 4.0,
                memory_gib: max * 2.0,
                max_connections: connections::of_capacity(*min, *max),
                weekly: prices::of("aurora:acu").map(|hourly| hourly * max * count * HOURS_A_WEEK),
            }),
        }
    }

    /// Whether it is larger than another: by its processors, then by its memory.
    #[must_use]
    pub fn is_above(&self, other: &Self, machine: Machine) -> bool {
        let key = |rung: &Self| {
            let facts = rung.facts(machine);
            facts.map_or((0.0, 0.0), |facts| (facts.sustained, facts.memory_gib))
        };
        key(self) > key(other)
    }

    /// The smallest rung above this one that is good for what is needed.
    #[must_use]
    pub fn next(&self, machine: Machine, need: Need) -> Option<Self> {
        let now = self.facts(machine)?;
        self.above(machine.kind).into_iter().find(|rung| {
            let Some(facts) = rung.facts(machine) else {
                return false;
            };
            match need {
                Need::Power(busy) => {
                    facts.sustained > now.sustained && facts.sustained * COMFORTABLE >= busy
                        || rung.is_last(machine.kind)
                }
                Need::Steady => {
                    !rung.is_burstable()
                        && facts.vcpus >= now.vcpus
                        && facts.memory_gib >= now.memory_gib
                }
                Need::Connections => facts.max_connections > now.max_connections,
            }
        })
    }

    /// Every rung above, the next one first.
    #[must_use]
    pub fn above(&self, kind: DatabaseKind) -> Vec<Self> {
        match self {
            Self::Capacity { min, max } => {
                let mut rungs = Vec::new();
                let mut most = *max;
                while most < MOST_CAPACITY {
                    most = (most * 2.0).min(MOST_CAPACITY);
                    // A low floor climbs slowly: growth goes by the size there is.
                    let floor = (most / 16.0 * 2.0).floor() / 2.0;
                    rungs.push(Self::Capacity {
                        min: min.max(floor),
                        max: most,
                    });
                }
                rungs
            }
            Self::Class { class } => {
                let Some((family, size)) = class.rsplit_once('.') else {
                    return Vec::new();
                };
                let (family, from) = if self.is_burstable() {
                    // A larger burstable class has more credits and the same processors; Aurora offers no m family.
                    let steady = if kind == DatabaseKind::Rds {
                        "db.m7g"
                    } else {
                        "db.r7g"
                    };
                    (steady, 0)
                } else {
                    let place = SIZES.iter().position(|known| *known == size);
                    (family, place.map_or(SIZES.len(), |place| place + 1))
                };
                SIZES
                    .iter()
                    .skip(from)
                    .map(|size| Self::Class {
                        class: format!("{family}.{size}"),
                    })
                    .collect()
            }
        }
    }

    fn is_last(&self, kind: DatabaseKind) -> bool {
        self.above(kind).is_empty()
    }
}

/// Virtual processors of a class; none for a name that is no class of ours.
#[must_use]
pub fn vcpus(class: &str) -> Option<f64> {
    memory_gib(class)?;
    let size = class.rsplit('.').next()?;
    if class.starts_with("db.t") {
        return match size {
            "micro" | "small" | "medium" | "large" => Some(2.0),
            "xlarge" => Some(4.0),
            "2xlarge" => Some(8.0),
            _ => None,
        };
    }
    match size {
        "large" => Some(2.0),
        "xlarge" => Some(4.0),
        _ => {
            let times: f64 = size.strip_suffix("xlarge")?.parse().ok()?;
            SIZES.contains(&size).then_some(times * 4.0)
        }
    }
}

/// The share of its processors a class may use all day. Source: EC2 user guide, "Burstable performance instances",
/// baseline utilization of t3 and t4g.
fn baseline(class: &str) -> f64 {
    if !class.starts_with("db.t") {
        return 1.0;
    }
    match class.rsplit('.').next() {
        Some("micro") => 0.1,
        Some("small" | "medium") => 0.2,
        Some("large") => 0.3,
        _ => 0.4,
    }
}

#[cfg(test)]
mod tests {
    use super::{Machine, Need, Rung, vcpus};
    use crate::stage::DatabaseKind::{self, Aurora, AuroraServerless, Rds};

    fn class(class: &str) -> Rung {
        Rung::Class {
            class: class.to_owned(),
        }
    }

    const fn one(kind: DatabaseKind) -> Machine {
        Machine { kind, count: 1 }
    }

    #[test]
    fn the_next_rung_carries_the_load_in_comfort() {
        for (kind, from, percent, to) in [
            (Rds, "db.r7g.large", 85.0, Some("db.r7g.xlarge")),
            (Rds, "db.r7g.4xlarge", 99.0, Some("db.r7g.8xlarge")),
            (Rds, "db.r7g.8xlarge", 85.0, Some("db.r7g.12xlarge")),
            (Rds, "db.r7g.8xlarge", 100.0, Some("db.r7g.16xlarge")),
            // Nothing is comfortable above: the last one is taken anyway.
            (Rds, "db.r7g.12xlarge", 100.0, Some("db.r7g.16xlarge")),
            (Rds, "db.r7g.16xlarge", 100.0, None),
            // A larger t class has no more processors.
            (Rds, "db.t4g.micro", 90.0, Some("db.m7g.xlarge")),
            (Aurora, "db.t4g.medium", 90.0, Some("db.r7g.xlarge")),
        ] {
            let now = class(from);
            let busy = percent / 100.0 * vcpus(from).unwrap();
            let next = now.next(one(kind), Need::Power(busy));
            assert_eq!(next, to.map(class), "{from} at {percent} %");
        }
    }

    #[test]
    fn a_class_without_credits_becomes_one_that_needs_none() {
        let next = class("db.t4g.large").next(one(Rds), Need::Steady);
        assert_eq!(next, Some(class("db.m7g.large")));
        let next = class("db.t4g.2xlarge").next(one(Rds), Need::Steady);
        assert_eq!(next, Some(class("db.m7g.2xlarge")));
    }

    #[test]
    fn above_2xlarge_no_box_buys_connections() {
        let next = |from: &str| class(from).next(one(Aurora), Need::Connections);
        assert_eq!(next("db.r7g.xlarge"), Some(class("db.r7g.2xlarge")));
        assert_eq!(next("db.r7g.2xlarge"), None);
        assert_eq!(next("db.r7g.8xlarge"), None);
    }

    #[test]
    fn serverless_doubles_its_most_and_lifts_its_floor() {
        let now = Rung::Capacity {
            min: 0.5,
            max: 16.0,
        };
        assert_eq!(
            now.next(one(AuroraServerless), Need::Power(3.6)),
            Some(Rung::Capacity {
                min: 2.0,
                max: 32.0
            })
        );
        let most = Rung::Capacity {
            min: 8.0,
            max: 256.0,
        };
        assert_eq!(most.next(one(AuroraServerless), Need::Power(60.0)), None);
    }

    #[test]
    fn a_standby_costs_as_much_again() {
        let weekly = |count| {
            let machine = Machine { kind: Rds, count };
            class("db.r7g.large")
                .facts(machine)
                .unwrap()
                .weekly
                .unwrap()
        };
        assert!((weekly(2) - 2.0 * weekly(1)).abs() < 0.01);
        assert!((weekly(1) - 0.239 * 168.0).abs() < 0.01);
    }

    #[test]
    fn what_is_typed_is_a_rung_or_nothing() {
        let capacity = Rung::Capacity { min: 2.0, max: 8.0 };
        for rung in [&capacity, &class("db.r7g.large")] {
            assert_eq!(Rung::parse(&rung.typed(), rung).as_ref(), Some(rung));
        }
        assert_eq!(
            Rung::parse("16", &capacity),
            Some(Rung::Capacity {
                min: 2.0,
                max: 16.0
            })
        );
        assert_eq!(
            Rung::parse("4-32", &capacity),
            Some(Rung::Capacity {
                min: 4.0,
                max: 32.0
            })
        );
        for wrong in ["1", "16.3", "9-8", "512", "db.r7g.large"] {
            assert_eq!(Rung::parse(wrong, &capacity), None, "{wrong}");
        }
        for wrong in ["r7g.large", "db.r7g.huge", "db.r7g.3xlarge", "16"] {
            assert_eq!(Rung::parse(wrong, &class("db.t4g.micro")), None, "{wrong}");
        }
    }
}
