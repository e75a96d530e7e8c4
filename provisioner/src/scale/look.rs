//! Looking at the database: what it is, and what was measured.

use chrono::{DateTime, TimeDelta, Utc};
use spoke_contract::functions::{Function, LIVE};
use spoke_contract::names;

use super::Scope;
use super::decide::{Measured, Point, Running};
use super::ladder::Rung;
use super::steps::Members;
use crate::cloud::cloudwatch::{Query, Series};
use crate::failure::{Blame as _, Failure, codes};
use crate::stage::DatabaseKind;

/// The functions whose calls are texting, and the jobs around it.
const TEXTING: [Function; 4] = [
    Function::Web,
    Function::Worker,
    Function::Inbound,
    Function::Reports,
];

/// Values looked back on.
const MINUTES: i64 = 15;

fn unreadable(scope: &Scope) -> String {
    format!("database {} cannot be read", scope.settings.database())
}

fn gone(scope: &Scope) -> Failure {
    Failure::new(codes::UNREADABLE, unreadable(scope))
        .why("there is no such database; was the stage ever deployed?")
}

/// What runs.
pub async fn running(scope: &Scope) -> Result<(Running, Members), Failure> {
    let id = scope.settings.database();
    let databases = &scope.cloud.databases;
    let what = || unreadable(scope);
    let machine = scope.settings.machine;
    if machine.kind == DatabaseKind::Rds {
        let instance = databases
            .instance(&id)
            .await
            .blame(codes::UNREADABLE, what())?
            .ok_or_else(|| gone(scope))?;
        let members = Members {
            writer: id,
            readers: Vec::new(),
        };
        let rung = Rung::Class {
            class: instance.class,
        };
        return Ok((
            Running {
                machine,
                rung,
                status: instance.status,
                pending: with_class(instance.pending, instance.pending_class),
                release: release(scope).await?,
            },
            members,
        ));
    }
    let cluster = databases
        .cluster(&id)
        .await
        .blame(codes::UNREADABLE, what())?
        .ok_or_else(|| gone(scope))?;
    let writer = databases
        .instance(&cluster.writer)
        .await
        .blame(codes::UNREADABLE, what())?
        .ok_or_else(|| gone(scope))?;
    let rung = match (machine.kind, cluster.capacity) {
        (DatabaseKind::AuroraServerless, Some((min, max))) => Rung::Capacity { min, max },
        _ => Rung::Class {
            class: writer.class,
        },
    };
    let status = if cluster.status == "available" {
        writer.status
    } else {
        cluster.status
    };
    Ok((
        Running {
            machine,
            rung,
            status,
            pending: with_class(writer.pending, writer.pending_class),
            release: release(scope).await?,
        },
        Members {
            writer: cluster.writer,
            readers: cluster.readers,
        },
    ))
}

fn with_class(mut pending: Vec<String>, class: Option<String>) -> Vec<String> {
    pending.extend(class.map(|class| format!("DBInstanceClass {class}")));
    pending
}

/// A release that was announced and is not recorded yet.
async fn release(scope: &Scope) -> Result<Option<String>, Failure> {
    let name = names::pending_release_parameter(&scope.settings.stage);
    let text = scope.cloud.parameters.find(&name).await.blame(
        codes::RECORD,
        "whether a release is under way cannot be told",
    )?;
    Ok(text.map(|text| {
        let number = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|release| release["number"].as_u64());
        number.map_or_else(
            || "a release".to_owned(),
            |number| format!("release {number}"),
        )
    }))
}

fn dimension(scope: &Scope) -> &'static str {
    if scope.settings.machine.kind == DatabaseKind::Rds {
        "DBInstanceIdentifier"
    } else {
        "DBClusterIdentifier"
    }
}

fn of_database(scope: &Scope, id: &str, metric: &'static str, stat: &'static str) -> Query {
    Query {
        id: id.to_owned(),
        namespace: "AWS/RDS",
        metric,
        stat,
        dimensions: vec![(dimension(scope), scope.settings.database())],
    }
}

fn of_function(scope: &Scope, function: Function, metric: &'static str) -> Query {
    let name = function.lambda_name(&scope.settings.stage);
    Query {
        id: format!("{}_{}", function.name(), metric.to_lowercase()),
        namespace: "AWS/Lambda",
        metric,
        stat: "Sum",
        dimensions: vec![
            ("Resource", format!("{name}:{LIVE}")),
            ("FunctionName", name),
        ],
    }
}

/// What was measured.
pub async fn measured(scope: &Scope, now: DateTime<Utc>) -> Result<Measured, Failure> {
    let what = "what was measured of the database cannot be read";
    let mut queries = vec![
        of_database(scope, "cpu", "CPUUtilization", "Average"),
        of_database(scope, "connections", "DatabaseConnections", "Maximum"),
    ];
    queries.extend(TEXTING.map(|function| of_function(scope, function, "Invocations")));
    let period = i32::try_from(scope.settings.scaling.period_seconds).unwrap_or(60);
    let metrics = &scope.cloud.metrics;
    let since = now - TimeDelta::minutes(MINUTES);
    let series = metrics
        .series(&queries, since, now, period)
        .await
        .blame(codes::UNREADABLE, what)?;
    let mut slow = vec![of_database(scope, "peak", "CPUUtilization", "Maximum")];
    slow.push(Query {
        id: "credits".to_owned(),
        namespace: "AWS/RDS",
        metric: "CPUCreditBalance",
        stat: "Minimum",
        dimensions: vec![("DBInstanceIdentifier", scope.settings.first_instance())],
    });
    let day = metrics
        .series(&slow, now - TimeDelta::days(1), now, 300)
        .await
        .blame(codes::UNREADABLE, what)?;
    let cpu: Vec<Point> = points(&series, "cpu");
    let credits = points(&day, "credits");
    Ok(Measured {
        calls: calls(&series, &cpu),
        connections: points(&series, "connections")
            .first()
            .map(|point| point.value),
        credits: credits
            .first()
            .filter(|point| now - point.at < TimeDelta::minutes(30))
            .map(|point| point.value),
        day_peak: points(&day, "peak")
            .iter()
            .map(|point| point.value)
            .reduce(f64::max),
        cpu,
    })
}

fn points(series: &Series, id: &str) -> Vec<Point> {
    let values = series.get(id).into_iter().flatten();
    let mut points: Vec<Point> = values
        .map(|(at, value)| Point {
            at: *at,
            value: *value,
        })
        .collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.at));
    points
}

/// Calls a minute while the newest values of the CPU were measured; nobody knows without them.
fn calls(series: &Series, cpu: &[Point]) -> Option<f64> {
    let newest = cpu.get(..3)?;
    let since = newest.last()?.at;
    let all: f64 = TEXTING
        .iter()
        .filter_map(|function| series.get(&format!("{}_invocations", function.name())))
        .flatten()
        .filter(|(at, _)| *at >= since)
        // A sum of nothing is minus nought.
        .fold(0.0, |all, (_, calls)| all + calls);
    Some(all / 3.0)
}

/// Failed calls of the web function since a time.
pub async fn errors(
    scope: &Scope,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<f64, Failure> {
    let series = scope
        .cloud
        .metrics
        .series(
            &[of_function(scope, Function::Web, "Errors")],
            since,
            now,
            60,
        )
        .await
        .blame(
            codes::UNREADABLE,
            "the errors of the web function cannot be read",
        )?;
    Ok(series
        .values()
        .flatten()
        .fold(0.0, |sum, (_, errors)| sum + errors))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{calls, points};
    use crate::cloud::cloudwatch::Series;

    #[test]
    fn calls_are_counted_over_the_minutes_the_cpu_was_measured_in() {
        let at = |minutes: i64| -> DateTime<Utc> {
            "2026-11-03T19:00:00Z".parse::<DateTime<Utc>>().unwrap() - TimeDelta::minutes(minutes)
        };
        let mut series = Series::new();
        let cpu = [(at(3), 90.0), (at(1), 92.0), (at(2), 91.0), (at(4), 10.0)];
        series.insert("cpu".to_owned(), cpu.to_vec());
        series.insert(
            "web_invocations".to_owned(),
            vec![(at(1), 60.0), (at(3), 20.0), (at(9), 5000.0)],
        );
        series.insert("worker_invocations".to_owned(), vec![(at(2), 10.0)]);
        let cpu = points(&series, "cpu");
        assert_eq!(cpu[0].at, at(1));
        assert_eq!(calls(&series, &cpu), Some(30.0));
        assert_eq!(calls(&series, &cpu[..2]), None);
        let idle = calls(&Series::new(), &cpu).unwrap();
        assert!(idle.is_sign_positive(), "{idle}");
    }
}
