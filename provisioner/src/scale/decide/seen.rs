//! The rules, once it is known how many of the newest values are over the line.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    CALLS_A_VCPU, CALM, Decision, FEW_CREDITS, FULL, LINE, Measured, Move, Past, Policy, Quiet,
    Refusal, Running, allowed,
};
use crate::scale::hours;
use crate::scale::ladder::{Facts, Need};
use crate::stage::ScalingPolicy;

/// Everything a rule looks at.
pub(super) struct Seen<'a> {
    pub(super) running: &'a Running,
    pub(super) measured: &'a Measured,
    pub(super) policy: &'a Policy<'a>,
    pub(super) past: &'a Past,
    pub(super) now: DateTime<Utc>,
    pub(super) facts: Facts,
    /// The highest of the newest values.
    pub(super) percent: f64,
}

impl Seen<'_> {
    /// CPU is over the line.
    pub(super) fn grow(&self) -> Decision {
        if let Some(calls) = self
            .measured
            .calls
            .filter(|calls| *calls < CALLS_A_VCPU * self.facts.vcpus)
        {
            return Decision::Refuse(Refusal::Runaway(calls));
        }
        let mut why = vec![format!(
            "CPU is at {:.0} %, two of the last three values over {LINE:.0} %",
            self.percent
        )];
        if let Some(calls) = self.measured.calls {
            why.push(format!(
                "the functions are called {calls:.0} times a minute"
            ));
        }
        if self.running.rung.is_burstable() {
            why.push("a larger burstable class has more credits but no more processors".to_owned());
        }
        self.up(Need::Power(self.percent / 100.0 * self.facts.vcpus), why)
    }

    /// A burstable class without credits falls to its baseline: its CPU looks low, and everything waits.
    pub(super) fn out_of_credits(&self) -> Option<Decision> {
        let credits = self.measured.credits?;
        if !self.running.rung.is_burstable() || credits > FEW_CREDITS {
            return None;
        }
        // Few credits and nothing to do is a database that was just made.
        let baseline = 100.0 * self.facts.sustained / self.facts.vcpus;
        if self.percent < 0.9 * baseline {
            return None;
        }
        let why = format!(
            "{} has {credits:.0} CPU credits left and works at its baseline of {baseline:.0} % or above; without credits it gets no more than that",
            self.running.rung
        );
        Some(self.up(Need::Steady, vec![why]))
    }

    pub(super) fn out_of_connections(&self) -> Option<Decision> {
        let used = self.measured.connections?;
        let most = self.facts.max_connections;
        if used < FULL * f64::from(most) {
            return None;
        }
        if self
            .running
            .rung
            .next(self.running.machine, Need::Connections)
            .is_none()
        {
            return Some(Decision::Refuse(Refusal::Connections(used, most)));
        }
        let why = format!("{used:.0} of {most} connections are used");
        // Their number is decided in app.concurrency: money is spent on it only when a person says so.
        let decision = self.up(Need::Connections, vec![why]);
        Some(asked(
            decision,
            "fewer connections may be the better remedy: app.concurrency",
        ))
    }

    /// The next rung, through every gate.
    fn up(&self, need: Need, why: Vec<String>) -> Decision {
        if let Some(release) = &self.running.release {
            return Decision::Refuse(Refusal::Release(release.clone()));
        }
        let pause = TimeDelta::minutes(i64::from(self.policy.scaling.cool_down_minutes));
        if let Some(until) = self.past.last_change.map(|at| at + pause)
            && self.now < until
        {
            return Decision::Nothing(Quiet::CoolDown(until));
        }
        if let Some(until) = self.past.rejected.map(|at| at + pause)
            && self.now < until
        {
            return Decision::Nothing(Quiet::Rejected(until));
        }
        let Some(to) = self.running.rung.next(self.running.machine, need) else {
            return Decision::Refuse(Refusal::Ceiling(format!(
                "there is nothing above {}",
                self.running.rung
            )));
        };
        if let Err(refusal) = allowed(
            self.policy.scaling,
            self.running.machine,
            &self.running.rung,
            &to,
        ) {
            return Decision::Refuse(refusal);
        }
        let step = Move {
            from: self.running.rung.clone(),
            to,
            why,
            waits: None,
        };
        match self.policy.scaling.policy {
            ScalingPolicy::Propose => Decision::Propose(step),
            ScalingPolicy::Act => self.by_itself(step),
        }
    }

    /// The policy acts, unless a person should see something first.
    fn by_itself(&self, step: Move) -> Decision {
        if !self.running.pending.is_empty() {
            let waits = format!(
                "it would apply what waits for the maintenance window: {}",
                self.running.pending.join(", ")
            );
            return asked(Decision::Change(step), &waits);
        }
        if let Some(window) = hours::quiet(&self.policy.scaling.quiet, self.policy.zone, self.now) {
            return asked(
                Decision::Change(step),
                &format!("it is quiet time, {window}"),
            );
        }
        Decision::Change(step)
    }

    /// What was enlarged and is calm may go back, when a person agrees.
    pub(super) fn shrink(&self) -> Decision {
        let (Some((base, until)), Some(peak)) = (&self.past.enlarged, self.measured.day_peak)
        else {
            return Decision::Nothing(Quiet::Calm);
        };
        let Some(smaller) = base.facts(self.running.machine) else {
            return Decision::Nothing(Quiet::Calm);
        };
        let day = TimeDelta::days(1);
        let is_settled = self.past.last_change.is_none_or(|at| self.now - at >= day);
        let there = peak * self.facts.vcpus / smaller.sustained;
        let room = self.measured.connections.unwrap_or_default()
            < 0.5 * f64::from(smaller.max_connections);
        if !is_settled || there > CALM || !room || self.running.release.is_some() {
            return Decision::Nothing(Quiet::Calm);
        }
        if self.past.rejected.is_some_and(|at| self.now - at < day) {
            return Decision::Nothing(Quiet::Calm);
        }
        if hours::is_evening(self.policy.zone, self.now) {
            return Decision::Nothing(Quiet::Evening);
        }
        let why = format!(
            "the highest CPU of the last day was {peak:.0} %, which is {there:.0} % of {base}; it was enlarged until {}",
            until.format("%Y-%m-%d")
        );
        Decision::Propose(Move {
            from: self.running.rung.clone(),
            to: base.clone(),
            why: vec![why],
            waits: Some("a database becomes smaller only when a person says so".to_owned()),
        })
    }
}

/// Makes a person be asked.
fn asked(decision: Decision, waits: &str) -> Decision {
    match decision {
        Decision::Change(step) | Decision::Propose(step) => Decision::Propose(Move {
            waits: Some(waits.to_owned()),
            ..step
        }),
        other @ (Decision::Nothing(_) | Decision::Refuse(_)) => other,
    }
}
