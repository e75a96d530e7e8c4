//! What size a stated volume needs: the first guess of `init`, to be corrected by what the alarms say.

use crate::plan::connections::{self, memory_gib};

/// A size for a volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizing {
    /// `rds`, `aurora` or `aurora-serverless`.
    pub database: &'static str,
    /// The class; empty for Aurora Serverless.
    pub class: &'static str,
    /// GiB; 0 for Aurora.
    pub storage_gib: u32,
    /// A standby.
    pub multi_az: bool,
    /// Capacity units of Aurora Serverless.
    pub capacity: (f64, f64),
    /// Node type of the cache.
    pub cache: &'static str,
    /// Nodes of the cache.
    pub cache_nodes: u8,
    /// NAT gateway per zone.
    pub nat_each: bool,
    /// Zones.
    pub zones: u8,
    /// Reserved concurrency of web and worker.
    pub web: u32,
    /// The same of the worker.
    pub worker: u32,
}

/// Texts a day at the peak, and what they need. The upper rungs follow what a campaign saw in 2020: at about two
/// million texts a day its database, an eight-fold `r` class or larger, was at 90 %.
const RUNGS: [(u64, &str, &str); 5] = [
    (20_000, "rds", "db.t4g.micro"),
    (100_000, "rds", "db.t4g.medium"),
    (400_000, "aurora", "db.r7g.large"),
    (800_000, "aurora", "db.r7g.2xlarge"),
    (1_500_000, "aurora", "db.r7g.4xlarge"),
];

/// The size for `texts` a day by `texters` at once.
#[must_use]
pub fn of(texts: u64, texters: u64) -> Sizing {
    // A texter who sends keeps a request open a fifth of the time at most; a text is two requests.
    let wanted = u32::try_from(texters / 5)
        .unwrap_or(u32::MAX)
        .clamp(20, 2000);
    let rung = RUNGS
        .into_iter()
        .find(|(most, _, class)| texts <= *most && room(class) >= wanted.min(1000));
    let large = texts > 100_000;
    let worker = if large { 20 } else { 4 };
    let (database, class) =
        rung.map_or(("aurora-serverless", ""), |(_, kind, class)| (kind, class));
    let most = if class.is_empty() { 2000 } else { room(class) };
    Sizing {
        database,
        class,
        storage_gib: match (database, large) {
            ("rds", _) if texts > 20_000 => 100,
            ("rds", _) => 20,
            _ => 0,
        },
        multi_az: large,
        capacity: (8.0, 128.0),
        cache: if large {
            "cache.t4g.small"
        } else {
            "cache.t4g.micro"
        },
        cache_nodes: if large { 2 } else { 1 },
        nat_each: class.is_empty(),
        zones: if class.is_empty() { 3 } else { 2 },
        web: wanted.min(most),
        worker,
    }
}

/// How many environments of the web function the class has connections for, while two versions of everything overlap.
fn room(class: &str) -> u32 {
    let Some(most) = memory_gib(class).and(connections::of_class(class)) else {
        return 0;
    };
    // Both versions of worker, inbound, reports and scheduled, the hooks, and what AWS keeps back.
    let others = if most > 1000 { 2 * 41 + 5 } else { 2 * 11 + 5 };
    most.saturating_sub(others) / 2
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn more_texts_never_get_a_smaller_database() {
        let classes: Vec<_> = [1_000, 50_000, 300_000, 700_000, 1_200_000, 3_000_000]
            .into_iter()
            .map(|texts| of(texts, 100).class)
            .collect();
        assert_eq!(
            classes,
            [
                "db.t4g.micro",
                "db.t4g.medium",
                "db.r7g.large",
                "db.r7g.2xlarge",
                "db.r7g.4xlarge",
                ""
            ]
        );
    }

    #[test]
    fn many_texters_at_once_need_a_database_that_takes_their_connections() {
        assert_eq!(of(10_000, 5000).class, "db.r7g.2xlarge");
        assert_eq!(of(10_000, 50).class, "db.t4g.micro");
        assert_eq!(of(10_000, 1_000_000).web, 2000);
    }
}
