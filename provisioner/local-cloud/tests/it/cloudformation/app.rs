//! A stack of functions: the template prepares, releases move traffic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Stacks, change, changed};
use crate::client::{Ask, TestCloud};
use crate::functions::archive;

const TEMPLATE: &str = r#"
Parameters:
  Release: { Type: String, Default: "0" }
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: RetainExceptOnCreate
    Properties: { LogGroupName: /aws/lambda/app-web, RetentionInDays: 30 }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - { Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }
      Policies:
        - PolicyName: logs
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - { Effect: Allow, Action: "logs:PutLogEvents", Resource: !GetAtt Logs.Arn }
  Web:
    Type: AWS::Lambda::Function
    DependsOn: Logs
    Properties:
      FunctionName: app-web
      Runtime: provided.al2023
      Handler: bootstrap
      Architectures: [x86_64]
      Code: { S3Bucket: code-bucket, S3Key: web.zip }
      Role: !GetAtt Role.Arn
      MemorySize: 512
      Timeout: "10"
      Environment: { Variables: { LABEL: !Ref Release } }
      Tags: [{ Key: release, Value: !Ref Release }]
  WebFirstVersion:
    Type: AWS::Lambda::Version
    DeletionPolicy: Retain
    Properties: { FunctionName: !Ref Web, Description: made with the stack }
  WebLive:
    Type: AWS::Lambda::Alias
    Properties: { FunctionName: !Ref Web, Name: Live, FunctionVersion: !GetAtt WebFirstVersion.Version }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: app-dead } }
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: app-inbound
      VisibilityTimeout: 60
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref WebLive
      BatchSize: 10
      FunctionResponseTypes: [ReportBatchItemFailures]
  Retries:
    Type: AWS::Lambda::EventInvokeConfig
    DependsOn: WebLive
    Properties:
      FunctionName: !Ref Web
      Qualifier: Live
      MaximumRetryAttempts: 1
      DestinationConfig: { OnFailure: { Destination: !GetAtt Dead.Arn } }
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: app, ProtocolType: HTTP } }
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Ref WebLive
      PayloadFormatVersion: "2.0"
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: $default, Target: !Sub "integrations/${Integration}" }
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true }
  MayCall:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref WebLive
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
  Notices: { Type: AWS::SNS::Topic, Properties: { TopicName: app-notices } }
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: app-errors
      ComparisonOperator: GreaterThanOrEqualToThreshold
      Threshold: 1
      EvaluationPeriods: 3
      DatapointsToAlarm: 2
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Notices]
      Namespace: AWS/Lambda
      MetricName: Errors
      Statistic: Sum
      Period: 60
      Dimensions:
        - { Name: FunctionName, Value: !Ref Web }
        - { Name: Resource, Value: !Sub "${Web}:Live" }
  Application:
    Type: AWS::CodeDeploy::Application
    Properties: { ApplicationName: app, ComputePlatform: Lambda }
  Shift:
    Type: AWS::CodeDeploy::DeploymentGroup
    Properties:
      ApplicationName: !Ref Application
      DeploymentGroupName: app-web
      ServiceRoleArn: !GetAtt Role.Arn
      DeploymentConfigName: CodeDeployDefault.LambdaAllAtOnce
      DeploymentStyle: { DeploymentType: BLUE_GREEN, DeploymentOption: WITH_TRAFFIC_CONTROL }
      AlarmConfiguration: { Enabled: true, Alarms: [{ Name: !Ref Errors }] }
      AutoRollbackConfiguration: { Enabled: true, Events: [DEPLOYMENT_FAILURE] }
  Schedule:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: app-scheduled
      ScheduleExpression: rate(1 hour)
      FlexibleTimeWindow: { Mode: "OFF" }
      Target: { Arn: !Ref WebLive, RoleArn: !GetAtt Role.Arn, RetryPolicy: { MaximumRetryAttempts: 0 } }
Outputs:
  Url: { Value: !GetAtt Api.ApiEndpoint }
"#;

/// A cloud with the function's archive in a bucket.
async fn prepared() -> TestCloud {
    let cloud = TestCloud::start().await;
    cloud
        .aws("s3", "CreateBucket", json!({ "Bucket": "code-bucket" }))
        .await;
    let ask = Ask {
        method: "PUT",
        path: "/code-bucket/web.zip",
        body: STANDARD.decode(archive("1")).unwrap(),
        ..Ask::default()
    };
    let put = cloud.signed("s3", ask).await;
    assert_eq!(put.status, 200, "{}", put.text());
    cloud
}

#[tokio::test]
async fn updating_the_stack_prepares_code_and_never_moves_traffic() {
    let cloud = prepared().await;
    let stacks = Stacks::of(&cloud);
    let status = stacks.create("app", TEMPLATE).await;
    assert_eq!(
        status,
        "CREATE_COMPLETE",
        "{:?}",
        stacks.events("app").await
    );
    let live = json!({ "FunctionName": "app-web", "Name": "Live" });
    let alias = cloud.aws("lambda", "GetAlias", live.clone()).await;
    assert_eq!(alias["FunctionVersion"], "1");

    // A release: new configuration by change set, a version, the alias moved by hand.
    let planned = stacks
        .change_set("app", "UPDATE", TEMPLATE, &[("Release", "1")])
        .await;
    assert_eq!(changed(&planned), ["Web"]);
    assert_eq!(change(&planned, "Web")["Replacement"], "False");
    assert_eq!(stacks.done("app").await, "UPDATE_COMPLETE");
    let alias = cloud.aws("lambda", "GetAlias", live.clone()).await;
    assert_eq!(alias["FunctionVersion"], "1", "the update moved traffic");
    let version = cloud
        .aws(
            "lambda",
            "PublishVersion",
            json!({ "FunctionName": "app-web" }),
        )
        .await;
    assert_eq!(version["Version"], "2");
    let mut moved = live.clone();
    moved["FunctionVersion"] = json!("2");
    cloud.aws("lambda", "UpdateAlias", moved).await;

    // The next update leaves the alias where the release put it.
    stacks
        .change_set("app", "UPDATE", TEMPLATE, &[("Release", "2")])
        .await;
    assert_eq!(stacks.done("app").await, "UPDATE_COMPLETE");
    let alias = cloud.aws("lambda", "GetAlias", live).await;
    assert_eq!(
        alias["FunctionVersion"], "2",
        "the update moved traffic back"
    );

    let id = stacks.stack("app").await["StackId"]
        .as_str()
        .unwrap()
        .to_owned();
    stacks
        .ok("DeleteStack", json!({ "StackName": "app" }))
        .await;
    let status = stacks.settled(&id).await;
    assert_eq!(status, "DELETE_COMPLETE", "{:?}", stacks.events(&id).await);
    let gone = cloud
        .refusal(
            "lambda",
            "GetFunction",
            json!({ "FunctionName": "app-web" }),
        )
        .await;
    assert_eq!(gone.code, "ResourceNotFoundException");
    cloud.stop().await;
}

#[tokio::test]
async fn a_failed_update_gives_the_function_its_old_configuration_back() {
    let cloud = prepared().await;
    let stacks = Stacks::of(&cloud);
    assert_eq!(stacks.create("app", TEMPLATE).await, "CREATE_COMPLETE");
    let bad = TEMPLATE
        .replace("MemorySize: 512", "MemorySize: 1024")
        .replace("VisibilityTimeout: 60", "VisibilityTimeout: 99999999");
    assert_eq!(stacks.update("app", &bad).await, "UPDATE_ROLLBACK_COMPLETE");
    let input = json!({ "FunctionName": "app-web" });
    let function = cloud.aws("lambda", "GetFunctionConfiguration", input).await;
    assert_eq!(function["MemorySize"], 512);
    let again = stacks.change_set("app", "UPDATE", TEMPLATE, &[]).await;
    assert_eq!(again["Status"], "FAILED", "{again}");
    cloud.stop().await;
}
