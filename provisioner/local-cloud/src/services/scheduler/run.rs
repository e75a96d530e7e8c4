//! The clock: which schedule is due, and when each comes next.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng as _;

use crate::Cloud;

use super::deliver;
use super::expression::{self, Expression};
use super::model::{Due, Schedule};

/// Starts the clock. Times that passed while the cloud was down are not made up for, except
/// those that come only once.
pub(crate) fn resume(cloud: &Arc<Cloud>) {
    let now = cloud.time.now();
    cloud.services.scheduler.store.write(|model| {
        for schedule in model.schedules.values_mut() {
            let missed = schedule.next.is_some_and(|due| due.real < now);
            let once = read(schedule).is_some_and(|expression| expression.comes_once());
            if missed && !once {
                schedule.next = first(cloud, schedule);
            }
        }
    });
    let work = Arc::clone(cloud);
    cloud.background.spawn(async move {
        loop {
            wait(&work).await;
            for (schedule, due) in take_due(&work) {
                fire(&work, schedule, due);
            }
        }
    });
}

/// When a schedule that was created or changed now comes first.
pub(super) fn first(cloud: &Cloud, schedule: &Schedule) -> Option<Due> {
    let now = cloud.time.now();
    let expression = read(schedule)?;
    let after = schedule.start.map_or(now, |start| start.max(now));
    let meant = match expression {
        // A rate begins at its start.
        Expression::Rate(_) if schedule.start.is_some_and(|start| start > now) => after,
        // A time that has passed comes at once.
        Expression::At(at) => at.max(now),
        other => other.next(after)?,
    };
    due(cloud, schedule, meant, now, now)
}

/// The due time of `meant`, counted from a pair of times that belong together.
fn due(
    cloud: &Cloud,
    schedule: &Schedule,
    meant: DateTime<Utc>,
    from_meant: DateTime<Utc>,
    from_real: DateTime<Utc>,
) -> Option<Due> {
    if schedule.end.is_some_and(|end| meant > end) {
        return None;
    }
    let wait = (meant - from_meant).to_std().unwrap_or_default();
    Some(Due {
        meant,
        real: from_real + cloud.time.real(wait),
    })
}

fn read(schedule: &Schedule) -> Option<Expression> {
    // It was checked when it was created.
    expression::read(&schedule.expression, &schedule.timezone).ok()
}

async fn wait(cloud: &Cloud) {
    let scheduler = &cloud.services.scheduler;
    let changed = scheduler.changed.notified();
    let earliest = {
        let model = scheduler.store.read();
        let open = model.schedules.values().filter(|schedule| schedule.enabled);
        open.filter_map(|schedule| Some(schedule.next?.real)).min()
    };
    let pause = earliest.map_or(Duration::from_hours(1), |at| {
        (at - cloud.time.now()).to_std().unwrap_or_default()
    });
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = changed => {}
    }
}

/// The schedules that are due, each set to its next time.
fn take_due(cloud: &Cloud) -> Vec<(Schedule, Due)> {
    let now = cloud.time.now();
    let scheduler = &cloud.services.scheduler;
    let none = {
        let model = scheduler.store.read();
        !model
            .schedules
            .values()
            .any(|schedule| is_due(schedule, now))
    };
    if none {
        return Vec::new();
    }
    scheduler.store.write(|model| {
        let mut taken = Vec::new();
        for schedule in model.schedules.values_mut().filter(|one| is_due(one, now)) {
            let Some(this) = schedule.next.take() else {
                continue;
            };
            schedule.next = read(schedule)
                .and_then(|expression| expression.next(this.meant))
                .and_then(|meant| due(cloud, schedule, meant, this.meant, this.real));
            taken.push((schedule.clone(), this));
        }
        model
            .schedules
            .retain(|_, schedule| schedule.next.is_some() || !schedule.deletes_itself);
        taken
    })
}

fn is_due(schedule: &Schedule, now: DateTime<Utc>) -> bool {
    schedule.enabled && schedule.next.is_some_and(|due| due.real <= now)
}

fn fire(cloud: &Arc<Cloud>, schedule: Schedule, due: Due) {
    let work = Arc::clone(cloud);
    cloud.background.spawn(async move {
        if let Some(minutes) = schedule.window {
            let seconds = rand::rng().random_range(0..=u64::from(minutes) * 60);
            work.time.sleep(Duration::from_secs(seconds)).await;
        }
        deliver::deliver(&work, &schedule, due.meant).await;
    });
}
