//! The database grows before it falls over: a real `PostgreSQL` under load, its measured CPU, the alarm, the real scaler,
//! a person's answer, another class.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use e2e::database::{Load, address};
use serde_json::Value;
use spokectl::release::stack::apply;
use spokectl::template::Kind;

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
    let load = load(&setting).await;

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
    drop(load);
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

/// A load on the instance's database.
async fn load(setting: &Setting) -> Load {
    let secrets = &setting.ctx.cloud.secrets;
    let secret = secrets.value("spoke-local-database").await;
    Load::start(address(&serde_json::from_str(&secret.unwrap()).unwrap()))
}
