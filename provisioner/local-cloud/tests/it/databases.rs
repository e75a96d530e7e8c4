//! RDS and ElastiCache: real servers behind the operations.

use std::time::{Duration, Instant};

use local_cloud::error::AwsError;
use local_cloud::parts::redis::connection::Connection;
use local_cloud::{LocalCloud, Options, services};
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::client::TestCloud;

async fn call(
    cloud: &TestCloud,
    service: &str,
    operation: &str,
    input: Value,
) -> Result<Value, AwsError> {
    services::call(cloud.cloud.cloud(), service, operation, input).await
}

async fn ok(cloud: &TestCloud, service: &str, operation: &str, input: Value) -> Value {
    let answer = call(cloud, service, operation, input).await;
    answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
}

async fn refused(cloud: &TestCloud, service: &str, operation: &str, input: Value) -> AwsError {
    match call(cloud, service, operation, input).await {
        Ok(answer) => panic!("{operation} should be refused: {answer}"),
        Err(error) => error,
    }
}

async fn instance(cloud: &TestCloud, id: &str) -> Value {
    let input = json!({ "DBInstanceIdentifier": id });
    ok(cloud, "rds", "DescribeDBInstances", input).await["DBInstances"][0].clone()
}

/// Waits for a status.
async fn reaches(cloud: &TestCloud, id: &str, status: &str) -> Value {
    let started = Instant::now();
    loop {
        let shown = instance(cloud, id).await;
        if shown["DBInstanceStatus"] == status {
            return shown;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{shown}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until nothing is pending any more.
async fn applied(cloud: &TestCloud, id: &str) {
    let started = Instant::now();
    loop {
        let shown = reaches(cloud, id, "available").await;
        let pending = shown["PendingModifiedValues"].as_object();
        if pending.is_none_or(serde_json::Map::is_empty) {
            return;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{shown}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn gone(cloud: &TestCloud, operation: &str, input: &Value) -> AwsError {
    let started = Instant::now();
    loop {
        let service = if operation.contains("DB") {
            "rds"
        } else {
            "elasticache"
        };
        if let Err(error) = call(cloud, service, operation, input.clone()).await {
            return error;
        }
        assert!(started.elapsed() < Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The statuses of all snapshots.
async fn snapshots(cloud: &TestCloud) -> Vec<String> {
    let answer = ok(cloud, "rds", "DescribeDBSnapshots", json!({})).await;
    let snapshots = answer["DBSnapshots"].as_array().unwrap().clone();
    let statuses = snapshots.iter().map(|one| one["Status"].as_str().unwrap());
    statuses.map(str::to_owned).collect()
}

fn wanted(id: &str) -> Value {
    json!({
        "DBInstanceIdentifier": id,
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "EngineVersion": "17.5",
        "AllocatedStorage": "20",
        "DBName": "spoke",
        "MasterUsername": "spoke",
        "MasterUserPassword": "correct-horse",
        "MultiAZ": "false",
    })
}

async fn connect(shown: &Value, password: &str) -> Result<sqlx::PgConnection, sqlx::Error> {
    let port = &shown["Endpoint"]["Port"];
    let url = format!("postgres://spoke:{password}@127.0.0.1:{port}/spoke");
    sqlx::PgConnection::connect(&url).await
}

async fn text(connection: &mut sqlx::PgConnection, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn an_instance_is_a_database_that_survives_a_restart() {
    let cloud = TestCloud::start().await;
    let created = ok(&cloud, "rds", "CreateDBInstance", wanted("Main")).await;
    assert_eq!(created["DBInstance"]["DBInstanceStatus"], "creating");
    assert_eq!(created["DBInstance"]["AllocatedStorage"], 20);
    let shown = reaches(&cloud, "main", "available").await;
    assert!(connect(&shown, "wrong-horse").await.is_err());
    let mut connection = connect(&shown, "correct-horse").await.unwrap();
    sqlx::raw_sql(
        "create extension pg_trgm; create table t (a text); insert into t values ('kept')",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let most = text(&mut connection, "show max_connections").await;
    assert_eq!(most, "112", "LEAST(1 GiB / 9531392, 5000)");
    let superuser = text(&mut connection, "show is_superuser").await;
    assert_eq!(superuser, "off", "RDS gives nobody a superuser");
    let root = cloud.stop().await;

    let cloud = TestCloud::resume(root, 1.0).await;
    let again = instance(&cloud, "main").await;
    assert_eq!(again["DBInstanceStatus"], "available");
    assert_eq!(again["Endpoint"], shown["Endpoint"]);
    let mut connection = connect(&again, "correct-horse").await.unwrap();
    assert_eq!(text(&mut connection, "select a from t").await, "kept");
    cloud.stop().await;
}

#[tokio::test]
async fn another_class_interrupts_and_comes_back_larger() {
    let cloud = TestCloud::start().await;
    ok(&cloud, "rds", "CreateDBInstance", wanted("main")).await;
    let shown = reaches(&cloud, "main", "available").await;
    let mut connection = connect(&shown, "correct-horse").await.unwrap();
    let change = |class: &str, now: bool| {
        json!({
            "DBInstanceIdentifier": "main", "DBInstanceClass": class, "ApplyImmediately": now,
        })
    };
    let wrong = refused(&cloud, "rds", "ModifyDBInstance", change("db.foo", true)).await;
    assert_eq!(wrong.message, "Invalid DB Instance class: db.foo");
    ok(
        &cloud,
        "rds",
        "ModifyDBInstance",
        change("db.t4g.medium", false),
    )
    .await;
    let waits = instance(&cloud, "main").await;
    assert_eq!(waits["DBInstanceClass"], "db.t4g.micro");
    assert_eq!(
        waits["PendingModifiedValues"]["DBInstanceClass"],
        "db.t4g.medium"
    );
    assert_eq!(
        text(&mut connection, "select 'still here'").await,
        "still here"
    );
    let answer = ok(
        &cloud,
        "rds",
        "ModifyDBInstance",
        change("db.t4g.small", true),
    )
    .await;
    assert_eq!(answer["DBInstance"]["DBInstanceStatus"], "modifying");
    let pending = &answer["DBInstance"]["PendingModifiedValues"];
    assert_eq!(pending["DBInstanceClass"], "db.t4g.small");
    let busy = refused(
        &cloud,
        "rds",
        "ModifyDBInstance",
        change("db.t4g.large", true),
    )
    .await;
    assert_eq!(busy.code, "InvalidDBInstanceState");
    let shown = reaches(&cloud, "main", "available").await;
    assert_eq!(shown["DBInstanceClass"], "db.t4g.small");
    assert_eq!(shown["PendingModifiedValues"], json!({}));
    let cut_off = sqlx::query_scalar::<_, i32>("select 1")
        .fetch_one(&mut connection)
        .await;
    assert!(
        cut_off.is_err(),
        "the connection survived a change of class"
    );
    let mut connection = connect(&shown, "correct-horse").await.unwrap();
    assert_eq!(text(&mut connection, "show max_connections").await, "225");
    cloud.stop().await;
}

#[tokio::test]
async fn parameters_stopping_and_a_new_password_are_real() {
    let cloud = TestCloud::start().await;
    let group = json!({
        "DBParameterGroupName": "p", "DBParameterGroupFamily": "postgres15", "Description": "d",
    });
    ok(&cloud, "rds", "CreateDBParameterGroup", group).await;
    let set = |value: &str| {
        json!({
            "DBParameterGroupName": "p",
            "Parameters": [
                { "ParameterName": "log_min_duration_statement", "ParameterValue": value, "ApplyMethod": "immediate" },
                { "ParameterName": "max_prepared_transactions", "ParameterValue": "7", "ApplyMethod": "pending-reboot" },
                { "ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate" },
            ],
        })
    };
    ok(&cloud, "rds", "ModifyDBParameterGroup", set("1000")).await;
    let mut input = wanted("main");
    input["DBParameterGroupName"] = json!("p");
    ok(&cloud, "rds", "CreateDBInstance", input).await;
    let shown = reaches(&cloud, "main", "available").await;
    let mut connection = connect(&shown, "correct-horse").await.unwrap();
    assert_eq!(
        text(&mut connection, "show log_min_duration_statement").await,
        "1s"
    );
    assert_eq!(
        text(&mut connection, "show max_prepared_transactions").await,
        "7"
    );
    ok(&cloud, "rds", "ModifyDBParameterGroup", set("250")).await;
    let started = Instant::now();
    while text(&mut connection, "show log_min_duration_statement").await != "250ms" {
        assert!(started.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let used = refused(
        &cloud,
        "rds",
        "DeleteDBParameterGroup",
        json!({ "DBParameterGroupName": "p" }),
    )
    .await;
    assert_eq!(used.code, "InvalidDBParameterGroupState");

    let input = json!({ "DBInstanceIdentifier": "main", "MasterUserPassword": "battery-staple" });
    reaches(&cloud, "main", "available").await;
    ok(&cloud, "rds", "ModifyDBInstance", input).await;
    applied(&cloud, "main").await;
    assert!(connect(&shown, "correct-horse").await.is_err());
    assert!(connect(&shown, "battery-staple").await.is_ok());

    let named = json!({ "DBInstanceIdentifier": "main" });
    ok(&cloud, "rds", "StopDBInstance", named.clone()).await;
    reaches(&cloud, "main", "stopped").await;
    assert!(connect(&shown, "battery-staple").await.is_err());
    ok(&cloud, "rds", "StartDBInstance", named).await;
    let shown = reaches(&cloud, "main", "available").await;
    assert!(connect(&shown, "battery-staple").await.is_ok());
    cloud.stop().await;
}

#[tokio::test]
async fn parameters_the_server_does_not_take_are_shown_and_can_be_mended() {
    let cloud = TestCloud::start().await;
    let group = json!({
        "DBParameterGroupName": "p", "DBParameterGroupFamily": "postgres15", "Description": "d",
    });
    ok(&cloud, "rds", "CreateDBParameterGroup", group).await;
    let set = |value: &str| {
        json!({
            "DBParameterGroupName": "p",
            "Parameters": [{
                "ParameterName": "work_mem", "ParameterValue": value, "ApplyMethod": "immediate",
            }],
        })
    };
    ok(&cloud, "rds", "ModifyDBParameterGroup", set("plenty")).await;
    let mut input = wanted("main");
    input["DBParameterGroupName"] = json!("p");
    ok(&cloud, "rds", "CreateDBInstance", input).await;
    reaches(&cloud, "main", "incompatible-parameters").await;
    let root = cloud.stop().await;

    let cloud = TestCloud::resume(root, 1.0).await;
    let shown = instance(&cloud, "main").await;
    assert_eq!(shown["DBInstanceStatus"], "incompatible-parameters");
    ok(&cloud, "rds", "ModifyDBParameterGroup", set("8192")).await;
    let shown = reaches(&cloud, "main", "available").await;
    let mut connection = connect(&shown, "correct-horse").await.unwrap();
    assert_eq!(text(&mut connection, "show work_mem").await, "8MB");
    cloud.stop().await;
}

#[tokio::test]
async fn deleting_is_guarded_and_the_last_snapshot_can_be_restored() {
    let cloud = TestCloud::start().await;
    let mut input = wanted("main");
    input["DeletionProtection"] = json!("true");
    ok(&cloud, "rds", "CreateDBInstance", input).await;
    let shown = reaches(&cloud, "main", "available").await;
    let mut connection = connect(&shown, "correct-horse").await.unwrap();
    sqlx::raw_sql("create table t (a text); insert into t values ('kept')")
        .execute(&mut connection)
        .await
        .unwrap();
    let snapshot = json!({ "DBSnapshotIdentifier": "live", "DBInstanceIdentifier": "main" });
    ok(&cloud, "rds", "CreateDBSnapshot", snapshot).await;
    let started = Instant::now();
    while snapshots(&cloud).await != ["available"] {
        assert!(started.elapsed() < Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sqlx::raw_sql("insert into t values ('later')")
        .execute(&mut connection)
        .await
        .unwrap();
    let delete = json!({ "DBInstanceIdentifier": "main", "FinalDBSnapshotIdentifier": "last" });
    let guarded = refused(&cloud, "rds", "DeleteDBInstance", delete.clone()).await;
    assert!(
        guarded
            .message
            .contains("Cannot delete protected DB Instance"),
        "{guarded}"
    );
    let open = json!({ "DBInstanceIdentifier": "main", "DeletionProtection": false });
    ok(&cloud, "rds", "ModifyDBInstance", open).await;
    let neither = json!({ "DBInstanceIdentifier": "main" });
    let neither = refused(&cloud, "rds", "DeleteDBInstance", neither).await;
    assert!(
        neither
            .message
            .contains("FinalDBSnapshotIdentifier is required"),
        "{neither}"
    );
    ok(&cloud, "rds", "DeleteDBInstance", delete).await;
    let named = json!({ "DBInstanceIdentifier": "main" });
    assert_eq!(
        gone(&cloud, "DescribeDBInstances", &named).await.code,
        "DBInstanceNotFound"
    );
    assert!(connect(&shown, "correct-horse").await.is_err());

    assert_eq!(snapshots(&cloud).await, ["available", "available"]);
    for (snapshot, rows) in [("last", 2_i64), ("live", 1)] {
        let restore = json!({ "DBInstanceIdentifier": snapshot, "DBSnapshotIdentifier": snapshot });
        ok(&cloud, "rds", "RestoreDBInstanceFromDBSnapshot", restore).await;
        let shown = reaches(&cloud, snapshot, "available").await;
        let mut connection = connect(&shown, "correct-horse").await.unwrap();
        let count: i64 = sqlx::query_scalar("select count(*) from t")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(count, rows, "{snapshot}");
    }
    cloud.stop().await;
}

#[tokio::test]
async fn an_aurora_cluster_serves_through_its_writer_and_fails_over() {
    let cloud = TestCloud::start().await;
    let cluster = json!({
        "DBClusterIdentifier": "c", "Engine": "aurora-postgresql", "DatabaseName": "spoke",
        "MasterUsername": "spoke", "MasterUserPassword": "correct-horse", "Port": "5432",
        "ServerlessV2ScalingConfiguration": { "MinCapacity": "0.5", "MaxCapacity": "2" },
    });
    let created = ok(&cloud, "rds", "CreateDBCluster", cluster).await["DBCluster"].clone();
    for id in ["c-1", "c-2"] {
        let member = json!({
            "DBInstanceIdentifier": id, "DBClusterIdentifier": "c",
            "Engine": "aurora-postgresql", "DBInstanceClass": "db.serverless",
        });
        ok(&cloud, "rds", "CreateDBInstance", member).await;
        reaches(&cloud, id, "available").await;
    }
    let endpoint = json!({ "Endpoint": { "Port": created["Port"] } });
    let mut connection = connect(&endpoint, "correct-horse").await.unwrap();
    // Two units are 4 GiB.
    assert_eq!(text(&mut connection, "show max_connections").await, "450");
    ok(
        &cloud,
        "rds",
        "FailoverDBCluster",
        json!({ "DBClusterIdentifier": "c" }),
    )
    .await;
    reaches(&cloud, "c-2", "available").await;
    let started = Instant::now();
    let shown = loop {
        let shown =
            ok(&cloud, "rds", "DescribeDBClusters", json!({})).await["DBClusters"][0].clone();
        if shown["Status"] == "available" {
            break shown;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{shown}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(shown["DBClusterMembers"][0]["DBInstanceIdentifier"], "c-2");
    assert!(
        sqlx::query("select 1")
            .execute(&mut connection)
            .await
            .is_err()
    );
    assert!(connect(&endpoint, "correct-horse").await.is_ok());
    let early = json!({ "DBClusterIdentifier": "c", "SkipFinalSnapshot": true });
    let early = refused(&cloud, "rds", "DeleteDBCluster", early).await;
    assert_eq!(early.code, "InvalidDBClusterStateFault");
    cloud.stop().await;
}

#[tokio::test]
async fn a_subnet_group_covers_two_zones() {
    let cloud = TestCloud::start().await;
    let vpc = ok(
        &cloud,
        "ec2",
        "CreateVpc",
        json!({ "CidrBlock": "10.0.0.0/16" }),
    )
    .await;
    let vpc = vpc["Vpc"]["VpcId"].clone();
    let mut subnets = Vec::new();
    for (block, zone) in [("10.0.0.0/24", "us-east-1a"), ("10.0.1.0/24", "us-east-1b")] {
        let input = json!({ "VpcId": vpc, "CidrBlock": block, "AvailabilityZone": zone });
        let subnet = ok(&cloud, "ec2", "CreateSubnet", input).await;
        subnets.push(subnet["Subnet"]["SubnetId"].clone());
    }
    let group = |subnets: &[Value]| {
        json!({
            "DBSubnetGroupName": "g", "DBSubnetGroupDescription": "d", "SubnetIds": subnets,
        })
    };
    let one = refused(&cloud, "rds", "CreateDBSubnetGroup", group(&subnets[..1])).await;
    assert_eq!(one.code, "DBSubnetGroupDoesNotCoverEnoughAZs");
    let none = refused(
        &cloud,
        "rds",
        "CreateDBSubnetGroup",
        group(&[json!("subnet-0")]),
    )
    .await;
    assert_eq!(none.code, "InvalidSubnet");
    let made = ok(&cloud, "rds", "CreateDBSubnetGroup", group(&subnets)).await;
    assert_eq!(made["DBSubnetGroup"]["VpcId"], vpc);
    cloud.stop().await;
}

async fn cache(cloud: &TestCloud, id: &str) -> Value {
    let started = Instant::now();
    loop {
        let input = json!({ "ReplicationGroupId": id });
        let shown = ok(cloud, "elasticache", "DescribeReplicationGroups", input).await;
        let shown = shown["ReplicationGroups"][0].clone();
        if shown["Status"] == "available" {
            return shown;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{shown}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_cache_wants_its_token_survives_and_can_be_stopped() {
    let cloud = TestCloud::start().await;
    let token = "sixteen-characters";
    let mut input = json!({
        "ReplicationGroupId": "Cache", "ReplicationGroupDescription": "d", "Engine": "valkey",
        "CacheNodeType": "cache.t4g.micro", "NumCacheClusters": "2", "AuthToken": token,
        "AutomaticFailoverEnabled": "true", "TransitEncryptionEnabled": "true",
    });
    let tls = refused(
        &cloud,
        "elasticache",
        "CreateReplicationGroup",
        input.clone(),
    )
    .await;
    assert!(
        tls.message
            .contains("set TransitEncryptionEnabled to false"),
        "{tls}"
    );
    input["TransitEncryptionEnabled"] = json!("false");
    ok(&cloud, "elasticache", "CreateReplicationGroup", input).await;
    let shown = cache(&cloud, "cache").await;
    assert_eq!(shown["MemberClusters"], json!(["cache-001", "cache-002"]));
    let port = shown["NodeGroups"][0]["PrimaryEndpoint"]["Port"]
        .as_u64()
        .unwrap();
    let port = u16::try_from(port).unwrap();
    let mut nobody = Connection::open(port, None).await.unwrap();
    assert!(nobody.command(&["GET", "a"]).await.is_err());
    let mut connection = Connection::open(port, Some(token)).await.unwrap();
    connection.command(&["SET", "a", "kept"]).await.unwrap();
    let root = cloud.stop().await;

    let cloud = TestCloud::resume(root, 1.0).await;
    let mut connection = Connection::open(port, Some(token)).await.unwrap();
    assert_eq!(
        connection.command(&["GET", "a"]).await.unwrap().as_deref(),
        Some("kept")
    );
    services::elasticache::stop_group(cloud.cloud.cloud(), "cache")
        .await
        .unwrap();
    assert!(Connection::open(port, Some(token)).await.is_err());
    services::elasticache::start_group(cloud.cloud.cloud(), "cache")
        .await
        .unwrap();
    let mut connection = Connection::open(port, Some(token)).await.unwrap();
    assert_eq!(
        connection.command(&["GET", "a"]).await.unwrap().as_deref(),
        Some("kept")
    );
    ok(
        &cloud,
        "elasticache",
        "DeleteReplicationGroup",
        json!({ "ReplicationGroupId": "cache" }),
    )
    .await;
    let named = json!({ "ReplicationGroupId": "cache" });
    let error = gone(&cloud, "DescribeReplicationGroups", &named).await;
    assert_eq!(error.code, "ReplicationGroupNotFoundFault");
    cloud.stop().await;
}

/// What is wrong with the folder is told, and nothing is left running.
#[tokio::test]
async fn a_broken_database_folder_is_told_when_the_cloud_starts() {
    let cloud = TestCloud::start().await;
    ok(&cloud, "rds", "CreateDBInstance", wanted("main")).await;
    reaches(&cloud, "main", "available").await;
    let root = cloud.stop().await;
    let folder = root.path().join("databases/instance-main/data");
    std::fs::remove_dir_all(folder.join("global")).unwrap();
    let options = Options::new(root.path());
    let error = LocalCloud::start(options).await.err().unwrap();
    let told = format!("{error:#}");
    assert!(told.contains("instance-main"), "{told}");
    assert!(
        told.contains("not a whole PostgreSQL data folder"),
        "{told}"
    );
}
