//! SNS: what is published arrives in queues, in an envelope or raw.

use serde_json::{Value, json};

use crate::client::TestCloud;

async fn sns(cloud: &TestCloud, form: &str) -> (u16, String) {
    let answered = cloud
        .query("sns", &format!("Action={form}&Version=2010-03-31"))
        .await;
    (answered.status.as_u16(), answered.text())
}

async fn received(cloud: &TestCloud, queue: &str) -> String {
    let input = json!({ "QueueUrl": format!("http://x/000000000000/{queue}") });
    let answer = cloud.ok("AmazonSQS.ReceiveMessage", input).await;
    answer["Messages"][0]["Body"].as_str().unwrap().to_owned()
}

const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:alarms";

async fn with_topic() -> TestCloud {
    let cloud = TestCloud::start().await;
    let (status, text) = sns(&cloud, "CreateTopic&Name=alarms").await;
    assert_eq!(status, 200);
    assert!(text.contains(&format!("<TopicArn>{TOPIC}</TopicArn>")));
    cloud
}

async fn subscribe(cloud: &TestCloud, queue: &str, more: &str) {
    cloud
        .ok("AmazonSQS.CreateQueue", json!({ "QueueName": queue }))
        .await;
    let form = format!(
        "Subscribe&TopicArn={TOPIC}&Protocol=sqs\
         &Endpoint=arn:aws:sqs:us-east-1:000000000000:{queue}{more}"
    );
    assert_eq!(sns(cloud, &form).await.0, 200);
}

#[tokio::test]
async fn queues_get_the_envelope_or_the_message_alone() {
    let cloud = with_topic().await;
    subscribe(&cloud, "wrapped", "").await;
    let raw = "&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true";
    subscribe(&cloud, "raw", raw).await;
    let publish = format!("Publish&TopicArn={TOPIC}&Message=fire&Subject=now");
    assert_eq!(sns(&cloud, &publish).await.0, 200);
    assert_eq!(received(&cloud, "raw").await, "fire");
    let envelope: Value = serde_json::from_str(&received(&cloud, "wrapped").await).unwrap();
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["Message"], "fire");
    assert_eq!(envelope["Subject"], "now");
    assert_eq!(envelope["TopicArn"], TOPIC);
    cloud.stop().await;
}

#[tokio::test]
async fn an_address_stays_pending() {
    let cloud = with_topic().await;
    let form = format!("Subscribe&TopicArn={TOPIC}&Protocol=email&Endpoint=ops@example.org");
    let (_, text) = sns(&cloud, &form).await;
    assert!(
        text.contains("<SubscriptionArn>pending confirmation<"),
        "{text}"
    );
    let (_, text) = sns(&cloud, &format!("GetTopicAttributes&TopicArn={TOPIC}")).await;
    assert!(
        text.contains("<key>SubscriptionsPending</key><value>1</value>"),
        "{text}"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn what_is_missing_or_not_offered_is_refused() {
    let cloud = with_topic().await;
    let (status, text) = sns(&cloud, "Publish&TopicArn=arn:aws:sns:r:a:no&Message=m").await;
    assert_eq!(status, 404);
    assert!(text.contains("<Code>NotFound</Code>"));
    let (status, text) = sns(&cloud, &format!("Publish&TopicArn={TOPIC}&Message=")).await;
    assert_eq!(status, 400);
    assert!(text.contains("<Code>InvalidParameter</Code>"), "{text}");
    let filter = format!(
        "Subscribe&TopicArn={TOPIC}&Protocol=sqs&Endpoint=arn:aws:sqs:r:a:q\
         &Attributes.entry.1.key=FilterPolicy&Attributes.entry.1.value=%7B%7D"
    );
    assert_eq!(sns(&cloud, &filter).await.0, 400);
    cloud.stop().await;
}
