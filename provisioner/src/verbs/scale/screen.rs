//! `spokectl scale status`: one screen.

use chrono::{DateTime, Utc};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{read, sentence};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::scale::decide::{Measured, decide};
use crate::scale::ladder::{Facts, Rung};
use crate::scale::ledger::{Active, Change, Proposal};
use crate::scale::{Scope, wake};
use crate::stage::{Scaling, ScalingPolicy};
use crate::ui::{bold, red, yellow};

/// Everything `status` shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Screen {
    stage: String,
    rung: Rung,
    facts: Option<Facts>,
    status: String,
    pending: Vec<String>,
    measured: Measured,
    decision: String,
    #[serde(serialize_with = "in_camel_case")]
    policy: Scaling,
    enlarged: Option<Active>,
    proposal: Option<Proposal>,
    change: Option<Change>,
    at: DateTime<Utc>,
}

/// `[scaling]` in the spelling of everything else that is said as JSON; a stage file has its own.
fn in_camel_case<S: Serializer>(scaling: &Scaling, serializer: S) -> Result<S::Ok, S::Error> {
    let fields = match serde_json::to_value(scaling) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => return Err(S::Error::custom(format!("{other} is no table"))),
        Err(error) => return Err(S::Error::custom(error)),
    };
    serializer.collect_map(
        fields
            .into_iter()
            .map(|(name, value)| (camel_case(&name), value)),
    )
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1.min(word.len()));
        name + &initial.to_ascii_uppercase() + rest
    })
}

pub(super) async fn show(ctx: &Context, scope: &Scope) -> Result<Kind, Failure> {
    let (ledger, running, measured) = read(ctx, scope).await?;
    let now = Utc::now();
    let decision = decide(
        &running,
        &measured,
        &wake::policy(scope)?,
        &ledger.past(),
        now,
    );
    let screen = Screen {
        stage: ctx.stage.name.clone(),
        facts: running.rung.facts(running.machine),
        rung: running.rung,
        status: running.status,
        pending: running.pending,
        measured,
        decision: sentence(&decision),
        policy: scope.settings.scaling.clone(),
        enlarged: ledger.active.clone(),
        proposal: ledger.waiting(now).cloned(),
        change: ledger.change,
        at: now,
    };
    ctx.ui.data(&screen, || describe(&screen, &ctx.flag()));
    Ok(Kind::Ok)
}

fn describe(screen: &Screen, flag: &str) -> String {
    let mut lines = vec![
        head(screen),
        measured(&screen.measured),
        format!("scaler    {}", screen.decision),
        format!("policy    {}", policy(&screen.policy)),
    ];
    if !screen.pending.is_empty() {
        lines.push(format!(
            "waiting   for the maintenance window: {}",
            screen.pending.join(", ")
        ));
    }
    if let Some(active) = &screen.enlarged {
        lines.push(format!(
            "enlarged  from {} by {}, until {}",
            active.base,
            active.by,
            active.until.format("%Y-%m-%d")
        ));
    }
    if let Some(proposal) = &screen.proposal {
        lines.push(yellow(&format!("proposed  {}", proposal.sentence())));
        lines.push(format!("          spokectl scale approve{flag}"));
    }
    if let Some(change) = &screen.change {
        if change.failed.is_some() {
            lines.push(red(&format!("failed    {}", change.sentence())));
            lines.push(format!("          spokectl scale reject{flag}"));
        } else {
            lines.push(yellow(&format!("changing  {}", change.sentence())));
        }
    }
    lines.join("\n")
}

fn head(screen: &Screen) -> String {
    let mut head = format!(
        "{}  {}, {}",
        bold(&screen.stage),
        screen.rung,
        screen.status
    );
    let Some(facts) = screen.facts else {
        return head;
    };
    head = format!(
        "{head} · {} vCPU, {} GiB, {} connections",
        facts.vcpus, facts.memory_gib, facts.max_connections
    );
    if let Some(weekly) = facts.weekly {
        head = format!("{head} · ${weekly:.0} a week");
    }
    head
}

fn measured(measured: &Measured) -> String {
    let number = |value: Option<f64>| {
        value.map_or_else(|| "no data".to_owned(), |value| format!("{value:.0}"))
    };
    let newest = measured.cpu.iter().take(3);
    let newest: Vec<String> = newest.map(|point| format!("{:.0}", point.value)).collect();
    let cpu = if newest.is_empty() {
        "no data".to_owned()
    } else {
        format!("{} % (newest first)", newest.join(", "))
    };
    let credits = measured.credits.map_or_else(String::new, |credits| {
        format!(" · CPU credits {credits:.0}")
    });
    format!(
        "measured  CPU {cpu} · connections {} · calls a minute {}{credits}",
        number(measured.connections),
        number(measured.calls),
    )
}

fn policy(scaling: &Scaling) -> String {
    let mut parts = vec![match scaling.policy {
        ScalingPolicy::Propose => "propose".to_owned(),
        ScalingPolicy::Act => "act".to_owned(),
    }];
    parts.extend(
        scaling
            .highest
            .as_ref()
            .map(|highest| format!("up to {highest}")),
    );
    parts.extend(
        scaling
            .weekly_budget
            .map(|budget| format!("${budget:.0} a week at most")),
    );
    parts.push(format!(
        "{} minutes between changes",
        scaling.cool_down_minutes
    ));
    if !scaling.quiet.is_empty() {
        parts.push(format!(
            "quiet {} {}",
            scaling.quiet.join(", "),
            scaling.time_zone
        ));
    }
    parts.join(" · ")
}
