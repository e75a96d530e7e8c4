//! Making a change of size: begun once, gone on with by whoever holds the stage's lock, and looked at until it is over.
//!
//! Every step is written down before AWS is asked for it. Whoever comes after a crash finds it begun and looks whether
//! it came true; it is never asked for a second time.

use chrono::{DateTime, TimeDelta, Utc};

use super::Scope;
use super::decide::{Move, Running};
use super::ledger::{self, Active, Change, Ledger, Record};
use super::look;
use super::steps::{self, Step};
use crate::context::flag;
use crate::failure::{Blame as _, Failure, codes, typed};
use crate::stage::DatabaseKind;

/// What somebody wants.
#[derive(Clone, Debug)]
pub struct Order {
    /// From where to where, and why.
    pub step: Move,
    /// Who.
    pub by: String,
    /// Until when.
    pub until: DateTime<Utc>,
    /// What waits for the maintenance window may be applied along.
    pub with_pending: bool,
}

/// How far a change is.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It is at a step, which takes its time.
    Waiting(String),
    /// A step was begun or is done.
    Moved(String),
    /// It is over.
    Done(Record),
    /// It failed, and is left as it is for a person.
    Failed(Record),
}

fn refused(scope: &Scope, why: impl std::fmt::Display) -> Failure {
    let settings = &scope.settings;
    Failure::new(
        codes::SCALE_REFUSED,
        format!("the database of stage {} is not changed", settings.stage),
    )
    .why(why)
    .state("the database is as it was")
}

/// Writes a change down; nothing is asked of AWS yet.
pub async fn begin(
    scope: &Scope,
    ledger: &mut Ledger,
    order: Order,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let next = format!("spokectl scale status{}", flag(&scope.settings.stage));
    if let Some(change) = &ledger.change {
        let why = change.failed.as_ref().map_or_else(
            || format!("change {} to {} is under way", change.number, change.to),
            |why| {
                format!(
                    "change {} failed and nobody has looked at it: {why}",
                    change.number
                )
            },
        );
        return Err(refused(scope, why).next(next));
    }
    let (running, members) = look::running(scope).await?;
    check(scope, &running, &order)?;
    let measured = look::measured(scope, now).await?;
    let kind = scope.settings.machine.kind;
    ledger.number += 1;
    ledger.change = Some(Change {
        number: ledger.number,
        steps: steps::of(kind, &members, &order.step.to),
        from: running.rung,
        to: order.step.to,
        by: order.by,
        why: order.step.why,
        until: order.until,
        started: now,
        step: 0,
        begun: None,
        cpu: measured.cpu.first().map(|point| point.value),
        failed: None,
    });
    ledger.proposal = None;
    ledger::write(scope, ledger).await
}

/// What must hold whoever asks.
fn check(scope: &Scope, running: &Running, order: &Order) -> Result<(), Failure> {
    let flag = flag(&scope.settings.stage);
    if running.status != "available" {
        return Err(refused(scope, format!("it is {}", running.status))
            .next(format!("spokectl scale status{flag}")));
    }
    if let Some(release) = &running.release {
        return Err(refused(scope, format!("{release} is under way"))
            .next(format!("spokectl status{flag}")));
    }
    if running.rung != order.step.from {
        return Err(refused(
            scope,
            format!(
                "it is {} by now, and this was meant for {}",
                running.rung, order.step.from
            ),
        )
        .next(format!("spokectl scale plan{flag}")));
    }
    if running.rung == order.step.to {
        return Err(refused(scope, format!("it is {} already", running.rung)));
    }
    let applies = scope.settings.machine.kind != DatabaseKind::AuroraServerless;
    if applies && !running.pending.is_empty() && !order.with_pending {
        return Err(refused(
            scope,
            format!(
                "a change at once would also apply what waits for the maintenance window: {}",
                running.pending.join(", ")
            ),
        )
        .next(format!(
            "if that may happen now: {} --with-pending",
            typed()
        )));
    }
    Ok(())
}

/// Goes on with the change under way, by one look.
pub async fn go_on(
    scope: &Scope,
    ledger: &mut Ledger,
    now: DateTime<Utc>,
) -> Result<Progress, Failure> {
    let Some(change) = ledger
        .change
        .clone()
        .filter(|change| change.failed.is_none())
    else {
        return Err(refused(scope, "nothing is under way"));
    };
    let Some(step) = change.steps.get(change.step).cloned() else {
        return finish(scope, ledger, &change, now).await;
    };
    let Some(begun) = change.begun else {
        put(ledger, |change| change.begun = Some(now));
        ledger::write(scope, ledger).await?;
        if let Err(error) = ask(scope, &step).await {
            return fail(scope, ledger, format!("{error:#}"), now).await;
        }
        return Ok(Progress::Moved(step.to_string()));
    };
    if is_done(scope, &step, begun, now).await? {
        put(ledger, |change| {
            change.step += 1;
            change.begun = None;
        });
        ledger::write(scope, ledger).await?;
        return Ok(Progress::Moved(format!("{step}: done")));
    }
    if now - begun > step.patience() {
        let why = format!(
            "{step}: not so after {} minutes",
            step.patience().num_minutes()
        );
        return fail(scope, ledger, why, now).await;
    }
    Ok(Progress::Waiting(format!(
        "{step}, for {} minutes so far",
        (now - begun).num_minutes()
    )))
}

fn put(ledger: &mut Ledger, with: impl FnOnce(&mut Change)) {
    if let Some(change) = &mut ledger.change {
        with(change);
    }
}

/// Asks AWS for one step.
async fn ask(scope: &Scope, step: &Step) -> anyhow::Result<()> {
    let (databases, id) = (&scope.cloud.databases, scope.settings.database());
    match step {
        Step::SetClass { instance, class } => databases.set_class(instance, class).await,
        Step::AddReader { instance, class } => databases.add_reader(&id, instance, class).await,
        Step::FailOver { to } => databases.fail_over(&id, to).await,
        Step::Remove { instance } => databases.remove(instance).await,
        Step::SetCapacity { min, max } => databases.set_capacity(&id, *min, *max).await,
        Step::Verify => Ok(()),
    }
}

/// Whether a step came true.
async fn is_done(
    scope: &Scope,
    step: &Step,
    begun: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Failure> {
    let (databases, id) = (&scope.cloud.databases, scope.settings.database());
    let what = "the database cannot be read";
    let done = match step {
        Step::SetClass { instance, class } | Step::AddReader { instance, class } => databases
            .instance(instance)
            .await
            .blame(codes::UNREADABLE, what)?
            .is_some_and(|found| {
                found.class == *class
                    && found.status == "available"
                    && found.pending_class.is_none()
            }),
        Step::FailOver { to } => databases
            .cluster(&id)
            .await
            .blame(codes::UNREADABLE, what)?
            .is_some_and(|found| found.writer == *to && found.status == "available"),
        Step::Remove { instance } => databases
            .instance(instance)
            .await
            .blame(codes::UNREADABLE, what)?
            .is_none(),
        Step::SetCapacity { min, max } => databases
            .cluster(&id)
            .await
            .blame(codes::UNREADABLE, what)?
            .is_some_and(|found| {
                found.capacity == Some((*min, *max)) && found.status == "available"
            }),
        Step::Verify => {
            let measured = look::measured(scope, now).await?;
            let newer = measured.cpu.iter().filter(|point| point.at > begun).count();
            newer >= 2 || now - begun >= step.patience() - TimeDelta::minutes(1)
        }
    };
    Ok(done)
}

/// Everything is done: is it so? Then it is recorded.
async fn finish(
    scope: &Scope,
    ledger: &mut Ledger,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<Progress, Failure> {
    let (running, _) = look::running(scope).await?;
    if running.rung != change.to {
        let why = format!(
            "every step is done, and it is {} all the same",
            running.rung
        );
        return fail(scope, ledger, why, now).await;
    }
    let measured = look::measured(scope, now).await?;
    let base = &scope.settings.base;
    let is_enlarged = running.rung.is_above(base, scope.settings.machine);
    let record = Record {
        until: is_enlarged.then_some(change.until),
        cpu_after: measured.cpu.first().map(|point| point.value),
        connections_after: measured.connections,
        errors_after: Some(look::errors(scope, change.started, now).await?),
        ..record(change, now, None)
    };
    // History first: what the ledger says has its place in it.
    ledger::keep(scope, &record).await?;
    ledger.active = is_enlarged.then(|| Active {
        rung: change.to.clone(),
        base: base.clone(),
        by: change.by.clone(),
        at: now,
        until: change.until,
    });
    ledger.change = None;
    ledger.proposal = None;
    ledger.last_change = Some(now);
    ledger.told.clear();
    ledger::write(scope, ledger).await?;
    Ok(Progress::Done(record))
}

async fn fail(
    scope: &Scope,
    ledger: &mut Ledger,
    why: String,
    now: DateTime<Utc>,
) -> Result<Progress, Failure> {
    put(ledger, |change| change.failed = Some(why.clone()));
    let Some(change) = ledger.change.clone() else {
        return Err(refused(scope, "nothing is under way"));
    };
    let record = record(&change, now, Some(why));
    ledger::keep(scope, &record).await?;
    ledger.last_change = Some(now);
    ledger::write(scope, ledger).await?;
    Ok(Progress::Failed(record))
}

fn record(change: &Change, now: DateTime<Utc>, failed: Option<String>) -> Record {
    Record {
        number: change.number,
        from: change.from.clone(),
        to: change.to.clone(),
        by: change.by.clone(),
        why: change.why.clone(),
        started: change.started,
        ended: now,
        until: Some(change.until),
        failed,
        cpu_before: change.cpu,
        cpu_after: None,
        connections_after: None,
        errors_after: None,
    }
}

/// A person has looked at a change that failed: from now on what is there counts.
pub async fn settle(
    scope: &Scope,
    ledger: &mut Ledger,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let (running, members) = look::running(scope).await?;
    let base = &scope.settings.base;
    let until = ledger.change.as_ref().map_or(now, |change| change.until);
    ledger.active = running
        .rung
        .is_above(base, scope.settings.machine)
        .then(|| Active {
            rung: running.rung.clone(),
            base: base.clone(),
            by: by.to_owned(),
            at: now,
            until,
        });
    ledger.change = None;
    ledger::write(scope, ledger).await?;
    let guests: Vec<&String> = members
        .readers
        .iter()
        .chain([&members.writer])
        .filter(|id| id.ends_with("-scaling"))
        .collect();
    if let Some(guest) = guests.first() {
        return Err(Failure::new(
            codes::SCALE_FAILED,
            format!("{guest} is still in the cluster, and no stack knows it"),
        )
        .state("the failed change is put aside; scaling goes on from what is there")
        .next(format!(
            "aws rds failover-db-cluster --db-cluster-identifier {} --target-db-instance-identifier {}",
            scope.settings.database(),
            scope.settings.first_instance()
        ))
        .next(format!(
            "aws rds delete-db-instance --db-instance-identifier {guest} --skip-final-snapshot"
        )));
    }
    Ok(())
}

/// The end date of a change that names none.
#[must_use]
pub fn until(scope: &Scope, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::days(i64::from(scope.settings.scaling.keep_days))
}
