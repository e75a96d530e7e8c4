//! Templates that are wrong are refused when the change set is made, in AWS's words.

use serde_json::json;

use super::Stacks;
use crate::client::TestCloud;

async fn refusal(stacks: &Stacks<'_>, template: &str) -> String {
    let input = json!({
        "StackName": "wrong", "ChangeSetName": "c", "ChangeSetType": "CREATE",
        "TemplateBody": template,
    });
    stacks.refused("CreateChangeSet", input).await
}

#[tokio::test]
async fn wrong_templates_are_refused_and_leave_no_stack() {
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let bucket = "Type: AWS::S3::Bucket";
    let cases = [
        (
            "Resources: { A: { Type: AWS::Magic::Wand } }".to_owned(),
            "Template format error: Unrecognized resource types: [AWS::Magic::Wand]",
        ),
        (
            format!("Resources: {{ A: {{ {bucket}, Properties: {{ Colour: red }} }} }}"),
            "Encountered unsupported property Colour",
        ),
        (
            format!("Resources: {{ A: {{ {bucket}, Properties: {{ BucketName: !Ref Nobody }} }} }}"),
            "Template format error: Unresolved resource dependencies [Nobody] in the Resources \
             block of the template",
        ),
        (
            format!(
                "Resources: {{ A: {{ {bucket}, DependsOn: B }}, B: {{ {bucket}, DependsOn: A }} }}"
            ),
            "Circular dependency between resources: [A, B]",
        ),
        (
            format!("Resources: {{ A: {{ {bucket} }} }}\nOutputs: {{ O: {{ Value: !GetAtt A.Size }} }}"),
            "Template error: resource A does not support attribute type Size in Fn::GetAtt",
        ),
        (
            "Parameters: { P: { Type: String } }\nResources: { A: { Type: AWS::S3::Bucket } }".to_owned(),
            "Parameters: [P] must have values",
        ),
        (
            format!("Transform: AWS::Serverless\nResources: {{ A: {{ {bucket} }} }}"),
            "the local cloud does not offer the section Transform",
        ),
        (
            "Resources: {}".to_owned(),
            "At least one Resources member must be defined.",
        ),
        ("Resources: [".to_owned(), "Template format error: YAML not well-formed."),
        (
            "Resources: { R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } } }"
                .to_owned(),
            "Requires capabilities : [CAPABILITY_IAM]",
        ),
        (
            format!("Resources: {{ A: {{ {bucket}, Condition: Never }} }}"),
            "Unresolved condition dependency Never",
        ),
        (
            "Resources: { A: { Type: AWS::EC2::Subnet, Properties: { CidrBlock: 10.0.0.0/24 } } }"
                .to_owned(),
            "Property VpcId cannot be empty.",
        ),
    ];
    for (template, words) in cases {
        let refused = refusal(&stacks, &template).await;
        assert!(refused.contains(words), "{template}\n{refused}");
    }
    let all = stacks.ok("DescribeStacks", json!({})).await;
    assert_eq!(all["Stacks"], json!([]));
    cloud.stop().await;
}

#[tokio::test]
async fn functions_conditions_and_parameters_are_evaluated() {
    let template = r#"
Parameters:
  Stage: { Type: String, AllowedPattern: "[a-z]+" }
  Zones: { Type: CommaDelimitedList, Default: "a, b" }
  Size: { Type: Number, Default: "3", MaxValue: 5 }
Mappings:
  Sizes: { prod: { days: 30 }, test: { days: 1 } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
Resources:
  Always:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${Stage}-${Name}-${AWS::Region}"
      LifecycleConfiguration: !If
        - IsProd
        - Rules:
            - { Id: old, Status: Enabled, ExpirationInDays: !FindInMap [Sizes, !Ref Stage, days] }
        - !Ref AWS::NoValue
  ProdOnly: { Type: AWS::S3::Bucket, Condition: IsProd }
Outputs:
  Joined: { Value: !Join ["/", !Ref Zones] }
  Selected: { Value: !Select [1, !Split ["-", !Ref Always]] }
  Literal: { Value: !Sub ["${!Stage}=${X}", { X: !Ref Size }] }
  Encoded: { Value: !Base64 hi }
  Hidden: { Value: no, Condition: IsProd }
"#
    .replace("${Name}", "files");
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let planned = stacks
        .change_set("t", "CREATE", &template, &[("Stage", "test")])
        .await;
    assert_eq!(super::changed(&planned), ["Always"]);
    stacks.execute("t").await;
    assert_eq!(stacks.settled("t").await, "CREATE_COMPLETE");
    assert_eq!(stacks.physical("t", "Always").await, "test-files-us-east-1");
    for (key, value) in [
        ("Joined", "a/b"),
        ("Selected", "files"),
        ("Literal", "${Stage}=3"),
        ("Encoded", "aGk="),
    ] {
        assert_eq!(stacks.output("t", key).await, value);
    }
    assert_eq!(
        stacks.stack("t").await["Outputs"].as_array().unwrap().len(),
        4
    );
    let refuse = |stage: &str, size: &str| {
        json!({
            "StackName": "t2", "ChangeSetName": "c", "ChangeSetType": "CREATE",
            "TemplateBody": template,
            "Parameters": [
                { "ParameterKey": "Stage", "ParameterValue": stage },
                { "ParameterKey": "Size", "ParameterValue": size },
            ],
        })
    };
    let refused = stacks.refused("CreateChangeSet", refuse("Test", "1")).await;
    assert_eq!(refused, "Parameter 'Stage' must match pattern [a-z]+");
    let refused = stacks.refused("CreateChangeSet", refuse("test", "9")).await;
    assert_eq!(
        refused,
        "Parameter 'Size' must be a number not greater than 5"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn values_that_must_not_be_shown_are_starred() {
    let template = r"
Parameters: { Secret: { Type: String, NoEcho: true } }
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.0.0.0/16
      Tags: [{ Key: secret, Value: !Ref Secret }]
";
    let cloud = TestCloud::start().await;
    let stacks = Stacks::of(&cloud);
    let given = [("Secret", "opensesame")];
    let planned = stacks.change_set("n", "CREATE", template, &given).await;
    assert!(!planned.to_string().contains("opensesame"), "{planned}");
    stacks.execute("n").await;
    assert_eq!(stacks.settled("n").await, "CREATE_COMPLETE");
    assert_eq!(
        stacks.stack("n").await["Parameters"][0]["ParameterValue"],
        "****"
    );
    let events = stacks
        .ok("DescribeStackEvents", json!({ "StackName": "n" }))
        .await;
    assert!(!events.to_string().contains("opensesame"));
    let vpcs = stacks
        .other("ec2", "DescribeVpcs", json!({}))
        .await
        .unwrap();
    assert_eq!(vpcs["Vpcs"][0]["Tags"][0]["Value"], "opensesame");
    cloud.stop().await;
}
