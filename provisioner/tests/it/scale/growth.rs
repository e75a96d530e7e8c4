//! The database grows before it falls over: a real `PostgreSQL` under load, its measured CPU, the alarm, the real scaler,
//! a person's answer, another class.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use spokectl::release::stack::apply;
use spokectl::template::Kind;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::slack::Slack;
use super::{
    SPEED, class, edit, known, reload, run, told, until, until_async, upload, write_stage,
};
use crate::command_line::spokectl_in;
use crate::working_copy::Setting;

/// A virtual processor of the database is a twentieth of a real one: a small load fills a small class.
const SHARE: f64 = 0.05;

/// What the functions of the application answer here: a page, at once.
const PAGE: &str = "#!/usr/bin/env python3
import http.client, os
api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
while True:
    api.request('GET', '/2018-06-01/runtime/invocation/next')
    call = api.getresponse()
    call.read()
    name = call.getheader('Lambda-Runtime-Aws-Request-Id')
    api.request('POST', f'/2018-06-01/runtime/invocation/{name}/response', '{\"statusCode\": 200, \"body\": \"ok\"}')
    api.getresponse().read()
";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_at_its_limit_is_enlarged_when_a_person_says_so_and_then_by_itself() {
    let mut setting = Setting::at(SPEED, SHARE).await;
    setting.real_templates();
    let slack = Slack::start().await;
    slack.webhook(&setting, "spoke-local-slack").await;
    write_stage(&setting, |text| {
        format!("{text}slack_secret = \"spoke-local-slack\"\n")
    });
    reload(&mut setting).await;
    let url = Box::pin(deployed(&setting)).await;
    let texting = texting(url);
    let load = Load::start(&setting).await;

    // A tenth of a processor is all a db.t4g.micro has here.
    load.set(130);
    let proposal = until("the scaler proposes", || {
        let told = told(&setting, &["status"]);
        (!told["proposal"].is_null()).then(|| told["proposal"].clone())
    })
    .await;
    assert_eq!(proposal["from"]["class"], "db.t4g.micro");
    assert_eq!(proposal["to"]["class"], "db.m7g.xlarge");
    assert_eq!(class(&setting).await, "db.t4g.micro");
    let card = until("Slack is told", || asked(&slack).into_iter().next()).await;
    assert_eq!(
        card["text"],
        "Spoke local: shall the database become larger? db.t4g.micro → db.m7g.xlarge"
    );
    let text = card["blocks"][1]["text"]["text"].as_str().unwrap();
    for words in ["a week", "max_connections", "interruption", "scale approve"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    let status = spokectl_in(setting.root().to_str().unwrap(), &["status"]);
    assert!(
        status.stdout.contains("spokectl scale approve"),
        "{}",
        status.stdout
    );
    until_async("the alarm rings", async || alarm_rings(&setting).await).await;

    let told_no_one = run(&setting, &["up", "--to", "db.r7g.huge"]);
    assert_eq!(told_no_one.code, 5, "{}", told_no_one.stderr);
    let approved = run(&setting, &["approve"]);
    assert_eq!(approved.code, 0, "{}{}", approved.stdout, approved.stderr);
    assert_eq!(class(&setting).await, "db.m7g.xlarge");
    let again = run(&setting, &["approve"]);
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert!(again.stderr.contains("SPK-SCL-0004"), "{}", again.stderr);

    let history = told(&setting, &["history"]);
    assert_eq!(history.as_array().unwrap().len(), 1, "{history}");
    // The newest values at begin and end; what a busy machine makes of a single one proves nothing. The alarm does.
    assert!(history[0]["cpuBefore"].is_f64(), "{history}");
    assert!(history[0]["cpuAfter"].is_f64(), "{history}");
    let why = history[0]["why"][0].as_str().unwrap();
    assert!(why.starts_with("CPU is at "), "{history}");
    assert_eq!(history[0]["failed"], Value::Null);
    until_async("the alarm is quiet again", async || {
        !alarm_rings(&setting).await
    })
    .await;

    a_release_does_not_make_it_smaller(&mut setting).await;

    // From now on the scaler may act.
    edit(
        &setting,
        &[(
            "policy = \"propose\"",
            "policy = \"act\"\ncool_down_minutes = 0",
        )],
    );
    reload(&mut setting).await;
    let known = known(&setting).await;
    apply(&setting.ctx, Kind::App, &known).await.unwrap();
    load.set(260);
    let history = until("the scaler acts", || {
        let history = told(&setting, &["history"]);
        (history.as_array().unwrap().len() >= 2).then_some(history)
    })
    .await;
    assert_eq!(history[1]["to"]["class"], "db.m7g.2xlarge", "{history}");
    assert_eq!(history[1]["by"], "spoke-local-scaler");
    assert_eq!(history[1]["failed"], Value::Null);
    // One card for each thing that happened, however often the scaler woke: asked, begun and ended by itself. What a
    // person approved that person has seen.
    let cards = until("Slack is told of all of it", || {
        let cards = asked(&slack);
        (cards.len() >= 3).then_some(cards)
    })
    .await;
    let titles: Vec<&str> = cards
        .iter()
        .filter_map(|card| card["text"].as_str())
        .collect();
    assert_eq!(
        titles[..3],
        [
            "Spoke local: shall the database become larger? db.t4g.micro → db.m7g.xlarge",
            "Spoke local: the database becomes db.m7g.2xlarge",
            "Spoke local: the database is db.m7g.2xlarge now",
        ]
    );
    load.task.abort();
    texting.abort();
    setting.end().await;
}

/// What Slack was told, but for refusals: a machine too busy to call the functions looks as if nobody texted.
fn asked(slack: &Slack) -> Vec<Value> {
    let mut cards = slack.cards();
    cards.retain(|card| {
        let title = card["text"].as_str();
        title.is_some_and(|title| !title.ends_with("needs a person"))
    });
    cards
}

/// The next deploy renders what is there, and says so; the database is still large afterwards.
async fn a_release_does_not_make_it_smaller(setting: &mut Setting) {
    let plan = spokectl_in(setting.root().to_str().unwrap(), &["plan"]);
    assert!(
        plan.stdout
            .contains("db.m7g.xlarge, enlarged from db.t4g.micro"),
        "{}{}",
        plan.stdout,
        plan.stderr
    );
    reload(setting).await;
    let known = known(setting).await;
    apply(&setting.ctx, Kind::Data, &known).await.unwrap();
    let template = setting
        .ctx
        .cloud
        .stacks
        .template("spoke-local-data")
        .await
        .unwrap();
    assert!(template.contains("db.m7g.xlarge"));
    assert_eq!(class(setting).await, "db.m7g.xlarge");
}

async fn alarm_rings(setting: &Setting) -> bool {
    let name = "spoke-local-db-cpu-high";
    let alarms = setting.ctx.cloud.metrics.alarms(name).await.unwrap();
    alarms.iter().any(spokectl::cloud::cloudwatch::Alarm::rings)
}

/// The stacks with a page for the application and the built scaler; the address of the page.
async fn deployed(setting: &Setting) -> String {
    let ctx = &setting.ctx;
    let network = apply(ctx, Kind::Network, &BTreeMap::new()).await.unwrap();
    let data = apply(ctx, Kind::Data, &network.outputs).await.unwrap();
    let bucket = &data.outputs["ArtifactBucket"];
    Box::pin(upload(setting, bucket, "functions/0.zip", PAGE.as_bytes())).await;
    let scaler = std::fs::read(Path::new(env!("CARGO_BIN_EXE_scaler"))).unwrap();
    Box::pin(upload(setting, bucket, "functions/scaler.zip", &scaler)).await;
    let known = known(setting).await;
    let app = apply(ctx, Kind::App, &known).await.unwrap();
    app.outputs["Url"].clone()
}

/// Somebody uses the application: its functions are called all the time.
fn texting(url: String) -> tokio::task::JoinHandle<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    tokio::spawn(async move {
        loop {
            let calls = [(); 16].map(|()| http.get(&url).send());
            drop(futures::future::join_all(calls).await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
}

/// A load on the database, in thousandths of a real processor.
struct Load {
    thousandths: Arc<AtomicU32>,
    task: tokio::task::JoinHandle<()>,
}

impl Load {
    async fn start(setting: &Setting) -> Self {
        let secret = setting
            .ctx
            .cloud
            .secrets
            .value("spoke-local-database")
            .await;
        let secret: Value = serde_json::from_str(&secret.unwrap()).unwrap();
        let text = |key: &str| {
            secret[key]
                .as_str()
                .map_or_else(|| secret[key].to_string(), ToOwned::to_owned)
        };
        let address = format!(
            "postgres://{}:{}@{}:{}/{}",
            text("username"),
            text("password"),
            text("host"),
            text("port"),
            text("dbname")
        );
        let thousandths = Arc::new(AtomicU32::new(0));
        let wanted = Arc::clone(&thousandths);
        let task = tokio::spawn(async move {
            // The restart on another class breaks the connection: the next one is taken.
            loop {
                if let Ok(mut connection) = PgConnection::connect(&address).await {
                    drop(burn(&mut connection, &wanted).await);
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Self { thousandths, task }
    }

    fn set(&self, thousandths: u32) {
        self.thousandths.store(thousandths, Ordering::Relaxed);
    }
}

/// Processor seconds a busy machine may owe the load. What it owes beyond is never made up for: that would be a burst.
const LATE: f64 = 0.5;

/// Keeps the server's process as busy as wanted, by what its processor time says, however busy the machine is.
async fn burn(connection: &mut PgConnection, wanted: &AtomicU32) -> sqlx::Result<()> {
    let pid: i32 = sqlx::query("select pg_backend_pid()")
        .fetch_one(&mut *connection)
        .await?
        .get(0);
    let (mut started, mut spent) = (Instant::now(), ticks(pid));
    let mut before = wanted.load(Ordering::Relaxed);
    loop {
        let share = wanted.load(Ordering::Relaxed);
        if share != before {
            (started, spent, before) = (Instant::now(), ticks(pid), share);
        }
        let due = f64::from(share) / 1000.0 * started.elapsed().as_secs_f64();
        let done = f64::from(ticks(pid).saturating_sub(spent)) / 100.0;
        if due - done > LATE {
            (started, spent) = (Instant::now(), ticks(pid));
        } else if done < due {
            let work = "select count(*) from generate_series(1, 20000)";
            sqlx::query(work).fetch_one(&mut *connection).await?;
        } else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sqlx::query("select 1").fetch_one(&mut *connection).await?;
        }
    }
}

/// Processor time of a process, in hundredths of a second.
fn ticks(pid: i32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u32> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    fields.iter().sum()
}
