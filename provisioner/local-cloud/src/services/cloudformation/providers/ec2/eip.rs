//! `AWS::EC2::EIP`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, pick, text};
use crate::error::Answer;

use super::{name_tags, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Tags"],
    fixed: &["Domain"],
    attributes: &["AllocationId", "PublicIp"],
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(properties, &["Domain"]);
    input["TagSpecifications"] = name_tags("elastic-ip", properties);
    let answer = context.call("ec2", "AllocateAddress", input).await?;
    made(&answer)
}

/// Its physical id is the address, as AWS has it.
fn made(address: &Value) -> Answer<Made> {
    let ip = text(address, "/PublicIp")?;
    let allocation = text(address, "/AllocationId")?;
    Ok(Made::new(ip.clone())
        .with("AllocationId", allocation)
        .with("PublicIp", ip))
}

async fn find(context: &Context, ip: &str) -> Answer {
    let input = json!({ "Filters": [{ "Name": "public-ip", "Values": [ip] }] });
    let answer = context.call("ec2", "DescribeAddresses", input).await?;
    let found = answer.pointer("/Addresses/0").cloned();
    found.ok_or_else(|| {
        let words = format!("Address '{ip}' not found.");
        crate::error::AwsError::new("InvalidAddress.NotFound", words)
    })
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let address = find(context, physical).await?;
    retag(context, &text(&address, "/AllocationId")?, old, new).await?;
    made(&address)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let address = find(context, physical).await?;
    let input = json!({ "AllocationId": text(&address, "/AllocationId")? });
    context.gone("ec2", "ReleaseAddress", input).await
}
