//! kill -9 of a real process at every point around a send. The browser asks again with the same key, a new process
//! takes over, the scheduled function makes its round: the text is with the carrier once.

use carrier::plan::Fault;
use local_cloud::parts::postgres::{self, Postgres};
use local_cloud::parts::processes;
use serde_json::{Value, json};
use spoke::db::Tx;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::app::{Answer, TestApp};
use crate::builders::{SEND, Texting};
use crate::instance::Instance;
use crate::invariants;
use crate::parts;

/// One web process, one texter, one contact, and the click that will be repeated.
struct Scene {
    instance: Instance,
    texting: Texting,
    click: Value,
}

impl Scene {
    async fn new(environment: &[(&str, &str)]) -> Self {
        let instance = Instance::new(environment).await;
        let texting = always_open(&instance.app).await;
        let message = json!({"text": "first one", "assignmentId": texting.assignment.to_string(),
            "isInitialMessage": true, "idempotencyKey": Uuid::new_v4().to_string()});
        instance.start_web().await;
        Self {
            click: json!({"message": message, "id": texting.contacts[0].to_string()}),
            texting,
            instance,
        }
    }

    /// Clicks, and kills the process when it is time. Nobody hears an answer.
    async fn killed_when(&self, is_time: impl Future<Output = ()>) {
        let answer = self.clicked_until_killed(is_time).await;
        assert!(answer.is_none(), "it came through: {answer:?}");
    }

    /// Clicks, again while the process says that it is busy, and kills it when it is time.
    async fn clicked_until_killed(&self, is_time: impl Future<Output = ()>) -> Option<Answer> {
        let click = async {
            while self.instance.is_serving() {
                let click = self.instance.ask(self.texting.texter, SEND, &self.click);
                if let Some(answer) = click.await {
                    return Some(answer);
                }
            }
            None
        };
        let kill = async {
            is_time.await;
            self.instance.kill_webs();
        };
        let (answer, ()) = tokio::join!(click, kill);
        answer
    }

    /// The same click once more, at a new process: it is told what the first one came to.
    async fn clicked_again(&self) {
        self.instance.start_web().await;
        let answer = self.instance.insist(self.texting.texter, SEND, &self.click);
        assert_eq!(answer.await.code(), "OK");
    }

    async fn ends_well(self) {
        self.instance.come_to_rest().await;
        invariants::hold(&self.instance.app, &self.instance.carrier).await;
        assert_eq!(self.instance.carrier.texts().len(), 1);
        assert_eq!(self.instance.app.count("message").await, 1);
        let contact = self.texting.contacts[0];
        assert_eq!(self.instance.app.status(contact).await, "messaged");
    }

    /// All contacts, locked until this ends.
    async fn contacts_held(&self) -> Tx {
        let mut lock = self.instance.app.app.db.begin().await.unwrap();
        sqlx::query("SELECT id FROM campaign_contact FOR UPDATE")
            .fetch_all(&mut *lock)
            .await
            .unwrap();
        lock
    }

    /// Waits until somebody waits for a row this test has locked.
    async fn somebody_waits(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE wait_event_type = 'Lock' AND datname = current_database()";
        self.instance
            .app
            .wait_until(&format!("({waiting}) > 0"))
            .await;
    }

    /// What the database does when it notices that a client has gone.
    async fn database_notices(&self) {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database()";
        self.instance.app.value(end).await;
    }
}

/// A texter with one contact, at any hour: real processes go by the machine's clock.
async fn always_open(app: &TestApp) -> Texting {
    let texting = app.texting(1).await;
    app.sql("UPDATE organization SET texting_hours_enforced = false")
        .await;
    texting
}

#[tokio::test]
async fn killed_before_the_row_is_written() {
    let scene = Scene::new(&[]).await;
    let lock = scene.contacts_held().await;
    scene.killed_when(scene.somebody_waits()).await;
    scene.database_notices().await;
    lock.rollback().await.unwrap();
    assert_eq!(scene.instance.app.count("message").await, 0);
    scene.clicked_again().await;
    scene.ends_well().await;
}

/// The statement was on its way: the database carries it out for a process that is no more.
#[tokio::test]
async fn killed_while_the_row_is_written() {
    let scene = Scene::new(&[]).await;
    let lock = scene.contacts_held().await;
    scene.killed_when(scene.somebody_waits()).await;
    lock.rollback().await.unwrap();
    let written = "EXISTS (SELECT FROM message)";
    scene.instance.app.wait_until(written).await;
    scene.clicked_again().await;
    scene.ends_well().await;
}

#[tokio::test]
async fn killed_after_the_row_and_before_the_carrier_took_it() {
    let scene = Scene::new(&[]).await;
    scene.instance.carrier.fault_next(Fault::HoldBefore);
    scene
        .killed_when(scene.instance.carrier.wait_asked(1))
        .await;
    assert_eq!(scene.instance.app.states().await, "SENDING 0 1");
    assert!(scene.instance.carrier.texts().is_empty());
    scene.clicked_again().await;
    scene.ends_well().await;
}

#[tokio::test]
async fn killed_after_the_carrier_took_it_and_before_its_answer() {
    let scene = Scene::new(&[]).await;
    // Else its report, which names the row, would settle it.
    scene.instance.carrier.set_plan(|plan| plan.reports = false);
    scene.instance.carrier.fault_next(Fault::HoldAfter);
    scene
        .killed_when(scene.instance.carrier.wait_taken(1))
        .await;
    assert_eq!(scene.instance.app.states().await, "SENDING 0 1");
    scene.clicked_again().await;
    scene.ends_well().await;
}

#[tokio::test]
async fn killed_after_the_answer_and_before_the_outcome() {
    let scene = Scene::new(&[]).await;
    let carrier = &scene.instance.carrier;
    carrier.set_plan(|plan| plan.reports = false);
    carrier.fault_next(Fault::HoldAfter);
    let answered = async {
        carrier.wait_taken(1).await;
        let mut lock = scene.instance.app.app.db.begin().await.unwrap();
        sqlx::query("SELECT id FROM message FOR UPDATE")
            .fetch_all(&mut *lock)
            .await
            .unwrap();
        carrier.release();
        scene.somebody_waits().await;
        scene.database_notices().await;
        lock.rollback().await.unwrap();
    };
    // Before it dies it may say that something went wrong, and be asked again; the row stays as it is.
    scene.clicked_until_killed(answered).await;
    assert_eq!(scene.instance.app.states().await, "SENDING 0 1");
    scene.clicked_again().await;
    scene.ends_well().await;
}

/// The cache is the last thing a send touches: one that never answers keeps the browser waiting.
#[tokio::test]
async fn killed_after_the_outcome_and_before_the_browser_hears_of_it() {
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}/", deaf.local_addr().unwrap());
    let scene = Scene::new(&[("REDIS_URL", &url)]).await;
    scene.instance.carrier.set_plan(|plan| plan.reports = false);
    // Whether the answer got out is nobody's to decide: the click is repeated either way.
    let is_sent = "EXISTS (SELECT FROM message WHERE send_status = 'SENT')";
    let sent = scene.instance.app.wait_until(is_sent);
    scene.clicked_until_killed(sent).await;
    scene.clicked_again().await;
    scene.ends_well().await;
}

/// The outcome is written without waiting for the disk: a database that breaks down at once forgets it, and nothing
/// else.
#[tokio::test]
async fn a_database_that_breaks_down_right_after_a_send_texts_nobody_twice() {
    parts::get();
    let folder = parts::run_folder().join("breaks-down");
    let options = postgres::Options::new(parts::supply())
        .set("fsync", "off")
        // What is not waited for stays in memory until somebody else commits.
        .set("wal_writer_delay", "10s")
        .set("wal_writer_flush_after", "1GB")
        .set("autovacuum", "off");
    let server = Postgres::start(&folder, options.clone()).await.unwrap();
    let options = postgres::Options {
        port: server.port(),
        ..options
    };
    let url = server.url("postgres");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    spoke::db::migrate::run(&mut connection, std::time::Duration::from_secs(1))
        .await
        .unwrap();
    drop(connection);
    let scene = Scene::new(&[("DATABASE_URL", &url)]).await;
    scene.instance.carrier.set_plan(|plan| plan.reports = false);
    let first = scene
        .instance
        .insist(scene.texting.texter, SEND, &scene.click);
    assert_eq!(first.await.code(), "OK");
    // pg_ctl stop -m immediate.
    processes::signal(server.pids()[0], "QUIT").await;
    server.stop().await.unwrap();
    scene.instance.kill_webs();
    let server = Postgres::start(&folder, options).await.unwrap();
    scene.instance.app.wait_for_database().await;
    scene.clicked_again().await;
    scene.ends_well().await;
    server.stop().await.unwrap();
}
