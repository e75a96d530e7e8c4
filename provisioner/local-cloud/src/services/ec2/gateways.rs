//! Ways out: internet gateways, elastic addresses, NAT gateways.

use chrono::Utc;
use rand::Rng as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Kind, Model, dependent, items, list, member, new_id};
use super::operations::{ById, TagSpecification, tags, vpc_of};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::timestamp;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateInternetGateway {
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

pub(super) fn create_internet(
    cloud: &Cloud,
    model: &mut Model,
    input: CreateInternetGateway,
) -> Answer {
    let id = new_id(Kind::InternetGateway.prefix());
    let gateway = json!({
        "InternetGatewayId": id,
        "OwnerId": cloud.options.account,
        "Attachments": [],
        "Tags": tags(&input.tag_specifications),
    });
    model.put(Kind::InternetGateway, &id, gateway.clone());
    Ok(json!({ "InternetGateway": gateway }))
}

pub(super) fn delete_internet(model: &mut Model, input: &ById) -> Answer {
    let gateway = model.get(Kind::InternetGateway, &input.id)?;
    if items(gateway, "Attachments").next().is_some() {
        return Err(dependent(&format!("The internetGateway '{}'", input.id)));
    }
    model.remove(Kind::InternetGateway, &input.id)?;
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Attachment {
    internet_gateway_id: String,
    vpc_id: String,
}

pub(super) fn attach(model: &mut Model, input: &Attachment) -> Answer {
    let (id, vpc) = (&input.internet_gateway_id, &input.vpc_id);
    model.get(Kind::Vpc, vpc)?;
    let taken = model
        .all(Kind::InternetGateway)
        .any(|other| attached_to(other).any(|other| other == vpc));
    let gateway = model.get_mut(Kind::InternetGateway, id)?;
    if items(gateway, "Attachments").next().is_some() {
        return Err(AwsError::new(
            "Resource.AlreadyAssociated",
            format!("resource {id} is already attached to a network"),
        ));
    }
    if taken {
        return Err(AwsError::new(
            "InvalidParameterValue",
            format!("Network {vpc} already has an internet gateway attached"),
        ));
    }
    gateway["Attachments"] = json!([{ "State": "available", "VpcId": vpc }]);
    Ok(json!({ "Return": true }))
}

/// The VPCs a gateway is attached to.
pub(super) fn attached_to(gateway: &Value) -> impl Iterator<Item = &str> {
    items(gateway, "Attachments").map(|attachment| member(attachment, "VpcId"))
}

pub(super) fn detach(model: &mut Model, input: &Attachment) -> Answer {
    let (id, vpc) = (&input.internet_gateway_id, &input.vpc_id);
    let mapped = model
        .all(Kind::Address)
        .filter(|address| address.get("AssociationId").is_some())
        .filter_map(|address| {
            model
                .get(Kind::NatGateway, member(address, "NatGatewayId"))
                .ok()
        })
        .any(|nat| member(nat, "VpcId") == vpc && member(nat, "State") == "available");
    let gateway = model.get_mut(Kind::InternetGateway, id)?;
    if !attached_to(gateway).any(|other| other == vpc) {
        return Err(AwsError::new(
            "Gateway.NotAttached",
            format!("resource {id} is not attached to network {vpc}"),
        ));
    }
    if mapped {
        return Err(AwsError::new(
            "DependencyViolation",
            format!(
                "Network {vpc} has some mapped public address(es). Please unmap those public \
                 address(es) before detaching the gateway."
            ),
        ));
    }
    list(gateway, "Attachments")?.clear();
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Allocate {
    domain: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

pub(super) fn allocate(model: &mut Model, input: Allocate) -> Answer {
    let id = new_id(Kind::Address.prefix());
    // From the block reserved for documentation: it reaches nobody.
    let address = format!("203.0.113.{}", rand::rng().random_range(1..=254_u8));
    let domain = input.domain.unwrap_or_else(|| "vpc".to_owned());
    let thing = json!({
        "AllocationId": id,
        "PublicIp": address,
        "Domain": domain,
        "Tags": tags(&input.tag_specifications),
    });
    model.put(Kind::Address, &id, thing);
    Ok(json!({ "AllocationId": id, "PublicIp": address, "Domain": domain }))
}

pub(super) fn release(model: &mut Model, input: &ById) -> Answer {
    let address = model.get(Kind::Address, &input.id)?;
    if address.get("AssociationId").is_some() {
        return Err(AwsError::new(
            "InvalidIPAddress.InUse",
            format!("Address {} is in use.", member(address, "PublicIp")),
        ));
    }
    model.remove(Kind::Address, &input.id)?;
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateNatGateway {
    subnet_id: String,
    allocation_id: Option<String>,
    connectivity_type: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

/// Makes a NAT gateway; a public one takes its address.
pub(super) fn create_nat(model: &mut Model, input: CreateNatGateway) -> Answer {
    let vpc = vpc_of(model, Kind::Subnet, &input.subnet_id)?;
    let kind = input
        .connectivity_type
        .unwrap_or_else(|| "public".to_owned());
    let id = new_id(Kind::NatGateway.prefix());
    let mut addresses = Vec::new();
    match (&input.allocation_id, kind.as_str()) {
        (Some(allocation), "public") => {
            let address = model.get_mut(Kind::Address, allocation)?;
            if address.get("AssociationId").is_some() {
                return Err(AwsError::new(
                    "Resource.AlreadyAssociated",
                    format!("resource {allocation} is already associated"),
                ));
            }
            address["AssociationId"] = json!(new_id("eipassoc"));
            address["NatGatewayId"] = json!(id);
            addresses.push(json!({
                "AllocationId": allocation,
                "PublicIp": address.get("PublicIp"),
            }));
        }
        (None, "public") => {
            return Err(AwsError::new(
                "MissingParameter",
                "The request must include the AllocationId parameter. Add the required parameter \
                 and retry the request.",
            ));
        }
        _ => {}
    }
    let gateway = json!({
        "NatGatewayId": id,
        "SubnetId": input.subnet_id,
        "VpcId": vpc,
        "State": "available",
        "ConnectivityType": kind,
        "CreateTime": timestamp(Utc::now()),
        "NatGatewayAddresses": addresses,
        "Tags": tags(&input.tag_specifications),
    });
    model.put(Kind::NatGateway, &id, gateway.clone());
    Ok(json!({ "NatGateway": gateway }))
}

/// Deletes a NAT gateway. AWS shows deleted ones for an hour; we let go at once.
pub(super) fn delete_nat(model: &mut Model, input: &ById) -> Answer {
    model.remove(Kind::NatGateway, &input.id)?;
    let held: Vec<String> = model
        .all(Kind::Address)
        .filter(|address| member(address, "NatGatewayId") == input.id)
        .map(|address| member(address, "AllocationId").to_owned())
        .collect();
    for id in held {
        if let Some(address) = model.get_mut(Kind::Address, &id)?.as_object_mut() {
            address.remove("AssociationId");
            address.remove("NatGatewayId");
        }
    }
    Ok(json!({ "NatGatewayId": input.id }))
}
