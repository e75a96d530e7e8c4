//! `spokectl up`: everything, on this machine.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::build::{self, Artifacts};
use crate::cli::Global;
use crate::context::{self, Context};
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::local::daemon::{self, Running};
use crate::local::demo::{self, Account};
use crate::release::make::{self, Source, Wish};
use crate::release::record;
use crate::repository::Repository;
use crate::stage::{self, Stage};
use crate::template;
use crate::ui::live::Live;
use crate::ui::tasks::Tasks;
use crate::ui::{Ui, bold, clock, dim};

/// Run the whole system on this machine: build, start the local cloud, deploy, open
///
/// No AWS account and no Docker are needed. Builds the functions and the front end, starts the local
/// cloud (AWS's protocols over a real `PostgreSQL` and a real Redis), deploys stage local onto it
/// exactly as `deploy` deploys to AWS, and makes a demonstration organization. Stays with a status
/// line until Ctrl-C, which stops everything; --detach leaves it running.
///
/// What is deployed already stays as it is: `up` after a change of the sources only says so, and
/// `spokectl deploy` releases it, so that a release is always something you asked for.
///
/// Everything it keeps lies in .spoke/, and survives `down`; --fresh starts anew.
///
/// Examples:
///   spokectl up
///   spokectl up --detach --output json
///   spokectl up --fresh --speed 1
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Leave it running and come back
    #[arg(long)]
    detach: bool,
    /// Throw away what earlier runs kept in .spoke/
    #[arg(long)]
    fresh: bool,
    /// Leave the demonstration organization out
    #[arg(long)]
    no_demo: bool,
    /// How many seconds of waiting pass in one: a ten-minute shift in ten seconds
    #[arg(long, default_value_t = 60.0, value_name = "FACTOR", value_parser = speed)]
    speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| (0.1..=1000.0).contains(speed))
        .ok_or_else(|| "a number from 0.1 to 1000".to_owned())
}

/// Where to go: the answer of `up --output json`.
#[derive(Debug, Serialize)]
struct Ready {
    url: String,
    endpoint: String,
    region: String,
    accounts: Vec<Account>,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let started = Instant::now();
    let repository = context::here()?;
    let stage = stage::load(&repository, &global.stage)?;
    only_local(&stage)?;
    prepare(&repository, &args, &ui).await?;
    let outcome = tokio::select! {
        ready = raise(global, &args, &ui, &repository, &stage) => ready,
        () = ctrl_c() => Err(stopped_half_way()),
    };
    let (ready, running) = match outcome {
        Ok(ready) => ready,
        Err(failure) => return Err(given_up(&ui, &repository, failure).await?),
    };
    ui.data(&ready, || describe(&ready, started.elapsed()));
    if args.detach {
        return Ok(Kind::Ok);
    }
    stay(&ui, &repository, &running, &ready).await
}

/// A stage without an endpoint file is AWS, which needs no raising.
fn only_local(stage: &Stage) -> Result<(), Failure> {
    if stage.endpoint_file.is_some() {
        return Ok(());
    }
    Err(Failure::new(
        codes::STAGE_VALUE,
        format!("stage {} is on AWS", stage.name),
    )
    .why("up raises a cloud on this machine; stages/*.toml names none for this stage")
    .next(format!("spokectl deploy --stage {}", stage.name)))
}

/// Ctrl-C takes the local cloud along; a failure leaves it for whoever looks for the reason.
async fn given_up(ui: &Ui, repository: &Repository, failure: Failure) -> Result<Failure, Failure> {
    if failure.code == codes::INTERRUPTED {
        ui.notice("stopping");
        daemon::stop(repository).await?;
        return Ok(failure);
    }
    if daemon::find(repository).await.is_none() {
        return Ok(failure);
    }
    Ok(failure.state("the local cloud is left running; `spokectl down` stops it"))
}

fn stopped_half_way() -> Failure {
    Failure::new(codes::INTERRUPTED, "up was stopped half-way")
        .why("Ctrl-C")
        .state("the local cloud is stopped; what was made is kept, and the next up goes on with it")
        .next("spokectl up")
}

async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Where signals cannot be heard there is nothing to wait for.
        std::future::pending::<()>().await;
    }
}

/// The folder, and nothing of before if that is wished.
async fn prepare(repository: &Repository, args: &Args, ui: &Ui) -> Result<(), Failure> {
    let folder = repository.local("");
    let what = format!("{} cannot be written", repository.shown(&folder));
    if args.fresh {
        if daemon::stop(repository).await? {
            ui.done("the local cloud that ran is stopped");
        }
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).blame(codes::FOLDER, &what);
            }
            _ => {}
        }
    }
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(repository.local("written"), ""))
        .and_then(|()| std::fs::remove_file(repository.local("written")))
        .blame(codes::FOLDER, what)
        .map_err(|failure| {
            let (root, folder) = (repository.root().display(), folder.display());
            failure
                .state("nothing was started")
                .next(format!("ls -ld {root} {folder}"))
        })
}

/// Build and start side by side, then deploy what was never deployed, then the demonstration.
async fn raise(
    global: &Global,
    args: &Args,
    ui: &Ui,
    repository: &Repository,
    stage: &Stage,
) -> Result<(Ready, Running), Failure> {
    build::web::check_node().await?;
    let (artifacts, running) = {
        let tasks = Tasks::start(ui);
        tokio::try_join!(
            build::all(repository, stage, &tasks),
            start_cloud(args, repository, stage, &tasks)
        )?
    };
    let ctx = Context::connect(global, ui).await?;
    let url = if let Some(release) = record::current(&ctx).await? {
        tell_if_newer(ui, &release, &artifacts);
        record::output(&ctx, template::Kind::App, "Url").await?
    } else {
        let source = Source::Built(Box::new(artifacts));
        let made = make::release(&ctx, source, FIRST).await?;
        made.url
    };
    answers(&url).await?;
    let accounts = if args.no_demo {
        Vec::new()
    } else {
        demonstrate(&ctx).await?
    };
    let ready = Ready {
        url,
        endpoint: running.endpoint.endpoint.clone(),
        region: running.region.clone(),
        accounts,
    };
    Ok((ready, running))
}

/// How long the instance may take to answer: a cold start, and databases that come up.
const ANSWERS: Duration = Duration::from_mins(1);

/// Whoever is told an address will open it at once: it must answer by then.
async fn answers(url: &str) -> Result<(), Failure> {
    let what = "the instance cannot be asked";
    let client = daemon::client().blame(codes::NO_ANSWER, what)?;
    let page = format!("{}/login", url.trim_end_matches('/'));
    let started = Instant::now();
    loop {
        let said = match client.get(&page).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => format!("{page} answers {}", answer.status()),
            Err(error) => format!("{:#}", anyhow::Error::from(error)),
        };
        if started.elapsed() > ANSWERS {
            return Err(
                Failure::new(codes::NO_ANSWER, "the instance does not answer")
                    .why(said)
                    .state("the local cloud runs, and the release is live")
                    .next("spokectl logs --function web --since 5m")
                    .next("spokectl status"),
            );
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What is released when nothing was.
const FIRST: Wish<'_> = Wish {
    reason: "the first release, by up",
    probes: 0,
    planned: None,
};

async fn start_cloud(
    args: &Args,
    repository: &Repository,
    stage: &Stage,
    tasks: &Tasks,
) -> Result<Running, Failure> {
    let task = tasks.begin("local cloud");
    if let Some(mut running) = daemon::find(repository).await {
        if (running.speed - args.speed).abs() > f64::EPSILON {
            daemon::set_speed(&running, args.speed).await?;
            running.speed = args.speed;
        }
        task.done(format!("runs already on {}", running.endpoint.endpoint));
        return Ok(running);
    }
    let started = daemon::start(repository, stage, args.speed, &|line| task.detail(line)).await;
    match &started {
        Ok(running) => task.done(format!(
            "{}, {} times as fast{}",
            running.endpoint.endpoint,
            running.speed,
            running.elsewhere()
        )),
        Err(_) => task.failed(),
    }
    started
}

fn tell_if_newer(ui: &Ui, release: &spoke_contract::release::Release, artifacts: &Artifacts) {
    let changed: Vec<_> = [
        (release.code.sha256 != artifacts.archive.sha256, "functions"),
        (release.assets != artifacts.bundle.manifest, "front end"),
    ]
    .into_iter()
    .filter_map(|(changed, what)| changed.then_some(what))
    .collect();
    if changed.is_empty() {
        ui.done(format!("release {} is what is built here", release.number));
    } else {
        ui.notice(format!(
            "release {} is live; what is built here differs ({}). To release it: spokectl deploy",
            release.number,
            changed.join(", ")
        ));
    }
}

/// Once; the worker knows what is there already.
async fn demonstrate(ctx: &Context) -> Result<Vec<Account>, Failure> {
    let tasks = Tasks::start(&ctx.ui);
    let task = tasks.begin("demonstration");
    match demo::seed(ctx).await {
        Ok(demo) => {
            task.done(if demo.is_new {
                "an organization, four people, a campaign of 1,000 contacts"
            } else {
                "there already"
            });
            Ok(demo.accounts)
        }
        Err(failure) => {
            task.failed();
            Err(failure)
        }
    }
}

fn describe(ready: &Ready, elapsed: Duration) -> String {
    let mut lines = vec![
        String::new(),
        format!(
            "{} after {}",
            bold(&format!("Spoke runs at {}", ready.url)),
            clock(elapsed.as_secs())
        ),
        String::new(),
    ];
    for account in &ready.accounts {
        lines.push(format!(
            "  {:<8} {:<24} {}",
            account.role, account.email, account.password
        ));
    }
    if !ready.accounts.is_empty() {
        lines.push(String::new());
    }
    lines.extend(
        [
            (
                "spokectl status",
                "release, traffic, alarms, database on one screen",
            ),
            (
                "spokectl deploy",
                "release what you changed, with a shift you can watch",
            ),
            ("spokectl logs --follow", "what the functions say"),
        ]
        .map(|(command, what)| format!("  {:<40} {}", runnable(command), dim(what))),
    );
    lines.join("\n")
}

/// `spokectl` is not on the path of somebody who has just cloned.
fn runnable(command: &str) -> String {
    if build::find_program("spokectl").is_some() {
        command.to_owned()
    } else {
        command.replacen("spokectl", "cargo run -q --", 1)
    }
}

/// The foreground: a line that shows it is alive, until Ctrl-C.
async fn stay(
    ui: &Ui,
    repository: &Repository,
    running: &Running,
    ready: &Ready,
) -> Result<Kind, Failure> {
    let since = Instant::now();
    ui.say(dim("Ctrl-C stops everything."));
    let watch = async {
        let mut live = Live::new(ui);
        loop {
            if daemon::find(repository).await.is_none() {
                return;
            }
            live.draw(vec![dim(&format!(
                "up {} · {} · {}",
                clock(since.elapsed().as_secs()),
                ready.url,
                running.endpoint.endpoint
            ))]);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = watch => Err(Failure::new(codes::LOCAL_CLOUD, "the local cloud is gone")
            .why("its process ended, or `spokectl down` stopped it")
            .state(format!("its log is {}", repository.shown(&daemon::log(repository))))
            .next("spokectl up")),
        () = ctrl_c() => {
            ui.notice("stopping");
            daemon::stop(repository).await?;
            ui.done("stopped; the next up goes on from here");
            Ok(Kind::Ok)
        }
    }
}
