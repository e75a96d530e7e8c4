//! `AWS::EC2::SecurityGroupEgress`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, property};
use crate::error::Answer;

use super::permission;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Description"],
    fixed: &[
        "CidrIp",
        "CidrIpv6",
        "FromPort",
        "GroupId",
        "IpProtocol",
        "DestinationSecurityGroupId",
        "ToPort",
    ],
    required: &["GroupId", "IpProtocol"],
    attributes: &["Id"],
    numbers: &["FromPort", "ToPort"],
    ..PLAIN
};

fn input(properties: &Properties) -> Value {
    json!({
        "GroupId": property(properties, "GroupId"),
        "IpPermissions": [permission(&Value::Object(properties.clone()))],
    })
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    context
        .call("ec2", "AuthorizeSecurityGroupEgress", input(properties))
        .await?;
    let id = format!("sgr-{}", super::super::names::random(17).to_lowercase());
    Ok(Made::new(id.clone()).with("Id", id))
}

/// Only the description can change: the rule is made again with the new one.
pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    context
        .gone("ec2", "RevokeSecurityGroupEgress", input(old))
        .await?;
    context
        .call("ec2", "AuthorizeSecurityGroupEgress", input(new))
        .await?;
    Ok(Made::new(physical).with("Id", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    _physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    context
        .gone("ec2", "RevokeSecurityGroupEgress", input(properties))
        .await
}
