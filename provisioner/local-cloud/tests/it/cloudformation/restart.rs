//! A cloud that stops in the middle of an operation finds it when it starts again.

use std::time::Duration;

use serde_json::json;

use super::Stacks;
use crate::client::TestCloud;

fn slow(stacks: &Stacks<'_>, operation: &str) {
    let fault = json!({ "service": "*", "operation": operation, "delaySeconds": 600.0 });
    stacks
        .cloud
        .faults
        .add(serde_json::from_value(fault).unwrap());
}

async fn reaches(stacks: &Stacks<'_>, stack: &str, event: &str) {
    while !stacks.events(stack).await.contains(&event.to_owned()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_creation_that_was_interrupted_is_rolled_back() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let template = "
Resources:
  First: { Type: AWS::S3::Bucket, Properties: { BucketName: first } }
  Second:
    Type: AWS::EC2::VPC
    DependsOn: First
    Properties: { CidrBlock: 10.0.0.0/16 }
";
    slow(&stacks, "CreateVpc");
    stacks.change_set("s", "CREATE", template, &[]).await;
    stacks.execute("s").await;
    reaches(&stacks, "s", "Second CREATE_IN_PROGRESS").await;
    let root = cloud.stop().await;
    let cloud = TestCloud::resume(root, 1.0).await;
    let stacks = Stacks::of(&cloud);
    assert_eq!(stacks.settled("s").await, "ROLLBACK_COMPLETE");
    assert!(!stacks.bucket_exists("first").await);
    cloud.stop().await;
}

#[tokio::test]
async fn an_update_that_was_interrupted_is_taken_back() {
    let template = |name: &str, versioning: &str, dns: bool| {
        format!(
            "
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {{ BucketName: stays, VersioningConfiguration: {{ Status: {versioning} }} }}
  Moved: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: {name} }} }}
  Vpc:
    Type: AWS::EC2::VPC
    DependsOn: [Bucket, Moved]
    Properties: {{ CidrBlock: 10.0.0.0/16, EnableDnsHostnames: {dns} }}
"
        )
    };
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    stacks
        .create("s", &template("first", "Enabled", true))
        .await;
    slow(&stacks, "ModifyVpcAttribute");
    stacks
        .change_set("s", "UPDATE", &template("second", "Suspended", false), &[])
        .await;
    stacks.execute("s").await;
    reaches(&stacks, "s", "Vpc UPDATE_IN_PROGRESS").await;
    let root = cloud.stop().await;
    let cloud = TestCloud::resume(root, 1.0).await;
    let stacks = Stacks::of(&cloud);
    assert_eq!(stacks.settled("s").await, "UPDATE_ROLLBACK_COMPLETE");
    assert!(stacks.bucket_exists("first").await && !stacks.bucket_exists("second").await);
    let input = json!({ "Bucket": "stays" });
    let versioning = stacks
        .other("s3", "GetBucketVersioning", input)
        .await
        .unwrap();
    assert_eq!(versioning["Status"], "Enabled");
    let change_set = stacks.described("s").await;
    assert_eq!(change_set["ExecutionStatus"], "EXECUTE_FAILED");
    cloud.stop().await;
}
