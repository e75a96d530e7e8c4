//! `AWS::EC2::NatGateway`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, pick, text};
use crate::error::Answer;

use super::{name_tags, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Tags"],
    fixed: &["AllocationId", "ConnectivityType", "SubnetId"],
    required: &["SubnetId"],
    attributes: &["NatGatewayId"],
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(
        properties,
        &["AllocationId", "ConnectivityType", "SubnetId"],
    );
    input["TagSpecifications"] = name_tags("natgateway", properties);
    let answer = context.call("ec2", "CreateNatGateway", input).await?;
    let id = text(&answer, "/NatGateway/NatGatewayId")?;
    Ok(made(&id, properties))
}

fn made(id: &str, _properties: &Properties) -> Made {
    Made::new(id).with("NatGatewayId", id)
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    retag(context, physical, old, new).await?;
    Ok(made(physical, new))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "NatGatewayId": physical });
    context.gone("ec2", "DeleteNatGateway", input).await
}
