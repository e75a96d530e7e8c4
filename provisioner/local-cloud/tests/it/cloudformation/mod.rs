//! CloudFormation: change sets, roll-backs, exports, policies, over real resources.

mod app;
mod changes;
mod data;
mod failures;
mod lifecycle;
mod restart;
mod templates;

use std::sync::Arc;
use std::time::{Duration, Instant};

use local_cloud::Cloud;
use local_cloud::error::AwsError;
use local_cloud::services;
use serde_json::{Value, json};

use crate::client::TestCloud;

/// CloudFormation of one cloud, as a client sees it.
struct Stacks<'a> {
    cloud: &'a Arc<Cloud>,
}

impl<'a> Stacks<'a> {
    fn of(cloud: &'a TestCloud) -> Self {
        let cloud = cloud.cloud.cloud();
        Self { cloud }
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        services::call(self.cloud, "cloudformation", operation, input).await
    }

    async fn ok(&self, operation: &str, input: Value) -> Value {
        let answer = self.call(operation, input.clone()).await;
        answer.unwrap_or_else(|error| panic!("{operation} {input}: {error}"))
    }

    /// The message of a refusal.
    async fn refused(&self, operation: &str, input: Value) -> String {
        match self.call(operation, input).await {
            Ok(answer) => panic!("{operation} should be refused: {answer}"),
            Err(error) => error.message,
        }
    }

    /// An operation of another service.
    async fn other(&self, service: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
        services::call(self.cloud, service, operation, input).await
    }

    /// A change set for `template`, with parameters; its description.
    async fn change_set(
        &self,
        stack: &str,
        kind: &str,
        template: &str,
        parameters: &[(&str, &str)],
    ) -> Value {
        let parameters: Value = parameters
            .iter()
            .map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value }))
            .collect();
        let input = json!({
            "StackName": stack,
            "ChangeSetName": "c",
            "ChangeSetType": kind,
            "TemplateBody": template,
            "Parameters": parameters,
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        });
        self.ok("CreateChangeSet", input).await;
        self.described(stack).await
    }

    async fn described(&self, stack: &str) -> Value {
        let input = json!({
            "StackName": stack,
            "ChangeSetName": "c",
            "IncludePropertyValues": true,
        });
        self.ok("DescribeChangeSet", input).await
    }

    async fn execute(&self, stack: &str) {
        let input = json!({ "StackName": stack, "ChangeSetName": "c" });
        self.ok("ExecuteChangeSet", input).await;
    }

    /// Makes a stack by change set; its status at the end.
    async fn create(&self, stack: &str, template: &str) -> String {
        self.change_set(stack, "CREATE", template, &[]).await;
        self.done(stack).await
    }

    /// Updates a stack by change set; its status at the end.
    async fn update(&self, stack: &str, template: &str) -> String {
        self.change_set(stack, "UPDATE", template, &[]).await;
        self.done(stack).await
    }

    /// Executes the change set and makes room for the next; the stack's status at the end.
    async fn done(&self, stack: &str) -> String {
        self.execute(stack).await;
        let status = self.settled(stack).await;
        let input = json!({ "StackName": stack, "ChangeSetName": "c" });
        self.ok("DeleteChangeSet", input).await;
        status
    }

    async fn stack(&self, name: &str) -> Value {
        let answer = self
            .ok("DescribeStacks", json!({ "StackName": name }))
            .await;
        answer["Stacks"][0].clone()
    }

    /// The status once nothing is under way any more.
    async fn settled(&self, name: &str) -> String {
        let started = Instant::now();
        loop {
            let stack = self.stack(name).await;
            let status = stack["StackStatus"].as_str().unwrap().to_owned();
            if !status.ends_with("_IN_PROGRESS") {
                return status;
            }
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "{name} stays {status}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Logical id and status of every event, the oldest first.
    async fn events(&self, name: &str) -> Vec<String> {
        let answer = self
            .ok("DescribeStackEvents", json!({ "StackName": name }))
            .await;
        let mut events: Vec<String> = answer["StackEvents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                format!("{} {}", text("LogicalResourceId"), text("ResourceStatus"))
            })
            .collect();
        events.reverse();
        events
    }

    /// The reason of the first event of a resource with a status.
    async fn reason(&self, name: &str, logical: &str, status: &str) -> String {
        let answer = self
            .ok("DescribeStackEvents", json!({ "StackName": name }))
            .await;
        let events = answer["StackEvents"].as_array().unwrap().clone();
        let found = events.iter().rev().find(|event| {
            event["LogicalResourceId"] == logical && event["ResourceStatus"] == status
        });
        let reason = &found.unwrap_or_else(|| panic!("no {logical} {status} in {events:?}"))["ResourceStatusReason"];
        reason.as_str().unwrap_or_default().to_owned()
    }

    async fn physical(&self, name: &str, logical: &str) -> String {
        let input = json!({ "StackName": name, "LogicalResourceId": logical });
        let answer = self.ok("DescribeStackResource", input).await;
        answer["StackResourceDetail"]["PhysicalResourceId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn output(&self, name: &str, key: &str) -> String {
        let stack = self.stack(name).await;
        let outputs = stack["Outputs"].as_array().unwrap().clone();
        let found = outputs.iter().find(|output| output["OutputKey"] == key);
        found.unwrap()["OutputValue"].as_str().unwrap().to_owned()
    }

    async fn bucket_exists(&self, name: &str) -> bool {
        self.other("s3", "HeadBucket", json!({ "Bucket": name }))
            .await
            .is_ok()
    }
}

/// What a change set says of a resource.
fn change<'a>(change_set: &'a Value, logical: &str) -> &'a Value {
    let changes = change_set["Changes"].as_array().unwrap();
    let mut changes = changes.iter().map(|change| &change["ResourceChange"]);
    let found = changes.find(|change| change["LogicalResourceId"] == logical);
    found.unwrap_or_else(|| panic!("no change of {logical} in {change_set}"))
}

/// Logical ids of all changes.
fn changed(change_set: &Value) -> Vec<String> {
    let changes = change_set["Changes"].as_array().unwrap();
    let mut names: Vec<String> = changes
        .iter()
        .map(|change| {
            change["ResourceChange"]["LogicalResourceId"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.sort();
    names
}
