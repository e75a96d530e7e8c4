//! Hooks that died: CodeDeploy would wait an hour for their verdict.
//!
//! A hook that fails says so itself, even when its time runs out. One that crashes, or cannot be invoked at all, says
//! nothing; Lambda's own lines in its log do, and the shift is stopped within two minutes.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use spoke_contract::functions::Function;

use crate::cloud::codedeploy::Phase;
use crate::cloud::logs::Line;
use crate::context::Context;

/// Between two looks at the log.
const PACE: Duration = Duration::from_secs(3);
/// A verdict given at the very end may still be on its way.
const GRACE: TimeDelta = TimeDelta::seconds(15);
/// How long a hook may be silent before it counts as never started: a cold start inside a VPC takes seconds.
const SILENCE: TimeDelta = TimeDelta::seconds(100);

/// Watches the hooks of one deployment.
#[derive(Debug, Default)]
pub struct Watchdog {
    looked: Option<Instant>,
}

impl Watchdog {
    /// The hook that is due and will never answer, and how that is known. A log that cannot be read now proves
    /// nothing: it is read again.
    pub async fn look(&mut self, ctx: &Context, phases: &[Phase]) -> Option<(Function, String)> {
        let phase = phases.iter().find(|phase| phase.status == "InProgress")?;
        let hook = hook_of(phase)?;
        let since = phase.started?;
        if self.looked.is_some_and(|at| at.elapsed() < PACE) {
            return None;
        }
        self.looked = Some(Instant::now());
        let group = format!("/aws/lambda/{}", hook.lambda_name(&ctx.stage.name));
        let lines = ctx.cloud.logs.since(&group, since, None).await.ok()?;
        death(&lines, since, Utc::now()).map(|reason| (hook, reason))
    }
}

/// The function behind a phase.
#[must_use]
pub fn hook_of(phase: &Phase) -> Option<Function> {
    match phase.name.as_str() {
        "BeforeAllowTraffic" => Some(Function::Preflight),
        "AfterAllowTraffic" => Some(Function::Postflight),
        _ => None,
    }
}

/// Whether these lines of a hook that is due since `since` say that it is dead.
fn death(lines: &[Line], since: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
    if lines.is_empty() {
        return (now - since > SILENCE).then(|| {
            format!(
                "nothing in its log after {} s: it was never invoked, or cannot write logs",
                SILENCE.num_seconds()
            )
        });
    }
    let last = lines
        .iter()
        .rposition(|line| line.text.starts_with("START RequestId"));
    let report = lines
        .iter()
        .skip(last.unwrap_or_default())
        .find(|line| line.text.starts_with("REPORT RequestId"))?;
    (now - report.at > GRACE).then(|| format!("it ended without a verdict: {}", report.text))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::death;
    use crate::cloud::logs::Line;

    const START: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn line(second: i64, text: &str) -> Line {
        Line {
            id: String::new(),
            at: START + TimeDelta::seconds(second),
            text: text.to_owned(),
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        START + TimeDelta::seconds(second)
    }

    #[test]
    fn a_hook_that_works_is_left_alone() {
        let lines = [
            line(1, "START RequestId: 1"),
            line(2, "running 1 migration"),
        ];
        assert_eq!(death(&lines, START, at(800)), None);
    }

    #[test]
    fn a_verdict_may_be_on_its_way() {
        let lines = [
            line(1, "START RequestId: 1"),
            line(9, "REPORT RequestId: 1\tDuration: 8000 ms"),
        ];
        assert_eq!(death(&lines, START, at(20)), None);
        assert!(
            death(&lines, START, at(30))
                .unwrap()
                .contains("without a verdict")
        );
    }

    #[test]
    fn another_try_of_lambda_is_waited_for() {
        let lines = [
            line(1, "START RequestId: 1"),
            line(2, "REPORT RequestId: 1\tStatus: error"),
            line(60, "START RequestId: 1"),
        ];
        assert_eq!(death(&lines, START, at(90)), None);
    }

    #[test]
    fn a_hook_that_is_never_invoked_is_dead_after_a_while() {
        assert_eq!(death(&[], START, at(60)), None);
        assert!(
            death(&[], START, at(110))
                .unwrap()
                .contains("never invoked")
        );
    }
}
