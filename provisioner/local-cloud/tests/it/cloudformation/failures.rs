//! What fails goes back to where it was, really.

use serde_json::json;

use super::Stacks;
use crate::client::TestCloud;

#[tokio::test]
async fn a_failed_creation_takes_everything_back() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let template = "
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: was-here } }
  Outside:
    Type: AWS::EC2::Subnet
    DependsOn: Bucket
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.1.0.0/24 }
";
    assert_eq!(stacks.create("bad", template).await, "ROLLBACK_COMPLETE");
    let reason = stacks.reason("bad", "Outside", "CREATE_FAILED").await;
    assert!(
        reason.contains("The CIDR '10.1.0.0/24' is invalid."),
        "{reason}"
    );
    let reason = stacks.reason("bad", "bad", "ROLLBACK_IN_PROGRESS").await;
    let words =
        "The following resource(s) failed to create: [Outside]. Rollback requested by user.";
    assert_eq!(reason, words);
    assert!(!stacks.bucket_exists("was-here").await);
    let vpcs = stacks
        .other("ec2", "DescribeVpcs", json!({}))
        .await
        .unwrap();
    assert_eq!(vpcs["Vpcs"], json!([]));
    let input = json!({ "StackName": "bad", "TemplateBody": template });
    let refused = stacks.refused("UpdateStack", input).await;
    assert!(
        refused.contains("is in ROLLBACK_COMPLETE state and can not be updated"),
        "{refused}"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_not_deleted_by_the_roll_back() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let theirs = json!({ "Bucket": "somebody-elses" });
    stacks.other("s3", "CreateBucket", theirs).await.unwrap();
    let template = "
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: somebody-elses } }
";
    assert_eq!(stacks.create("bad", template).await, "ROLLBACK_COMPLETE");
    assert!(stacks.bucket_exists("somebody-elses").await);
    cloud.stop().await;
}

fn template(versioning: &str, new: &str, cidr: &str) -> String {
    format!(
        "
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: changes
      VersioningConfiguration: {{ Status: {versioning} }}
  Moved: {{ Type: AWS::S3::Bucket, Properties: {{ BucketName: {new} }} }}
  Vpc: {{ Type: AWS::EC2::VPC, Properties: {{ CidrBlock: 10.0.0.0/16 }} }}
  Subnet:
    Type: AWS::EC2::Subnet
    DependsOn: [Bucket, Moved]
    Properties: {{ VpcId: !Ref Vpc, CidrBlock: {cidr} }}
Outputs:
  Moved: {{ Value: !Ref Moved }}
"
    )
}

#[tokio::test]
async fn a_failed_update_restores_values_and_resources() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let good = template("Enabled", "moved-1", "10.0.1.0/24");
    assert_eq!(stacks.create("u", &good).await, "CREATE_COMPLETE");
    let subnet = stacks.physical("u", "Subnet").await;
    let bad = template("Suspended", "moved-2", "10.9.0.0/24");
    assert_eq!(stacks.update("u", &bad).await, "UPDATE_ROLLBACK_COMPLETE");
    let input = json!({ "Bucket": "changes" });
    let versioning = stacks
        .other("s3", "GetBucketVersioning", input)
        .await
        .unwrap();
    assert_eq!(versioning["Status"], "Enabled");
    assert!(stacks.bucket_exists("moved-1").await && !stacks.bucket_exists("moved-2").await);
    assert_eq!(stacks.physical("u", "Subnet").await, subnet);
    assert_eq!(stacks.output("u", "Moved").await, "moved-1");
    let body = stacks.ok("GetTemplate", json!({ "StackName": "u" })).await;
    assert_eq!(body["TemplateBody"], good);
    // Nothing is left to change: the stack really is what its template says.
    let again = stacks.change_set("u", "UPDATE", &good, &[]).await;
    assert_eq!(again["Status"], "FAILED", "{again}");
    cloud.stop().await;
}

#[tokio::test]
async fn a_stack_policy_guards_what_it_names() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let good = template("Enabled", "moved-1", "10.0.1.0/24");
    stacks.create("p", &good).await;
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*",
          "Resource": "LogicalResourceId/Moved" },
    ]});
    let input = json!({ "StackName": "p", "StackPolicyBody": policy.to_string() });
    stacks.ok("SetStackPolicy", input).await;
    let replaces = template("Suspended", "moved-2", "10.0.1.0/24");
    assert_eq!(
        stacks.update("p", &replaces).await,
        "UPDATE_ROLLBACK_COMPLETE"
    );
    let reason = stacks.reason("p", "Moved", "UPDATE_FAILED").await;
    assert!(reason.contains("Action denied by stack policy"), "{reason}");
    assert!(stacks.bucket_exists("moved-1").await);
    let removes = good
        .lines()
        .filter(|line| !line.contains("Moved"))
        .collect::<Vec<_>>()
        .join("\n");
    let removes = removes.replace("Outputs:", "");
    assert_eq!(
        stacks.update("p", &removes).await,
        "UPDATE_ROLLBACK_COMPLETE"
    );
    assert!(stacks.bucket_exists("moved-1").await);
    let allowed = template("Suspended", "moved-1", "10.0.1.0/24");
    assert_eq!(stacks.update("p", &allowed).await, "UPDATE_COMPLETE");
    cloud.stop().await;
}

#[tokio::test]
async fn a_failed_roll_back_can_be_continued_without_what_fails() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    stacks
        .create("f", &template("Enabled", "moved-1", "10.0.1.0/24"))
        .await;
    // The update suspends versioning, then fails; by then the way back is barred.
    let bad = template("Suspended", "moved-1", "10.9.0.0/24");
    stacks.change_set("f", "UPDATE", &bad, &[]).await;
    let fault: local_cloud::faults::Fault = serde_json::from_value(json!({
        "service": "ec2", "operation": "CreateSubnet", "delaySeconds": 0.5,
    }))
    .unwrap();
    stacks.cloud.faults.add(fault);
    stacks.execute("f").await;
    loop {
        if stacks
            .events("f")
            .await
            .contains(&"Bucket UPDATE_COMPLETE".to_owned())
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let fault: local_cloud::faults::Fault = serde_json::from_value(json!({
        "service": "s3", "operation": "PutBucketVersioning",
        "error": { "code": "AccessDenied", "message": "no", "status": 403 },
    }))
    .unwrap();
    stacks.cloud.faults.add(fault);
    assert_eq!(stacks.settled("f").await, "UPDATE_ROLLBACK_FAILED");
    let input = json!({ "StackName": "f" });
    stacks.ok("ContinueUpdateRollback", input).await;
    assert_eq!(stacks.settled("f").await, "UPDATE_ROLLBACK_FAILED");
    let input = json!({ "StackName": "f", "ResourcesToSkip": ["Subnet"] });
    assert!(
        stacks
            .refused("ContinueUpdateRollback", input)
            .await
            .contains("Subnet")
    );
    let input = json!({ "StackName": "f", "ResourcesToSkip": ["Bucket"] });
    stacks.ok("ContinueUpdateRollback", input).await;
    assert_eq!(stacks.settled("f").await, "UPDATE_ROLLBACK_COMPLETE");
    cloud.stop().await;
}
