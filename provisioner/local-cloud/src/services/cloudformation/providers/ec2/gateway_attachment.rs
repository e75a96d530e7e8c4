//! `AWS::EC2::VPCGatewayAttachment`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["InternetGatewayId"],
    fixed: &["VpcId"],
    required: &["InternetGatewayId", "VpcId"],
    attributes: &["AttachmentType"],
    ..PLAIN
};

fn input(properties: &Properties) -> Value {
    json!({
        "InternetGatewayId": property(properties, "InternetGatewayId"),
        "VpcId": property(properties, "VpcId"),
    })
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    context
        .call("ec2", "AttachInternetGateway", input(properties))
        .await?;
    Ok(made(properties))
}

fn made(properties: &Properties) -> Made {
    let id = format!("IGW|{}", property(properties, "VpcId"));
    Made::new(id).with("AttachmentType", "IGW")
}

pub(in super::super) async fn update(
    context: &Context,
    _physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    context
        .gone("ec2", "DetachInternetGateway", input(old))
        .await?;
    create(context, new).await
}

pub(in super::super) async fn delete(
    context: &Context,
    _physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    match context
        .call("ec2", "DetachInternetGateway", input(properties))
        .await
    {
        Err(error) if error.code == "Gateway.NotAttached" || super::super::is_gone(&error) => {
            Ok(())
        }
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}
