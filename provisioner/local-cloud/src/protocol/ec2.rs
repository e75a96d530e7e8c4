//! EC2's query protocol: lists are always flat (`VpcId.1`), answers are flat too, their
//! names begin in lower case and list items are called `item`.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::query::{Lists, Node, pairs};
use super::xml::{element, text};
use super::{Request, response};
use crate::error::AwsError;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// What lists are called on the wire where the model's name is not simply the plural.
/// Source for this and the next table: the service model AWS publishes with its SDKs.
const LISTS_IN: &[(&str, &str)] = &[
    ("ExecutableBy", "ExecutableUsers"),
    ("Groups", "UserIdGroupPairs"),
    ("ResourceId", "Resources"),
    ("Ipv4Prefix", "Ipv4Prefixes"),
    ("Ipv6Prefix", "Ipv6Prefixes"),
];

/// What members of answers are called where lower case and, for lists, "Set" do not do.
/// (list that holds the structure or "", member, wire name)
const NAMES_OUT: &[(&str, &str, &str)] = &[
    ("AvailabilityZones", "State", "zoneState"),
    ("NetworkAcls", "IsDefault", "default"),
    ("SecurityGroups", "Description", "groupDescription"),
    ("ServiceDetails", "AvailabilityZones", "availabilityZoneSet"),
    ("ServiceDetails", "ServiceType", "serviceType"),
    ("", "Addresses", "addressesSet"),
    ("", "AvailabilityZones", "availabilityZoneInfo"),
    ("", "Endpoint", "regionEndpoint"),
    ("", "Instances", "instancesSet"),
    ("", "IpPermissions", "ipPermissions"),
    ("", "IpPermissionsEgress", "ipPermissionsEgress"),
    ("", "IpRanges", "ipRanges"),
    ("", "Ipv6Ranges", "ipv6Ranges"),
    ("", "KeyPairs", "keySet"),
    ("", "PrefixListIds", "prefixListIds"),
    ("", "Regions", "regionInfo"),
    ("", "ReturnValue", "return"),
    ("", "SecurityGroups", "securityGroupInfo"),
    ("", "Unsuccessful", "unsuccessful"),
    ("", "UserIdGroupPairs", "groups"),
    ("", "Entries", "entrySet"),
    ("", "DnsEntries", "dnsEntrySet"),
    ("", "Ipv6Addresses", "ipv6AddressesSet"),
    ("", "PrivateIpAddresses", "privateIpAddressesSet"),
    ("", "NatGatewayAddresses", "natGatewayAddressSet"),
    ("", "Ipv4Prefixes", "ipv4PrefixSet"),
    ("", "Ipv6Prefixes", "ipv6PrefixSet"),
];

/// Reads the form.
pub(crate) fn decode(request: &Request) -> Value {
    rename(Node::from_pairs(pairs(request)).value(Lists::Flat))
}

fn rename(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (model_name(name, &value), rename(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.into_iter().map(rename).collect(),
        other => other,
    }
}

fn model_name(wire: String, value: &Value) -> String {
    if !value.is_array() {
        return match wire.as_str() {
            "GroupDescription" => "Description".to_owned(),
            _ => wire,
        };
    }
    if let Some((_, model)) = LISTS_IN.iter().find(|(name, _)| *name == wire) {
        return (*model).to_owned();
    }
    if wire.ends_with("ss") {
        format!("{wire}es")
    } else if wire.ends_with('s') {
        wire
    } else {
        format!("{wire}s")
    }
}

/// Writes an answer.
pub(crate) fn encode(operation: &str, answer: &Value, id: Uuid) -> Response<Bytes> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{operation}Response xmlns=\"{NAMESPACE}\">{}{}</{operation}Response>",
        element("requestId", &id.to_string()),
        members("", answer)
    );
    response(200, "text/xml;charset=UTF-8", id, body)
}

fn members(within: &str, value: &Value) -> String {
    let Some(object) = value.as_object() else {
        return String::new();
    };
    object
        .iter()
        .map(|(name, value)| element(&wire_name(within, name, value), &content(name, value)))
        .collect()
}

fn content(name: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => items
            .iter()
            .map(|item| element("item", &content(name, item)))
            .collect(),
        _ => text(value).unwrap_or_else(|| members(name, value)),
    }
}

fn wire_name(within: &str, name: &str, value: &Value) -> String {
    let exception = NAMES_OUT
        .iter()
        .find(|(holder, member, _)| *member == name && (holder.is_empty() || *holder == within));
    if let Some((_, _, wire)) = exception {
        return (*wire).to_owned();
    }
    let mut letters = name.chars();
    let lower: String = letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default();
    if value.is_array() && !lower.ends_with("Set") {
        format!("{}Set", lower.strip_suffix('s').unwrap_or(&lower))
    } else {
        lower
    }
}

/// Writes an error.
pub(crate) fn encode_error(error: &AwsError, id: Uuid) -> Response<Bytes> {
    let code = match error.code.as_str() {
        "UnknownOperationException" => "InvalidAction",
        "ValidationException" => "InvalidParameterValue",
        code => code,
    };
    let inner = [
        element("Code", &quick_xml::escape::escape(code)),
        element("Message", &quick_xml::escape::escape(&error.message)),
    ]
    .concat();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>{}{}</Response>",
        element("Errors", &element("Error", &inner)),
        element("RequestID", &id.to_string())
    );
    response(error.status, "text/xml;charset=UTF-8", id, body)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::json;
    use uuid::Uuid;

    use super::{decode, encode};
    use crate::protocol::Request;

    #[test]
    fn flat_lists_get_their_model_names() {
        let form = "Action=DescribeVpcs&VpcId.1=vpc-1&Filter.1.Name=tag:a&Filter.1.Value.1=b\
                    &IpPermissions.1.Groups.1.GroupId=sg-1&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8\
                    &ResourceId.1=vpc-1&TagSpecification.1.Tag.1.Key=k&GroupDescription=d";
        let request = Request {
            method: Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::from(form),
        };
        assert_eq!(
            decode(&request),
            json!({
                "VpcIds": ["vpc-1"],
                "Filters": [{ "Name": "tag:a", "Values": ["b"] }],
                "IpPermissions": [{
                    "UserIdGroupPairs": [{ "GroupId": "sg-1" }],
                    "IpRanges": [{ "CidrIp": "10.0.0.0/8" }],
                }],
                "Resources": ["vpc-1"],
                "TagSpecifications": [{ "Tags": [{ "Key": "k" }] }],
                "Description": "d",
            })
        );
    }

    #[test]
    fn answers_are_flat_and_begin_in_lower_case() {
        let answer = json!({
            "Vpcs": [{ "VpcId": "vpc-1", "IsDefault": false, "Tags": [] }],
            "SecurityGroups": [{ "Description": "d", "IpPermissions": [{ "FromPort": 1 }] }],
            "AvailabilityZones": [{ "State": "available" }],
        });
        let body = encode("DescribeVpcs", &answer, Uuid::nil()).into_body();
        let text = String::from_utf8(body.to_vec()).unwrap();
        for part in [
            "<vpcSet><item><vpcId>vpc-1</vpcId><isDefault>false</isDefault><tagSet></tagSet></item></vpcSet>",
            "<securityGroupInfo><item><groupDescription>d</groupDescription>\
             <ipPermissions><item><fromPort>1</fromPort></item></ipPermissions></item></securityGroupInfo>",
            "<availabilityZoneInfo><item><zoneState>available</zoneState></item></availabilityZoneInfo>",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
