//! `spokectl scale`: the database's size.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::{lock, record};
use crate::scale::decide::{Decision, Measured, Move, Running, allowed, decide};
use crate::scale::ladder::{Facts, Rung};
use crate::scale::ledger::{self, Active, Change, Ledger, Proposal, Record};
use crate::scale::work::{self, Order, Progress};
use crate::scale::{Scope, Settings, hours, look, notice, wake};
use crate::ui::table::table;
use crate::ui::{Ui, bold, dim, red, yellow};

/// The database's size: where it stands, what the next rung means, and taking it.
///
/// The function `scaler` looks by itself, when the alarm db-cpu-high rings and every five minutes. It proposes the next
/// rung, or takes it, as scaling.policy says; ceilings, cool-down and quiet times are in the stage file. What was
/// enlarged stays so through every deploy, until `scale down`.
///
/// Examples:
///   spokectl scale status --stage prod
///   spokectl scale plan --stage prod
///   spokectl scale approve --stage prod
///   spokectl scale up --stage prod --to db.r7g.2xlarge --until 2026-11-04 --reason "the vote"
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Where it stands, what was measured, what waits and what is under way
    Status,
    /// What the scaler would do now, and what that means; changes nothing
    Plan {
        /// What this class, or these capacity units, would mean instead
        #[arg(long, value_name = "CLASS|ACU")]
        to: Option<String>,
    },
    /// Make it larger now
    Up {
        /// A class, or capacity units (16, or 4-16); left out, the next rung
        #[arg(long, value_name = "CLASS|ACU")]
        to: Option<String>,
        /// Until when it is to be so
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
        /// For the record
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// What waits for the maintenance window may be applied along
        #[arg(long)]
        with_pending: bool,
    },
    /// Make it as small again as the stage file says; not in the evening
    Down {
        /// A class, or capacity units; left out, what the stage file says
        #[arg(long, value_name = "CLASS|ACU")]
        to: Option<String>,
        /// For the record
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// What waits for the maintenance window may be applied along
        #[arg(long)]
        with_pending: bool,
    },
    /// Do what the scaler proposes
    Approve {
        /// What waits for the maintenance window may be applied along
        #[arg(long)]
        with_pending: bool,
    },
    /// Say no to what the scaler proposes, or put a change aside that failed
    Reject,
    /// Every change there was: who, why, until when, and what it brought
    History,
}

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
    policy: crate::stage::Scaling,
    enlarged: Option<Active>,
    proposal: Option<Proposal>,
    change: Option<Change>,
    at: DateTime<Utc>,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    let scope = scope(&ctx).await?;
    match args.action {
        Action::Status => status(&ctx, &scope).await,
        Action::Plan { to } => plan(&ctx, &scope, to.as_deref()).await,
        Action::Up {
            to,
            until,
            reason,
            with_pending,
        } => {
            let wish = Wish {
                to,
                until,
                reason,
                with_pending,
                grows: true,
            };
            by_hand(global, &ctx, &scope, wish).await
        }
        Action::Down {
            to,
            reason,
            with_pending,
        } => {
            let wish = Wish {
                to,
                until: None,
                reason,
                with_pending,
                grows: false,
            };
            by_hand(global, &ctx, &scope, wish).await
        }
        Action::Approve { with_pending } => approve(&ctx, &scope, with_pending).await,
        Action::Reject => reject(&ctx, &scope).await,
        Action::History => history(&ctx, &scope).await,
    }
}

async fn scope(ctx: &Context) -> Result<Scope, Failure> {
    let settings = Settings::of(&ctx.stage).ok_or_else(|| {
        Failure::new(
            codes::SCALE_REFUSED,
            format!(
                "the database of stage {} is not ours to change",
                ctx.stage.name
            ),
        )
        .why("database.kind is \"existing\": it was here before us")
        .state("nothing was looked at or changed")
    })?;
    Ok(Scope {
        cloud: ctx.cloud.clone(),
        settings,
        bucket: record::artifact_bucket(ctx).await?,
    })
}

async fn read(ctx: &Context, scope: &Scope) -> Result<(Ledger, Running, Measured), Failure> {
    let ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    let (running, _) = look::running(scope).await?;
    let measured = look::measured(scope, Utc::now()).await?;
    Ok((ledger, running, measured))
}

async fn status(ctx: &Context, scope: &Scope) -> Result<Kind, Failure> {
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

/// A decision in one sentence.
fn sentence(decision: &Decision) -> String {
    match decision {
        Decision::Nothing(quiet) => format!("nothing: {quiet}"),
        Decision::Propose(step) => format!("propose {} → {}", step.from, step.to),
        Decision::Change(step) => format!("change {} → {}", step.from, step.to),
        Decision::Refuse(refusal) => format!("refuse: {refusal}; {}", refusal.remedy()),
    }
}

fn describe(screen: &Screen, flag: &str) -> String {
    let number = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "no data".to_owned(), |value| format!("{value:.0}{unit}"))
    };
    let mut head = format!(
        "{}  {}, {}",
        bold(&screen.stage),
        screen.rung,
        screen.status
    );
    if let Some(facts) = screen.facts {
        head = format!(
            "{head} · {} vCPU, {} GiB, {} connections",
            facts.vcpus, facts.memory_gib, facts.max_connections
        );
        if let Some(weekly) = facts.weekly {
            head = format!("{head} · ${weekly:.0} a week");
        }
    }
    let newest: Vec<String> = screen
        .measured
        .cpu
        .iter()
        .take(3)
        .map(|point| format!("{:.0}", point.value))
        .collect();
    let cpu = if newest.is_empty() {
        "no data".to_owned()
    } else {
        format!("{} %", newest.join(", "))
    };
    let mut lines = vec![
        head,
        format!(
            "measured  CPU {cpu} (newest first) · connections {} · calls a minute {}{}",
            number(screen.measured.connections, ""),
            number(screen.measured.calls, ""),
            screen
                .measured
                .credits
                .map_or_else(String::new, |credits| format!(
                    " · CPU credits {credits:.0}"
                ))
        ),
        format!("scaler    {}", screen.decision),
        format!("policy    {}", policy(screen)),
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
        lines.push(yellow(&format!(
            "proposed  {} → {}: {}",
            proposal.step.from,
            proposal.step.to,
            proposal.step.why.join("; ")
        )));
        lines.push(format!("          spokectl scale approve{flag}"));
    }
    if let Some(change) = &screen.change {
        let at = change
            .steps
            .get(change.step)
            .map_or_else(|| "recording".to_owned(), ToString::to_string);
        lines.push(match &change.failed {
            Some(why) => red(&format!(
                "failed    change {} to {}: {why}\n          spokectl scale reject{flag}",
                change.number, change.to
            )),
            None => yellow(&format!(
                "changing  change {} to {}, step {} of {}: {at}",
                change.number,
                change.to,
                change.step + 1,
                change.steps.len()
            )),
        });
    }
    lines.join("\n")
}

fn policy(screen: &Screen) -> String {
    let scaling = &screen.policy;
    let mut parts = vec![match scaling.policy {
        crate::stage::ScalingPolicy::Propose => "propose".to_owned(),
        crate::stage::ScalingPolicy::Act => "act".to_owned(),
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

async fn plan(ctx: &Context, scope: &Scope, to: Option<&str>) -> Result<Kind, Failure> {
    let (ledger, running, measured) = read(ctx, scope).await?;
    let decision = decide(
        &running,
        &measured,
        &wake::policy(scope)?,
        &ledger.past(),
        Utc::now(),
    );
    let step = match to {
        Some(text) => Some(Move {
            to: parse(ctx, text, &running.rung)?,
            from: running.rung.clone(),
            why: Vec::new(),
            waits: None,
        }),
        None => match &decision {
            Decision::Propose(step) | Decision::Change(step) => Some(step.clone()),
            Decision::Nothing(_) | Decision::Refuse(_) => None,
        },
    };
    let meaning = step
        .as_ref()
        .map(|step| notice::meaning(&scope.settings, step))
        .unwrap_or_default();
    let refusal = step.as_ref().and_then(|step| {
        allowed(
            &scope.settings.scaling,
            running.machine,
            &running.rung,
            &step.to,
        )
        .err()
    });
    let answer = json!({
        "decision": sentence(&decision),
        "move": step,
        "meaning": meaning,
        "aboveCeiling": refusal.as_ref().map(ToString::to_string),
        "pending": running.pending,
    });
    ctx.ui.data(&answer, || {
        let mut lines = vec![format!("the scaler would: {}", sentence(&decision))];
        lines.extend(meaning.iter().map(|line| format!("  {line}")));
        lines.extend(
            refusal
                .as_ref()
                .map(|refusal| format!("  the scaler may not: {refusal}")),
        );
        if !running.pending.is_empty() {
            lines.push(format!(
                "  applied along, and only if you say --with-pending: {}",
                running.pending.join(", ")
            ));
        }
        lines.join("\n")
    });
    Ok(if step.is_some() {
        Kind::Findings
    } else {
        Kind::Ok
    })
}

fn parse(ctx: &Context, text: &str, now: &Rung) -> Result<Rung, Failure> {
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

/// What a person wants.
struct Wish {
    to: Option<String>,
    until: Option<NaiveDate>,
    reason: Option<String>,
    with_pending: bool,
    grows: bool,
}

async fn by_hand(
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
        let (verb, other) = if wish.grows {
            ("smaller", "down")
        } else {
            ("larger", "up")
        };
        return Err(refused(format!("{to} is {verb} than {}", running.rung))
            .next(format!("spokectl scale {other} --to {to}{}", ctx.flag())));
    }
    if !wish.grows && hours::is_evening(wake::policy(scope)?.zone, now) {
        return Err(refused(format!(
            "it is evening in {}, when people text; nothing becomes smaller before 22:00",
            scope.settings.scaling.time_zone
        )));
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
            .next("the same command with --yes"),
    )
}

async fn approve(ctx: &Context, scope: &Scope, with_pending: bool) -> Result<Kind, Failure> {
    let ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    let now = Utc::now();
    let Some(proposal) = ledger.waiting(now).cloned() else {
        return Err(nothing(ctx));
    };
    let grows = proposal
        .step
        .to
        .is_above(&proposal.step.from, scope.settings.machine);
    if !grows && hours::is_evening(wake::policy(scope)?.zone, now) {
        return Err(Failure::new(
            codes::SCALE_REFUSED,
            "no database becomes smaller in the evening",
        )
        .why(format!(
            "it is evening in {}, when people text",
            scope.settings.scaling.time_zone
        ))
        .state("the proposal stays")
        .next(format!("spokectl scale approve{}", ctx.flag())));
    }
    for line in notice::meaning(&scope.settings, &proposal.step) {
        ctx.ui.say(format!("  {line}"));
    }
    perform(
        ctx,
        scope,
        proposal.step,
        work::until(scope, now),
        with_pending,
    )
    .await
}

fn nothing(ctx: &Context) -> Failure {
    Failure::new(codes::NOTHING_PROPOSED, "nothing is proposed")
        .why("the scaler has proposed nothing, or nobody answered for twelve hours")
        .state("the database is as it was")
        .next(format!("spokectl scale plan{}", ctx.flag()))
}

async fn reject(ctx: &Context, scope: &Scope) -> Result<Kind, Failure> {
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    lock::take(ctx, "scale", &caller.arn).await?;
    let done = rejected(ctx, scope, &caller.arn).await;
    let given_back = lock::give_back(ctx).await;
    let answer = done?;
    given_back?;
    ctx.ui.data(&answer, || {
        answer["rejected"].as_str().unwrap_or_default().to_owned()
    });
    Ok(Kind::Ok)
}

async fn rejected(ctx: &Context, scope: &Scope, by: &str) -> Result<serde_json::Value, Failure> {
    let mut ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    let now = Utc::now();
    if let Some(change) = ledger
        .change
        .clone()
        .filter(|change| change.failed.is_some())
    {
        work::settle(scope, &mut ledger, by, now).await?;
        return Ok(json!({
            "rejected": format!("change {} is put aside; the scaler looks again from what is there", change.number),
            "change": change,
        }));
    }
    let Some(proposal) = ledger.waiting(now).cloned() else {
        return Err(nothing(ctx));
    };
    ledger.proposal = None;
    ledger.rejected = Some(now);
    ledger::write(scope, &ledger).await?;
    Ok(json!({
        "rejected": format!(
            "{} → {}: not now; it is not proposed again for {} minutes",
            proposal.step.from, proposal.step.to, scope.settings.scaling.cool_down_minutes
        ),
        "proposal": proposal,
    }))
}

async fn perform(
    ctx: &Context,
    scope: &Scope,
    step: Move,
    until: DateTime<Utc>,
    with_pending: bool,
) -> Result<Kind, Failure> {
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    ctx.interrupted.listen();
    lock::take(ctx, "scale", &caller.arn).await?;
    let order = Order {
        step,
        by: caller.arn,
        until,
        with_pending,
    };
    let done = watched(ctx, scope, order).await;
    let given_back = lock::give_back(ctx).await;
    let record = done?;
    given_back?;
    ctx.ui.data(&record, || notice::outcome(&record).join("\n"));
    Ok(Kind::Ok)
}

/// Begins, and goes on until it is over or until the user leaves; the scaler goes on with it then.
async fn watched(ctx: &Context, scope: &Scope, order: Order) -> Result<Record, Failure> {
    let mut ledger = ledger::read(&scope.cloud.parameters, &ctx.stage.name).await?;
    work::begin(scope, &mut ledger, order, Utc::now()).await?;
    let mut said = String::new();
    loop {
        match work::go_on(scope, &mut ledger, Utc::now()).await? {
            Progress::Done(record) => return Ok(record),
            Progress::Failed(record) => {
                return Err(Failure::new(
                    codes::SCALE_FAILED,
                    format!("the database did not become {}", record.to),
                )
                .why(record.failed.unwrap_or_default())
                .state("it is left as it is; nothing is tried again by itself")
                .next(format!("spokectl scale status{}", ctx.flag()))
                .next(format!("spokectl scale reject{}", ctx.flag())));
            }
            Progress::Moved(sentence) => {
                ctx.ui.say(format!(
                    "  {} {sentence}",
                    dim(&Utc::now().format("%H:%M:%S").to_string())
                ));
                continue;
            }
            Progress::Waiting(sentence) if sentence != said => {
                ctx.ui.say(format!("  {}", dim(&sentence)));
                said = sentence;
            }
            Progress::Waiting(_) => {}
        }
        if ctx.interrupted.seen() {
            return Err(
                Failure::new(codes::DETACHED, "the change goes on without you")
                    .state("the scaler looks after it every five minutes, to its end")
                    .next(format!("spokectl scale status{}", ctx.flag())),
            );
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn history(ctx: &Context, scope: &Scope) -> Result<Kind, Failure> {
    let records = ledger::history(scope).await?;
    ctx.ui.data(&records, || {
        if records.is_empty() {
            return "the database was never changed".to_owned();
        }
        let percent = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0} %"))
        };
        let rows = records
            .iter()
            .map(|record| {
                vec![
                    record.number.to_string(),
                    record.started.format("%Y-%m-%d %H:%M").to_string(),
                    format!("{} → {}", record.from, record.to),
                    record.by.clone(),
                    record.failed.clone().unwrap_or_else(|| {
                        format!(
                            "CPU {} → {}",
                            percent(record.cpu_before),
                            percent(record.cpu_after)
                        )
                    }),
                    record.why.join("; "),
                ]
            })
            .collect();
        table(
            &["change", "began, UTC", "what", "by", "outcome", "why"],
            rows,
        )
    });
    Ok(Kind::Ok)
}
