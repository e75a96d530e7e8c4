//! What the scaler function does when it wakes: by the alarm, or by its schedule, because an alarm rings only once.
//!
//! Both may come twice, late, or together. So an event is only a reason to look: what is done follows from what is
//! there, and the stage's lock lets one at a time do it.

use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use spoke_contract::names;

use super::Scope;
use super::decide::{Decision, Move, Policy, Quiet, Refusal, decide};
use super::ledger::{self, Ledger, Proposal};
use super::work::{self, Order, Progress};
use super::{look, notice};
use crate::failure::{Failure, codes};
use crate::release::lock::{self, Holder};

/// The function may run for five minutes; it goes before it is stopped.
pub const TIMEOUT_SECONDS: i64 = 300;
const LEAVE_AFTER: TimeDelta = TimeDelta::seconds(TIMEOUT_SECONDS - 30);

/// How often a change under way is looked at.
const PAUSE: Duration = Duration::from_secs(2);

/// Why it wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An alarm went off.
    Alarm,
    /// It is time to look again.
    Schedule,
}

impl Event {
    /// Reads an alarm's action event, or what the schedule sends.
    pub fn read(event: &Value) -> anyhow::Result<Self> {
        match event["source"].as_str() {
            Some("aws.cloudwatch") if event["alarmData"]["alarmName"].is_string() => {
                Ok(Self::Alarm)
            }
            Some("spoke.schedule") => Ok(Self::Schedule),
            _ => bail!("neither an alarm's event nor the schedule's: {event}"),
        }
    }
}

/// What it did, for the log and whoever invoked it.
#[derive(Debug, Serialize)]
pub struct Told {
    /// `nothing`, `proposed`, `changed`, `failed`, `waiting`, `refused`, `locked`.
    pub did: &'static str,
    /// A sentence.
    pub why: String,
}

fn told(did: &'static str, why: impl Into<String>) -> Told {
    Told {
        did,
        why: why.into(),
    }
}

/// Wakes, looks, and does what is to be done.
///
/// Looking takes no lock: it happens every five minutes, and a release begun in that very moment is not turned away for it.
pub async fn wake(scope: &Scope, topic: &str, event: Event) -> Result<Told, Failure> {
    let started = Utc::now();
    let (parameters, stage) = (&scope.cloud.parameters, &scope.settings.stage);
    let ledger = ledger::read(parameters, stage).await?;
    if ledger.under_way().is_none() {
        let decision = judge(scope, &ledger, started).await?;
        if let Some(told) = idle(&ledger, &decision, event, started) {
            return Ok(told);
        }
    }
    let mine = Holder::function(&names::scaler_function(stage), started);
    if let Some(other) = lock::try_take(parameters, stage, &mine).await? {
        // A run of ours that is older than it may become was stopped in its middle.
        if other.owner != mine.owner || !other.is_gone(started) {
            return Ok(told("locked", other.sentence(started)));
        }
        if let Some(first) = lock::take_over(parameters, stage, &other, &mine).await? {
            return Ok(told("locked", first.sentence(started)));
        }
    }
    let done = locked(scope, topic, event, started).await;
    lock::give_back(parameters, stage, &mine).await?;
    done
}

/// What is to be done, as things stand.
async fn judge(scope: &Scope, ledger: &Ledger, now: DateTime<Utc>) -> Result<Decision, Failure> {
    let (running, _) = look::running(scope).await?;
    let measured = look::measured(scope, now).await?;
    let policy = policy(scope)?;
    Ok(decide(&running, &measured, &policy, &ledger.past(), now))
}

/// What is told when nothing has to be written or said; none when there is something to do.
fn idle(ledger: &Ledger, decision: &Decision, event: Event, now: DateTime<Utc>) -> Option<Told> {
    match decision {
        // The next refusal is news again.
        Decision::Nothing(Quiet::Calm) if !ledger.told.is_empty() => None,
        Decision::Nothing(quiet) => Some(told("nothing", quiet.to_string())),
        Decision::Propose(step) => {
            let known = &ledger.waiting(now)?.step;
            ((&known.from, &known.to) == (&step.from, &step.to)).then(|| {
                let why = format!("{} → {} was proposed already", step.from, step.to);
                told("nothing", why)
            })
        }
        Decision::Refuse(refusal) => {
            (!is_news(ledger, event, refusal)).then(|| told("refused", refusal.to_string()))
        }
        Decision::Change(_) => None,
    }
}

/// A refusal is told once, and only when there is something to do; a schedule that finds no data is no news.
fn is_news(ledger: &Ledger, event: Event, refusal: &Refusal) -> bool {
    ledger.told != refusal.name() && (event == Event::Alarm || !matches!(refusal, Refusal::NoData))
}

/// The same with the lock, after another look: somebody may have come first.
async fn locked(
    scope: &Scope,
    topic: &str,
    event: Event,
    started: DateTime<Utc>,
) -> Result<Told, Failure> {
    let mut ledger = ledger::read(&scope.cloud.parameters, &scope.settings.stage).await?;
    if ledger.under_way().is_some() {
        return go_on(scope, topic, &mut ledger, started).await;
    }
    let now = Utc::now();
    let decision = judge(scope, &ledger, now).await?;
    if let Some(told) = idle(&ledger, &decision, event, now) {
        return Ok(told);
    }
    match decision {
        Decision::Nothing(quiet) => {
            ledger.told.clear();
            ledger::write(scope, &ledger).await?;
            Ok(told("nothing", quiet.to_string()))
        }
        Decision::Propose(step) => propose(scope, topic, &mut ledger, step, now).await,
        Decision::Change(step) => {
            let order = Order {
                step: step.clone(),
                by: names::scaler_function(&scope.settings.stage),
                until: work::until(scope, now),
                with_pending: false,
            };
            work::begin(scope, &mut ledger, order, now).await?;
            let card = notice::begun(&scope.settings, &step);
            notice::tell(&scope.cloud, &scope.settings, topic, &card).await;
            go_on(scope, topic, &mut ledger, started).await
        }
        Decision::Refuse(refusal) => refuse(scope, topic, &mut ledger, &refusal).await,
    }
}

/// The stage's policy.
pub fn policy(scope: &Scope) -> Result<Policy<'_>, Failure> {
    let scaling = &scope.settings.scaling;
    Ok(Policy {
        scaling,
        zone: scaling.time_zone.parse().map_err(|_| {
            Failure::new(codes::STAGE_VALUE, "scaling.time_zone is no time zone")
                .why(&scaling.time_zone)
        })?,
    })
}

async fn propose(
    scope: &Scope,
    topic: &str,
    ledger: &mut Ledger,
    step: Move,
    now: DateTime<Utc>,
) -> Result<Told, Failure> {
    let what = format!("{} → {}", step.from, step.to);
    let card = notice::proposal(&scope.settings, &step);
    ledger.proposal = Some(Proposal { step, at: now });
    ledger::write(scope, ledger).await?;
    notice::tell(&scope.cloud, &scope.settings, topic, &card).await;
    Ok(told("proposed", what))
}

async fn refuse(
    scope: &Scope,
    topic: &str,
    ledger: &mut Ledger,
    refusal: &Refusal,
) -> Result<Told, Failure> {
    refusal.name().clone_into(&mut ledger.told);
    ledger::write(scope, ledger).await?;
    let card = notice::refusal(&scope.settings, refusal);
    notice::tell(&scope.cloud, &scope.settings, topic, &card).await;
    Ok(told("refused", refusal.to_string()))
}

/// Goes on with a change until it is over, or until it is time to go: the next run takes it up.
async fn go_on(
    scope: &Scope,
    topic: &str,
    ledger: &mut Ledger,
    started: DateTime<Utc>,
) -> Result<Told, Failure> {
    loop {
        let now = Utc::now();
        let (did, record) = match work::go_on(scope, ledger, now).await? {
            Progress::Done(record) => ("changed", record),
            Progress::Failed(record) => ("failed", record),
            Progress::Moved(sentence) => {
                tracing::info!(sentence, "scaling");
                continue;
            }
            Progress::Waiting(sentence) if now - started > LEAVE_AFTER => {
                return Ok(told("waiting", sentence));
            }
            Progress::Waiting(_) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let card = notice::ended(&scope.settings, &record);
        notice::tell(&scope.cloud, &scope.settings, topic, &card).await;
        return Ok(told(did, card.title));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Event;

    #[test]
    fn only_its_own_events_wake_it() {
        let alarm = json!({ "source": "aws.cloudwatch", "alarmData": { "alarmName": "spoke-prod-db-cpu-high" } });
        assert_eq!(Event::read(&alarm).unwrap(), Event::Alarm);
        let schedule = json!({ "source": "spoke.schedule" });
        assert_eq!(Event::read(&schedule).unwrap(), Event::Schedule);
        for other in [
            json!({}),
            json!({ "source": "aws.cloudwatch" }),
            json!("up"),
        ] {
            assert!(Event::read(&other).is_err(), "{other}");
        }
    }
}
