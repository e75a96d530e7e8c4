//! EC2 networking types.

use serde_json::{Value, json};

use super::{Context, Properties, dropped_tags};
use crate::error::Answer;

pub(super) mod eip;
pub(super) mod gateway_attachment;
pub(super) mod internet_gateway;
pub(super) mod nat_gateway;
pub(super) mod route;
pub(super) mod route_table;
pub(super) mod security_group;
pub(super) mod security_group_egress;
pub(super) mod security_group_ingress;
pub(super) mod subnet;
pub(super) mod subnet_association;
pub(super) mod vpc;
pub(super) mod vpc_endpoint;

/// The template's tags, as EC2's create operations take them.
fn name_tags(kind: &str, properties: &Properties) -> Value {
    match properties.get("Tags") {
        Some(Value::Array(tags)) if !tags.is_empty() => {
            json!([{ "ResourceType": kind, "Tags": tags }])
        }
        _ => json!([]),
    }
}

/// Turns a thing's tags into what the template wants.
async fn retag(context: &Context, id: &str, old: &Properties, new: &Properties) -> Answer<()> {
    let dropped: Vec<Value> = dropped_tags(old, new)
        .into_iter()
        .map(|key| json!({ "Key": key }))
        .collect();
    if !dropped.is_empty() {
        let input = json!({ "Resources": [id], "Tags": dropped });
        context.call("ec2", "DeleteTags", input).await?;
    }
    match new.get("Tags") {
        Some(tags) if old.get("Tags") != Some(tags) => {
            let input = json!({ "Resources": [id], "Tags": tags });
            context.call("ec2", "CreateTags", input).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// A template's rule, flat, as the operations take it.
fn permission(rule: &Value) -> Value {
    let mut permission = json!({ "IpProtocol": rule.get("IpProtocol") });
    for name in ["FromPort", "ToPort"] {
        if let Some(port) = rule.get(name) {
            permission[name] = port.clone();
        }
    }
    let peers = [
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ];
    for (name, list, member) in peers {
        if let Some(peer) = rule.get(name) {
            let mut item = json!({ member: peer });
            if let Some(description) = rule.get("Description") {
                item["Description"] = description.clone();
            }
            permission[list] = json!([item]);
        }
    }
    permission
}
