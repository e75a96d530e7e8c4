//! A stack's life: made, changed, taken down.

use serde_json::json;

use super::{Stacks, change, changed};
use crate::client::TestCloud;

const NETWORK: &str = r#"
Parameters:
  Cidr:
    Type: String
    Default: 10.0.0.0/16
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref Cidr
      EnableDnsHostnames: "true"
  Gateway:
    Type: AWS::EC2::InternetGateway
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: { VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway }
  Routes:
    Type: AWS::EC2::RouteTable
    Properties: { VpcId: !Ref Vpc }
  Out:
    Type: AWS::EC2::Route
    DependsOn: Attachment
    Properties:
      RouteTableId: !Ref Routes
      DestinationCidrBlock: 0.0.0.0/0
      GatewayId: !Ref Gateway
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      AvailabilityZone: !Select [1, !GetAZs ""]
      CidrBlock: !Select [2, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      Tags: [{ Key: Name, Value: !Sub "${AWS::StackName}-a" }]
  Association:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: { SubnetId: !Ref Subnet, RouteTableId: !Ref Routes }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: functions
      VpcId: !Ref Vpc
      SecurityGroupEgress:
        - { IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0 }
  Database:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: database, VpcId: !Ref Vpc }
  FromFunctions:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !Ref Database
      SourceSecurityGroupId: !Ref Group
      IpProtocol: tcp
      FromPort: 5432
      ToPort: 5432
Outputs:
  Vpc:
    Value: !Ref Vpc
    Export: { Name: !Sub "${AWS::StackName}-vpc" }
  Cidr:
    Value: !GetAtt Subnet.CidrBlock
"#;

#[tokio::test]
async fn a_network_is_made_looked_at_and_taken_down() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let planned = stacks.change_set("net", "CREATE", NETWORK, &[]).await;
    assert_eq!(planned["Status"], "CREATE_COMPLETE");
    assert_eq!(planned["ExecutionStatus"], "AVAILABLE");
    assert_eq!(changed(&planned).len(), 10);
    assert_eq!(change(&planned, "Vpc")["Action"], "Add");
    assert_eq!(
        stacks.stack("net").await["StackStatus"],
        "REVIEW_IN_PROGRESS"
    );
    stacks.execute("net").await;
    assert_eq!(stacks.settled("net").await, "CREATE_COMPLETE");
    assert_eq!(stacks.output("net", "Cidr").await, "10.0.2.0/24");
    let events = stacks.events("net").await;
    let at = |event: &str| events.iter().position(|other| other == event).unwrap();
    assert!(at("Vpc CREATE_COMPLETE") < at("Subnet CREATE_IN_PROGRESS"));
    assert!(at("Attachment CREATE_COMPLETE") < at("Out CREATE_IN_PROGRESS"));
    assert_eq!(events.last().unwrap(), "net CREATE_COMPLETE");

    let id = stacks.stack("net").await["StackId"]
        .as_str()
        .unwrap()
        .to_owned();
    let vpc = stacks.output("net", "Vpc").await;
    stacks
        .ok("DeleteStack", json!({ "StackName": "net" }))
        .await;
    assert_eq!(stacks.settled(&id).await, "DELETE_COMPLETE");
    let gone = stacks
        .other("ec2", "DescribeVpcs", json!({ "VpcIds": [vpc] }))
        .await;
    assert_eq!(gone.unwrap_err().code, "InvalidVpcID.NotFound");
    let missing = stacks
        .refused("DescribeStacks", json!({ "StackName": "net" }))
        .await;
    assert_eq!(missing, "Stack with id net does not exist");
    cloud.stop().await;
}

fn buckets(first: &str, second: &str, versioning: &str) -> String {
    format!(
        r"
Resources:
  Kept:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: {first}
      VersioningConfiguration: {{ Status: {versioning} }}
  Other:
    Type: AWS::S3::Bucket
    Properties: {{ BucketName: {second} }}
Outputs:
  Kept: {{ Value: !GetAtt Kept.Arn }}
"
    )
}

#[tokio::test]
async fn an_update_changes_in_place_replaces_and_cleans_up() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let created = stacks
        .create("b", &buckets("kept-1", "other-1", "Enabled"))
        .await;
    assert_eq!(created, "CREATE_COMPLETE");
    let planned = stacks
        .change_set(
            "b",
            "UPDATE",
            &buckets("kept-1", "other-2", "Suspended"),
            &[],
        )
        .await;
    let kept = change(&planned, "Kept");
    assert_eq!(
        (&kept["Action"], &kept["Replacement"]),
        (&json!("Modify"), &json!("False"))
    );
    assert_eq!(
        kept["Details"][0]["Target"]["Name"],
        "VersioningConfiguration"
    );
    assert_eq!(kept["Details"][0]["ChangeSource"], "DirectModification");
    let other = change(&planned, "Other");
    assert_eq!(
        (&other["Action"], &other["Replacement"]),
        (&json!("Modify"), &json!("True"))
    );
    assert_eq!(
        other["Details"][0]["Target"]["RequiresRecreation"],
        "Always"
    );
    assert_eq!(other["Details"][0]["Target"]["BeforeValue"], "other-1");
    assert_eq!(other["Details"][0]["Target"]["AfterValue"], "other-2");
    stacks.execute("b").await;
    assert_eq!(stacks.settled("b").await, "UPDATE_COMPLETE");
    let events = stacks.events("b").await;
    let at = |event: &str| events.iter().rposition(|other| other == event).unwrap();
    assert!(at("b UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") < at("Other DELETE_IN_PROGRESS"));
    assert!(stacks.bucket_exists("other-2").await && !stacks.bucket_exists("other-1").await);
    let input = json!({ "Bucket": "kept-1" });
    let versioning = stacks
        .other("s3", "GetBucketVersioning", input)
        .await
        .unwrap();
    assert_eq!(versioning["Status"], "Suspended");
    cloud.stop().await;
}

#[tokio::test]
async fn a_change_set_without_changes_fails_in_awss_words() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let template = buckets("kept-1", "other-1", "Enabled");
    stacks.create("b", &template).await;
    let planned = stacks.change_set("b", "UPDATE", &template, &[]).await;
    assert_eq!(planned["Status"], "FAILED");
    assert_eq!(planned["ExecutionStatus"], "UNAVAILABLE");
    let reason = "The submitted information didn't contain changes. Submit different information \
                  to create a change set.";
    assert_eq!(planned["StatusReason"], reason);
    let input = json!({ "StackName": "b", "ChangeSetName": "c" });
    assert!(
        stacks
            .refused("ExecuteChangeSet", input)
            .await
            .contains("cannot be executed")
    );
    let input = json!({ "StackName": "b", "TemplateBody": template });
    assert_eq!(
        stacks.refused("UpdateStack", input).await,
        "No updates are to be performed."
    );
    cloud.stop().await;
}

#[tokio::test]
async fn what_a_template_retains_stays_when_the_stack_goes() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let template = "
Resources:
  Kept: { Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: { BucketName: kept-1 } }
  Gone: { Type: AWS::S3::Bucket, Properties: { BucketName: gone-1 } }
";
    stacks.create("r", template).await;
    let id = stacks.stack("r").await["StackId"]
        .as_str()
        .unwrap()
        .to_owned();
    let protect = json!({ "StackName": "r", "EnableTerminationProtection": true });
    stacks.ok("UpdateTerminationProtection", protect).await;
    let refused = stacks
        .refused("DeleteStack", json!({ "StackName": "r" }))
        .await;
    assert!(
        refused.contains("TerminationProtection is enabled"),
        "{refused}"
    );
    let unprotect = json!({ "StackName": "r", "EnableTerminationProtection": "false" });
    stacks.ok("UpdateTerminationProtection", unprotect).await;
    stacks.ok("DeleteStack", json!({ "StackName": "r" })).await;
    assert_eq!(stacks.settled(&id).await, "DELETE_COMPLETE");
    assert!(stacks.bucket_exists("kept-1").await && !stacks.bucket_exists("gone-1").await);
    assert!(
        stacks
            .events(&id)
            .await
            .contains(&"Kept DELETE_SKIPPED".to_owned())
    );
    cloud.stop().await;
}

#[tokio::test]
async fn exports_in_use_hold_their_stack() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let exporter = |name: &str| {
        format!(
            "
Resources:
  Bucket: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: {name} }} }}
Outputs:
  Name: {{ Value: !Ref Bucket, Export: {{ Name: shared-name }} }}
"
        )
    };
    let importer = "
Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !ImportValue shared-name
      PolicyDocument: { Version: '2012-10-17', Statement: [] }
";
    let refused = stacks
        .refused(
            "CreateStack",
            json!({ "StackName": "user", "TemplateBody": importer }),
        )
        .await;
    assert_eq!(refused, "No export named shared-name found.");
    assert_eq!(
        stacks.create("owner", &exporter("shared-1")).await,
        "CREATE_COMPLETE"
    );
    assert_eq!(stacks.create("user", importer).await, "CREATE_COMPLETE");
    let imports = stacks
        .ok("ListImports", json!({ "ExportName": "shared-name" }))
        .await;
    assert_eq!(imports["Imports"], json!(["user"]));

    stacks
        .ok("DeleteStack", json!({ "StackName": "owner" }))
        .await;
    let owner = stacks.stack("owner").await;
    assert_eq!(owner["StackStatus"], "CREATE_COMPLETE");
    let reason = "Export shared-name cannot be deleted as it is in use by user";
    assert_eq!(owner["StackStatusReason"], reason);

    let updated = stacks.update("owner", &exporter("shared-2")).await;
    assert_eq!(updated, "UPDATE_ROLLBACK_COMPLETE");
    let reason = stacks
        .reason("owner", "owner", "UPDATE_ROLLBACK_IN_PROGRESS")
        .await;
    assert_eq!(
        reason,
        "Export shared-name cannot be updated as it is in use by user"
    );
    assert_eq!(stacks.output("owner", "Name").await, "shared-1");
    assert!(stacks.bucket_exists("shared-1").await && !stacks.bucket_exists("shared-2").await);
    cloud.stop().await;
}
