//! The alarm on one version. It belongs to the release, as the alias does: no template knows the version that is about
//! to be published. It stops a shift whether `spokectl` looks on or not.

use spoke_contract::functions::{Function, LIVE};
use spoke_contract::names::{FAILED_REQUESTS, METRICS_NAMESPACE};

use super::shift::{self, Route};
use crate::cloud::cloudwatch::{Query, Rate};
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};

/// Its name.
#[must_use]
pub fn name(stage: &str) -> String {
    format!("spoke-{stage}-web-errors-by-version")
}

/// Of all calls of a version, how many in percent crashed, timed out or failed for a reason nobody planned for. The
/// alarms beside it have no least number of calls either: two minutes of three must be bad, so one error alone never
/// rings. A function's process counts a failure or a zero in every minute with calls, so that there is a number to add.
const RATE: &str =
    "IF(new_invocations > 0, 100 * (new_errors + FILL(new_failed, 0)) / new_invocations, 0)";

/// Turns the alarm to the version that gets traffic next. It keeps its state until it has been looked at with the new
/// numbers, so whoever starts the shift waits until it is quiet.
pub async fn watch(ctx: &Context, route: &Route) -> Result<(), Failure> {
    let stage = &ctx.stage.name;
    let [beside, _] = shift::stack_alarms(stage);
    let put = async {
        let metrics = &ctx.cloud.metrics;
        let rate = Rate {
            name: name(stage),
            description: format!(
                "1 % or more of the calls that version {} answers crash, time out or fail. Stops a release. \
                 Runbook: runbooks/web-errors-by-version.md",
                route.to
            ),
            expression: RATE,
            of: counts(&Function::Web.lambda_name(stage), &route.to, "new"),
            threshold: 1.0,
            // Whoever hears of the alarms of all versions.
            actions: metrics.actions(&beside).await?,
            tags: ctx.stage.tags(),
        };
        metrics.put_rate(&rate).await
    };
    put.await
        .blame(
            codes::VERSION_ALARM,
            format!("no alarm could be put on version {}", route.to),
        )
        .map_err(|failure| {
            failure
                .state("nothing was shifted")
                .next(format!("spokectl deploy{}", ctx.flag()))
        })
}

/// What one version did, as sums: `<side>_invocations`, `<side>_errors` and, counted by the function, `<side>_failed`.
pub(super) fn counts(function: &str, version: &str, side: &str) -> Vec<Query> {
    let lambda = |metric: &'static str| Query {
        id: format!("{side}_{}", metric.to_lowercase()),
        namespace: "AWS/Lambda",
        metric,
        stat: "Sum",
        dimensions: of_version(function, version),
    };
    vec![
        lambda("Invocations"),
        lambda("Errors"),
        Query {
            id: format!("{side}_failed"),
            namespace: METRICS_NAMESPACE,
            metric: FAILED_REQUESTS,
            stat: "Sum",
            dimensions: vec![
                ("FunctionName", function.to_owned()),
                ("ExecutedVersion", version.to_owned()),
            ],
        },
    ]
}

/// Lambda tells the versions behind a weighted alias apart by these.
pub(super) fn of_version(function: &str, version: &str) -> Vec<(&'static str, String)> {
    vec![
        ("FunctionName", function.to_owned()),
        ("Resource", format!("{function}:{LIVE}")),
        ("ExecutedVersion", version.to_owned()),
    ]
}
