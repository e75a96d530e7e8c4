//! `spokectl status`: one screen.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use spoke_contract::functions::{Function, LIVE};
use spoke_contract::release::Release;

use crate::cli::Global;
use crate::cloud::cloudwatch::{Alarm, Query, total};
use crate::cloud::codedeploy::{Deployment, Phase};
use crate::context::Context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::release::lock::{self, Holder};
use crate::release::positions::{self, Positions, aliased};
use crate::release::{record, shift};
use crate::scale::ledger::{self, Change, Proposal};
use crate::stage::DatabaseKind;
use crate::template;
use crate::ui::table::table;
use crate::ui::{Ui, ago, bold, dim, green, red, yellow};

/// One screen: release, traffic, bundle, alarms, database, queues
///
/// Also the schema, and what failed in the last ten minutes.
///
/// Examples:
///   spokectl status
///   spokectl status --stage prod --output json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {}

/// Everything on the screen.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Screen {
    stage: String,
    url: Option<String>,
    release: Option<Release>,
    positions: Positions,
    /// Where things do not stand as the release says; empty is good.
    astray: Vec<String>,
    deployment: Option<UnderWay>,
    lock: Option<Holder>,
    alarms: Vec<Alarm>,
    database: Database,
    scaling: Scaling,
    queues: BTreeMap<String, Option<u64>>,
    functions: BTreeMap<String, Counts>,
    at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnderWay {
    #[serde(flatten)]
    deployment: Deployment,
    phases: Vec<Phase>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Database {
    id: Option<String>,
    class: String,
    cpu_percent: Option<f64>,
    connections: Option<f64>,
}

/// What waits for a person about the database's size, and what is under way or has failed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Scaling {
    proposal: Option<Proposal>,
    change: Option<Change>,
}

/// Of the last ten minutes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    calls: f64,
    errors: f64,
    throttles: f64,
}

const MINUTES: i64 = 10;

pub(super) async fn run(global: &Global, _args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    let screen = read(&ctx).await?;
    ui.data(&screen, || describe(&screen, &ctx.flag()));
    Ok(Kind::Ok)
}

async fn read(ctx: &Context) -> Result<Screen, Failure> {
    let stage = &ctx.stage.name;
    let app = stack(ctx, template::Kind::App).await?;
    let data = stack(ctx, template::Kind::Data).await?;
    let release = record::current(ctx).await?;
    let positions = positions::read(ctx).await?;
    let deployment = under_way(ctx, &positions).await?;
    let astray = match (&release, &deployment) {
        // While a release shifts nothing stands where the last one left it.
        (Some(release), None) => positions::moved(
            &Positions {
                versions: release.versions.clone(),
                split: BTreeMap::new(),
                bundle: Some(release.assets.clone()),
            },
            &positions,
        ),
        _ => Vec::new(),
    };
    let alarms = ctx
        .cloud
        .metrics
        .alarms(&format!("spoke-{stage}-"))
        .await
        .blame(codes::UNREADABLE, "the alarms cannot be read")?;
    let database_id = data.get("DatabaseId").cloned();
    let (database, functions) = numbers(ctx, database_id).await?;
    let scaled = ledger::read(&ctx.cloud.parameters, stage).await?;
    let now = Utc::now();
    Ok(Screen {
        stage: stage.clone(),
        url: app.get("Url").cloned(),
        release,
        positions,
        astray,
        deployment,
        lock: lock::holder(ctx).await?,
        alarms,
        database,
        scaling: Scaling {
            proposal: scaled.waiting(now).cloned(),
            change: scaled.change,
        },
        queues: queues(ctx).await?,
        functions,
        at: now,
    })
}

async fn stack(ctx: &Context, kind: template::Kind) -> Result<BTreeMap<String, String>, Failure> {
    let name = kind.stack(&ctx.stage.name);
    let stack = ctx
        .cloud
        .stacks
        .find(&name)
        .await
        .blame(codes::UNREADABLE, format!("stack {name} cannot be read"))?;
    Ok(stack.map(|stack| stack.outputs).unwrap_or_default())
}

async fn under_way(ctx: &Context, positions: &Positions) -> Result<Option<UnderWay>, Failure> {
    // Without functions there is no application whose deployments could be listed.
    if positions.versions.is_empty() || !ctx.stage.release.codedeploy {
        return Ok(None);
    }
    let unreadable = "the deployments cannot be read";
    let stage = &ctx.stage.name;
    let deployments = &ctx.cloud.deployments;
    let at_work = deployments
        .at_work(&shift::application(stage), &shift::group(stage))
        .await
        .blame(codes::UNREADABLE, unreadable)?;
    let Some(id) = at_work.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(UnderWay {
        deployment: deployments
            .get(&id)
            .await
            .blame(codes::UNREADABLE, unreadable)?,
        phases: deployments
            .phases(&id)
            .await
            .blame(codes::UNREADABLE, unreadable)?,
    }))
}

async fn queues(ctx: &Context) -> Result<BTreeMap<String, Option<u64>>, Failure> {
    let mut depths = BTreeMap::new();
    for name in [
        "inbound",
        "inbound-dead",
        "reports",
        "reports-dead",
        "worker-dead",
    ] {
        let depth = ctx
            .cloud
            .queues
            .depth(&format!("spoke-{}-{name}", ctx.stage.name))
            .await
            .blame(codes::UNREADABLE, format!("queue {name} cannot be read"))?;
        depths.insert(name.to_owned(), depth);
    }
    Ok(depths)
}

async fn numbers(
    ctx: &Context,
    database: Option<String>,
) -> Result<(Database, BTreeMap<String, Counts>), Failure> {
    let now = Utc::now();
    let since = now - chrono::TimeDelta::minutes(MINUTES);
    let mut queries = Vec::new();
    let dimension = ctx.stage.database.dimension();
    for (id, metric, stat) in [
        ("database_cpu", "CPUUtilization", "Average"),
        ("database_connections", "DatabaseConnections", "Maximum"),
    ] {
        queries.extend(database.iter().map(|database| Query {
            id: id.to_owned(),
            namespace: "AWS/RDS",
            metric,
            stat,
            dimensions: vec![(dimension, database.clone())],
        }));
    }
    for function in aliased() {
        let name = function.lambda_name(&ctx.stage.name);
        for metric in ["Invocations", "Errors", "Throttles"] {
            queries.push(Query {
                id: format!("{}_{}", function.name(), metric.to_lowercase()),
                namespace: "AWS/Lambda",
                metric,
                stat: "Sum",
                dimensions: vec![
                    ("FunctionName", name.clone()),
                    ("Resource", format!("{name}:{LIVE}")),
                ],
            });
        }
    }
    let values = ctx
        .cloud
        .metrics
        .values(&queries, since, now, 60)
        .await
        .blame(codes::UNREADABLE, "the metrics cannot be read")?;
    let newest = |id: &str| values.get(id).and_then(|values| values.first()).copied();
    let sum = |id: String| values.get(&id).map_or(0.0, |values| total(values));
    let functions = aliased()
        .map(|function| {
            let name = function.name();
            let counts = Counts {
                calls: sum(format!("{name}_invocations")),
                errors: sum(format!("{name}_errors")),
                throttles: sum(format!("{name}_throttles")),
            };
            (name.to_owned(), counts)
        })
        .collect();
    let class = match ctx.stage.database.kind {
        DatabaseKind::AuroraServerless => format!(
            "{} to {} ACU",
            ctx.stage.database.min_capacity, ctx.stage.database.max_capacity
        ),
        DatabaseKind::Rds | DatabaseKind::Aurora => ctx.stage.database.class.clone(),
        DatabaseKind::Existing => "not ours".to_owned(),
    };
    Ok((
        Database {
            id: database,
            class,
            cpu_percent: newest("database_cpu"),
            connections: newest("database_connections"),
        },
        functions,
    ))
}

fn describe(screen: &Screen, flag: &str) -> String {
    let mut lines = vec![heading(screen)];
    lines.extend(
        screen
            .astray
            .iter()
            .map(|line| format!("  {} {line}", red("astray"))),
    );
    lines.push(traffic(screen));
    if let Some(under_way) = &screen.deployment {
        let phase = under_way
            .phases
            .iter()
            .find(|phase| phase.status == "InProgress")
            .map_or("starting", |phase| phase.name.as_str());
        lines.push(format!(
            "deployment  {} {} ({phase})",
            under_way.deployment.id, under_way.deployment.status
        ));
    }
    if let Some(holder) = &screen.lock {
        lines.push(format!("lock        {}", holder.sentence(screen.at)));
        lines.push(format!("            {}", holder.why(screen.at)));
    }
    lines.push(alarms(screen));
    lines.push(format!(
        "database    {} · CPU {} · connections {}",
        screen.database.class,
        number(screen.database.cpu_percent, " %"),
        number(screen.database.connections, "")
    ));
    lines.extend(scaling(&screen.scaling, flag));
    let queues: Vec<_> = screen
        .queues
        .iter()
        .map(|(name, depth)| {
            let text = format!(
                "{name} {}",
                depth.map_or_else(|| "–".to_owned(), |d| d.to_string())
            );
            if name.ends_with("-dead") && depth.is_some_and(|depth| depth > 0) {
                red(&text)
            } else {
                text
            }
        })
        .collect();
    lines.push(format!("queues      {}", queues.join(" · ")));
    lines.push(String::new());
    lines.push(functions(screen));
    lines.join("\n")
}

fn scaling(scaling: &Scaling, flag: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(proposal) = &scaling.proposal {
        lines.push(yellow(&format!("proposed    {}", proposal.sentence())));
        lines.push(format!("              spokectl scale approve{flag}"));
    }
    if let Some(change) = &scaling.change {
        lines.push(if change.failed.is_some() {
            red(&format!("failed      {}", change.sentence()))
        } else {
            yellow(&format!("changing    {}", change.sentence()))
        });
        lines.push(format!("              spokectl scale status{flag}"));
    }
    lines
}

fn heading(screen: &Screen) -> String {
    let Some(release) = &screen.release else {
        return format!(
            "{}  no release yet{}",
            bold(&screen.stage),
            screen
                .url
                .as_ref()
                .map_or_else(String::new, |url| format!(" · {url}"))
        );
    };
    let at = release.at.parse::<DateTime<Utc>>().unwrap_or(screen.at);
    format!(
        "{}  release {} · {} · {} · {}\n{}\nbundle      {} · schema {}",
        bold(&screen.stage),
        bold(&release.number.to_string()),
        release.revision,
        ago(at, screen.at),
        screen.url.as_deref().unwrap_or("no address"),
        dim(&format!("{} by {}", release.reason, release.by)),
        screen
            .positions
            .bundle
            .as_ref()
            .map_or("none", |bundle| bundle.bundle.as_str()),
        release.schema
    )
}

fn traffic(screen: &Screen) -> String {
    let web = Function::Web.name();
    let Some(version) = screen.positions.versions.get(web) else {
        return "traffic     no functions yet".to_owned();
    };
    match screen.positions.split.get(web) {
        Some((second, share)) => format!(
            "traffic     {}",
            yellow(&format!(
                "version {second} {:.0} % · version {version} {:.0} %",
                share * 100.0,
                100.0 - share * 100.0
            ))
        ),
        None => format!("traffic     version {version} 100 %"),
    }
}

fn alarms(screen: &Screen) -> String {
    let ringing: Vec<_> = screen.alarms.iter().filter(|alarm| alarm.rings()).collect();
    if ringing.is_empty() {
        let waiting = screen
            .alarms
            .iter()
            .filter(|alarm| alarm.state == "INSUFFICIENT_DATA")
            .count();
        let note = if waiting > 0 {
            dim(&format!(", {waiting} without data yet"))
        } else {
            String::new()
        };
        return format!(
            "alarms      {}{note}",
            green(&format!("{} quiet", screen.alarms.len()))
        );
    }
    let mut lines = vec![format!(
        "alarms      {}",
        red(&format!("{} ringing", ringing.len()))
    )];
    for alarm in ringing {
        lines.push(format!("  {} {}", red(&alarm.name), alarm.description));
        lines.push(format!("    {}", dim(&alarm.reason)));
    }
    lines.join("\n")
}

fn functions(screen: &Screen) -> String {
    let rows = screen
        .functions
        .iter()
        .map(|(name, counts)| {
            vec![
                name.clone(),
                screen
                    .positions
                    .versions
                    .get(name)
                    .cloned()
                    .unwrap_or_default(),
                format!("{:.0}", counts.calls),
                format!("{:.0}", counts.errors),
                format!("{:.0}", counts.throttles),
            ]
        })
        .collect();
    table(
        &[
            "function",
            "version",
            "calls",
            "errors",
            "throttles, 10 min",
        ],
        rows,
    )
}

fn number(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(
        || "no data yet".to_owned(),
        |value| format!("{value:.0}{unit}"),
    )
}
