//! `AWS::EC2::VPC`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, differ, pick, property, text};
use crate::error::Answer;

use super::{name_tags, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["EnableDnsSupport", "EnableDnsHostnames", "Tags"],
    fixed: &["CidrBlock", "InstanceTenancy"],
    required: &["CidrBlock"],
    attributes: &["CidrBlock", "DefaultSecurityGroup", "VpcId"],
    booleans: &["EnableDnsSupport", "EnableDnsHostnames"],
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(properties, &["CidrBlock", "InstanceTenancy"]);
    input["TagSpecifications"] = name_tags("vpc", properties);
    let answer = context.call("ec2", "CreateVpc", input).await?;
    let id = text(&answer, "/Vpc/VpcId")?;
    set_dns(context, &id, &Properties::new(), properties).await?;
    made(context, &id, properties).await
}

async fn set_dns(context: &Context, id: &str, old: &Properties, new: &Properties) -> Answer<()> {
    for name in ["EnableDnsSupport", "EnableDnsHostnames"] {
        if differ(old, new, &[name]) {
            // What the template leaves out is AWS's default.
            let default = json!(name == "EnableDnsSupport");
            let value = new.get(name).unwrap_or(&default);
            let input = json!({ "VpcId": id, name: { "Value": value } });
            context.call("ec2", "ModifyVpcAttribute", input).await?;
        }
    }
    Ok(())
}

async fn made(context: &Context, id: &str, properties: &Properties) -> Answer<Made> {
    let filters = json!([
        { "Name": "vpc-id", "Values": [id] },
        { "Name": "group-name", "Values": ["default"] },
    ]);
    let input = json!({ "Filters": filters });
    let groups = context.call("ec2", "DescribeSecurityGroups", input).await?;
    Ok(Made::new(id)
        .with("VpcId", id)
        .with("CidrBlock", property(properties, "CidrBlock"))
        .with(
            "DefaultSecurityGroup",
            text(&groups, "/SecurityGroups/0/GroupId")?,
        ))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    set_dns(context, physical, old, new).await?;
    retag(context, physical, old, new).await?;
    made(context, physical, new).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "VpcId": physical });
    context.gone("ec2", "DeleteVpc", input).await
}
