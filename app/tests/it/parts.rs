//! The real things under every test: started once, on a thread that outlives each test's own runtime.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use local_cloud::LocalCloud;
use local_cloud::parts::Supply;
use local_cloud::parts::postgres::{self, Postgres};
use local_cloud::parts::redis::{self, Redis};
use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;
use tracing_subscriber::layer::SubscriberExt;

pub(crate) struct Parts {
    base: String,
    pub(crate) redis: String,
    pub(crate) aws: String,
    template: Mutex<()>,
    next: AtomicU32,
}

const TEMPLATE: &str = "template_of_tests";

pub(crate) fn get() -> &'static Parts {
    static PARTS: OnceLock<Parts> = OnceLock::new();
    PARTS.get_or_init(|| {
        let subscriber = tracing_subscriber::registry().with(crate::app::Counter);
        tracing::subscriber::set_global_default(subscriber).unwrap();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let (parts, _running) = start().await;
                sender.send(parts).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().expect("the parts start")
    })
}

async fn start() -> (Parts, (Postgres, Redis, LocalCloud)) {
    assert!(
        rustls::crypto::ring::default_provider()
            .install_default()
            .is_ok()
    );
    let folder = folder();
    let supply = supply();
    let options = postgres::Options {
        max_connections: 300,
        ..postgres::Options::new(supply.clone()).volatile()
    };
    let postgres = Postgres::start(&folder.join("postgres"), options)
        .await
        .unwrap();
    let redis = Redis::start(&folder.join("redis"), redis::Options::new(supply))
        .await
        .unwrap();
    let cloud = LocalCloud::start(local_cloud::Options::new(folder.join("cloud")))
        .await
        .unwrap();
    let mut admin = PgConnection::connect(&postgres.url("postgres"))
        .await
        .unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}")))
        .execute(&mut admin)
        .await
        .unwrap();
    let mut template = PgConnection::connect(&postgres.url(TEMPLATE))
        .await
        .unwrap();
    spoke::db::migrate::run(&mut template, std::time::Duration::from_secs(1))
        .await
        .unwrap();
    template.close().await.unwrap();
    let parts = Parts {
        base: postgres.url("DATABASE"),
        redis: redis.url(),
        aws: cloud.endpoint(),
        template: Mutex::default(),
        next: AtomicU32::new(1),
    };
    (parts, (postgres, redis, cloud))
}

/// Where servers come from when none are installed.
pub(crate) fn supply() -> Supply {
    Supply::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.spoke/parts"))
}

/// A folder of this run; what earlier runs left is removed.
fn folder() -> PathBuf {
    let all = all_folders();
    std::fs::create_dir_all(&all).unwrap();
    for entry in std::fs::read_dir(&all).unwrap().flatten() {
        let is_running = PathBuf::from("/proc").join(entry.file_name()).exists();
        if !is_running {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    run_folder()
}

fn all_folders() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("it")
}

/// The folder of this run.
pub(crate) fn run_folder() -> PathBuf {
    all_folders().join(std::process::id().to_string())
}

impl Parts {
    pub(crate) fn url(&self, database: &str) -> String {
        self.base.replace("DATABASE", database)
    }

    /// A database of its own, migrated; its name is unused.
    pub(crate) async fn database(&self) -> String {
        self.copy(TEMPLATE).await
    }

    /// A database of its own with nothing in it.
    pub(crate) async fn empty_database(&self) -> String {
        self.copy("template1").await
    }

    async fn copy(&self, template: &str) -> String {
        let name = format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed));
        // One copy at a time: a template must not be in use.
        let _alone = self.template.lock().await;
        let mut admin = PgConnection::connect(&self.url("postgres")).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "CREATE DATABASE {name} TEMPLATE {template}"
        )))
        .execute(&mut admin)
        .await
        .unwrap();
        name
    }
}
