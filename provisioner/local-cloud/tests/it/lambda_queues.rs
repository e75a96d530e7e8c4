//! Queues before and behind functions: event sources, dead letters, destinations.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::TestCloud;
use crate::functions::eventually;

async fn queue(cloud: &TestCloud, name: &str, attributes: Value) -> (String, String) {
    let input = json!({ "QueueName": name, "Attributes": attributes });
    let queue = cloud.aws("sqs", "CreateQueue", input).await;
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    (queue["QueueUrl"].as_str().unwrap().to_owned(), arn)
}

async fn send(cloud: &TestCloud, url: &str, body: &str) {
    let input = json!({
        "QueueUrl": url,
        "MessageBody": body,
        "MessageAttributes": { "Kind": { "DataType": "String", "StringValue": "test" } },
    });
    cloud.aws("sqs", "SendMessage", input).await;
}

async fn receive(cloud: &TestCloud, url: &str) -> Vec<Value> {
    let input =
        json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"] });
    let received = cloud.aws("sqs", "ReceiveMessage", input).await;
    received["Messages"].as_array().cloned().unwrap_or_default()
}

/// How many messages are in the queue, in flight ones included.
async fn depth(cloud: &TestCloud, url: &str) -> u32 {
    let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let answer = cloud.aws("sqs", "GetQueueAttributes", input).await;
    [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ]
    .iter()
    .map(|name| {
        answer["Attributes"][*name]
            .as_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    })
    .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_invoke_the_function_and_leave_the_queue() {
    let cloud = TestCloud::start().await;
    let diary = cloud.root.path().join("diary");
    cloud.function("worker", json!({ "DIARY": diary })).await;
    let (url, arn) = queue(&cloud, "work", json!({})).await;
    let mapping = json!({ "FunctionName": "worker", "EventSourceArn": arn, "BatchSize": 5 });
    let created = cloud
        .aws("lambda", "CreateEventSourceMapping", mapping.clone())
        .await;
    assert_eq!(created["State"], "Creating");
    let twice = cloud
        .refusal("lambda", "CreateEventSourceMapping", mapping)
        .await;
    assert_eq!(twice.code, "ResourceConflictException");
    for number in 0..12 {
        send(&cloud, &url, &number.to_string()).await;
    }
    eventually("the queue is empty", || async {
        depth(&cloud, &url).await == 0
    })
    .await;
    let text = std::fs::read_to_string(diary).unwrap();
    let batches: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let records: Vec<&Value> = batches
        .iter()
        .flat_map(|batch| batch["Records"].as_array().unwrap())
        .collect();
    let bodies: BTreeSet<&str> = records
        .iter()
        .map(|one| one["body"].as_str().unwrap())
        .collect();
    assert_eq!(bodies.len(), 12);
    assert!(
        batches
            .iter()
            .all(|batch| batch["Records"].as_array().unwrap().len() <= 5)
    );
    let record = records[0];
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], json!(arn));
    assert_eq!(record["messageAttributes"]["Kind"]["stringValue"], "test");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    let id = created["UUID"].clone();
    cloud
        .aws("lambda", "DeleteEventSourceMapping", json!({ "UUID": id }))
        .await;
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_failed_messages_of_a_batch_come_back() {
    // A visibility time-out of 30 s passes in half a second.
    let cloud = TestCloud::at_speed(60.0).await;
    cloud.function("worker", json!({})).await;
    let (dead_url, dead_arn) = queue(&cloud, "dead", json!({})).await;
    let redrive = json!({ "deadLetterTargetArn": dead_arn, "maxReceiveCount": "2" }).to_string();
    let (url, arn) = queue(&cloud, "work", json!({ "RedrivePolicy": redrive })).await;
    for body in ["good", "fail", "fine"] {
        send(&cloud, &url, body).await;
    }
    let mapping = json!({
        "FunctionName": "worker",
        "EventSourceArn": arn,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    cloud
        .aws("lambda", "CreateEventSourceMapping", mapping)
        .await;
    eventually("all are dealt with", || async {
        depth(&cloud, &url).await == 0 && depth(&cloud, &dead_url).await > 0
    })
    .await;
    let dead: Vec<Value> = receive(&cloud, &dead_url).await;
    let bodies: Vec<&str> = dead
        .iter()
        .map(|one| one["Body"].as_str().unwrap())
        .collect();
    assert_eq!(bodies, ["fail"]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_returns_the_whole_batch() {
    let cloud = TestCloud::at_speed(60.0).await;
    cloud.function("worker", json!({})).await;
    let (dead_url, dead_arn) = queue(&cloud, "dead", json!({})).await;
    let redrive = json!({ "deadLetterTargetArn": dead_arn, "maxReceiveCount": "1" }).to_string();
    let (url, arn) = queue(&cloud, "work", json!({ "RedrivePolicy": redrive })).await;
    send(&cloud, &url, "crash").await;
    let mapping = json!({
        "FunctionName": "worker",
        "EventSourceArn": arn,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    let created = cloud
        .aws("lambda", "CreateEventSourceMapping", mapping)
        .await;
    eventually("it is dead", || async {
        depth(&cloud, &dead_url).await == 1
    })
    .await;
    let mapping = cloud
        .aws(
            "lambda",
            "GetEventSourceMapping",
            json!({ "UUID": created["UUID"] }),
        )
        .await;
    assert_eq!(
        mapping["LastProcessingResult"],
        "PROBLEM: Function call failed"
    );
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_mapping_takes_nothing_and_goes_on_when_enabled() {
    let cloud = TestCloud::start().await;
    cloud.function("worker", json!({})).await;
    let (url, arn) = queue(&cloud, "work", json!({})).await;
    let mapping = json!({ "FunctionName": "worker", "EventSourceArn": arn, "Enabled": false });
    let created = cloud
        .aws("lambda", "CreateEventSourceMapping", mapping)
        .await;
    send(&cloud, &url, "wait").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(depth(&cloud, &url).await, 1);
    let enable = json!({ "UUID": created["UUID"], "Enabled": true });
    cloud
        .aws("lambda", "UpdateEventSourceMapping", enable)
        .await;
    eventually("the queue is empty", || async {
        depth(&cloud, &url).await == 0
    })
    .await;
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mappings_that_cannot_work_are_refused() {
    let cloud = TestCloud::start().await;
    cloud.function("worker", json!({})).await;
    let (_, short) = queue(&cloud, "short", json!({ "VisibilityTimeout": "2" })).await;
    let (_, arn) = queue(&cloud, "work", json!({})).await;
    for input in [
        json!({ "FunctionName": "worker", "EventSourceArn": short }),
        json!({ "FunctionName": "worker", "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:none" }),
        json!({ "FunctionName": "worker", "EventSourceArn": "arn:aws:kinesis:us-east-1:0:stream/x" }),
        json!({ "FunctionName": "worker", "EventSourceArn": arn, "BatchSize": 11 }),
        json!({ "FunctionName": "worker", "EventSourceArn": arn, "FunctionResponseTypes": ["Maybe"] }),
    ] {
        let error = cloud
            .refusal("lambda", "CreateEventSourceMapping", input.clone())
            .await;
        assert_eq!(error.code, "InvalidParameterValueException", "{input}");
    }
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_given_up_reaches_destination_and_dead_letter_queue() {
    let cloud = TestCloud::at_speed(600.0).await;
    cloud.function("worker", json!({ "FAIL": "1" })).await;
    let (dead_url, dead_arn) = queue(&cloud, "dead", json!({})).await;
    let (failed_url, failed_arn) = queue(&cloud, "failed", json!({})).await;
    let dead_letter = json!({
        "FunctionName": "worker",
        "DeadLetterConfig": { "TargetArn": dead_arn },
    });
    cloud
        .aws("lambda", "UpdateFunctionConfiguration", dead_letter)
        .await;
    let retries = json!({
        "FunctionName": "worker",
        "MaximumRetryAttempts": 1,
        "DestinationConfig": { "OnFailure": { "Destination": failed_arn } },
    });
    cloud
        .aws("lambda", "PutFunctionEventInvokeConfig", retries)
        .await;
    let event = json!({
        "FunctionName": "worker",
        "InvocationType": "Event",
        "Payload": STANDARD.encode("{\"n\":1}"),
    });
    cloud.aws("lambda", "Invoke", event).await;
    eventually("both have it", || async {
        depth(&cloud, &dead_url).await == 1 && depth(&cloud, &failed_url).await == 1
    })
    .await;
    let dead = receive(&cloud, &dead_url).await;
    assert_eq!(dead[0]["Body"], "{\"n\":1}");
    let attributes = &dead[0]["MessageAttributes"];
    assert!(attributes["RequestID"]["StringValue"].is_string());
    let failed = receive(&cloud, &failed_url).await;
    let record: Value = serde_json::from_str(failed[0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 2);
    assert_eq!(record["requestPayload"], json!({ "n": 1 }));
    assert_eq!(record["responsePayload"]["errorType"], "Failing");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_prints_is_in_its_log_group() {
    let cloud = TestCloud::start().await;
    cloud.function("talker", json!({})).await;
    cloud
        .invoke("talker", json!({ "do": "print", "lines": ["hello"] }))
        .await;
    cloud
        .invoke("talker", json!({ "do": "crash", "code": 4 }))
        .await;
    let filter = json!({ "logGroupName": "/aws/lambda/talker" });
    let lines = || async {
        let found = cloud.call("logs", "FilterLogEvents", filter.clone()).await;
        let found = found.unwrap_or(Value::Null);
        let events = found["events"].as_array().cloned().unwrap_or_default();
        let text = |event: &Value| event["message"].as_str().unwrap().to_owned();
        events.iter().map(text).collect::<Vec<_>>()
    };
    eventually("both reports are there", || async {
        lines()
            .await
            .iter()
            .filter(|line| line.starts_with("REPORT"))
            .count()
            == 2
    })
    .await;
    let lines = lines().await;
    assert!(lines.contains(&"hello".to_owned()), "{lines:?}");
    let crash = lines
        .iter()
        .any(|line| line.contains("Runtime exited with error: exit status 4"));
    assert!(crash, "{lines:?}");
    cloud.stop().await;
}
