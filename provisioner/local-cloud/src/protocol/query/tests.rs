use serde_json::{Value, json};
use uuid::Uuid;

use super::{Lists, Node, decode, encode};
use crate::protocol::{Protocol, Request, Target};

fn decoded(form: &str) -> Value {
    let pairs = form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    Node::from_pairs(pairs).value(Lists::Wrapped)
}

#[test]
fn lists_structures_and_maps_come_out_of_dotted_names() {
    let cases = [
        ("StackName=a", json!({ "StackName": "a" })),
        (
            "Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=l",
            json!({ "Tags": [{ "Key": "k", "Value": "v" }, { "Key": "l" }] }),
        ),
        (
            "Tags.Tag.1.Key=k&SubnetIds.SubnetIdentifier.1=s",
            json!({ "Tags": [{ "Key": "k" }], "SubnetIds": ["s"] }),
        ),
        (
            "Filters.Filter.1.Name=n&Filters.Filter.1.Values.Value.1=a&Filters.Filter.1.Values.Value.2=b",
            json!({ "Filters": [{ "Name": "n", "Values": ["a", "b"] }] }),
        ),
        (
            "Attributes.entry.1.key=k&Attributes.entry.1.value=v",
            json!({ "Attributes": { "k": "v" } }),
        ),
        (
            "M.entry.1.Name=k&M.entry.1.Value.DataType=String&M.entry.1.Value.StringValue=x",
            json!({ "M": { "k": { "DataType": "String", "StringValue": "x" } } }),
        ),
        (
            "RollbackConfiguration.RollbackTriggers.member.1.Arn=a",
            json!({ "RollbackConfiguration": { "RollbackTriggers": [{ "Arn": "a" }] } }),
        ),
    ];
    for (form, wanted) in cases {
        assert_eq!(decoded(form), wanted, "{form}");
    }
}

#[test]
fn an_empty_list_is_a_list_and_an_empty_text_a_text() {
    let request = Request {
        method: http::Method::POST,
        path: "/".to_owned(),
        query: String::new(),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::from_static(b"Action=CreateChangeSet&Parameters=&Description="),
    };
    assert_eq!(
        decode(&request),
        json!({ "Parameters": [], "Description": "" })
    );
}

#[test]
fn the_tenth_item_comes_after_the_ninth() {
    let form: Vec<String> = (1..=11).map(|n| format!("L.member.{n}={n}")).collect();
    let wanted: Vec<String> = (1..=11).map(|n| n.to_string()).collect();
    assert_eq!(decoded(&form.join("&")), json!({ "L": wanted }));
}

#[test]
fn lists_are_named_as_their_service_names_them() {
    let answer = |service: &str, value: Value| {
        let target = Target {
            service: service.to_owned(),
            operation: "X".to_owned(),
            protocol: Protocol::Query,
        };
        let body = encode(&target, &value, Uuid::nil()).into_body();
        String::from_utf8(body.to_vec()).unwrap()
    };
    let rds = answer(
        "rds",
        json!({ "DBInstances": [{ "TagList": [{ "Key": "<" }] }] }),
    );
    assert!(
        rds.contains(
            "<DBInstances><DBInstance><TagList><Tag><Key>&lt;</Key></Tag></TagList></DBInstance></DBInstances>"
        ),
        "{rds}"
    );
    let sns = answer("sns", json!({ "Attributes": { "TopicArn": "arn" } }));
    assert!(
        sns.contains(
            "<Attributes><entry><key>TopicArn</key><value>arn</value></entry></Attributes>"
        ),
        "{sns}"
    );
    let stacks = answer(
        "cloudformation",
        json!({ "Stacks": [{ "CreationTime": { "$timestamp": 0.25 } }] }),
    );
    assert!(
        stacks.contains("<Stacks><member><CreationTime>1970-01-01T00:00:00.250Z</CreationTime></member></Stacks>"),
        "{stacks}"
    );
}
