//! Every kind of database has its own way to another size.

use std::collections::BTreeMap;

use spokectl::release::stack::apply;
use spokectl::template::Kind;

use super::{database, known, query, reload, run, told};
use crate::command_line::spokectl_in;
use crate::working_copy::Setting;

const AURORA: (&str, &str) = (
    "kind = \"rds\"\nversion = \"16.9\"\nclass = \"db.t4g.micro\"\nstorage_gib = 20\n",
    "kind = \"aurora\"\nversion = \"16.8\"\nclass = \"db.r7g.large\"\n",
);

/// The members with their classes, the writer first.
async fn members(setting: &Setting) -> Vec<(String, String)> {
    let databases = &setting.ctx.cloud.databases;
    let cluster = databases.cluster("spoke-local").await.unwrap().unwrap();
    let mut members = Vec::new();
    for id in [vec![cluster.writer], cluster.readers].concat() {
        let class = databases.instance(&id).await.unwrap().unwrap().class;
        members.push((id, class));
    }
    members
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(id, class)| ((*id).to_owned(), (*class).to_owned()))
        .collect()
}

/// The lines must stand in what was said, in this order.
fn in_order(said: &str, lines: &[&str]) {
    let mut rest = said;
    for line in lines {
        let Some((_, after)) = rest.split_once(line) else {
            panic!("no {line:?} where it belongs in\n{said}");
        };
        rest = after;
    }
}

/// The next release finds what it knows, and nothing becomes smaller.
async fn a_release_changes_nothing(setting: &mut Setting) {
    reload(setting).await;
    let network: BTreeMap<String, String> = known(setting).await;
    apply(&setting.ctx, Kind::Data, &network).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn aurora_alone_changes_by_a_guest_that_takes_over_and_leaves() {
    let mut setting = database(&[AURORA]).await;
    let up = run(&setting, &["up", "--to", "db.r7g.xlarge", "--yes"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    in_order(
        &up.stderr,
        &[
            "interruption: twice under a minute",
            "spoke-local-1-scaling, a db.r7g.xlarge, joins: done",
            "spoke-local-1-scaling becomes the writer: done",
            "spoke-local-1 becomes a db.r7g.xlarge: done",
            "spoke-local-1 becomes the writer: done",
            "spoke-local-1-scaling leaves: done",
            "what is there is measured: done",
        ],
    );
    let large = pairs(&[("spoke-local-1", "db.r7g.xlarge")]);
    assert_eq!(members(&setting).await, large);
    // CloudFormation has yet to learn of it: nothing restarts for that, and it is paid for already.
    let plan = spokectl_in(setting.root().to_str().unwrap(), &["plan"]).stdout;
    in_order(
        &plan,
        &[
            "routine (",
            "DatabaseWriter",
            "runs so already",
            "cost            +$0.",
        ],
    );
    assert!(!plan.contains("downtime"), "{plan}");
    a_release_changes_nothing(&mut setting).await;
    assert_eq!(members(&setting).await, large);
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aurora_with_a_standby_changes_by_one_failover_and_back_again() {
    let mut setting = database(&[AURORA, ("multi_az = false", "multi_az = true")]).await;
    // Whichever was made first writes.
    let before = members(&setting).await;
    let (first, second) = (before[0].0.as_str(), before[1].0.as_str());
    let up = run(&setting, &["up", "--to", "db.r7g.xlarge", "--yes"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    in_order(
        &up.stderr,
        &[
            "interruption: under a minute, one failover",
            &format!("{second} becomes a db.r7g.xlarge: done"),
            &format!("{second} becomes the writer: done"),
            &format!("{first} becomes a db.r7g.xlarge: done"),
        ],
    );
    let large = pairs(&[(second, "db.r7g.xlarge"), (first, "db.r7g.xlarge")]);
    assert_eq!(members(&setting).await, large);
    a_release_changes_nothing(&mut setting).await;
    assert_eq!(members(&setting).await, large);

    let down = run(&setting, &["down", "--yes"]);
    assert_eq!(down.code, 0, "{}", down.stderr);
    assert_eq!(members(&setting).await, before);
    let history = told(&setting, &["history"]);
    assert_eq!(history.as_array().unwrap().len(), 2, "{history}");
    assert!(told(&setting, &["status"])["enlarged"].is_null());
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aurora_serverless_changes_its_range_and_says_what_becomes_of_connections() {
    let kind = AURORA.1.replace("\"aurora\"", "\"aurora-serverless\"");
    let range = kind.replace(
        "class = \"db.r7g.large\"\n",
        "min_capacity = 0.5\nmax_capacity = 8\n",
    );
    let mut setting = database(&[(AURORA.0, &range)]).await;
    let capacity = async |setting: &Setting| {
        let databases = &setting.ctx.cloud.databases;
        let cluster = databases.cluster("spoke-local").await.unwrap().unwrap();
        cluster.capacity.unwrap()
    };
    assert_eq!(capacity(&setting).await, (0.5, 8.0));
    let up = run(&setting, &["up", "--to", "2-32", "--yes"]);
    assert_eq!(up.code, 0, "{}", up.stderr);
    in_order(
        &up.stderr,
        &[
            "until the database is rebooted",
            "interruption: none",
            "capacity becomes 2 to 32 ACU: done",
        ],
    );
    assert_eq!(capacity(&setting).await, (2.0, 32.0));
    a_release_changes_nothing(&mut setting).await;
    assert_eq!(capacity(&setting).await, (2.0, 32.0));

    let wrong = run(&setting, &["up", "--to", "1-16", "--yes"]);
    assert_eq!(wrong.code, 5, "{}", wrong.stderr);
    assert!(
        wrong.stderr.contains("spokectl scale down --to 1-16"),
        "{}",
        wrong.stderr
    );
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_window_is_applied_along_only_when_somebody_says_so() {
    let setting = database(&[]).await;
    let version = "Action=ModifyDBInstance&DBInstanceIdentifier=spoke-local&EngineVersion=16.10";
    query(&setting, version).await;
    let refused = run(&setting, &["up", "--to", "db.m7g.large", "--yes"]);
    assert_eq!(refused.code, 5, "{}", refused.stderr);
    in_order(
        &refused.stderr,
        &["EngineVersion 16.10", "as it was", "--with-pending"],
    );
    let databases = &setting.ctx.cloud.databases;
    let before = databases.instance("spoke-local").await.unwrap().unwrap();
    assert_eq!(before.class, "db.t4g.micro");
    assert_eq!(before.pending, ["EngineVersion 16.10"]);

    let shown = run(&setting, &["status"]);
    assert!(
        shown.stdout.contains("EngineVersion 16.10"),
        "{}",
        shown.stdout
    );
    let with = ["up", "--to", "db.m7g.large", "--yes", "--with-pending"];
    let done = run(&setting, &with);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let after = databases.instance("spoke-local").await.unwrap().unwrap();
    assert_eq!(after.class, "db.m7g.large");
    assert!(after.pending.is_empty(), "{after:?}");
    let shown = query(
        &setting,
        "Action=DescribeDBInstances&DBInstanceIdentifier=spoke-local",
    );
    assert!(shown.await.contains("<EngineVersion>16.10</EngineVersion>"));
    setting.end().await;
}
