//! Connections are a budget: what the functions may open at their peak against what the database takes.

use serde::Serialize;
use spoke_contract::functions::Function;
use spoke_contract::vars;

use crate::stage::{Database, DatabaseKind, Stage};

/// What AWS keeps back for its own work on a database.
const SPARE: u32 = 3;

/// What the default parameter of RDS and Aurora divides the memory by, and its cap:
/// `LEAST({DBInstanceClassMemory/9531392}, 5000)`.
const BYTES_A_CONNECTION: u64 = 9_531_392;
const CAP: u32 = 5000;

/// Memory of an instance class in GiB. Source: the RDS user guide's table of instance classes.
#[must_use]
pub fn memory_gib(class: &str) -> Option<u32> {
    let mut parts = class.strip_prefix("db.")?.split('.');
    let (family, size) = (parts.next()?, parts.next()?);
    let burstable = match size {
        "micro" => Some(1),
        "small" => Some(2),
        "medium" => Some(4),
        "large" => Some(8),
        "xlarge" => Some(16),
        "2xlarge" => Some(32),
        _ => None,
    };
    if family.starts_with('t') {
        return burstable;
    }
    let factor: u32 = match size {
        "medium" => return None,
        "large" => 1,
        "xlarge" => 2,
        _ => size
            .strip_suffix("xlarge")?
            .parse::<u32>()
            .ok()?
            .checked_mul(2)?,
    };
    match family.get(..1)? {
        "m" => Some(8 * factor),
        "r" => Some(16 * factor),
        "x" => Some(32 * factor),
        _ => None,
    }
}

/// The most connections a database takes, by its class and the engine's default.
#[must_use]
pub fn most(database: &Database) -> Option<u32> {
    match database.kind {
        DatabaseKind::Rds | DatabaseKind::Aurora => of_class(&database.class),
        DatabaseKind::AuroraServerless => {
            Some(of_capacity(database.min_capacity, database.max_capacity))
        }
        DatabaseKind::Existing => database
            .existing
            .as_ref()
            .map(|there| there.max_connections),
    }
}

/// `DBInstanceClassMemory` is the memory less what the system takes: about 304 MiB and 2.6 % of it,
/// which gives AWS's published defaults to within 2 % (t4g.medium 405, r6g.large 1,722, r6g.xlarge 3,479).
pub(crate) fn of_class(class: &str) -> Option<u32> {
    let memory = u64::from(memory_gib(class)?) << 30;
    let left = memory - (304 << 20) - memory * 26 / 1000;
    Some(u32::try_from(left / BYTES_A_CONNECTION).map_or(CAP, |most| most.min(CAP)))
}

/// Aurora Serverless v2 takes its limit from the highest capacity, and it is static: AWS's table, between its
/// lines the line below. With a floor of 0.5 or less it is 2,000 at most.
pub(crate) fn of_capacity(min: f64, max: f64) -> u32 {
    const TABLE: [(f64, u32); 7] = [
        (1.0, 189),
        (4.0, 823),
        (8.0, 1669),
        (16.0, 3360),
        (32.0, 5000),
        (64.0, 5000),
        (256.0, 5000),
    ];
    let most = TABLE
        .into_iter()
        .take_while(|(units, _)| *units <= max)
        .last()
        .map_or(90, |(_, most)| most);
    if min <= 0.5 { most.min(2000) } else { most }
}

/// The peak, function by function, against the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// While nothing shifts.
    pub steady: u32,
    /// While two versions of every function overlap and the hooks are at work.
    pub shifting: u32,
    /// The most the database takes; none if the class is unknown.
    pub most: Option<u32>,
    /// Functions without reserved concurrency: nothing bounds what they open but the account's quota.
    pub unbounded: Vec<&'static str>,
    /// How many calls at once the account has for all of those together; none if there are none, or if nobody knows.
    pub quota: Option<u32>,
    /// While shifting, of the bounded functions alone.
    #[serde(skip)]
    bounded: u32,
}

/// The functions without reserved concurrency, but for the hooks, of which each runs once.
#[must_use]
pub fn unbounded(stage: &Stage) -> Vec<&'static str> {
    Function::ALL
        .into_iter()
        .filter(|function| !function.is_hook())
        .map(Function::name)
        .filter(|name| !stage.app.concurrency.contains_key(*name))
        .collect()
}

impl Budget {
    /// What the stage's functions may open, where the account lets those without a number of their own run `quota` at
    /// once.
    #[must_use]
    pub fn of(stage: &Stage, quota: Option<u32>) -> Self {
        let pool = stage
            .app
            .env
            .get(vars::DB_MAX_POOL)
            .and_then(|text| text.parse().ok())
            .unwrap_or(1);
        let of =
            |name: &str| Function::from_name(name).map_or(pool, |known| known.connections(pool));
        let concurrency = stage.app.concurrency.iter();
        let bounded = concurrency.map(|(name, count)| count * of(name)).sum();
        let unbounded = unbounded(stage);
        // They share what the account has, so it counts once: as if all of it went to the one that opens most.
        let each = unbounded.iter().map(|name| of(name)).max().unwrap_or(pool);
        let all = bounded + quota.unwrap_or(0) * each;
        // A frozen environment keeps its connection, and is no call at work that a quota would count: while traffic
        // shifts, the old version's environments are still warm and the new one's are there already. Then the hooks.
        let hooks = 2;
        let shifting = |running: u32| running * 2 + hooks + SPARE;
        Self {
            steady: all + SPARE,
            shifting: shifting(all),
            most: most(&stage.database),
            unbounded,
            quota,
            bounded: shifting(bounded),
        }
    }

    /// Whether the bounded functions alone are too many: then no release can go well at its peak.
    #[must_use]
    pub fn cannot_fit(&self) -> bool {
        self.most.is_some_and(|most| self.bounded > most)
    }

    /// What should be meant: the others could open more than the database takes, if they were called that often.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let (quota, most) = (self.quota?, self.most?);
        let is_much = self.shifting > most && !self.cannot_fit();
        is_much.then(|| {
            format!(
                "nothing bounds {} but the account's quota of {quota} calls at once: {} connections while shifting, \
                 and the database takes {most}; give each a number, app.concurrency",
                self.unbounded.join(", "),
                self.shifting,
            )
        })
    }

    /// For people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let most = self.most.map_or_else(
            || "a limit nobody knows".to_owned(),
            |most| format!("{most} the database takes"),
        );
        let mut sentence = format!(
            "{} steady, {} while shifting, of {most}",
            self.steady, self.shifting
        );
        if !self.unbounded.is_empty() {
            sentence.push_str("; unbounded: ");
            sentence.push_str(&self.unbounded.join(", "));
            sentence.push_str(&self.quota.map_or_else(
                || "; the account's quota cannot be read, so they are not counted".to_owned(),
                |quota| format!(": up to {quota} by the account's quota"),
            ));
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, memory_gib, of_capacity, of_class};
    use crate::stage;

    #[test]
    fn functions_without_a_number_share_what_the_account_has_left() {
        let text = include_str!("../../tests/it/prod.toml");
        let mut stage = stage::resolve("prod", text).unwrap();
        stage.app.concurrency = [("web".to_owned(), 100)].into();
        stage.app.env.clear();
        let unknown = Budget::of(&stage, None);
        assert_eq!((unknown.steady, unknown.shifting), (103, 205));
        assert!(unknown.sentence().ends_with("so they are not counted"));
        assert_eq!(unknown.warning(), None);
        // All of it might be workers, which open two each.
        let mut known = Budget::of(&stage, Some(900));
        assert_eq!((known.steady, known.shifting), (1903, 3805));
        assert!(
            known.sentence().ends_with(
                "unbounded: worker, inbound, reports, scheduled: up to 900 by the account's quota"
            ),
            "{}",
            known.sentence()
        );
        // More than the database takes is a warning; of the bounded alone it cannot go well.
        known.most = Some(1000);
        assert!(!known.cannot_fit());
        assert!(known.warning().unwrap().contains("app.concurrency"));
        known.most = Some(200);
        assert!(known.cannot_fit());
        assert_eq!(known.warning(), None);
        stage.app.concurrency.insert("worker".to_owned(), 4);
        let bounded = Budget::of(&stage, Some(900));
        assert_eq!(bounded.steady, 100 + 2 * 4 + 900 + 3);
    }

    #[test]
    fn classes_take_what_aws_publishes_within_two_percent() {
        for (class, published) in [
            ("db.t4g.medium", 405),
            ("db.t4g.large", 844),
            ("db.r6g.large", 1722),
            ("db.r6g.xlarge", 3479),
            ("db.r6g.2xlarge", 5000),
            ("db.r7g.8xlarge", 5000),
        ] {
            let most = of_class(class).unwrap();
            assert!(
                most.abs_diff(published) * 50 <= published,
                "{class}: {most}"
            );
        }
        assert_eq!(of_class("db.z9.huge"), None);
    }

    #[test]
    fn the_table_of_memory_is_aws_s() {
        for (class, gib) in [
            ("db.t4g.micro", 1),
            ("db.m7g.large", 8),
            ("db.r7g.4xlarge", 128),
            ("db.x2g.16xlarge", 1024),
        ] {
            assert_eq!(memory_gib(class), Some(gib), "{class}");
        }
    }

    #[test]
    fn serverless_takes_its_limit_from_the_highest_capacity() {
        assert_eq!(of_capacity(2.0, 16.0), 3360);
        assert_eq!(of_capacity(2.0, 20.0), 3360);
        assert_eq!(of_capacity(0.5, 64.0), 2000);
        assert_eq!(of_capacity(1.0, 1.0), 189);
    }
}
