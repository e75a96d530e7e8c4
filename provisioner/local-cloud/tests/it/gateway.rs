//! Every protocol: an answer, an unknown operation, what cannot be read.

use ciborium::cbor;
use local_cloud::{LocalCloud, Options};
use serde_json::json;

use crate::client::{Ask, TestCloud};

#[tokio::test]
async fn query_calls_are_answered_in_xml() {
    let cloud = TestCloud::start().await;
    let answered = cloud
        .query("sts", "Action=GetCallerIdentity&Version=2011-06-15")
        .await;
    assert_eq!(answered.status, 200);
    let text = answered.text();
    assert!(text.contains("<GetCallerIdentityResult><UserId>"), "{text}");
    assert!(text.contains("<Account>000000000000</Account>"), "{text}");
    assert!(text.contains("<ResponseMetadata><RequestId>"), "{text}");
    cloud.stop().await;
}

#[tokio::test]
async fn an_unknown_operation_is_refused_in_every_protocol() {
    let cloud = TestCloud::start().await;
    let query = cloud
        .query("cloudformation", "Action=Unheard&Version=2010-05-15")
        .await;
    assert_eq!(query.status, 400);
    assert!(query.text().contains("<Code>InvalidAction</Code>"));
    let ec2 = cloud
        .query("ec2", "Action=Unheard&Version=2016-11-15")
        .await;
    assert_eq!(ec2.status, 400);
    assert!(
        ec2.text()
            .contains("<Response><Errors><Error><Code>InvalidAction</Code>"),
        "{}",
        ec2.text()
    );
    let kind = cloud.refused("AmazonSSM.Unheard", json!({})).await;
    assert_eq!(kind, "UnknownOperationException");
    let kind = cloud
        .refused("DynamoDB_20120810.ListTables", json!({}))
        .await;
    assert_eq!(kind, "UnknownOperationException");
    let rest = Ask {
        method: "GET",
        path: "/2015-03-31/unheard",
        ..Ask::default()
    };
    let rest = cloud.signed("lambda", rest).await;
    assert_eq!(rest.status, 404);
    assert_eq!(rest.header("x-amzn-errortype"), "UnknownOperationException");
    let cbor = Ask {
        method: "POST",
        path: "/service/GraniteServiceVersion20100801/operation/Unheard",
        headers: vec![("smithy-protocol", "rpc-v2-cbor".to_owned())],
        ..Ask::default()
    };
    let cbor = cloud.signed("monitoring", cbor).await;
    assert_eq!(cbor.header("smithy-protocol"), "rpc-v2-cbor");
    let error: ciborium::Value = ciborium::from_reader(&cbor.body[..]).unwrap();
    let kind = &error.as_map().unwrap()[0].1;
    assert_eq!(kind.as_text(), Some("UnknownOperationException"));
    cloud.stop().await;
}

#[tokio::test]
async fn cbor_carries_numbers_and_times() {
    let cloud = TestCloud::start().await;
    let call = |operation: &str, body: ciborium::Value| {
        let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
        let mut bytes = Vec::new();
        ciborium::into_writer(&body, &mut bytes).unwrap();
        let cloud = &cloud;
        async move {
            let ask = Ask {
                method: "POST",
                path: &path,
                headers: vec![
                    ("smithy-protocol", "rpc-v2-cbor".to_owned()),
                    ("content-type", "application/cbor".to_owned()),
                ],
                body: bytes,
            };
            let answered = cloud.signed("monitoring", ask).await;
            assert_eq!(answered.status, 200, "{}", answered.text());
            answered.body
        }
    };
    let alarm = cbor!({
        "AlarmName" => "hot",
        "Namespace" => "N",
        "MetricName" => "m",
        "Period" => 60,
        "EvaluationPeriods" => 1,
        "Threshold" => 80.5,
        "ComparisonOperator" => "GreaterThanThreshold",
        "Statistic" => "Average",
    });
    call("PutMetricAlarm", alarm.unwrap()).await;
    let body = call("DescribeAlarms", cbor!({}).unwrap()).await;
    let described: ciborium::Value = ciborium::from_reader(&body[..]).unwrap();
    let member = |value: &ciborium::Value, name: &str| {
        let entries = value.as_map().unwrap();
        let found = entries.iter().find(|(key, _)| key.as_text() == Some(name));
        found.unwrap().1.clone()
    };
    let alarm = member(&described, "MetricAlarms").as_array().unwrap()[0].clone();
    assert_eq!(member(&alarm, "Threshold").as_float(), Some(80.5));
    assert_eq!(member(&alarm, "Period").as_integer(), Some(60.into()));
    assert!(member(&alarm, "StateUpdatedTimestamp").is_tag());
    cloud.stop().await;
}

#[tokio::test]
async fn web_pages_may_ask_s3_only() {
    let cloud = TestCloud::start().await;
    let ask = Ask {
        method: "POST",
        path: "/?Action=GetCallerIdentity&Version=2011-06-15",
        headers: vec![
            ("origin", "http://evil.test".to_owned()),
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ],
        ..Ask::default()
    };
    assert_eq!(cloud.send(ask).await.status, 403);
    cloud.stop().await;
}

#[tokio::test]
async fn a_broken_body_is_refused() {
    let cloud = TestCloud::start().await;
    let ask = Ask {
        method: "POST",
        path: "/",
        headers: vec![("x-amz-target", "AmazonSSM.GetParameter".to_owned())],
        body: b"{".to_vec(),
    };
    let answered = cloud.signed("ssm", ask).await;
    assert_eq!(answered.status, 400);
    assert_eq!(answered.json()["__type"], "SerializationException");
    cloud.stop().await;
}

#[tokio::test]
async fn faults_and_speed_are_set_beside_the_protocols() {
    let cloud = TestCloud::start().await;
    let control = |method, path, body: serde_json::Value| {
        cloud.send(Ask {
            method,
            path,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        })
    };
    let speed = control("POST", "/_local-cloud/speed", json!({ "speed": 60 })).await;
    assert_eq!(speed.json()["speed"], 60.0);
    let zero = control("POST", "/_local-cloud/speed", json!({ "speed": 0 })).await;
    assert_eq!(zero.status, 400);
    let fault = json!({
        "service": "sts",
        "operation": "*",
        "times": 1,
        "error": { "code": "Broken", "message": "m", "status": 503 },
    });
    assert_eq!(
        control("POST", "/_local-cloud/faults", fault).await.status,
        200
    );
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    assert_eq!(cloud.query("sts", identity).await.status, 503);
    assert_eq!(cloud.query("sts", identity).await.status, 200);
    let plain = cloud
        .send(Ask {
            method: "POST",
            path: "/_local-cloud/speed",
            body: b"{\"speed\":1}".to_vec(),
            ..Ask::default()
        })
        .await;
    assert_eq!(plain.status, 415);
    cloud.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let cloud = TestCloud::start().await;
    let other = tempfile::tempdir().unwrap();
    let mut options = Options::new(other.path());
    options.port = cloud.cloud.cloud().options.port;
    let error = LocalCloud::start(options.clone()).await.err().unwrap();
    assert!(
        error.to_string().contains(&options.port.to_string()),
        "{error:#}"
    );
    cloud.stop().await;
}

/// Two processes on one folder would write over each other's state.
#[tokio::test]
async fn a_folder_belongs_to_one_cloud_at_a_time() {
    let cloud = TestCloud::start().await;
    let options = Options::new(cloud.root.path());
    let error = LocalCloud::start(options.clone()).await.err().unwrap();
    assert!(
        error.to_string().contains("another local cloud is running"),
        "{error:#}"
    );
    let root = cloud.stop().await;
    TestCloud::resume(root, 1.0).await.stop().await;
}
