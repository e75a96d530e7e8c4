//! Everything dies under load: texters send, people answer, reports come; the database, the cache, the carrier, the
//! queues and the processes go away and come back. Afterwards nobody has been texted twice, and nothing is lost.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use carrier::plan::{Fault, Outage, Rule};
use local_cloud::LocalCloud;
use local_cloud::parts::postgres::{self, Postgres};
use local_cloud::parts::processes;
use local_cloud::parts::redis::{self, Redis};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::app::Person;
use crate::builders::SEND;
use crate::instance::Instance;
use crate::{invariants, parts};

const BATCH: &str = "mutation ($id: String!) { findNewCampaignContact(assignmentId: $id, numberContacts: 4) { found count } }";
const TODO: &str = "query ($id: String!) {
    contactsForAssignment(assignmentId: $id, contactsFilter: {messageStatus: \"needsMessage\"}) { id cell } }";
const TEXTERS: usize = 8;
const CONTACTS: i32 = 64;

/// A campaign, texters in it, and what they have seen.
struct Storm {
    instance: Instance,
    campaign: i32,
    texters: Vec<(Person, i32)>,
    /// Who had which contact on the screen.
    hands: Mutex<BTreeMap<String, i32>>,
    /// Whether texts that come in may wait in a queue, so that what they say does not hold yet.
    has_queues: bool,
}

impl Storm {
    async fn new(environment: &[(&str, &str)]) -> Self {
        let instance = Instance::new(environment).await;
        instance
            .carrier
            .set_plan(|plan| plan.reply = Some("Sure".to_owned()));
        let app = &instance.app;
        let organization = app.organization().await;
        let campaign = app.campaign(organization).await;
        app.contacts(campaign, CONTACTS).await;
        // From six to ten, by day in New York and else in Guam: nobody's hours end within an hour of a storm.
        app.sql(
            "UPDATE organization SET texting_hours_start = 6, texting_hours_end = 22;
             UPDATE campaign_contact SET timezone = CASE
                 WHEN extract(hour FROM now() AT TIME ZONE 'America/New_York') BETWEEN 6 AND 19
                 THEN 'America/New_York' ELSE 'Pacific/Guam' END",
        )
        .await;
        let mut texters = Vec::new();
        for _ in 0..TEXTERS {
            let texter = app.member(organization, "TEXTER").await;
            texters.push((texter, app.assignment(campaign, texter).await));
        }
        let has_queues = environment
            .iter()
            .any(|(name, _)| *name == "INBOUND_QUEUE_URL");
        Self {
            instance,
            campaign,
            texters,
            hands: Mutex::default(),
            has_queues,
        }
    }

    /// Every texter works while `trouble` takes its course; then each works off what is left, in peace.
    async fn rages(&self, trouble: impl Future<Output = ()>) {
        let shifts = self.texters.iter().map(|texter| self.shift(*texter));
        tokio::join!(futures::future::join_all(shifts), trouble);
        for texter in &self.texters {
            self.shift(*texter).await;
        }
    }

    async fn shift(&self, (texter, assignment): (Person, i32)) {
        let id = json!({"id": assignment.to_string()});
        loop {
            let batch = self.instance.insist(texter, BATCH, &id).await;
            let todo = self.instance.insist(texter, TODO, &id).await;
            let contacts = todo.ok()["contactsForAssignment"]
                .as_array()
                .unwrap()
                .clone();
            if contacts.is_empty() && batch.ok()["findNewCampaignContact"]["count"] == 0 {
                return;
            }
            for contact in &contacts {
                let contact_id = contact["id"].as_str().unwrap();
                let other = self
                    .hands
                    .lock()
                    .unwrap()
                    .insert(contact_id.to_owned(), assignment);
                assert!(
                    other.is_none_or(|other| other == assignment),
                    "{contact_id} is in two hands"
                );
                self.talk(texter, assignment, contact).await;
            }
        }
    }

    /// A first text, and a second one; every eighth person wants none.
    async fn talk(&self, texter: Person, assignment: i32, contact: &Value) {
        let id = contact["id"].as_str().unwrap();
        assert_eq!(self.click(texter, assignment, id, "first").await, "OK");
        if id.parse::<i32>().unwrap() % 8 != 0 {
            assert_eq!(self.click(texter, assignment, id, "second").await, "OK");
            return;
        }
        let (carrier, service) = (&self.instance.carrier, &self.instance.service);
        let is_taken = carrier
            .reply(contact["cell"].as_str().unwrap(), service, "Revoke.")
            .await;
        if is_taken && !self.has_queues {
            assert_eq!(
                self.click(texter, assignment, id, "late").await,
                "OPTED_OUT"
            );
        }
    }

    /// One click, repeated with its key until it is answered for certain.
    async fn click(&self, texter: Person, assignment: i32, contact: &str, word: &str) -> String {
        let message = json!({"text": format!("{word} {contact}"), "assignmentId": assignment.to_string(),
            "isInitialMessage": word == "first", "idempotencyKey": Uuid::new_v4().to_string()});
        let variables = json!({"message": message, "id": contact});
        let answer = self.instance.insist(texter, SEND, &variables).await;
        answer.code().to_owned()
    }

    /// Waits until the texters have sent so many texts, wherever those are by now.
    async fn has_written(&self, count: u32) {
        let texts = "SELECT count(*) FROM message WHERE NOT is_from_contact";
        self.instance
            .app
            .wait_until(&format!("({texts}) >= {count}"))
            .await;
    }

    /// Everything that waits is worked off; then what must be so is so.
    async fn passes(&self) {
        let app = &self.instance.app;
        self.instance.come_to_rest().await;
        invariants::hold(app, &self.instance.carrier).await;
        let untexted = format!(
            "SELECT count(*) FROM campaign_contact WHERE campaign_id = {} AND
             (assignment_id IS NULL OR messages_sent < CASE WHEN id % 8 = 0 THEN 1 ELSE 2 END)",
            self.campaign
        );
        assert_eq!(app.value(&untexted).await, "0", "somebody was forgotten");
        let late = "SELECT count(*) FROM message WHERE text LIKE 'late %'";
        assert_eq!(app.value(late).await, "0", "sent after an opt-out");
    }
}

/// A database server of the test's own, which may die.
struct Server {
    folder: PathBuf,
    options: postgres::Options,
    running: Option<Postgres>,
}

impl Server {
    async fn start(name: &str) -> Self {
        parts::get();
        let folder = parts::run_folder().join(name);
        let options = postgres::Options::new(parts::supply())
            .set("fsync", "off")
            .set("full_page_writes", "off");
        let running = Postgres::start(&folder, options.clone()).await.unwrap();
        let mut connection = PgConnection::connect(&running.url("postgres"))
            .await
            .unwrap();
        spoke::db::migrate::run(&mut connection, std::time::Duration::from_secs(1))
            .await
            .unwrap();
        Self {
            folder,
            options: postgres::Options {
                port: running.port(),
                ..options
            },
            running: Some(running),
        }
    }

    fn url(&self) -> String {
        self.running.as_ref().unwrap().url("postgres")
    }

    /// It gets this signal, everything it was doing is gone, and it comes back.
    async fn die_by(&mut self, signal: &str) {
        let server = self.running.take().unwrap();
        let mut processes = server.pids();
        if signal == "QUIT" {
            // pg_ctl stop -m immediate: the others are told.
            processes.truncate(1);
        }
        for process in processes {
            processes::signal(process, signal).await;
        }
        server.stop().await.unwrap();
        self.running = Some(
            Postgres::start(&self.folder, self.options.clone())
                .await
                .unwrap(),
        );
    }
}

#[tokio::test]
async fn the_database_dies_and_the_queues_die() {
    let mut server = Server::start("storm").await;
    let cloud_folder = parts::run_folder().join("storm-cloud");
    let cloud = LocalCloud::start(local_cloud::Options::new(&cloud_folder))
        .await
        .unwrap();
    let endpoint = cloud.endpoint();
    let aws = crate::app::aws_at(&endpoint).await;
    let inbound = queue(&aws, "inbound").await;
    let reports = queue(&aws, "reports").await;
    let storm = Storm::new(&[
        ("DATABASE_URL", &server.url()),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("INBOUND_QUEUE_URL", &inbound),
        ("REPORT_QUEUE_URL", &reports),
    ])
    .await;
    let instance = &storm.instance;
    instance.start_web().await;
    let cloud = Mutex::new(Some(cloud));
    let trouble = async {
        instance.carrier.wait_taken(15).await;
        server.die_by("QUIT").await;
        instance.carrier.wait_taken(40).await;
        let running = cloud.lock().unwrap().take().unwrap();
        let options = local_cloud::Options {
            port: endpoint.rsplit(':').next().unwrap().parse().unwrap(),
            ..local_cloud::Options::new(&cloud_folder)
        };
        running.stop().await.unwrap();
        instance.carrier.wait_taken(55).await;
        let running = LocalCloud::start(options).await.unwrap();
        *cloud.lock().unwrap() = Some(running);
        instance.carrier.wait_taken(70).await;
        server.die_by("KILL").await;
    };
    storm.rages(trouble).await;
    instance.app.wait_for_database().await;
    instance.carrier.wait_idle().await;
    work_off(instance, &aws, "reports", &reports).await;
    work_off(instance, &aws, "inbound", &inbound).await;
    storm.passes().await;
}

async fn queue(aws: &spoke::aws::Aws, name: &str) -> String {
    let made = aws.sqs().await.create_queue().queue_name(name).send().await;
    made.unwrap().queue_url.unwrap()
}

/// What Lambda does with a queue: two processes at once, and what they fail at comes again.
async fn work_off(instance: &Instance, aws: &spoke::aws::Aws, function: &str, queue: &str) {
    let sqs = aws.sqs().await;
    loop {
        let receive = || {
            sqs.receive_message()
                .queue_url(queue)
                .max_number_of_messages(10)
                .send()
        };
        let (first, second) = tokio::join!(receive(), receive());
        let batches =
            [first.unwrap(), second.unwrap()].map(|batch| batch.messages.unwrap_or_default());
        if batches.iter().all(Vec::is_empty) {
            return;
        }
        let event = |number: usize| {
            let records: Vec<Value> = batches[number]
                .iter()
                .map(|message| json!({"messageId": message.message_id, "body": message.body}))
                .collect();
            json!({ "Records": records })
        };
        let (first, second) = tokio::join!(
            instance.invoke(function, event(0)),
            // The same batch to both: a queue may deliver twice.
            instance.invoke(
                function,
                if batches[1].is_empty() {
                    event(0)
                } else {
                    event(1)
                }
            )
        );
        for answer in [first, second] {
            assert_eq!(answer, json!({"batchItemFailures": []}));
        }
        for message in batches.iter().flatten() {
            let handle = message.receipt_handle.clone().unwrap();
            let deleted = sqs.delete_message().queue_url(queue).receipt_handle(handle);
            deleted.send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_cache_dies_and_the_carrier_is_down() {
    parts::get();
    let folder = parts::run_folder().join("storm-cache");
    let options = redis::Options::new(parts::supply());
    let cache = Redis::start(&folder, options.clone()).await.unwrap();
    let storm = Storm::new(&[("REDIS_URL", &cache.url())]).await;
    let instance = &storm.instance;
    instance.start_web().await;
    let carrier = &instance.carrier;
    let trouble = async {
        storm.has_written(10).await;
        let port = cache.port();
        for process in cache.pids() {
            processes::signal(process, "KILL").await;
        }
        cache.stop().await.unwrap();
        storm.has_written(30).await;
        // Connections break, and nobody knows what the carrier has taken; then texts wait without asking it.
        carrier.set_outage(Some(Outage::HangUp));
        let met = "SELECT count(*) FROM message WHERE service_response LIKE '%carrier%'";
        instance.app.wait_until(&format!("({met}) > 2")).await;
        carrier.set_outage(None);
        let options = redis::Options { port, ..options };
        Redis::start(&folder, options).await.unwrap()
    };
    let again = Mutex::new(None);
    storm
        .rages(async { *again.lock().unwrap() = Some(trouble.await) })
        .await;
    storm.passes().await;
}

#[tokio::test]
async fn processes_die_and_two_of_each_work_at_once_while_callbacks_come_twice_and_in_any_order() {
    let storm = Storm::new(&[]).await;
    let instance = &storm.instance;
    let carrier = &instance.carrier;
    carrier.set_plan(|plan| plan.replies_come = 2);
    let faults = [
        Fault::Repeat { times: 3 },
        Fault::Reorder,
        Fault::ReportFirst,
        Fault::LoseAnswer,
        Fault::TakeAndFail,
        Fault::HangUp,
        Fault::Slow { milliseconds: 300 },
        Fault::Silent,
    ];
    for (contact, fault) in (1..=CONTACTS).zip(faults.iter().cycle()) {
        carrier.fault(
            Rule::of(fault.clone())
                .to(&format!("+1555{contact:07}"))
                .times(1),
        );
    }
    instance.start_web().await;
    instance.start_web().await;
    let trouble = async {
        for written in [10, 30, 50, 70] {
            storm.has_written(written).await;
            instance.kill_web();
            instance.start_web().await;
        }
    };
    storm.rages(trouble).await;
    storm.passes().await;
}

/// Two workers get the same jobs at once, and two more while they work.
#[tokio::test]
async fn two_workers_with_the_same_job_do_it_once() {
    let instance = Instance::new(&[]).await;
    let app = &instance.app;
    let organization = app.organization().await;
    let campaign = app.campaign(organization).await;
    app.sql(&format!(
        "UPDATE campaign SET status = 'ARCHIVED', messaging_service_sid = '{}' WHERE id = {campaign};
         INSERT INTO background_job (campaign_id, organization_id, type, config)
         VALUES ({campaign}, {organization}, 'juggle', '{{}}')",
        instance.service
    ))
    .await;
    let work = || instance.invoke("worker", json!({"jobId": 1}));
    let (first, second, third, fourth) = tokio::join!(work(), work(), work(), work());
    let mut came = [first, second, third, fourth].map(|answer| answer["ran"].to_string());
    came.sort_unstable();
    assert_eq!(
        came,
        ["\"Failed\"", "\"NotMine\"", "\"NotMine\"", "\"NotMine\""]
    );
    assert_eq!(app.value("SELECT attempts FROM background_job").await, "1");
}
