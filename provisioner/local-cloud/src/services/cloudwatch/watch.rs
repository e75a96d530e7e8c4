//! The evaluation of alarms, as cloud time passes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::Cloud;

use super::actions::{self, Change};
use super::evaluate::{BEYOND, State, Treatment, Verdict, judge};
use super::model::{MetricWatch, Watches};
use super::query::{self, Window};
use super::reason::{self, Point};
use super::{history, rule};

/// How often alarms are evaluated. AWS does it every minute, every 10 s for short periods.
const EVERY: Duration = Duration::from_secs(10);
/// However fast time passes, not more often than this.
const AT_MOST_EVERY: Duration = Duration::from_millis(50);
/// How deep composite alarms may stand on each other.
const DEPTH: usize = 10;

/// Evaluates all alarms again and again.
pub(super) fn start(cloud: &Arc<Cloud>) {
    let work = Arc::clone(cloud);
    cloud.background.spawn(async move {
        loop {
            tokio::time::sleep(work.time.real(EVERY).max(AT_MOST_EVERY)).await;
            evaluate_metrics(&work);
            evaluate_composites(&work);
        }
    });
}

fn evaluate_metrics(cloud: &Arc<Cloud>) {
    let now = cloud.time.now();
    let watches: Vec<(String, State, MetricWatch)> = {
        let model = cloud.services.cloudwatch.store.read();
        let due = model
            .alarms
            .values()
            .filter(|alarm| alarm.held_until.is_none_or(|until| now >= until));
        due.filter_map(|alarm| match &alarm.watches {
            Watches::Metric(watch) => Some((alarm.name.clone(), alarm.state, watch.clone())),
            Watches::Alarms(_) => None,
        })
        .collect()
    };
    for (name, from, watch) in watches {
        let (points, verdict) = look(cloud, &watch);
        let Some(to) = verdict.state.filter(|to| *to != from) else {
            continue;
        };
        let text = reason::text(&watch, &points, &verdict, from, to);
        let data = reason::data(&watch, &points, &verdict, now).to_string();
        change(cloud, &name, to, text, data);
    }
}

/// The last whole periods and what they say.
fn look(cloud: &Cloud, watch: &MetricWatch) -> (Vec<Point>, Verdict) {
    let seconds = u64::try_from(watch.period()).unwrap_or(60);
    let period = cloud.time.real(Duration::from_secs(seconds)).as_millis();
    let period = i64::try_from(period).unwrap_or(60_000).max(1);
    let now = cloud.time.now().timestamp_millis();
    let to = now - now.rem_euclid(period);
    let looked_at = i64::try_from(watch.n + BEYOND).unwrap_or(i64::MAX);
    let window = Window {
        from: to - looked_at * period,
        to,
        period,
    };
    let queries = watch.queries();
    let found = query::evaluate(cloud, &queries, |_| window).unwrap_or_else(|error| {
        tracing::warn!(%error, "an alarm's expression could not be evaluated");
        BTreeMap::new()
    });
    let watched = query::watched(&queries).ok();
    let values = watched.and_then(|query| found.get(&query.id));
    let points: Vec<Point> = window
        .grid()
        .into_iter()
        .map(|at| (at, values.and_then(|values| values.get(&at)).copied()))
        .collect();
    let breaches: Vec<Option<bool>> = points
        .iter()
        .map(|(_, value)| Some(watch.comparison.breaches((*value)?, watch.threshold)))
        .collect();
    let missing = watch.missing.unwrap_or(Treatment::Missing);
    let verdict = judge(&breaches, watch.n, watch.datapoints_to_alarm(), missing);
    (points, verdict)
}

/// Evaluates composite alarms until none changes any more.
pub(super) fn evaluate_composites(cloud: &Arc<Cloud>) {
    for _ in 0..DEPTH {
        let changes: Vec<(String, State, String)> = {
            let model = cloud.services.cloudwatch.store.read();
            let state_of = |name: &str| model.alarms.get(name).map(|alarm| alarm.state);
            let now = cloud.time.now();
            model
                .alarms
                .values()
                .filter(|alarm| alarm.held_until.is_none_or(|until| now >= until))
                .filter_map(|alarm| {
                    let Watches::Alarms(text) = &alarm.watches else {
                        return None;
                    };
                    let rule = rule::read(text).ok()?;
                    let holds = rule.holds(&state_of);
                    let to = if holds { State::Alarm } else { State::Ok };
                    let states: Vec<String> = rule
                        .names()
                        .iter()
                        .filter_map(|name| Some(format!("{name} is {}", state_of(name)?.text())))
                        .collect();
                    (to != alarm.state).then(|| {
                        let reason =
                            format!("The rule evaluates to {holds}: {}", states.join(", "));
                        (alarm.name.clone(), to, reason)
                    })
                })
                .collect()
        };
        if changes.is_empty() {
            return;
        }
        for (name, to, reason) in changes {
            change(cloud, &name, to, reason, String::new());
        }
    }
}

/// Puts an alarm into a state; if it was in another, history and actions follow.
pub(super) fn change(
    cloud: &Arc<Cloud>,
    name: &str,
    to: State,
    reason: String,
    reason_data: String,
) {
    let now = cloud.time.now();
    let changed = cloud.services.cloudwatch.store.write(|model| {
        let alarm = model.alarms.get_mut(name)?;
        let from = alarm.state;
        if from == to {
            return None;
        }
        let change = Change {
            from,
            from_reason: std::mem::replace(&mut alarm.reason, reason),
            from_reason_data: std::mem::replace(&mut alarm.reason_data, reason_data),
            from_updated: std::mem::replace(&mut alarm.state_updated, now),
            alarm: alarm.clone(),
        };
        alarm.state = to;
        let data = json!({
            "version": "1.0",
            "oldState": {
                "stateValue": from.text(),
                "stateReason": change.from_reason,
                "stateReasonData": parsed(&change.from_reason_data),
            },
            "newState": {
                "stateValue": to.text(),
                "stateReason": alarm.reason,
                "stateReasonData": parsed(&alarm.reason_data),
            },
        });
        let summary = format!("Alarm updated from {} to {}", from.text(), to.text());
        history::note(alarm, now, "StateUpdate", summary, &data);
        Some(Change {
            alarm: alarm.clone(),
            ..change
        })
    });
    if let Some(change) = changed {
        tracing::info!(
            alarm = name,
            from = change.from.text(),
            to = to.text(),
            "alarm"
        );
        actions::perform(cloud, change);
    }
}

fn parsed(data: &str) -> serde_json::Value {
    serde_json::from_str(data).unwrap_or(serde_json::Value::Null)
}
