//! `AWS::EC2::SecurityGroup`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property, text};
use crate::error::Answer;

use super::super::names::{Name, Style};
use super::{name_tags, permission, retag};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["SecurityGroupEgress", "SecurityGroupIngress", "Tags"],
    fixed: &["GroupDescription", "GroupName", "VpcId"],
    required: &["GroupDescription"],
    attributes: &["GroupId", "Id", "VpcId"],
    numbers: &[
        "SecurityGroupEgress.FromPort",
        "SecurityGroupEgress.ToPort",
        "SecurityGroupIngress.FromPort",
        "SecurityGroupIngress.ToPort",
    ],
    name: Some(Name {
        property: "GroupName",
        longest: 255,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

const DIRECTIONS: [(&str, &str); 2] = [
    ("SecurityGroupIngress", "SecurityGroupIngress"),
    ("SecurityGroupEgress", "SecurityGroupEgress"),
];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let input = json!({
        "GroupName": property(properties, "GroupName"),
        "Description": property(properties, "GroupDescription"),
        "VpcId": property(properties, "VpcId"),
        "TagSpecifications": name_tags("security-group", properties),
    });
    let answer = context.call("ec2", "CreateSecurityGroup", input).await?;
    let id = text(&answer, "/GroupId")?;
    let ruled = rules(context, &id, &Properties::new(), properties).await;
    if let Err(error) = ruled {
        let input = json!({ "GroupId": id });
        context.gone("ec2", "DeleteSecurityGroup", input).await?;
        return Err(error);
    }
    Ok(made(&id, properties))
}

fn made(id: &str, properties: &Properties) -> Made {
    Made::new(id)
        .with("GroupId", id)
        .with("Id", id)
        .with("VpcId", property(properties, "VpcId"))
}

/// Rules of a direction; a group whose template names no way out has AWS's: all.
fn wanted(properties: &Properties, name: &str) -> Vec<Value> {
    match properties.get(name) {
        Some(Value::Array(rules)) if !rules.is_empty() => rules.clone(),
        _ if name == "SecurityGroupEgress" => {
            vec![json!({ "IpProtocol": "-1", "CidrIp": "0.0.0.0/0" })]
        }
        _ => Vec::new(),
    }
}

/// Turns one set of rules into another, adding before taking away.
async fn rules(context: &Context, id: &str, old: &Properties, new: &Properties) -> Answer<()> {
    for (name, operation) in DIRECTIONS {
        let (before, after) = (wanted(old, name), wanted(new, name));
        for (verb, from, to) in [("Authorize", &before, &after), ("Revoke", &after, &before)] {
            let missing: Vec<Value> = to
                .iter()
                .filter(|rule| !from.contains(rule))
                .map(permission)
                .collect();
            if !missing.is_empty() {
                let input = json!({ "GroupId": id, "IpPermissions": missing });
                context
                    .call("ec2", &format!("{verb}{operation}"), input)
                    .await?;
            }
        }
    }
    Ok(())
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    rules(context, physical, old, new).await?;
    retag(context, physical, old, new).await?;
    Ok(made(physical, new))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "GroupId": physical });
    context.gone("ec2", "DeleteSecurityGroup", input).await
}
