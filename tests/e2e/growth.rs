//! The database grows while people text: a load fills it, the alarm rings, the scaler asks or acts, and nothing is lost.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use carrier::{Carrier, Options};
use serde_json::{Value, json};

use crate::database::Database;
use crate::instance::{Instance, until};
use crate::runbook::Runbook;
use crate::texting::Texting;

/// A virtual processor of the database is a tenth of a real one: a small load fills a small class.
const SHARE: f64 = 0.1;

/// Thousandths of a real processor. A db.t4g.micro has 200 here and an m7g.xlarge 400: nearly all of each.
const FULL_MICRO: u32 = 190;
const FULL_XLARGE: u32 = 380;

const PATIENCE: Duration = Duration::from_mins(10);

/// Everything the story needs; what happened is printed with its time.
struct Story {
    started: Instant,
    instance: Instance,
    carrier: Carrier,
    database: Database,
    runbook: Runbook,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_grows_while_people_text() -> anyhow::Result<()> {
    let mut story = Story::begin().await?;
    let texting = Texting::start(&story.instance).await?;
    story.say("people text, the database idles");
    story.asked_and_approved(&texting).await?;
    story.by_itself(&texting).await?;
    story.refused_by_aws().await?;
    story.small_again().await?;
    let reckoning = texting.reckon(&story.carrier).await?;
    story.say(&format!(
        "{} texts, each with the carrier once ({} asked for again with their keys); {} answers, each stored once",
        reckoning.texts, reckoning.repeated, reckoning.answers
    ));
    story.the_rest_of_the_page().await
}

impl Story {
    /// An instance whose carrier is ours.
    async fn begin() -> anyhow::Result<Self> {
        let mut instance = Instance::copied().await?;
        let carrier = Carrier::start(Options {
            token: "0123456789abcdef0123456789abcdef".to_owned(),
            ..Options::default()
        })
        .await?;
        // Where Spoke is, nobody knows yet.
        let service = carrier.service("http://127.0.0.1:1");
        instance.edit(
            "stages/local.toml",
            "SKIP_TWILIO_AND_AUTOREPLY = \"1\"",
            &format!(
                "TWILIO_ACCOUNT_SID = \"{}\"\nTWILIO_API_URL = \"{}\"\nTWILIO_MESSAGE_SERVICE_SID = \"{service}\"",
                carrier.account(),
                carrier.url()
            ),
        )?;
        instance.edit(
            "stages/local.toml",
            "DROP_MESSAGE_RATIO = \"0.5\"",
            "DROP_MESSAGE_RATIO = \"0\"",
        )?;
        // Without it no function would reach a carrier.
        instance.edit("stages/local.toml", "nat = \"none\"", "nat = \"one\"")?;
        // Nothing becomes smaller in the evening: here it is none.
        instance.edit(
            "stages/local.toml",
            "policy = \"propose\"",
            &format!(
                "policy = \"propose\"\ntime_zone = \"{}\"",
                zone_where_it_is_noon()
            ),
        )?;
        let refused = instance
            .spokectl(&["up", "--fresh", "--detach"])
            .await?
            .with(5)?;
        refused.says(&[
            "the secret spoke-local-twilio is empty",
            "secrets set twilio",
        ])?;
        let set = ["secrets", "set", "twilio"];
        instance.told(&set, carrier.token()).await?.with(0)?;
        instance.up(&[]).await?;
        let url = instance.url()?.trim_end_matches('/').to_owned();
        let fallback = instance.output("FallbackUrl").await?;
        carrier.webhooks(&service, &format!("{url}/twilio"), &fallback);
        carrier.set_plan(|plan| plan.reply = Some("Sure, count on me".to_owned()));
        instance.processors(SHARE).await?;
        Ok(Self {
            started: Instant::now(),
            database: Database::of(&instance).await?,
            runbook: Runbook::read("db-cpu-high")?,
            instance,
            carrier,
        })
    }

    fn say(&self, what: &str) {
        println!("   {:6.1} s  {what}", self.started.elapsed().as_secs_f64());
    }

    /// The load rises; the scaler asks; somebody follows the page and says yes.
    async fn asked_and_approved(&mut self, texting: &Texting) -> anyhow::Result<()> {
        self.database.load(FULL_MICRO);
        self.say("a load begins that fills a db.t4g.micro");
        self.rings(true).await?;
        until("a proposal", PATIENCE, || async {
            let told = self.scale_status().await?;
            Ok((!told["proposal"].is_null()).then_some(()))
        })
        .await?;
        let seen = self
            .runbook
            .run(&self.instance, "scale status", &[])
            .await?;
        ensure!(
            seen.stdout
                .contains("proposed  db.t4g.micro → db.m7g.xlarge"),
            "{}",
            seen.stdout
        );
        self.say(
            seen.stdout
                .lines()
                .find(|line| line.starts_with("proposed"))
                .unwrap_or_default(),
        );
        self.runbook.run(&self.instance, "scale plan", &[]).await?;
        ensure!(self.class().await? == "db.t4g.micro", "nobody has said yes");

        let before = texting.count();
        self.database.interruption();
        self.say("spokectl scale approve");
        let approved = self
            .runbook
            .run(&self.instance, "scale approve", &[])
            .await?;
        for line in approved.stdout.lines() {
            self.say(line);
        }
        ensure!(self.class().await? == "db.m7g.xlarge", "another class");
        self.became("db.m7g.xlarge", texting, before).await?;
        self.runbook.run(&self.instance, "status", &[]).await?;
        Ok(())
    }

    /// Whoever changes the policy releases it, and the release leaves the database as large as it is.
    async fn by_itself(&mut self, texting: &Texting) -> anyhow::Result<()> {
        self.database.load(0);
        self.instance.edit(
            "stages/local.toml",
            "policy = \"propose\"",
            "policy = \"act\"\ncool_down_minutes = 1",
        )?;
        self.instance
            .spokectl(&["deploy", "--stage", "local", "--yes"])
            .await?
            .with(0)?;
        ensure!(
            self.class().await? == "db.m7g.xlarge",
            "a release made it smaller"
        );
        self.say("released with policy \"act\"; the database is as large as before");

        let before = texting.count();
        self.database.interruption();
        self.database.load(FULL_XLARGE);
        self.say("a load begins that fills a db.m7g.xlarge");
        let change = until("a change by itself", PATIENCE, || async {
            let history = self.scale(&["history"]).await?;
            Ok(history.get(1).cloned())
        })
        .await?;
        ensure!(change["by"] == "spoke-local-scaler", "{change}");
        ensure!(change["failed"].is_null(), "{change}");
        self.say(&format!("the scaler has changed it: {}", change["why"]));
        self.became("db.m7g.2xlarge", texting, before).await?;
        self.database.load(0);
        Ok(())
    }

    /// It has the class, the alarm is quiet again, and people have texted all the while.
    async fn became(&self, class: &str, texting: &Texting, before: usize) -> anyhow::Result<()> {
        ensure!(self.class().await? == class, "not a {class}");
        let away = self.database.interruption();
        self.say(&format!(
            "it is a {class}; it answered nobody for {:.1} s",
            away.as_secs_f64()
        ));
        self.rings(false).await?;
        until("people go on texting", PATIENCE, || async {
            Ok((texting.count() > before).then_some(()))
        })
        .await?;
        self.say(&format!("{} texts so far", texting.count()));
        Ok(())
    }

    /// A change AWS refuses is put aside by the page, and then made with the page's words.
    async fn refused_by_aws(&mut self) -> anyhow::Result<()> {
        self.instance
            .fault(&json!({
                "service": "rds", "operation": "ModifyDBInstance",
                "error": {
                    "code": "InsufficientDBInstanceCapacity", "status": 400,
                    "message": "There are no machines of this class left.",
                },
            }))
            .await?;
        let up = ["scale", "up", "--to", "db.m7g.4xlarge", "--yes"];
        let failed = self.instance.spokectl(&up).await?.with(4)?;
        failed.says(&[
            "InsufficientDBInstanceCapacity",
            "nothing is tried again by itself",
        ])?;
        self.instance.no_faults().await?;
        let history = self
            .runbook
            .run(&self.instance, "scale history", &[])
            .await?;
        ensure!(
            history.stdout.contains("InsufficientDBInstanceCapacity"),
            "{}",
            history.stdout
        );
        self.runbook
            .run(&self.instance, "scale reject", &[])
            .await?;
        self.say("AWS refused a change; it was put aside");
        let fill = [("<class>", "db.m7g.4xlarge"), ("<date>", "2099-01-01")];
        self.runbook.run(&self.instance, "scale up", &fill).await?;
        ensure!(self.class().await? == "db.m7g.4xlarge", "another class");
        self.say("it is a db.m7g.4xlarge, by hand");
        Ok(())
    }

    async fn small_again(&mut self) -> anyhow::Result<()> {
        self.runbook.run(&self.instance, "scale down", &[]).await?;
        ensure!(self.class().await? == "db.t4g.micro", "another class");
        self.say("it is a db.t4g.micro again");
        Ok(())
    }

    async fn the_rest_of_the_page(mut self) -> anyhow::Result<()> {
        self.runbook.run(&self.instance, "logs", &[]).await?;
        for statement in std::mem::take(&mut self.runbook.statements) {
            let rows = self.database.ask(&statement).await;
            rows.with_context(|| statement.clone())?;
        }
        self.runbook.run(&self.instance, "rollback", &[]).await?;
        self.runbook.end()
    }

    /// Waits until the alarm rings, or is quiet.
    async fn rings(&self, wanted: bool) -> anyhow::Result<()> {
        let alarm = until("the alarm", PATIENCE, || async {
            let status = self.instance.status().await?;
            let alarms = status["alarms"].as_array().context("no alarms")?;
            let alarm = alarms
                .iter()
                .find(|alarm| alarm["name"] == "spoke-local-db-cpu-high")
                .context("no alarm of the database's CPU")?;
            let is_so = (alarm["state"] == "ALARM") == wanted;
            Ok(is_so.then(|| alarm.clone()))
        })
        .await?;
        let reason = alarm["reason"].as_str().unwrap_or_default();
        self.say(&format!(
            "db-cpu-high {}: {reason}",
            if wanted { "rings" } else { "is quiet" }
        ));
        Ok(())
    }

    async fn scale(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let all = [&["scale"], arguments, &["--output", "json"]].concat();
        self.instance.spokectl(&all).await?.with(0)?.json()
    }

    async fn scale_status(&self) -> anyhow::Result<Value> {
        self.scale(&["status"]).await
    }

    async fn class(&self) -> anyhow::Result<String> {
        let told = self.scale_status().await?;
        let class = told["rung"]["class"].as_str();
        Ok(class.with_context(|| told.to_string())?.to_owned())
    }
}

fn zone_where_it_is_noon() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let hour = now.unwrap_or_default().as_secs() / 3600 % 24;
    // POSIX counts westwards.
    if hour <= 12 {
        format!("Etc/GMT-{}", 12 - hour)
    } else {
        format!("Etc/GMT+{}", hour - 12)
    }
}
