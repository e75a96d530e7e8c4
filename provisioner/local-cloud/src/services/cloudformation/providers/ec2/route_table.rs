//! `AWS::EC2::RouteTable`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, pick, text};
use crate::error::Answer;

use super::{name_tags, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Tags"],
    fixed: &["VpcId"],
    required: &["VpcId"],
    attributes: &["RouteTableId"],
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(properties, &["VpcId"]);
    input["TagSpecifications"] = name_tags("route-table", properties);
    let answer = context.call("ec2", "CreateRouteTable", input).await?;
    let id = text(&answer, "/RouteTable/RouteTableId")?;
    Ok(made(&id, properties))
}

fn made(id: &str, _properties: &Properties) -> Made {
    Made::new(id).with("RouteTableId", id)
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
    let input = json!({ "RouteTableId": physical });
    context.gone("ec2", "DeleteRouteTable", input).await
}
