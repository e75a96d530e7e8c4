//! A release that failed: what is known about it, kept for `explain`.

use bytes::Bytes;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spoke_contract::functions::Function;
use spoke_contract::release::Release;

use super::hooks::{self, Found};
use super::positions::{self, Positions};
use super::record::{self, JSON};
use super::shift::{self, Ended};
use super::watchdog::hook_of;
use crate::cloud::cloudwatch::Alarm;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};

/// Evidence, collected before it scrolls away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The number the release would have had.
    pub number: u64,
    /// What was to be released.
    pub revision: String,
    /// The deployment, if it came to one.
    pub deployment_id: String,
    /// When it failed.
    pub at: String,
    /// The failure as it was told.
    pub failure: Value,
    /// The phases of the deployment.
    pub phases: Value,
    /// The alarms that rang.
    pub alarms: Value,
    /// The last lines of the hook that failed.
    pub last_lines: Vec<String>,
}

impl Attempt {
    /// A failure before any traffic moved.
    #[must_use]
    pub fn new(number: u64, revision: &str, failure: &Failure) -> Self {
        Self {
            number,
            revision: revision.to_owned(),
            deployment_id: String::new(),
            at: Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            failure: serde_json::to_value(failure).unwrap_or_default(),
            phases: Value::Null,
            alarms: Value::Null,
            last_lines: Vec::new(),
        }
    }

    /// Keeps the evidence. The failure is told whether it can be kept or not.
    pub async fn keep(&self, ctx: &Context, bucket: &str) {
        let kept = match serde_json::to_vec_pretty(self) {
            Ok(bytes) => {
                let key = key(&ctx.stage.name, self.number);
                ctx.cloud
                    .objects
                    .put(bucket, &key, Bytes::from(bytes), JSON)
                    .await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = kept {
            ctx.ui
                .notice(format!("the evidence could not be kept: {error:#}"));
        }
    }
}

fn key(stage: &str, number: u64) -> String {
    format!("failures/{stage}/{number:06}.json")
}

/// The numbers of the attempts that failed.
pub async fn numbers(ctx: &Context, bucket: &str) -> Result<Vec<u64>, Failure> {
    let prefix = format!("failures/{}/", ctx.stage.name);
    let keys = ctx.cloud.objects.list(bucket, &prefix).await?;
    Ok(keys
        .iter()
        .filter_map(|key| {
            key.strip_prefix(&prefix)?
                .strip_suffix(".json")?
                .parse()
                .ok()
        })
        .collect())
}

/// What was kept of one.
pub async fn find(ctx: &Context, bucket: &str, number: u64) -> Result<Option<Attempt>, Failure> {
    let bytes = ctx
        .cloud
        .objects
        .find(bucket, &key(&ctx.stage.name, number))
        .await?;
    Ok(bytes
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()
        .map_err(anyhow::Error::from)?)
}

/// A shift that did not succeed: waits until it is back, checks that it is, puts right what is
/// not, keeps the evidence, and tells.
pub async fn failed(
    ctx: &Context,
    release: &Release,
    before: &Positions,
    ended: &Ended,
) -> Result<Failure, Failure> {
    let hook = failed_hook(ended);
    // Logs and alarms first: they are freshest now.
    let found = match hook {
        Some(hook) => {
            let since =
                ended.deployment.created.unwrap_or_else(Utc::now) - chrono::TimeDelta::minutes(1);
            hooks::read(ctx, hook, &ended.deployment.id, since).await
        }
        None => Found::default(),
    };
    let rollback = shift::wait_for_rollback(ctx, &ended.deployment).await?;
    let mut failure = cause(ctx, release, ended, hook, &found);
    if let Some(rollback) = &rollback
        && !rollback.has_succeeded()
    {
        failure = failure.why(format!(
            "deployment {}, which should have gone back, ended {}: {}",
            rollback.id,
            rollback.status,
            rollback.message.as_deref().unwrap_or("no reason given")
        ));
    }
    let failure = check(ctx, before, failure).await;
    let attempt = Attempt {
        deployment_id: release.deployment_id.clone(),
        phases: serde_json::to_value(&ended.phases).unwrap_or_default(),
        alarms: serde_json::to_value(&ended.ringing).unwrap_or_default(),
        last_lines: found.last_lines,
        ..Attempt::new(release.number, &release.revision, &failure)
    };
    attempt.keep(ctx, &release.code.bucket).await;
    if failure.kind == Kind::RolledBack {
        record::withdraw(ctx).await?;
    }
    Ok(failure)
}

/// Verifies alias, other functions and pointer, and puts right what a failed deployment left moved.
async fn check(ctx: &Context, before: &Positions, failure: Failure) -> Failure {
    let explain = format!("spokectl explain{}", ctx.flag());
    match positions::restore(ctx, before).await {
        Ok(moved) => {
            let web = before.versions.get("web").map_or("?", String::as_str);
            let bundle = before.bundle.as_ref().map_or_else(
                || "there is no bundle yet".to_owned(),
                |bundle| format!("pages name bundle {}", bundle.bundle),
            );
            let mut failure = failure.kind(Kind::RolledBack).state(format!(
                "checked: traffic is on version {web}, {bundle}, the other functions did not move"
            ));
            for sentence in moved {
                failure = failure.state(format!("put back by spokectl: {sentence}"));
            }
            failure
                .state("migrations that ran stay: the plan lets none through that takes away what the live release needs")
                .next(explain)
                .next(format!("spokectl deploy{}", ctx.flag()))
        }
        Err(worse) => {
            let mut failure = failure
                .kind(Kind::NeedsRepair)
                .state("not everything is back where it was")
                .state(worse.to_string());
            failure.code = codes::SHIFT_LEFT_MOVED;
            failure
                .next(format!("spokectl status{}", ctx.flag()))
                .next(format!("spokectl rollback{}", ctx.flag()))
                .next(explain)
        }
    }
}

/// The hook that said no, or did not answer.
fn failed_hook(ended: &Ended) -> Option<Function> {
    if let Some((hook, _)) = ended.dead {
        return Some(hook);
    }
    // An alarm ends whatever phase it rings in, and no hook is to blame for that.
    if ended.deployment.error.as_deref() == Some("ALARM_ACTIVE") {
        return None;
    }
    ended
        .phases
        .iter()
        .find(|phase| phase.status == "Failed")
        .and_then(hook_of)
}

fn cause(
    ctx: &Context,
    release: &Release,
    ended: &Ended,
    hook: Option<Function>,
    found: &Found,
) -> Failure {
    let number = release.number;
    if let Some((hook, reason)) = &ended.dead {
        let mut failure = Failure::new(
            codes::HOOK_DEAD,
            format!("release {number}: the hook {} died", hook.name()),
        )
        .why(reason);
        failure.why.push(format!(
            "its last words in /aws/lambda/{}:",
            hook.lambda_name(&ctx.stage.name)
        ));
        failure.why.extend(found.last_lines.iter().cloned());
        return failure;
    }
    if let Some(reason) = &ended.probe {
        return Failure::new(
            codes::PROBE_FAILED,
            format!(
                "release {number}: a probe of the new version failed at {} %",
                ended.highest
            ),
        )
        .why(reason);
    }
    if let Some(reason) = &ended.worse {
        return Failure::new(
            codes::NEW_VERSION_WORSE,
            format!(
                "release {number}: the new version failed more often than the old one, at {} %",
                ended.highest
            ),
        )
        .why(reason);
    }
    if let Some(hook) = hook {
        let mut failure = Failure::new(
            codes::HOOK_FAILED,
            match (hook, &found.failure) {
                (Function::Preflight, Some(account)) => {
                    format!("release {number}: migration {} failed", account.subject)
                }
                (Function::Preflight, None) => format!("release {number}: the migrations failed"),
                _ => format!("release {number}: the hook {} failed", hook.name()),
            },
        );
        if let Some(account) = &found.failure {
            failure.why.extend(hooks::sentences(account));
        } else {
            failure.why.extend(ended.deployment.message.clone());
            failure.why.push(format!(
                "its last words in /aws/lambda/{}:",
                hook.lambda_name(&ctx.stage.name)
            ));
            failure.why.extend(found.last_lines.iter().cloned());
        }
        return failure;
    }
    if !ended.ringing.is_empty() || ended.deployment.error.as_deref() == Some("ALARM_ACTIVE") {
        let mut failure = Failure::new(
            codes::ALARM_STOPPED,
            format!(
                "release {number}: an alarm stopped the shift{}",
                reached(ended)
            ),
        );
        failure.why.extend(ended.ringing.iter().map(alarm_sentence));
        if failure.why.is_empty() {
            failure.why.extend(ended.deployment.message.clone());
        }
        return failure;
    }
    let code = if ended.deployment.status == "Stopped" {
        codes::SHIFT_STOPPED
    } else {
        codes::SHIFT_FAILED
    };
    let mut failure = Failure::new(
        code,
        format!(
            "release {number}: deployment {} ended {}{}",
            ended.deployment.id,
            ended.deployment.status,
            reached(ended)
        ),
    );
    failure.why.extend(ended.deployment.error.clone());
    failure.why.extend(ended.deployment.message.clone());
    failure
}

/// ` at 30 %`; of a shift that nobody watched nothing is known.
fn reached(ended: &Ended) -> String {
    match ended.highest {
        0 => String::new(),
        highest => format!(" at {highest} %"),
    }
}

/// An alarm with the numbers it was decided on.
#[must_use]
pub fn alarm_sentence(alarm: &Alarm) -> String {
    let datapoints: Vec<_> = alarm
        .datapoints
        .iter()
        .map(|value| format!("{value:.1}"))
        .collect();
    let numbers = match (datapoints.is_empty(), alarm.threshold) {
        (false, Some(threshold)) => {
            format!("datapoints {} against {threshold}", datapoints.join(", "))
        }
        _ => alarm.reason.clone(),
    };
    format!("{}: {numbers}; {}", alarm.name, alarm.description)
}
