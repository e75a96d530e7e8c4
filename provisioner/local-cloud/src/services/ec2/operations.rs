//! The operations on the wire.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Kind, Model, list, member};
use super::{describe, endpoints, gateways, groups, routes, vpcs};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    let store = &cloud.services.ec2.store;
    if operation.starts_with("Describe") {
        return describe::call(cloud, &store.read(), operation, input);
    }
    store.write(|model| change(cloud, model, operation, input))
}

fn change(cloud: &Cloud, model: &mut Model, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateVpc" => vpcs::create(cloud, model, parse(input)?),
        "DeleteVpc" => vpcs::delete(model, &parse(input)?),
        "ModifyVpcAttribute" => vpcs::modify(model, &parse(input)?),
        "CreateSubnet" => vpcs::create_subnet(cloud, model, parse(input)?),
        "DeleteSubnet" => vpcs::delete_subnet(model, &parse(input)?),
        "ModifySubnetAttribute" => vpcs::modify_subnet(model, &parse(input)?),
        "CreateInternetGateway" => gateways::create_internet(cloud, model, parse(input)?),
        "DeleteInternetGateway" => gateways::delete_internet(model, &parse(input)?),
        "AttachInternetGateway" => gateways::attach(model, &parse(input)?),
        "DetachInternetGateway" => gateways::detach(model, &parse(input)?),
        "AllocateAddress" => gateways::allocate(model, parse(input)?),
        "ReleaseAddress" => gateways::release(model, &parse(input)?),
        "CreateNatGateway" => gateways::create_nat(model, parse(input)?),
        "DeleteNatGateway" => gateways::delete_nat(model, &parse(input)?),
        "CreateRouteTable" => routes::create_table(cloud, model, parse(input)?),
        "DeleteRouteTable" => routes::delete_table(model, &parse(input)?),
        "AssociateRouteTable" => routes::associate(model, &parse(input)?),
        "DisassociateRouteTable" => routes::disassociate(model, &parse(input)?),
        "CreateRoute" => routes::create(model, &parse(input)?),
        "ReplaceRoute" => routes::replace(model, &parse(input)?),
        "DeleteRoute" => routes::delete(model, &parse(input)?),
        "CreateSecurityGroup" => groups::create(cloud, model, parse(input)?),
        "DeleteSecurityGroup" => groups::delete(model, &parse(input)?),
        "AuthorizeSecurityGroupIngress" => groups::authorize(model, &parse(input)?, groups::IN),
        "AuthorizeSecurityGroupEgress" => groups::authorize(model, &parse(input)?, groups::OUT),
        "RevokeSecurityGroupIngress" => groups::revoke(model, &parse(input)?, groups::IN),
        "RevokeSecurityGroupEgress" => groups::revoke(model, &parse(input)?, groups::OUT),
        "CreateVpcEndpoint" => endpoints::create(cloud, model, parse(input)?),
        "ModifyVpcEndpoint" => endpoints::modify(model, &parse(input)?),
        "DeleteVpcEndpoints" => endpoints::delete(model, &parse(input)?),
        "CreateTags" => tag(model, &parse(input)?),
        "DeleteTags" => untag(model, &parse(input)?),
        _ => Err(AwsError::unknown_operation("ec2", operation)),
    }
}

/// A tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// Tags for a thing about to be made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TagSpecification {
    #[expect(dead_code, reason = "the operation knows what it makes")]
    resource_type: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// The tags of a create operation, as they are described.
pub(super) fn tags(specifications: &[TagSpecification]) -> Value {
    let tags = specifications
        .iter()
        .flat_map(|specification| &specification.tags);
    tags.map(|tag| json!({ "Key": tag.key, "Value": tag.value.clone().unwrap_or_default() }))
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tagging {
    resources: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

fn tag(model: &mut Model, input: &Tagging) -> Answer {
    for id in &input.resources {
        let tags = list(model.tagged(id)?, "Tags")?;
        for tag in &input.tags {
            tags.retain(|other| member(other, "Key") != tag.key);
            tags.push(json!({ "Key": tag.key, "Value": tag.value.clone().unwrap_or_default() }));
        }
    }
    Ok(json!({ "Return": true }))
}

fn untag(model: &mut Model, input: &Tagging) -> Answer {
    for id in &input.resources {
        let tags = list(model.tagged(id)?, "Tags")?;
        tags.retain(|other| {
            let named = |tag: &Tag| {
                let value = tag.value.as_deref();
                tag.key == member(other, "Key") && value.is_none_or(|v| v == member(other, "Value"))
            };
            !input.tags.is_empty() && !input.tags.iter().any(named)
        });
    }
    Ok(json!({ "Return": true }))
}

/// `InvalidParameterValue`.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}

/// One of several ids a thing is asked for by.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ById {
    #[serde(
        alias = "VpcId",
        alias = "SubnetId",
        alias = "InternetGatewayId",
        alias = "NatGatewayId",
        alias = "RouteTableId",
        alias = "AllocationId",
        alias = "AssociationId",
        alias = "GroupId"
    )]
    pub(super) id: String,
}

/// The VPC a thing is in.
pub(super) fn vpc_of(model: &Model, kind: Kind, id: &str) -> Answer<String> {
    Ok(member(model.get(kind, id)?, "VpcId").to_owned())
}
