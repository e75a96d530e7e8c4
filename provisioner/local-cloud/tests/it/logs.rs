//! CloudWatch Logs: written by clients and from inside, read back in order and filtered.

use chrono::Utc;
use local_cloud::services;
use serde_json::{Value, json};

use crate::client::TestCloud;

fn target(operation: &str) -> String {
    format!("Logs_20140328.{operation}")
}

async fn ok(cloud: &TestCloud, operation: &str, input: Value) -> Value {
    cloud.ok(&target(operation), input).await
}

async fn refused(cloud: &TestCloud, operation: &str, input: Value) -> String {
    cloud.refused(&target(operation), input).await
}

#[tokio::test]
async fn lines_are_read_back_after_a_restart() {
    let cloud = TestCloud::start().await;
    let now = Utc::now();
    let lines = vec![(now, "first".to_owned()), (now, "second".to_owned())];
    services::logs::append(cloud.cloud.cloud(), "/aws/lambda/f", "s", lines);
    let root = cloud.stop().await;
    let cloud = TestCloud::resume(root, 1.0).await;
    let stream = json!({ "logGroupName": "/aws/lambda/f", "logStreamName": "s" });
    let read = ok(&cloud, "GetLogEvents", stream).await;
    assert_eq!(read["events"][0]["message"], "first");
    assert_eq!(read["events"][1]["message"], "second");
    cloud.stop().await;
}

#[tokio::test]
async fn groups_and_streams_are_made_once_and_found_by_prefix() {
    let cloud = TestCloud::start().await;
    let group = json!({ "logGroupName": "a/b" });
    ok(&cloud, "CreateLogGroup", group.clone()).await;
    let again = refused(&cloud, "CreateLogGroup", group.clone()).await;
    assert_eq!(again, "ResourceAlreadyExistsException");
    let days = |days: i64| json!({ "logGroupName": "a/b", "retentionInDays": days });
    ok(&cloud, "PutRetentionPolicy", days(30)).await;
    let odd = refused(&cloud, "PutRetentionPolicy", days(31)).await;
    assert_eq!(odd, "InvalidParameterException");
    let found = ok(
        &cloud,
        "DescribeLogGroups",
        json!({ "logGroupNamePrefix": "a/" }),
    )
    .await;
    assert_eq!(found["logGroups"][0]["retentionInDays"], 30);
    let stream = json!({ "logGroupName": "missing", "logStreamName": "s" });
    assert_eq!(
        refused(&cloud, "CreateLogStream", stream).await,
        "ResourceNotFoundException"
    );
    ok(&cloud, "DeleteLogGroup", group.clone()).await;
    assert_eq!(
        refused(&cloud, "DeleteLogGroup", group).await,
        "ResourceNotFoundException"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn events_are_filtered_over_streams_and_paged() {
    let cloud = TestCloud::start().await;
    let now = Utc::now().timestamp_millis();
    ok(&cloud, "CreateLogGroup", json!({ "logGroupName": "g" })).await;
    for stream in ["x", "y"] {
        let named = json!({ "logGroupName": "g", "logStreamName": stream });
        ok(&cloud, "CreateLogStream", named).await;
        let events: Vec<Value> = (0..3)
            .map(|n| json!({ "timestamp": now + n, "message": format!("ERROR {stream}{n}") }))
            .collect();
        let put = json!({ "logGroupName": "g", "logStreamName": stream, "logEvents": events });
        ok(&cloud, "PutLogEvents", put).await;
    }
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = json!({
            "logGroupName": "g", "filterPattern": "ERROR -x1", "limit": 2, "nextToken": token,
        });
        let page = ok(&cloud, "FilterLogEvents", page).await;
        for event in page["events"].as_array().unwrap() {
            seen.push(event["message"].as_str().unwrap().to_owned());
        }
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    seen.sort();
    assert_eq!(
        seen,
        ["ERROR x0", "ERROR x2", "ERROR y0", "ERROR y1", "ERROR y2"]
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_reader_that_follows_gets_each_event_once() {
    let cloud = TestCloud::start().await;
    let append = |text: &str| {
        let line = vec![(Utc::now(), text.to_owned())];
        services::logs::append(cloud.cloud.cloud(), "g", "s", line);
    };
    append("one");
    let mut ask = json!({ "logGroupName": "g", "logStreamName": "s", "startFromHead": true });
    let first = ok(&cloud, "GetLogEvents", ask.clone()).await;
    assert_eq!(first["events"][0]["message"], "one");
    ask["nextToken"] = first["nextForwardToken"].clone();
    let empty = ok(&cloud, "GetLogEvents", ask.clone()).await;
    assert_eq!(empty["events"], json!([]));
    assert_eq!(empty["nextForwardToken"], first["nextForwardToken"]);
    append("two");
    let second = ok(&cloud, "GetLogEvents", ask).await;
    assert_eq!(second["events"][0]["message"], "two");
    cloud.stop().await;
}
