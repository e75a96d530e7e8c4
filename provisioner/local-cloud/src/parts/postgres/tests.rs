use std::path::Path;
use std::time::{Duration, Instant};

use super::{Options, Postgres, session};
use crate::parts::{Supply, processes};

fn options(root: &Path) -> Options {
    Options::new(Supply::new(root.join("cache"))).volatile()
}

#[tokio::test]
async fn data_and_port_survive_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("db");
    let server = Postgres::start(&folder, options(root.path()))
        .await
        .unwrap();
    let mut session = server.session("postgres").await.unwrap();
    session
        .query("create table t (a text); insert into t values ('it''s'), (null)")
        .await
        .unwrap();
    let port = server.port();
    assert!(server.pids().len() > 3, "{:?}", server.pids());
    assert!(
        server
            .url("postgres")
            .starts_with("postgres://postgres:postgres@127.0.0.1:")
    );
    server.stop().await.unwrap();

    let mut again = options(root.path());
    again.port = port;
    again.max_connections = 17;
    let server = Postgres::start(&folder, again).await.unwrap();
    assert_eq!(server.port(), port);
    let mut session = server.session("postgres").await.unwrap();
    let rows = session.query("select a from t order by a").await.unwrap();
    assert_eq!(rows, vec![vec![Some("it's".to_owned())], vec![None]]);
    let rows = session.query("show max_connections").await.unwrap();
    assert_eq!(rows, vec![vec![Some("17".to_owned())]]);
    let error = session.query("select * from nowhere").await.err().unwrap();
    assert!(error.to_string().contains("42P01"), "{error}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_mark_left_by_a_power_cut_is_taken_away() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("db");
    let server = Postgres::start(&folder, options(root.path()))
        .await
        .unwrap();
    let postmaster = server.pids()[0];
    // As a power cut would: the postmaster gone at once, its mark still there.
    processes::signal(postmaster, "KILL").await;
    server.stop().await.unwrap();
    assert!(folder.join("data/postmaster.pid").exists());
    let server = Postgres::start(&folder, options(root.path()))
        .await
        .unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_still_stopping_is_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("db");
    let server = Postgres::start(&folder, options(root.path()))
        .await
        .unwrap();
    drop(server);
    let started = Instant::now();
    let server = Postgres::start(&folder, options(root.path()))
        .await
        .unwrap();
    assert!(started.elapsed() < Duration::from_secs(25));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_broken_folder_is_named_with_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("db");
    std::fs::create_dir_all(folder.join("data/base")).unwrap();
    let error = Postgres::start(&folder, options(root.path()))
        .await
        .err()
        .unwrap();
    let text = format!("{error:#}");
    assert!(
        text.contains("db/data is not a whole PostgreSQL data folder"),
        "{text}"
    );
    assert!(text.contains("delete it"), "{text}");
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_log() {
    let root = tempfile::tempdir().unwrap();
    let options = options(root.path()).set("no_such_setting", "1");
    let error = Postgres::start(&root.path().join("db"), options)
        .await
        .err()
        .unwrap();
    let text = format!("{error:#}");
    assert!(text.contains("\"no_such_setting\""), "{text}");
    assert!(text.contains("postgres.log"), "{text}");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let root = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = options(root.path());
    options.port = taken.local_addr().unwrap().port();
    let text = format!(
        "{:#}",
        Postgres::start(root.path(), options).await.err().unwrap()
    );
    assert!(text.contains("is taken"), "{text}");
}

#[test]
fn quoting_leaves_no_way_out() {
    assert_eq!(session::literal("a'b"), "'a''b'");
    assert_eq!(session::literal(r"a\'b"), r"E'a\\''b'");
    assert_eq!(session::identifier("a\"b"), "\"a\"\"b\"");
}
