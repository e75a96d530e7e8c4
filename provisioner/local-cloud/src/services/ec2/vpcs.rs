//! VPCs and their subnets.

use serde::Deserialize;
use serde_json::{Value, json};

use super::cidr::Cidr;
use super::groups;
use super::model::{Kind, Model, dependent, list, member, new_id};
use super::operations::{ById, TagSpecification, invalid, tags};
use super::routes;
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_boolean;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateVpc {
    cidr_block: String,
    instance_tenancy: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

/// Makes a VPC with its main route table and default security group.
pub(super) fn create(cloud: &Cloud, model: &mut Model, input: CreateVpc) -> Answer {
    let block = Cidr::parse(&input.cidr_block).ok_or_else(|| {
        let block = &input.cidr_block;
        invalid(format!(
            "Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ))
    })?;
    if !(16..=28).contains(&block.length) {
        return Err(AwsError::new(
            "InvalidVpc.Range",
            format!("The CIDR '{block}' is invalid."),
        ));
    }
    let id = new_id(Kind::Vpc.prefix());
    let vpc = json!({
        "VpcId": id,
        "CidrBlock": block.to_string(),
        "CidrBlockAssociationSet": [{
            "AssociationId": new_id("vpc-cidr-assoc"),
            "CidrBlock": block.to_string(),
            "CidrBlockState": { "State": "associated" },
        }],
        "DhcpOptionsId": "default",
        "InstanceTenancy": input.instance_tenancy.unwrap_or_else(|| "default".to_owned()),
        "IsDefault": false,
        "OwnerId": cloud.options.account,
        "State": "available",
        "Tags": tags(&input.tag_specifications),
        "EnableDnsSupport": true,
        "EnableDnsHostnames": false,
    });
    model.put(Kind::Vpc, &id, vpc.clone());
    groups::create_default(cloud, model, &id)?;
    routes::create_main(cloud, model, &id)?;
    Ok(json!({ "Vpc": shown(&vpc) }))
}

/// A VPC without what only `DescribeVpcAttribute` tells.
pub(super) fn shown(vpc: &Value) -> Value {
    let mut shown = vpc.clone();
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| !name.starts_with("EnableDns"));
    }
    shown
}

/// Removes a VPC that nothing but what came with it is in.
pub(super) fn delete(model: &mut Model, input: &ById) -> Answer {
    model.get(Kind::Vpc, &input.id)?;
    let in_it = |thing: &&Value| member(thing, "VpcId") == input.id;
    let attached = model
        .all(Kind::InternetGateway)
        .any(|gateway| gateway.to_string().contains(&input.id));
    let used = attached
        || [Kind::Subnet, Kind::VpcEndpoint]
            .into_iter()
            .any(|kind| model.all(kind).any(|thing| in_it(&thing)))
        || model
            .all(Kind::NatGateway)
            .filter(in_it)
            .any(|gateway| member(gateway, "State") != "deleted")
        || model
            .all(Kind::SecurityGroup)
            .filter(in_it)
            .any(|group| member(group, "GroupName") != "default")
        || model
            .all(Kind::RouteTable)
            .filter(in_it)
            .any(|table| !routes::is_main(table));
    if used {
        return Err(dependent(&format!("The vpc '{}'", input.id)));
    }
    for (kind, name) in [
        (Kind::SecurityGroup, "GroupId"),
        (Kind::RouteTable, "RouteTableId"),
    ] {
        let own: Vec<String> = model
            .all(kind)
            .filter(in_it)
            .map(|thing| member(thing, name).to_owned())
            .collect();
        for id in own {
            model.remove(kind, &id)?;
        }
    }
    model.remove(Kind::Vpc, &input.id)?;
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Flag {
    #[serde(deserialize_with = "optional_boolean")]
    value: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ModifyVpc {
    vpc_id: String,
    enable_dns_support: Option<Flag>,
    enable_dns_hostnames: Option<Flag>,
}

/// Sets one of a VPC's DNS attributes.
pub(super) fn modify(model: &mut Model, input: &ModifyVpc) -> Answer {
    let vpc = model.get_mut(Kind::Vpc, &input.vpc_id)?;
    let flags = [
        ("EnableDnsSupport", &input.enable_dns_support),
        ("EnableDnsHostnames", &input.enable_dns_hostnames),
    ];
    for (name, flag) in flags {
        if let Some(value) = flag.as_ref().and_then(|flag| flag.value) {
            vpc[name] = json!(value);
        }
    }
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateSubnet {
    vpc_id: String,
    cidr_block: String,
    availability_zone: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

/// Makes a subnet whose addresses are the VPC's and nobody else's.
pub(super) fn create_subnet(cloud: &Cloud, model: &mut Model, input: CreateSubnet) -> Answer {
    let vpc = model.get(Kind::Vpc, &input.vpc_id)?;
    let text = &input.cidr_block;
    let block = Cidr::parse(text).ok_or_else(|| {
        invalid(format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ))
    })?;
    let inside = Cidr::parse(member(vpc, "CidrBlock")).is_some_and(|vpc| vpc.holds(block));
    if !inside || block.length > 28 {
        return Err(AwsError::new(
            "InvalidSubnet.Range",
            format!("The CIDR '{text}' is invalid."),
        ));
    }
    let taken = model
        .all(Kind::Subnet)
        .filter(|other| member(other, "VpcId") == input.vpc_id)
        .filter_map(|other| Cidr::parse(member(other, "CidrBlock")))
        .any(|other| other.overlaps(block));
    if taken {
        return Err(AwsError::new(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{text}' conflicts with another subnet"),
        ));
    }
    let region = &cloud.options.region;
    let zone = input
        .availability_zone
        .unwrap_or_else(|| format!("{region}a"));
    if !zones(region).contains(&zone) {
        return Err(invalid(format!(
            "Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only \
             be created in the following availability zones: {}.",
            zones(region).join(", ")
        )));
    }
    let id = new_id(Kind::Subnet.prefix());
    // AWS keeps five addresses of every subnet.
    let free = (1_u64 << (32 - block.length)) - 5;
    let subnet = json!({
        "SubnetId": id,
        "SubnetArn": cloud.arn("ec2", &format!("subnet/{id}")),
        "VpcId": input.vpc_id,
        "CidrBlock": block.to_string(),
        "AvailabilityZone": zone,
        "AvailableIpAddressCount": free,
        "DefaultForAz": false,
        "MapPublicIpOnLaunch": false,
        "OwnerId": cloud.options.account,
        "State": "available",
        "Tags": tags(&input.tag_specifications),
    });
    model.put(Kind::Subnet, &id, subnet.clone());
    Ok(json!({ "Subnet": subnet }))
}

/// The zones of a region: the three every region has.
pub(super) fn zones(region: &str) -> Vec<String> {
    ["a", "b", "c"]
        .map(|zone| format!("{region}{zone}"))
        .to_vec()
}

/// Removes a subnet nothing stands in.
pub(super) fn delete_subnet(model: &mut Model, input: &ById) -> Answer {
    model.get(Kind::Subnet, &input.id)?;
    let used = [Kind::NatGateway, Kind::VpcEndpoint]
        .into_iter()
        .any(|kind| {
            model.all(kind).any(|thing| {
                member(thing, "State") != "deleted" && thing.to_string().contains(&input.id)
            })
        });
    if used {
        return Err(dependent(&format!("The subnet '{}'", input.id)));
    }
    model.remove(Kind::Subnet, &input.id)?;
    for table in routes::tables(model) {
        let table = model.get_mut(Kind::RouteTable, &table)?;
        list(table, "Associations")?.retain(|other| member(other, "SubnetId") != input.id);
    }
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ModifySubnet {
    subnet_id: String,
    map_public_ip_on_launch: Option<Flag>,
}

/// Sets whether what starts in a subnet gets a public address.
pub(super) fn modify_subnet(model: &mut Model, input: &ModifySubnet) -> Answer {
    let subnet = model.get_mut(Kind::Subnet, &input.subnet_id)?;
    if let Some(value) = input
        .map_public_ip_on_launch
        .as_ref()
        .and_then(|flag| flag.value)
    {
        subnet["MapPublicIpOnLaunch"] = json!(value);
    }
    Ok(json!({ "Return": true }))
}
