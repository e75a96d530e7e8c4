//! Security groups and their rules.

use serde::Deserialize;
use serde_json::{Value, json};

use super::cidr::Cidr;
use super::model::{Kind, Model, list, member, new_id};
use super::operations::{ById, TagSpecification, invalid, tags};
use crate::Cloud;
use crate::error::{Answer, AwsError};

/// The member that holds rules for what comes in.
pub(super) const IN: &str = "IpPermissions";
/// The member that holds rules for what goes out.
pub(super) const OUT: &str = "IpPermissionsEgress";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateGroup {
    group_name: String,
    #[serde(alias = "GroupDescription")]
    description: String,
    vpc_id: String,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

pub(super) fn create(cloud: &Cloud, model: &mut Model, input: CreateGroup) -> Answer {
    model.get(Kind::Vpc, &input.vpc_id)?;
    let (name, vpc) = (&input.group_name, &input.vpc_id);
    let taken = model
        .all(Kind::SecurityGroup)
        .any(|group| member(group, "VpcId") == vpc && member(group, "GroupName") == name);
    if taken {
        return Err(AwsError::new(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{vpc}'"),
        ));
    }
    if name.starts_with("sg-") {
        return Err(invalid(
            "Value for parameter groupName is invalid: it may not start with sg-",
        ));
    }
    let tags = tags(&input.tag_specifications);
    let id = new_group(cloud, model, vpc, name, &input.description, &tags);
    let arn = cloud.arn("ec2", &format!("security-group/{id}"));
    Ok(json!({ "GroupId": id, "SecurityGroupArn": arn, "Tags": tags }))
}

/// The group every VPC comes with.
pub(super) fn create_default(cloud: &Cloud, model: &mut Model, vpc: &str) -> Answer<()> {
    let words = "default VPC security group";
    let id = new_group(cloud, model, vpc, "default", words, &json!([]));
    let own = json!({
        "IpProtocol": "-1",
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [{ "GroupId": id, "UserId": cloud.options.account }],
    });
    list(model.get_mut(Kind::SecurityGroup, &id)?, IN)?.push(own);
    Ok(())
}

fn new_group(
    cloud: &Cloud,
    model: &mut Model,
    vpc: &str,
    name: &str,
    description: &str,
    tags: &Value,
) -> String {
    let id = new_id(Kind::SecurityGroup.prefix());
    let group = json!({
        "GroupId": id,
        "GroupName": name,
        "Description": description,
        "OwnerId": cloud.options.account,
        "VpcId": vpc,
        "IpPermissions": [],
        // A new group lets everything out.
        "IpPermissionsEgress": [{
            "IpProtocol": "-1",
            "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [],
        }],
        "Tags": tags,
    });
    model.put(Kind::SecurityGroup, &id, group);
    id
}

pub(super) fn delete(model: &mut Model, input: &ById) -> Answer {
    let group = model.get(Kind::SecurityGroup, &input.id)?;
    if member(group, "GroupName") == "default" {
        return Err(AwsError::new(
            "CannotDelete",
            format!(
                "the specified group: \"{}\" name: \"default\" cannot be deleted by a user",
                input.id
            ),
        ));
    }
    let named = |thing: &Value| thing.to_string().contains(&format!("\"{}\"", input.id));
    let referenced = model
        .all(Kind::SecurityGroup)
        .filter(|other| member(other, "GroupId") != input.id)
        .any(named);
    if referenced || model.all(Kind::VpcEndpoint).any(named) {
        return Err(AwsError::new(
            "DependencyViolation",
            format!("resource {} has a dependent object", input.id),
        ));
    }
    model.remove(Kind::SecurityGroup, &input.id)?;
    Ok(json!({ "Return": true, "GroupId": input.id }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Rules {
    group_id: String,
    ip_permissions: Vec<Permission>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Permission {
    ip_protocol: String,
    #[serde(
        default,
        deserialize_with = "crate::protocol::values::optional_integer"
    )]
    from_port: Option<i64>,
    #[serde(
        default,
        deserialize_with = "crate::protocol::values::optional_integer"
    )]
    to_port: Option<i64>,
    #[serde(default)]
    ip_ranges: Vec<Value>,
    #[serde(default)]
    ipv6_ranges: Vec<Value>,
    #[serde(default)]
    prefix_list_ids: Vec<Value>,
    #[serde(default)]
    user_id_group_pairs: Vec<Value>,
}

/// Rules one by one: a permission names a protocol, ports and any number of peers.
fn singles(permission: &Permission) -> Vec<Value> {
    let peers = [
        ("IpRanges", &permission.ip_ranges),
        ("Ipv6Ranges", &permission.ipv6_ranges),
        ("PrefixListIds", &permission.prefix_list_ids),
        ("UserIdGroupPairs", &permission.user_id_group_pairs),
    ];
    let mut singles = Vec::new();
    for (member, items) in peers {
        for item in items {
            let mut rule = json!({
                "IpProtocol": permission.ip_protocol,
                "IpRanges": [],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
                "UserIdGroupPairs": [],
            });
            if permission.ip_protocol != "-1" {
                rule["FromPort"] = json!(permission.from_port);
                rule["ToPort"] = json!(permission.to_port);
            }
            rule[member] = json!([item]);
            singles.push(rule);
        }
    }
    singles
}

fn check(model: &Model, rule: &Value) -> Answer<()> {
    for range in super::model::items(rule, "IpRanges") {
        let block = member(range, "CidrIp");
        if Cidr::parse(block).is_none() {
            return Err(invalid(format!("CIDR block {block} is malformed")));
        }
    }
    for pair in super::model::items(rule, "UserIdGroupPairs") {
        model.get(Kind::SecurityGroup, member(pair, "GroupId"))?;
    }
    let port = |name: &str| rule.get(name).and_then(Value::as_i64);
    let ports = (port("FromPort"), port("ToPort"));
    match (member(rule, "IpProtocol"), ports) {
        ("tcp" | "udp", (Some(from), Some(to))) if (0..=65_535).contains(&from) && from <= to => {
            Ok(())
        }
        ("tcp" | "udp", _) => Err(invalid(
            "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
        )),
        _ => Ok(()),
    }
}

/// What makes two rules the same: everything but descriptions.
fn identity(rule: &Value) -> Value {
    let mut rule = rule.clone();
    for name in [
        "IpRanges",
        "Ipv6Ranges",
        "PrefixListIds",
        "UserIdGroupPairs",
    ] {
        for peer in rule
            .get_mut(name)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(members) = peer.as_object_mut() {
                members.retain(|name, _| {
                    matches!(
                        name.as_str(),
                        "CidrIp" | "CidrIpv6" | "PrefixListId" | "GroupId"
                    )
                });
            }
        }
    }
    rule
}

pub(super) fn authorize(model: &mut Model, input: &Rules, direction: &str) -> Answer {
    let rules: Vec<Value> = input.ip_permissions.iter().flat_map(singles).collect();
    for rule in &rules {
        check(model, rule)?;
    }
    let existing = list(
        model.get_mut(Kind::SecurityGroup, &input.group_id)?,
        direction,
    )?;
    for rule in rules {
        if existing
            .iter()
            .any(|other| identity(other) == identity(&rule))
        {
            return Err(AwsError::new(
                "InvalidPermission.Duplicate",
                "the specified rule already exists",
            ));
        }
        existing.push(rule);
    }
    Ok(json!({ "Return": true }))
}

pub(super) fn revoke(model: &mut Model, input: &Rules, direction: &str) -> Answer {
    let existing = list(
        model.get_mut(Kind::SecurityGroup, &input.group_id)?,
        direction,
    )?;
    for rule in input.ip_permissions.iter().flat_map(singles) {
        let before = existing.len();
        existing.retain(|other| identity(other) != identity(&rule));
        if existing.len() == before {
            return Err(AwsError::new(
                "InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.",
            ));
        }
    }
    Ok(json!({ "Return": true }))
}
