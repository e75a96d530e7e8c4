//! EventBridge Scheduler: functions and queues at their times.

use serde_json::{Value, json};

use crate::client::TestCloud;
use crate::functions::{ROLE, eventually};

fn schedule(name: &str, expression: &str, target: &str) -> Value {
    json!({
        "Name": name,
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": { "Mode": "OFF" },
        "Target": { "Arn": target, "RoleArn": ROLE },
    })
}

async fn noting(cloud: &TestCloud) -> (String, impl Fn() -> Vec<Value> + use<>) {
    let diary = cloud.root.path().join("diary");
    let function = cloud.function("noting", json!({ "DIARY": diary })).await;
    let read = move || {
        let text = std::fs::read_to_string(&diary).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    (function["FunctionArn"].as_str().unwrap().to_owned(), read)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_comes_again_and_again_in_cloud_time() {
    // A minute in 300 ms.
    let cloud = TestCloud::at_speed(200.0).await;
    let (arn, events) = noting(&cloud).await;
    let mut input = schedule("every-minute", "rate(1 minute)", &arn);
    input["Target"]["Input"] = json!("{\"at\":\"<aws.scheduler.scheduled-time>\"}");
    cloud
        .aws("scheduler", "CreateSchedule", input.clone())
        .await;
    let again = cloud.refusal("scheduler", "CreateSchedule", input).await;
    assert_eq!(
        (again.code.as_str(), again.status),
        ("ConflictException", 409)
    );
    eventually("three events", || async { events().len() >= 3 }).await;
    let minutes: Vec<chrono::DateTime<chrono::Utc>> = events()
        .iter()
        .map(|event| event["at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!((minutes[1] - minutes[0]).num_seconds(), 60);
    let named = json!({ "Name": "every-minute" });
    cloud
        .aws("scheduler", "DeleteSchedule", named.clone())
        .await;
    let gone = cloud.refusal("scheduler", "GetSchedule", named).await;
    assert_eq!(gone.code, "ResourceNotFoundException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_time_comes_once_and_the_schedule_goes() {
    let cloud = TestCloud::at_speed(600.0).await;
    let (arn, events) = noting(&cloud).await;
    let soon = chrono::Utc::now() + chrono::TimeDelta::minutes(5);
    let at = soon.format("at(%Y-%m-%dT%H:%M:%S)").to_string();
    let mut input = schedule("once", &at, &arn);
    input["ActionAfterCompletion"] = json!("DELETE");
    cloud.aws("scheduler", "CreateSchedule", input).await;
    eventually("the event", || async { !events().is_empty() }).await;
    let event = &events()[0];
    assert_eq!(event["source"], "aws.scheduler");
    assert_eq!(event["detail-type"], "Scheduled Event");
    let named = json!({ "Name": "once" });
    let gone = cloud.refusal("scheduler", "GetSchedule", named).await;
    assert_eq!(gone.code, "ResourceNotFoundException");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_schedule_is_silent_and_a_queue_is_a_target() {
    let cloud = TestCloud::at_speed(600.0).await;
    let url = cloud
        .aws("sqs", "CreateQueue", json!({ "QueueName": "q" }))
        .await["QueueUrl"]
        .clone();
    let arn = "arn:aws:sqs:us-east-1:000000000000:q";
    let mut silent = schedule("silent", "rate(1 minute)", arn);
    silent["State"] = json!("DISABLED");
    silent["Target"]["Input"] = json!("silent");
    cloud.aws("scheduler", "CreateSchedule", silent).await;
    let mut loud = schedule("loud", "cron(* * * * ? *)", arn);
    loud["Target"]["Input"] = json!("loud");
    cloud.aws("scheduler", "CreateSchedule", loud).await;
    let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1 });
    let mut bodies = Vec::new();
    while bodies.len() < 3 {
        let received = cloud.aws("sqs", "ReceiveMessage", receive.clone()).await;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        bodies.extend(messages.iter().map(|message| message["Body"].clone()));
    }
    assert!(bodies.iter().all(|body| body == "loud"), "{bodies:?}");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_delivered_ends_in_the_dead_letter_queue() {
    let cloud = TestCloud::at_speed(600.0).await;
    let url = cloud
        .aws("sqs", "CreateQueue", json!({ "QueueName": "dead" }))
        .await["QueueUrl"]
        .clone();
    let missing = "arn:aws:lambda:us-east-1:000000000000:function:missing";
    let mut input = schedule("lost", "rate(1 minute)", missing);
    input["Target"]["Input"] = json!("{\"n\":1}");
    input["Target"]["RetryPolicy"] = json!({ "MaximumRetryAttempts": 1 });
    input["Target"]["DeadLetterConfig"] =
        json!({ "Arn": "arn:aws:sqs:us-east-1:000000000000:dead" });
    cloud.aws("scheduler", "CreateSchedule", input).await;
    let receive = json!({
        "QueueUrl": url,
        "WaitTimeSeconds": 20,
        "MessageAttributeNames": ["All"],
    });
    eventually("a dead letter", || async {
        let received = cloud.aws("sqs", "ReceiveMessage", receive.clone()).await;
        let message = &received["Messages"][0];
        message["Body"] == "{\"n\":1}"
            && message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
                .as_str()
                .unwrap()
                .contains("missing")
    })
    .await;
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused() {
    let cloud = TestCloud::start().await;
    let arn = "arn:aws:sqs:us-east-1:000000000000:q";
    let mut zone = schedule("x", "rate(1 minute)", arn);
    zone["ScheduleExpressionTimezone"] = json!("Mars/Olympus");
    let mut window = schedule("x", "rate(1 minute)", arn);
    window["FlexibleTimeWindow"] = json!({ "Mode": "FLEXIBLE" });
    for input in [
        schedule("x", "every day", arn),
        schedule("x", "rate(1 minute)", "arn:aws:ecs:us-east-1:0:cluster/x"),
        schedule("a b", "rate(1 minute)", arn),
        zone,
        window,
    ] {
        let error = cloud
            .refusal("scheduler", "CreateSchedule", input.clone())
            .await;
        assert_eq!(error.code, "ValidationException", "{input}");
    }
    let mut group = schedule("x", "rate(1 minute)", arn);
    group["GroupName"] = json!("none");
    let error = cloud.refusal("scheduler", "CreateSchedule", group).await;
    assert_eq!(error.code, "ResourceNotFoundException");
    cloud.stop().await;
}
