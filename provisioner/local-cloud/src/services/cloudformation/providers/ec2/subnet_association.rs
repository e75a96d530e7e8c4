//! `AWS::EC2::SubnetRouteTableAssociation`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, pick, text};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    fixed: &["RouteTableId", "SubnetId"],
    required: &["RouteTableId", "SubnetId"],
    attributes: &["Id"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let input = pick(properties, &["RouteTableId", "SubnetId"]);
    let answer = context.call("ec2", "AssociateRouteTable", input).await?;
    let id = text(&answer, "/AssociationId")?;
    Ok(made(&id, properties))
}

fn made(id: &str, _properties: &Properties) -> Made {
    Made::new(id).with("Id", id)
}

#[expect(clippy::unused_async, reason = "every type is updated the same way")]
pub(in super::super) async fn update(
    _context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    Ok(made(physical, new))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "AssociationId": physical });
    context.gone("ec2", "DisassociateRouteTable", input).await
}
