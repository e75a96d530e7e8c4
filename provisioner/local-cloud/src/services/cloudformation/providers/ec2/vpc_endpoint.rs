//! `AWS::EC2::VPCEndpoint`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, document, pick, text, texts};
use crate::error::Answer;

use super::{name_tags, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "PolicyDocument",
        "PrivateDnsEnabled",
        "RouteTableIds",
        "SecurityGroupIds",
        "SubnetIds",
        "Tags",
    ],
    fixed: &["ServiceName", "VpcEndpointType", "VpcId"],
    required: &["ServiceName", "VpcId"],
    attributes: &["Id"],
    booleans: &["PrivateDnsEnabled"],
    documents: &["PolicyDocument"],
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(
        properties,
        &[
            "PrivateDnsEnabled",
            "RouteTableIds",
            "SecurityGroupIds",
            "ServiceName",
            "SubnetIds",
            "VpcEndpointType",
            "VpcId",
        ],
    );
    if properties.contains_key("PolicyDocument") {
        input["PolicyDocument"] = json!(document(properties, "PolicyDocument"));
    }
    input["TagSpecifications"] = name_tags("vpc-endpoint", properties);
    let answer = context.call("ec2", "CreateVpcEndpoint", input).await?;
    let id = text(&answer, "/VpcEndpoint/VpcEndpointId")?;
    Ok(Made::new(id.clone()).with("Id", id))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = json!({ "VpcEndpointId": physical });
    let lists = [
        ("RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
        ("SubnetIds", "AddSubnetIds", "RemoveSubnetIds"),
        (
            "SecurityGroupIds",
            "AddSecurityGroupIds",
            "RemoveSecurityGroupIds",
        ),
    ];
    for (name, add, remove) in lists {
        let (before, after) = (texts(old, name), texts(new, name));
        let added: Vec<&String> = after.iter().filter(|id| !before.contains(id)).collect();
        let removed: Vec<&String> = before.iter().filter(|id| !after.contains(id)).collect();
        input[add] = json!(added);
        input[remove] = json!(removed);
    }
    if new.contains_key("PolicyDocument") {
        input["PolicyDocument"] = json!(document(new, "PolicyDocument"));
    }
    if let Some(enabled) = new.get("PrivateDnsEnabled") {
        input["PrivateDnsEnabled"] = enabled.clone();
    }
    context.call("ec2", "ModifyVpcEndpoint", input).await?;
    retag(context, physical, old, new).await?;
    Ok(Made::new(physical).with("Id", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "VpcEndpointIds": [physical] });
    context.gone("ec2", "DeleteVpcEndpoints", input).await
}
