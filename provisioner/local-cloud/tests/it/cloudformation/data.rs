//! A stack of databases, caches and secrets: what comes out of it can be connected to.

use serde_json::{Value, json};
use sqlx::Connection as _;

use super::{Stacks, change, changed};
use crate::client::TestCloud;

fn template(class: &str, statement: &str) -> String {
    format!(
        r#"
Resources:
  Vpc: {{ Type: AWS::EC2::VPC, Properties: {{ CidrBlock: 10.0.0.0/16 }} }}
  First:
    Type: AWS::EC2::Subnet
    Properties: {{ VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: !Select [0, !GetAZs ""] }}
  Second:
    Type: AWS::EC2::Subnet
    Properties: {{ VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: !Select [1, !GetAZs ""] }}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {{ GroupDescription: database, VpcId: !Ref Vpc }}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: database
      GenerateSecretString:
        SecretStringTemplate: '{{"username":"spoke"}}'
        GenerateStringKey: password
        PasswordLength: 40
        ExcludePunctuation: true
  Subnets:
    Type: AWS::RDS::DBSubnetGroup
    Properties: {{ DBSubnetGroupDescription: private, SubnetIds: [!Ref First, !Ref Second] }}
  Parameters:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Description: ours
      Family: postgres17
      Parameters: {{ rds.force_ssl: "0", log_min_duration_statement: {statement} }}
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Snapshot
    Properties:
      DBInstanceIdentifier: spoke-test
      Engine: postgres
      EngineVersion: "17.5"
      DBInstanceClass: {class}
      DBName: spoke
      MasterUsername: spoke
      MasterUserPassword: !Sub "{{{{resolve:secretsmanager:${{Secret}}:SecretString:password}}}}"
      AllocatedStorage: "20"
      StorageType: gp3
      StorageEncrypted: true
      MultiAZ: false
      BackupRetentionPeriod: 7
      DeletionProtection: false
      DBParameterGroupName: !Ref Parameters
      DBSubnetGroupName: !Ref Subnets
      VPCSecurityGroups: [!Ref Group]
      EnableCloudwatchLogsExports: [postgresql]
  Attachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {{ SecretId: !Ref Secret, TargetId: !Ref Database, TargetType: AWS::RDS::DBInstance }}
  CacheSubnets:
    Type: AWS::ElastiCache::SubnetGroup
    Properties: {{ CacheSubnetGroupName: spoke-test, Description: private, SubnetIds: [!Ref First] }}
  Cache:
    Type: AWS::ElastiCache::ReplicationGroup
    Properties:
      ReplicationGroupId: spoke-test
      ReplicationGroupDescription: pointer
      Engine: valkey
      CacheNodeType: cache.t4g.micro
      NumCacheClusters: 1
      TransitEncryptionEnabled: false
      AtRestEncryptionEnabled: true
      CacheSubnetGroupName: !Ref CacheSubnets
Outputs:
  Secret: {{ Value: !Ref Secret }}
  Cache: {{ Value: !Sub "redis://${{Cache.PrimaryEndPoint.Address}}:${{Cache.PrimaryEndPoint.Port}}" }}
"#
    )
}

/// Connects as the application would: with what the secret says.
async fn connect(stacks: &Stacks<'_>) -> sqlx::PgConnection {
    let input = json!({ "SecretId": stacks.output("data", "Secret").await });
    let secret = stacks
        .other("secretsmanager", "GetSecretValue", input)
        .await
        .unwrap();
    let secret: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
    let text = |name: &str| secret[name].as_str().unwrap().to_owned();
    let url = format!(
        "postgres://{}:{}@{}:{}/{}",
        text("username"),
        text("password"),
        text("host"),
        secret["port"],
        text("dbname")
    );
    sqlx::PgConnection::connect(&url).await.unwrap()
}

#[tokio::test]
async fn a_data_stack_can_be_connected_to_resized_and_deleted_with_a_snapshot() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let planned = stacks
        .change_set("data", "CREATE", &template("db.t4g.micro", "1000"), &[])
        .await;
    assert_eq!(planned["Status"], "CREATE_COMPLETE");
    let status = stacks.done("data").await;
    assert_eq!(
        status,
        "CREATE_COMPLETE",
        "{:?}",
        stacks.events("data").await
    );
    let mut connection = connect(&stacks).await;
    let show = "show log_min_duration_statement";
    let set: String = sqlx::query_scalar(show)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(set, "1s");
    let cache = stacks.output("data", "Cache").await;
    let port = cache.rsplit(':').next().unwrap().parse().unwrap();
    local_cloud::parts::redis::connection::info(port, None)
        .await
        .unwrap();
    // The password is nowhere in what CloudFormation tells.
    let events = stacks
        .ok("DescribeStackEvents", json!({ "StackName": "data" }))
        .await;
    assert!(events.to_string().contains("{{resolve:secretsmanager:"));

    let planned = stacks
        .change_set("data", "UPDATE", &template("db.t4g.small", "1000"), &[])
        .await;
    assert_eq!(changed(&planned), ["Database"]);
    let database = change(&planned, "Database");
    assert_eq!(database["Replacement"], "False");
    assert_eq!(database["Details"][0]["Target"]["Name"], "DBInstanceClass");
    assert_eq!(stacks.done("data").await, "UPDATE_COMPLETE");
    let mut connection = connect(&stacks).await;
    let most: String = sqlx::query_scalar("show max_connections")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(most, "225");

    let refused = stacks
        .update("data", &template("db.t4g.tiny", "1000"))
        .await;
    assert_eq!(refused, "UPDATE_ROLLBACK_COMPLETE");
    let reason = stacks.reason("data", "Database", "UPDATE_FAILED").await;
    assert!(
        reason.contains("Invalid DB Instance class: db.t4g.tiny"),
        "{reason}"
    );

    let id = stacks.stack("data").await["StackId"]
        .as_str()
        .unwrap()
        .to_owned();
    stacks
        .ok("DeleteStack", json!({ "StackName": "data" }))
        .await;
    let status = stacks.settled(&id).await;
    assert_eq!(status, "DELETE_COMPLETE", "{:?}", stacks.stack(&id).await);
    let snapshots = stacks
        .other("rds", "DescribeDBSnapshots", json!({}))
        .await
        .unwrap();
    let snapshot = &snapshots["DBSnapshots"][0];
    assert_eq!(snapshot["Status"], "available", "{snapshots}");
    assert_eq!(snapshot["DBInstanceIdentifier"], "spoke-test");
    cloud.stop().await;
}
