//! SQS: messages come once at a time, come back, and end in the dead-letter queue.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::TestCloud;

async fn ok(cloud: &TestCloud, operation: &str, input: Value) -> Value {
    cloud.ok(&format!("AmazonSQS.{operation}"), input).await
}

async fn refused(cloud: &TestCloud, operation: &str, input: Value) -> String {
    cloud
        .refused(&format!("AmazonSQS.{operation}"), input)
        .await
}

async fn queue(cloud: &TestCloud, name: &str, attributes: Value) -> String {
    let input = json!({ "QueueName": name, "Attributes": attributes });
    let made = ok(cloud, "CreateQueue", input).await;
    made["QueueUrl"].as_str().unwrap().to_owned()
}

async fn send(cloud: &TestCloud, url: &str, body: &str) -> Value {
    let input = json!({ "QueueUrl": url, "MessageBody": body });
    ok(cloud, "SendMessage", input).await
}

async fn receive(cloud: &TestCloud, url: &str, wait: i64) -> Vec<Value> {
    let input = json!({
        "QueueUrl": url,
        "WaitTimeSeconds": wait,
        "MaxNumberOfMessages": 10,
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    });
    let received = ok(cloud, "ReceiveMessage", input).await;
    received["Messages"].as_array().cloned().unwrap_or_default()
}

async fn attribute(cloud: &TestCloud, url: &str, name: &str) -> String {
    let input = json!({ "QueueUrl": url, "AttributeNames": [name] });
    let answer = ok(cloud, "GetQueueAttributes", input).await;
    answer["Attributes"][name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_received_message_is_hidden_until_deleted() {
    let cloud = TestCloud::start().await;
    let url = queue(&cloud, "q", json!({})).await;
    assert!(url.ends_with("/000000000000/q"), "{url}");
    let sent = send(&cloud, &url, "hello").await;
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(
        attribute(&cloud, &url, "ApproximateNumberOfMessages").await,
        "1"
    );
    let got = receive(&cloud, &url, 0).await;
    assert_eq!(got[0]["Body"], "hello");
    assert_eq!(got[0]["Attributes"]["ApproximateReceiveCount"], "1");
    assert!(receive(&cloud, &url, 0).await.is_empty());
    assert_eq!(
        attribute(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await,
        "1"
    );
    let delete = json!({ "QueueUrl": url, "ReceiptHandle": got[0]["ReceiptHandle"] });
    ok(&cloud, "DeleteMessage", delete).await;
    assert_eq!(
        attribute(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await,
        "0"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn attributes_are_digested_as_clients_do() {
    let cloud = TestCloud::start().await;
    let url = queue(&cloud, "q", json!({})).await;
    let input = json!({
        "QueueUrl": url,
        "MessageBody": "b",
        "MessageAttributes": { "n": { "DataType": "String", "StringValue": "v" } },
    });
    let sent = ok(&cloud, "SendMessage", input).await;
    // md5(be32(1) "n" be32(6) "String" 0x01 be32(1) "v")
    assert_eq!(
        sent["MD5OfMessageAttributes"],
        "f4b238699da710fd012839c16c09f1ca"
    );
    let got = receive(&cloud, &url, 0).await;
    assert_eq!(
        got[0]["MD5OfMessageAttributes"],
        sent["MD5OfMessageAttributes"]
    );
    cloud.stop().await;
}

#[tokio::test]
async fn waits_pass_in_the_clouds_time() {
    // A hundred cloud seconds pass in one.
    let cloud = TestCloud::at_speed(100.0).await;
    let url = queue(&cloud, "q", json!({ "VisibilityTimeout": "20" })).await;
    let delayed = json!({ "QueueUrl": url, "MessageBody": "late", "DelaySeconds": 10 });
    ok(&cloud, "SendMessage", delayed).await;
    assert!(receive(&cloud, &url, 0).await.is_empty());
    assert_eq!(receive(&cloud, &url, 20).await[0]["Body"], "late");
    // Invisible for a fifth of a second, then back.
    assert!(receive(&cloud, &url, 0).await.is_empty());
    let mut again = receive(&cloud, &url, 20).await;
    if again.is_empty() {
        again = receive(&cloud, &url, 20).await;
    }
    assert_eq!(again[0]["Attributes"]["ApproximateReceiveCount"], "2");
    cloud.stop().await;
}

#[tokio::test]
async fn a_waiting_receiver_gets_what_is_sent_meanwhile() {
    let cloud = TestCloud::start().await;
    let url = queue(&cloud, "q", json!({})).await;
    let started = Instant::now();
    let (got, _) = tokio::join!(receive(&cloud, &url, 20), async {
        tokio::task::yield_now().await;
        send(&cloud, &url, "now").await
    });
    assert_eq!(got[0]["Body"], "now");
    assert!(started.elapsed().as_secs() < 10);
    cloud.stop().await;
}

#[tokio::test]
async fn what_is_received_too_often_is_a_dead_letter() {
    let cloud = TestCloud::start().await;
    let dead = queue(&cloud, "dead", json!({})).await;
    let arn = attribute(&cloud, &dead, "QueueArn").await;
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 2 }).to_string();
    let attributes = json!({ "RedrivePolicy": policy, "VisibilityTimeout": "0" });
    let url = queue(&cloud, "q", attributes).await;
    send(&cloud, &url, "poison").await;
    for _ in 0..2 {
        assert_eq!(receive(&cloud, &url, 0).await.len(), 1);
    }
    assert!(receive(&cloud, &url, 0).await.is_empty());
    let letters = receive(&cloud, &dead, 0).await;
    assert_eq!(letters[0]["Body"], "poison");
    let source = &letters[0]["Attributes"]["DeadLetterQueueSourceArn"];
    assert!(source.as_str().unwrap().ends_with(":q"));
    let sources = ok(
        &cloud,
        "ListDeadLetterSourceQueues",
        json!({ "QueueUrl": dead }),
    )
    .await;
    assert_eq!(sources["queueUrls"], json!([url]));
    cloud.stop().await;
}

#[tokio::test]
async fn dead_letters_are_sent_back() {
    let cloud = TestCloud::start().await;
    let dead = queue(&cloud, "dead", json!({})).await;
    let arn = attribute(&cloud, &dead, "QueueArn").await;
    let task = json!({ "SourceArn": arn });
    let early = refused(&cloud, "StartMessageMoveTask", task.clone()).await;
    assert_eq!(early, "InvalidParameterValue");
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 1 }).to_string();
    let attributes = json!({ "RedrivePolicy": policy, "VisibilityTimeout": "0" });
    let url = queue(&cloud, "q", attributes).await;
    send(&cloud, &url, "again").await;
    receive(&cloud, &url, 0).await;
    assert!(receive(&cloud, &url, 0).await.is_empty());
    ok(&cloud, "StartMessageMoveTask", task.clone()).await;
    let done = ok(&cloud, "ListMessageMoveTasks", task).await;
    assert_eq!(done["Results"][0]["ApproximateNumberOfMessagesMoved"], 1);
    assert_eq!(receive(&cloud, &url, 0).await[0]["Body"], "again");
    cloud.stop().await;
}

#[tokio::test]
async fn messages_survive_a_restart() {
    let cloud = TestCloud::start().await;
    let url = queue(&cloud, "q", json!({})).await;
    send(&cloud, &url, "kept").await;
    let cloud = TestCloud::resume(cloud.stop().await, 1.0).await;
    assert_eq!(
        receive(&cloud, "http://any/000000000000/q", 0).await[0]["Body"],
        "kept"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_batch_answers_entry_by_entry() {
    let cloud = TestCloud::start().await;
    let url = queue(&cloud, "q", json!({})).await;
    let batch = |entries: Value| json!({ "QueueUrl": url, "Entries": entries });
    let sent = batch(json!([
        { "Id": "a", "MessageBody": "1" },
        { "Id": "b", "MessageBody": "2", "DelaySeconds": 901 },
    ]));
    let sent = ok(&cloud, "SendMessageBatch", sent).await;
    assert_eq!(sent["Successful"][0]["Id"], "a");
    assert_eq!(sent["Failed"][0]["Id"], "b");
    let twice = json!([{ "Id": "a", "MessageBody": "1" }, { "Id": "a", "MessageBody": "2" }]);
    let kind = refused(&cloud, "SendMessageBatch", batch(twice)).await;
    assert_eq!(kind, "BatchEntryIdsNotDistinct");
    let kind = refused(&cloud, "SendMessageBatch", batch(json!([]))).await;
    assert_eq!(kind, "EmptyBatchRequest");
    cloud.stop().await;
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_refused_under_both_codes() {
    let cloud = TestCloud::start().await;
    let missing = json!({ "QueueName": "nope" });
    let answered = cloud.json("AmazonSQS.GetQueueUrl", missing).await;
    assert_eq!(answered.json()["__type"], "QueueDoesNotExist");
    assert_eq!(
        answered.header("x-amzn-query-error"),
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    for (name, attributes, wanted) in [
        ("q.fifo", json!({}), "InvalidParameterValue"),
        (
            "q",
            json!({ "VisibilityTimeout": "43201" }),
            "InvalidAttributeValue",
        ),
        ("q", json!({ "Colour": "red" }), "InvalidAttributeName"),
        (
            "q",
            json!({ "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:r:a:no\",\"maxReceiveCount\":1}" }),
            "InvalidParameterValue",
        ),
    ] {
        let input = json!({ "QueueName": name, "Attributes": attributes });
        assert_eq!(refused(&cloud, "CreateQueue", input).await, wanted);
    }
    cloud.stop().await;
}
