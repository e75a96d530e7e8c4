//! The list of changes tells what execution will do, and why.

use serde_json::{Value, json};

use super::{Stacks, change, changed};
use crate::client::TestCloud;

const TEMPLATE: &str = r"
Parameters:
  Cidr: { Type: String, Default: 10.0.0.0/16 }
  Name: { Type: String, Default: one }
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: !Ref Cidr
      Tags: [{ Key: Name, Value: !Ref Name }]
  Routes:
    Type: AWS::EC2::RouteTable
    Properties: { VpcId: !Ref Vpc }
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: !GetAtt Vpc.CidrBlock }
  Bystander: { Type: AWS::S3::Bucket }
";

fn detail<'a>(change: &'a Value, source: &str) -> &'a Value {
    let details = change["Details"].as_array().unwrap();
    let found = details
        .iter()
        .find(|detail| detail["ChangeSource"] == source);
    found.unwrap_or_else(|| panic!("no {source} in {change}"))
}

#[tokio::test]
async fn a_parameter_is_named_as_the_cause_and_others_are_left_alone() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    stacks.create("c", TEMPLATE).await;
    let bystander = stacks.physical("c", "Bystander").await;
    assert!(bystander.starts_with("c-bystander-"), "{bystander}");
    let planned = stacks
        .change_set("c", "UPDATE", TEMPLATE, &[("Name", "two")])
        .await;
    assert_eq!(changed(&planned), ["Vpc"]);
    let vpc = change(&planned, "Vpc");
    assert_eq!(vpc["Replacement"], "False");
    let cause = detail(vpc, "ParameterReference");
    assert_eq!(cause["CausingEntity"], "Name");
    assert_eq!(cause["Evaluation"], "Static");
    assert_eq!(cause["Target"]["Name"], "Tags");
    stacks.execute("c").await;
    assert_eq!(stacks.settled("c").await, "UPDATE_COMPLETE");
    assert_eq!(stacks.physical("c", "Bystander").await, bystander);
    let events = stacks.events("c").await;
    assert!(!events.contains(&"Bystander UPDATE_IN_PROGRESS".to_owned()));
    cloud.stop().await;
}

#[tokio::test]
async fn a_replacement_reaches_what_refers_to_it() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    stacks.create("c", TEMPLATE).await;
    let old = stacks.physical("c", "Vpc").await;
    let planned = stacks
        .change_set("c", "UPDATE", TEMPLATE, &[("Cidr", "10.1.0.0/16")])
        .await;
    assert_eq!(changed(&planned), ["Group", "Routes", "Vpc"]);
    let routes = change(&planned, "Routes");
    assert_eq!(routes["Replacement"], "True");
    assert_eq!(routes["PolicyAction"], "ReplaceAndDelete");
    assert_eq!(detail(routes, "ResourceReference")["CausingEntity"], "Vpc");
    let group = change(&planned, "Group");
    assert_eq!(
        detail(group, "ResourceAttribute")["CausingEntity"],
        "Vpc.CidrBlock"
    );
    assert!(
        routes["AfterContext"]
            .as_str()
            .unwrap()
            .contains("KNOWN_AFTER_APPLY")
    );
    stacks.execute("c").await;
    assert_eq!(stacks.settled("c").await, "UPDATE_COMPLETE");
    let new = stacks.physical("c", "Vpc").await;
    assert_ne!(old, new);
    let vpcs = stacks
        .other("ec2", "DescribeVpcs", json!({}))
        .await
        .unwrap();
    assert_eq!(vpcs["Vpcs"].as_array().unwrap().len(), 1, "{vpcs}");
    assert_eq!(vpcs["Vpcs"][0]["VpcId"], new);
    cloud.stop().await;
}

#[tokio::test]
async fn the_stacks_tags_reach_its_resources() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let input = |tag: &str| {
        json!({
            "StackName": "c", "TemplateBody": TEMPLATE,
            "Tags": [{ "Key": "stage", "Value": tag }],
        })
    };
    stacks.ok("CreateStack", input("test")).await;
    assert_eq!(stacks.settled("c").await, "CREATE_COMPLETE");
    let tagged = json!({ "Filters": [{ "Name": "tag:stage", "Values": ["test"] }] });
    let vpcs = stacks.other("ec2", "DescribeVpcs", tagged).await.unwrap();
    assert_eq!(vpcs["Vpcs"].as_array().unwrap().len(), 1);
    let mut update = input("prod");
    update["ChangeSetName"] = json!("c");
    stacks.ok("CreateChangeSet", update).await;
    let planned = stacks.described("c").await;
    assert_eq!(changed(&planned), ["Bystander", "Group", "Routes", "Vpc"]);
    assert_eq!(change(&planned, "Bystander")["Scope"], json!(["Tags"]));
    stacks.execute("c").await;
    assert_eq!(stacks.settled("c").await, "UPDATE_COMPLETE");
    let bucket = stacks.physical("c", "Bystander").await;
    let tags = stacks
        .other("s3", "GetBucketTagging", json!({ "Bucket": bucket }))
        .await
        .unwrap();
    assert_eq!(tags["TagSet"][0]["Value"], "prod");
    cloud.stop().await;
}

#[tokio::test]
async fn executing_one_change_set_ends_the_others() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    stacks.create("c", TEMPLATE).await;
    for name in ["first", "second"] {
        let input = json!({
            "StackName": "c", "ChangeSetName": name, "UsePreviousTemplate": true,
            "Parameters": [
                { "ParameterKey": "Name", "ParameterValue": name },
                { "ParameterKey": "Cidr", "UsePreviousValue": true },
            ],
        });
        stacks.ok("CreateChangeSet", input).await;
    }
    let first = json!({ "StackName": "c", "ChangeSetName": "first" });
    stacks.ok("ExecuteChangeSet", first).await;
    assert_eq!(stacks.settled("c").await, "UPDATE_COMPLETE");
    let second = json!({ "StackName": "c", "ChangeSetName": "second" });
    let refused = stacks.refused("ExecuteChangeSet", second).await;
    assert_eq!(refused, "ChangeSet [second] does not exist");
    cloud.stop().await;
}
