//! `AWS::EC2::Route`.

use super::super::{Context, Made, PLAIN, Properties, Schema, pick, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["GatewayId", "NatGatewayId"],
    fixed: &["DestinationCidrBlock", "RouteTableId"],
    required: &["DestinationCidrBlock", "RouteTableId"],
    attributes: &["CidrBlock"],
    ..PLAIN
};

const ALL: [&str; 4] = [
    "DestinationCidrBlock",
    "GatewayId",
    "NatGatewayId",
    "RouteTableId",
];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    context
        .call("ec2", "CreateRoute", pick(properties, &ALL))
        .await?;
    Ok(made(properties))
}

fn made(properties: &Properties) -> Made {
    let block = property(properties, "DestinationCidrBlock");
    let table = property(properties, "RouteTableId");
    Made::new(format!("{table}|{block}")).with("CidrBlock", block)
}

pub(in super::super) async fn update(
    context: &Context,
    _physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    context.call("ec2", "ReplaceRoute", pick(new, &ALL)).await?;
    Ok(made(new))
}

pub(in super::super) async fn delete(
    context: &Context,
    _physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = pick(properties, &["DestinationCidrBlock", "RouteTableId"]);
    context.gone("ec2", "DeleteRoute", input).await
}
