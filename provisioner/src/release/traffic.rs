//! Both versions side by side while traffic shifts, and what the shift costs the database in connections.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use spoke_contract::functions::Function;

use super::alarm;
use super::shift::Route;
use crate::cloud::cloudwatch::{Query, total};
use crate::context::Context;
use crate::plan::connections;
use crate::template::Kind;

/// Between two readings: CloudWatch has nothing newer sooner.
const PAUSE: Duration = Duration::from_secs(3);

/// A new version is worse from so many errors, in percent of its requests, and times the old one's share.
const FEWEST_ERRORS: f64 = 5.0;
const PERCENT: f64 = 1.0;
const TIMES: f64 = 2.0;

/// Readings in a row that must find it worse. The alarm on the version is quicker; what stays below it minute by minute
/// and adds up is found here.
const READINGS: u32 = 3;

/// What one version did since the shift began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    /// Requests.
    pub calls: f64,
    /// Those that crashed, timed out or failed for a reason nobody planned for.
    pub errors: f64,
    /// 95 % of the requests of the newest minute took no longer, in milliseconds.
    pub latency: Option<f64>,
}

impl Side {
    fn percent(self) -> f64 {
        if self.calls <= 0.0 {
            return 0.0;
        }
        self.errors * 100.0 / self.calls
    }

    fn is_worse_than(self, old: Self) -> bool {
        self.errors >= FEWEST_ERRORS
            && self.percent() >= PERCENT
            && self.percent() >= TIMES * old.percent()
    }
}

/// Readings of a shift, both versions apart. Where they cannot be had the shift goes on without them.
#[derive(Debug)]
pub struct Traffic {
    function: String,
    route: Route,
    since: DateTime<Utc>,
    /// The dimension and the name the database's metrics are found under.
    database: Option<(&'static str, String)>,
    most_connections: Option<u32>,
    read_at: Option<Instant>,
    seen: Option<Seen>,
    worse: u32,
}

#[derive(Debug, PartialEq)]
struct Seen {
    old: Side,
    new: Side,
    connections: Option<f64>,
}

impl Traffic {
    /// Nothing read yet.
    pub async fn new(ctx: &Context, route: &Route) -> Self {
        let stack = Kind::Data.stack(&ctx.stage.name);
        let stack = ctx.cloud.stacks_of(Kind::Data).find(&stack).await;
        let database = stack
            .ok()
            .flatten()
            .and_then(|stack| stack.outputs.get("DatabaseId").cloned());
        Self {
            function: Function::Web.lambda_name(&ctx.stage.name),
            route: route.clone(),
            since: Utc::now() - TimeDelta::minutes(1),
            database: database.map(|id| (ctx.stage.database.dimension(), id)),
            most_connections: connections::most(&ctx.stage.database),
            read_at: None,
            seen: None,
            worse: 0,
        }
    }

    /// Reads again what is older than a moment.
    pub async fn read(&mut self, ctx: &Context) {
        if self.read_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        self.read_now(ctx).await;
    }

    /// Reads again.
    pub async fn read_now(&mut self, ctx: &Context) {
        self.read_at = Some(Instant::now());
        let values = ctx
            .cloud
            .metrics
            .values(&self.queries(), self.since, Utc::now(), 60)
            .await;
        self.take(values.ok().map(|values| Seen::of(&values)));
    }

    fn take(&mut self, seen: Option<Seen>) {
        let is_worse = |seen: &Seen| seen.new.is_worse_than(seen.old);
        self.worse = match &seen {
            Some(seen) if is_worse(seen) => self.worse + 1,
            _ => 0,
        };
        self.seen = seen;
    }

    /// Why the new version must not have more traffic, once several readings in a row have found it worse.
    #[must_use]
    pub fn verdict(&self) -> Option<String> {
        let seen = self.seen.as_ref().filter(|_| self.worse >= READINGS)?;
        Some(format!(
            "version {}: {}; version {}: {}",
            self.route.to,
            told(seen.new),
            self.route.from,
            told(seen.old)
        ))
    }

    /// The new version, as far as it was read.
    #[must_use]
    pub fn new_version(&self) -> Side {
        self.seen.as_ref().map_or(Side::default(), |seen| seen.new)
    }

    /// Lines for the screen.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Some(seen) = &self.seen else {
            return Vec::new();
        };
        let side =
            |name, version: &str, side| format!("  {name} version {version}: {}", told(side));
        let mut lines = vec![
            side("new", &self.route.to, seen.new),
            side("old", &self.route.from, seen.old),
        ];
        if let Some(connections) = seen.connections {
            let most = self.most_connections;
            let most = most.map_or_else(String::new, |most| format!(" of {most}"));
            lines.push(format!("  database: {connections:.0}{most} connections"));
        }
        lines
    }

    fn queries(&self) -> Vec<Query> {
        let mut queries = Vec::new();
        for (side, version) in [("old", &self.route.from), ("new", &self.route.to)] {
            queries.extend(alarm::counts(&self.function, version, side));
            queries.push(Query {
                id: format!("{side}_duration"),
                namespace: "AWS/Lambda",
                metric: "Duration",
                stat: "p95",
                dimensions: alarm::of_version(&self.function, version),
            });
        }
        queries.extend(self.database.iter().map(|(dimension, id)| Query {
            id: "connections".to_owned(),
            namespace: "AWS/RDS",
            metric: "DatabaseConnections",
            stat: "Maximum",
            dimensions: vec![(dimension, id.clone())],
        }));
        queries
    }
}

impl Seen {
    /// Of values newest first.
    fn of(values: &BTreeMap<String, Vec<f64>>) -> Self {
        let all = |id: String| values.get(&id).map_or(0.0, |values| total(values));
        let newest = |id: &str| values.get(id).and_then(|values| values.first().copied());
        let side = |side: &str| Side {
            calls: all(format!("{side}_invocations")),
            errors: all(format!("{side}_errors")) + all(format!("{side}_failed")),
            latency: newest(&format!("{side}_duration")),
        };
        Self {
            old: side("old"),
            new: side("new"),
            connections: newest("connections"),
        }
    }
}

fn told(side: Side) -> String {
    if side.calls <= 0.0 {
        return "no requests yet".to_owned();
    }
    let latency = side
        .latency
        .map_or_else(String::new, |latency| format!(", p95 {latency:.0} ms"));
    format!(
        "{:.0} errors in {:.0} requests ({:.1} %){latency}",
        side.errors,
        side.calls,
        side.percent()
    )
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Route, Seen, Side, Traffic, told};

    #[test]
    fn counts_are_summed_and_the_newest_latency_counts() {
        let values = [
            ("new_invocations", vec![30.0, 10.0]),
            ("new_errors", vec![1.0, 0.0]),
            ("new_failed", vec![1.0]),
            ("new_duration", vec![42.4, 900.0]),
            ("connections", vec![12.0, 30.0]),
        ];
        let values = values.map(|(id, values)| (id.to_owned(), values)).into();
        let seen = Seen::of(&values);
        assert_eq!(told(seen.new), "2 errors in 40 requests (5.0 %), p95 42 ms");
        assert_eq!(seen.old, Side::default());
        assert_eq!(told(seen.old), "no requests yet");
        assert_eq!(seen.connections, Some(12.0));
    }

    #[test]
    fn a_new_version_is_stopped_once_three_readings_in_a_row_have_found_it_worse() {
        let route = Route {
            from: "1".to_owned(),
            to: "2".to_owned(),
        };
        let mut traffic = Traffic {
            function: "spoke-prod-web".to_owned(),
            route,
            since: DateTime::UNIX_EPOCH,
            database: None,
            most_connections: None,
            read_at: None,
            seen: None,
            worse: 0,
        };
        let reading = |errors| {
            let values = [
                ("new_invocations", vec![100.0]),
                ("new_failed", vec![errors]),
            ];
            Some(Seen::of(
                &values.map(|(id, values)| (id.to_owned(), values)).into(),
            ))
        };
        for (seen, is_stopped) in [
            (reading(5.0), false),
            (reading(6.0), false),
            // One that nobody could take begins the count anew.
            (None, false),
            (reading(7.0), false),
            (reading(8.0), false),
            (reading(9.0), true),
        ] {
            traffic.take(seen);
            assert_eq!(traffic.verdict().is_some(), is_stopped, "{traffic:?}");
        }
        assert_eq!(
            traffic.verdict().unwrap(),
            "version 2: 9 errors in 100 requests (9.0 %); version 1: no requests yet"
        );
    }

    #[test]
    fn a_new_version_is_worse_by_share_by_count_and_beside_the_old_one() {
        let of = |errors, calls| Side {
            calls,
            errors,
            latency: None,
        };
        let quiet = of(0.0, 1000.0);
        assert!(of(5.0, 500.0).is_worse_than(quiet));
        assert!(!of(4.0, 4.0).is_worse_than(quiet), "too few");
        assert!(!of(5.0, 501.0).is_worse_than(quiet), "below 1 %");
        assert!(
            !of(50.0, 500.0).is_worse_than(of(60.0, 1000.0)),
            "both are ill"
        );
        assert!(of(60.0, 500.0).is_worse_than(of(60.0, 1000.0)));
        assert!(!quiet.is_worse_than(Side::default()));
    }
}
