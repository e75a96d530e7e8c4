//! Every branch, by its name.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Decision, Measured, Move, Past, Point, Policy, Quiet, Refusal, Running, decide};
use crate::scale::ladder::{Machine, Rung};
use crate::stage::{DatabaseKind, Scaling, ScalingPolicy};

fn class(name: &str) -> Rung {
    Rung::Class {
        class: name.to_owned(),
    }
}

/// A Tuesday, 14:00 in New York.
fn now() -> DateTime<Utc> {
    "2026-11-03T19:00:00Z".parse().unwrap()
}

fn minutes_ago(minutes: i64) -> DateTime<Utc> {
    now() - TimeDelta::minutes(minutes)
}

/// A database at its limit, under texting; a test changes what it is about.
struct Case {
    running: Running,
    measured: Measured,
    scaling: Scaling,
    past: Past,
    now: DateTime<Utc>,
}

fn busy() -> Case {
    Case {
        running: Running {
            machine: Machine {
                kind: DatabaseKind::Rds,
                count: 1,
            },
            rung: class("db.r7g.large"),
            status: "available".to_owned(),
            pending: Vec::new(),
            release: None,
        },
        measured: Measured {
            connections: Some(100.0),
            calls: Some(4000.0),
            ..Measured::default()
        },
        scaling: Scaling {
            policy: ScalingPolicy::Act,
            ..Scaling::default()
        },
        past: Past::default(),
        now: now(),
    }
    .cpu(&[91.0, 88.0, 85.0])
}

impl Case {
    /// Values of CPU, one a minute, newest first.
    fn cpu(mut self, values: &[f64]) -> Self {
        self.measured.cpu = (1..)
            .zip(values)
            .map(|(minutes, value)| Point {
                at: self.now - TimeDelta::minutes(minutes),
                value: *value,
            })
            .collect();
        self
    }

    fn on(mut self, rung: Rung) -> Self {
        self.running.rung = rung;
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn decide(&self) -> Decision {
        let policy = Policy {
            scaling: &self.scaling,
            zone: self.scaling.time_zone.parse().unwrap(),
        };
        decide(&self.running, &self.measured, &policy, &self.past, self.now)
    }

    fn proposal(&self) -> Move {
        match self.decide() {
            Decision::Propose(step) => step,
            other @ (Decision::Nothing(_) | Decision::Change(_) | Decision::Refuse(_)) => {
                panic!("no proposal: {other:?}")
            }
        }
    }
}

#[test]
fn a_database_at_its_limit_gets_the_next_rung() {
    let Decision::Change(step) = busy().decide() else {
        panic!("{:?}", busy().decide());
    };
    assert_eq!(
        (step.from, step.to),
        (class("db.r7g.large"), class("db.r7g.xlarge"))
    );
    assert_eq!(
        step.why[0],
        "CPU is at 91 %, two of the last three values over 80 %"
    );
}

#[test]
fn the_policy_propose_asks_a_person() {
    let case = busy().with(|case| case.scaling.policy = ScalingPolicy::Propose);
    assert_eq!(case.proposal().to, class("db.r7g.xlarge"));
    assert_eq!(case.proposal().waits, None);
}

#[test]
fn what_leads_to_nothing() {
    let ended = minutes_ago(30);
    let cases = [
        ("calm", busy().cpu(&[40.0, 35.0, 79.9]), Quiet::Calm),
        ("flapping", busy().cpu(&[95.0, 20.0, 30.0]), Quiet::Flapping),
        (
            "flapping, the other way",
            busy().cpu(&[20.0, 99.0, 30.0]),
            Quiet::Flapping,
        ),
        ("a single value", busy().cpu(&[99.0]), Quiet::Flapping),
        (
            "already changing",
            busy().with(|case| case.running.status = "modifying".to_owned()),
            Quiet::Changing("modifying".to_owned()),
        ),
        (
            "an alarm older than the last change",
            busy().with(|case| case.past.last_change = Some(minutes_ago(2))),
            Quiet::Before(minutes_ago(2)),
        ),
        (
            "cool-down",
            busy().with(|case| case.past.last_change = Some(ended)),
            Quiet::CoolDown(ended + TimeDelta::minutes(60)),
        ),
        (
            "a person has said no",
            busy().with(|case| case.past.rejected = Some(ended)),
            Quiet::Rejected(ended + TimeDelta::minutes(60)),
        ),
    ];
    for (name, case, quiet) in cases {
        assert_eq!(case.decide(), Decision::Nothing(quiet), "{name}");
    }
}

#[test]
fn what_is_refused() {
    let cases = [
        ("no data", busy().cpu(&[]), "nothing was measured"),
        (
            "old data",
            busy().with(|case| case.now += TimeDelta::minutes(20)),
            "nothing was measured",
        ),
        (
            "a change that failed is never tried again blindly",
            busy().with(|case| case.past.failed = Some("it hung".to_owned())),
            "not tried again: it hung",
        ),
        (
            "a release in progress",
            busy().with(|case| case.running.release = Some("release 7".to_owned())),
            "release 7 is under way",
        ),
        (
            "a runaway query",
            busy().with(|case| case.measured.calls = Some(4.0)),
            "called 4 times a minute",
        ),
        (
            "the family's ceiling",
            busy().on(class("db.r7g.16xlarge")),
            "nothing above db.r7g.16xlarge",
        ),
        (
            "the stage's ceiling",
            busy().with(|case| case.scaling.highest = Some("db.r7g.large".to_owned())),
            "scaling.highest is db.r7g.large",
        ),
        (
            "the budget",
            busy().with(|case| case.scaling.weekly_budget = Some(50.0)),
            "$80 a week",
        ),
        (
            "a budget and no price",
            busy()
                .on(class("db.r5.large"))
                .with(|case| case.scaling.weekly_budget = Some(50.0)),
            "nobody here knows what db.r5.xlarge costs",
        ),
        (
            "connections used up while CPU is low",
            busy()
                .on(class("db.r7g.2xlarge"))
                .cpu(&[20.0, 21.0, 22.0])
                .with(|case| case.measured.connections = Some(4900.0)),
            "takes no more of them",
        ),
        (
            "a class nobody knows",
            busy().on(class("db.z9.huge")),
            "db.z9.huge",
        ),
    ];
    for (name, case, words) in cases {
        match case.decide() {
            Decision::Refuse(refusal) => {
                let sentence = refusal.to_string();
                assert!(sentence.contains(words), "{name}: {sentence}");
                assert!(!refusal.remedy().is_empty());
            }
            other @ (Decision::Nothing(_) | Decision::Change(_) | Decision::Propose(_)) => {
                panic!("{name}: {other:?}")
            }
        }
    }
}

#[test]
fn a_ceiling_is_no_ceiling_below_it() {
    let case = busy().with(|case| {
        case.scaling.highest = Some("db.r7g.xlarge".to_owned());
        case.scaling.weekly_budget = Some(81.0);
    });
    assert!(matches!(case.decide(), Decision::Change(_)));
}

#[test]
fn connections_can_be_had_below_2xlarge_when_a_person_agrees() {
    let case = busy()
        .cpu(&[20.0, 21.0, 22.0])
        .with(|case| case.measured.connections = Some(1700.0));
    let step = case.proposal();
    assert_eq!(step.to, class("db.r7g.xlarge"));
    assert!(step.waits.unwrap().contains("app.concurrency"));
}

#[test]
fn a_burstable_class_out_of_credits_becomes_one_that_needs_none() {
    let out = |cpu: &[f64]| {
        busy()
            .on(class("db.t4g.medium"))
            .cpu(cpu)
            .with(|case| case.measured.credits = Some(3.0))
    };
    // At its baseline of 20 % the CPU looks low.
    let Decision::Change(step) = out(&[20.0, 19.0, 20.0]).decide() else {
        panic!("{:?}", out(&[20.0]).decide());
    };
    assert_eq!(step.to, class("db.m7g.large"));
    assert!(step.why[0].contains("3 CPU credits"), "{:?}", step.why);
    // One that was just made has no credits and nothing to do.
    assert_eq!(
        out(&[2.0, 2.0, 3.0]).decide(),
        Decision::Nothing(Quiet::Calm)
    );
}

#[test]
fn what_waits_for_the_maintenance_window_is_shown_to_a_person() {
    let case = busy().with(|case| case.running.pending = vec!["EngineVersion 16.10".to_owned()]);
    assert!(
        case.proposal()
            .waits
            .unwrap()
            .contains("EngineVersion 16.10")
    );
}

#[test]
fn in_quiet_time_a_person_is_asked() {
    let quiet = |window: &str| busy().with(|case| case.scaling.quiet = vec![window.to_owned()]);
    assert_eq!(
        quiet("Tue 13:00-15:00").proposal().waits.unwrap(),
        "it is quiet time, Tue 13:00-15:00"
    );
    assert!(matches!(
        quiet("Wed 13:00-15:00").decide(),
        Decision::Change(_)
    ));
}

#[test]
fn a_release_stops_the_scaler_and_an_old_value_does_not_count_twice() {
    // Two values over the line, but one of them from before the last change.
    let case = busy().with(|case| {
        case.scaling.cool_down_minutes = 0;
        case.past.last_change = Some(minutes_ago(3));
    });
    assert_eq!(
        case.decide(),
        Decision::Nothing(Quiet::Before(minutes_ago(3)))
    );
    let case = busy().with(|case| {
        case.scaling.cool_down_minutes = 0;
        case.past.last_change = Some(minutes_ago(4));
    });
    assert!(matches!(case.decide(), Decision::Change(_)));
}

fn enlarged(hour: &str) -> Case {
    let until = "2026-11-08T00:00:00Z".parse().unwrap();
    busy()
        .on(class("db.r7g.2xlarge"))
        .with(|case| {
            case.now = format!("2026-11-03T{hour}:00Z").parse().unwrap();
            case.past.enlarged = Some((class("db.r7g.large"), until));
            case.past.last_change = Some("2026-11-01T12:00:00Z".parse().unwrap());
            case.measured.day_peak = Some(11.0);
        })
        .cpu(&[8.0, 9.0, 7.0])
}

#[test]
fn what_is_calm_for_a_day_is_proposed_to_become_smaller_with_its_end_date() {
    let step = enlarged("15:00").proposal();
    assert_eq!(step.to, class("db.r7g.large"));
    assert!(
        step.why[0].contains("enlarged until 2026-11-08"),
        "{:?}",
        step.why
    );
    assert!(step.waits.unwrap().contains("a person"));
}

#[test]
fn nothing_becomes_smaller_in_the_evening_or_while_it_is_needed() {
    // 20:00 in New York.
    let evening = enlarged("15:00").with(|case| {
        case.now = "2026-11-04T01:00:00Z".parse().unwrap();
    });
    assert_eq!(
        evening.cpu(&[8.0, 9.0, 7.0]).decide(),
        Decision::Nothing(Quiet::Evening)
    );
    for (name, case) in [
        (
            "the day's peak",
            enlarged("15:00").with(|case| case.measured.day_peak = Some(30.0)),
        ),
        (
            "its connections",
            enlarged("15:00").with(|case| case.measured.connections = Some(1500.0)),
        ),
        (
            "enlarged today",
            enlarged("15:00")
                .with(|case| case.past.last_change = Some(case.now - TimeDelta::hours(3))),
        ),
        (
            "a no of today",
            enlarged("15:00")
                .with(|case| case.past.rejected = Some(case.now - TimeDelta::hours(3))),
        ),
        (
            "nobody knows the day",
            enlarged("15:00").with(|case| case.measured.day_peak = None),
        ),
    ] {
        assert_eq!(case.decide(), Decision::Nothing(Quiet::Calm), "{name}");
    }
}

#[test]
fn serverless_moves_its_range() {
    let case = busy()
        .on(Rung::Capacity {
            min: 2.0,
            max: 16.0,
        })
        .with(|case| {
            case.running.machine.kind = DatabaseKind::AuroraServerless;
            case.scaling.highest = Some("32".to_owned());
        });
    let Decision::Change(step) = case.decide() else {
        panic!("{:?}", case.decide());
    };
    assert_eq!(
        step.to,
        Rung::Capacity {
            min: 2.0,
            max: 32.0
        }
    );
    let case = case.on(Rung::Capacity {
        min: 2.0,
        max: 32.0,
    });
    assert!(matches!(
        case.decide(),
        Decision::Refuse(Refusal::Ceiling(_))
    ));
}
