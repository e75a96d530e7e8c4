//! `spokectl scale up` and `down`: a person names the size.

use chrono::{NaiveDate, Utc};

use super::perform::perform;
use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes, typed};
use crate::scale::decide::{Move, Running};
use crate::scale::ladder::Rung;
use crate::scale::work;
use crate::scale::{Scope, hours, look, notice, wake};

/// What a person wants.
pub(super) struct Wish {
    pub(super) to: Option<String>,
    pub(super) until: Option<NaiveDate>,
    pub(super) reason: Option<String>,
    pub(super) with_pending: bool,
    pub(super) grows: bool,
}

pub(super) async fn change(
    global: &Global,
    ctx: &Context,
    scope: &Scope,
    wish: Wish,
) -> Result<Kind, Failure> {
    let (running, _) = look::running(scope).await?;
    let now = Utc::now();
    let to = match &wish.to {
        Some(text) => parse(ctx, text, &running.rung)?,
        None if wish.grows => next(ctx, &running)?,
        None => scope.settings.base.clone(),
    };
    let refused = |why: String| {
        Failure::new(
            codes::SCALE_REFUSED,
            format!("the database of stage {} is not changed", ctx.stage.name),
        )
        .why(why)
        .state("the database is as it was")
    };
    let machine = running.machine;
    if running.rung != to && to.is_above(&running.rung, machine) != wish.grows {
        let (how, other) = if wish.grows {
            ("smaller", "down")
        } else {
            ("larger", "up")
        };
        return Err(
            refused(format!("{to} is {how} than {}", running.rung)).next(format!(
                "spokectl scale {other} --to {}{}",
                to.typed(),
                ctx.flag()
            )),
        );
    }
    if !wish.grows && hours::is_evening(wake::policy(scope)?.zone, now) {
        return Err(refused(format!(
            "it is evening in {}, when people text; nothing becomes smaller before 22:00",
            scope.settings.scaling.time_zone
        )));
    }
    if let Some(day) = wish.until.filter(|day| *day <= now.date_naive()) {
        return Err(refused(format!("--until {day} is over already")));
    }
    let step = Move {
        from: running.rung,
        to,
        why: vec![wish.reason.unwrap_or_else(|| "by hand".to_owned())],
        waits: None,
    };
    for line in notice::meaning(&scope.settings, &step) {
        ctx.ui.say(format!("  {line}"));
    }
    confirm(global, ctx, &step)?;
    let until = wish
        .until
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .map_or_else(|| work::until(scope, now), |day| day.and_utc());
    perform(ctx, scope, step, until, wish.with_pending).await
}

/// One rung up, whatever the load is.
fn next(ctx: &Context, running: &Running) -> Result<Rung, Failure> {
    let above = running.rung.above(running.machine.kind);
    above
        .into_iter()
        .find(|rung| rung.is_above(&running.rung, running.machine))
        .ok_or_else(|| {
            Failure::new(
                codes::SCALE_REFUSED,
                format!("there is nothing above {}", running.rung),
            )
            .state("the database is as it was")
            .next(format!("spokectl scale up --to <class>{}", ctx.flag()))
        })
}

fn confirm(global: &Global, ctx: &Context, step: &Move) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    if ctx.ui.can_ask() && ctx.ui.ask(&format!("Make the database {}?", step.to)) {
        return Ok(());
    }
    Err(
        Failure::new(codes::NO_TERMINAL, "the database is not changed")
            .why("nobody said yes")
            .state("the database is as it was")
            .next(format!("{} --yes", typed())),
    )
}

/// A size as it is typed.
pub(super) fn parse(ctx: &Context, text: &str, now: &Rung) -> Result<Rung, Failure> {
    Rung::parse(text, now).ok_or_else(|| {
        Failure::new(
            codes::SCALE_REFUSED,
            format!("\"{text}\" is no size this database can have"),
        )
        .why(match now {
            Rung::Class { .. } => "a class such as db.r7g.xlarge",
            Rung::Capacity { .. } => "capacity units in steps of 0.5, up to 256: 16, or 4-16",
        })
        .state("the database is as it was")
        .next(format!("spokectl scale plan{}", ctx.flag()))
    })
}
