//! `AWS::EC2::Subnet`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, differ, pick, text};
use crate::error::Answer;

use super::{name_tags, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["MapPublicIpOnLaunch", "Tags"],
    fixed: &["AvailabilityZone", "CidrBlock", "VpcId"],
    required: &["CidrBlock", "VpcId"],
    attributes: &["AvailabilityZone", "CidrBlock", "SubnetId", "VpcId"],
    booleans: &["MapPublicIpOnLaunch"],
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(properties, &["AvailabilityZone", "CidrBlock", "VpcId"]);
    input["TagSpecifications"] = name_tags("subnet", properties);
    let answer = context.call("ec2", "CreateSubnet", input).await?;
    let id = text(&answer, "/Subnet/SubnetId")?;
    update(context, &id, &Properties::new(), properties).await
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if differ(old, new, &["MapPublicIpOnLaunch"]) {
        let value = new
            .get("MapPublicIpOnLaunch")
            .cloned()
            .unwrap_or(json!(false));
        let input = json!({ "SubnetId": physical, "MapPublicIpOnLaunch": { "Value": value } });
        context.call("ec2", "ModifySubnetAttribute", input).await?;
    }
    retag(context, physical, old, new).await?;
    let input = json!({ "SubnetIds": [physical] });
    let answer = context.call("ec2", "DescribeSubnets", input).await?;
    let mut made = Made::new(physical);
    for name in SCHEMA.attributes {
        made = made.with(name, text(&answer, &format!("/Subnets/0/{name}"))?);
    }
    Ok(made)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "SubnetId": physical });
    context.gone("ec2", "DeleteSubnet", input).await
}
