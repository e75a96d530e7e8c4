//! VPC endpoints: ways to AWS's services that do not leave the network.

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Kind, Model, member, new_id};
use super::operations::{TagSpecification, invalid, tags, vpc_of};
use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values::{optional_boolean, timestamp};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateEndpoint {
    vpc_id: String,
    service_name: String,
    vpc_endpoint_type: Option<String>,
    policy_document: Option<String>,
    #[serde(default)]
    route_table_ids: Vec<String>,
    #[serde(default)]
    subnet_ids: Vec<String>,
    #[serde(default)]
    security_group_ids: Vec<String>,
    #[serde(default, deserialize_with = "optional_boolean")]
    private_dns_enabled: Option<bool>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

pub(super) fn create(cloud: &Cloud, model: &mut Model, input: CreateEndpoint) -> Answer {
    model.get(Kind::Vpc, &input.vpc_id)?;
    let service = &input.service_name;
    let region = &cloud.options.region;
    if !service.starts_with(&format!("com.amazonaws.{region}.")) {
        return Err(crate::error::AwsError::new(
            "InvalidServiceName",
            format!("The Vpc Endpoint Service '{service}' does not exist"),
        ));
    }
    let kind = input
        .vpc_endpoint_type
        .unwrap_or_else(|| "Gateway".to_owned());
    if kind == "Gateway" && !matches!(service.rsplit('.').next(), Some("s3" | "dynamodb")) {
        return Err(invalid(format!(
            "Endpoint type (Gateway) does not match available service types ([Interface]) for {service}."
        )));
    }
    in_vpc(
        model,
        Kind::RouteTable,
        &input.route_table_ids,
        &input.vpc_id,
    )?;
    in_vpc(model, Kind::Subnet, &input.subnet_ids, &input.vpc_id)?;
    in_vpc(
        model,
        Kind::SecurityGroup,
        &input.security_group_ids,
        &input.vpc_id,
    )?;
    let id = new_id(Kind::VpcEndpoint.prefix());
    let groups = groups(model, &input.security_group_ids)?;
    let endpoint = json!({
        "VpcEndpointId": id,
        "VpcEndpointType": kind,
        "VpcId": input.vpc_id,
        "ServiceName": service,
        "State": "available",
        "PolicyDocument": input.policy_document,
        "RouteTableIds": input.route_table_ids,
        "SubnetIds": input.subnet_ids,
        "Groups": groups,
        "PrivateDnsEnabled": input.private_dns_enabled.unwrap_or(kind == "Interface"),
        "OwnerId": cloud.options.account,
        "CreationTimestamp": timestamp(Utc::now()),
        "Tags": tags(&input.tag_specifications),
    });
    model.put(Kind::VpcEndpoint, &id, endpoint.clone());
    Ok(json!({ "VpcEndpoint": endpoint }))
}

fn in_vpc(model: &Model, kind: Kind, ids: &[String], vpc: &str) -> Answer<()> {
    for id in ids {
        if vpc_of(model, kind, id)? != vpc {
            return Err(invalid(format!("{id} is not in {vpc}")));
        }
    }
    Ok(())
}

fn groups(model: &Model, ids: &[String]) -> Answer<Vec<Value>> {
    let group = |id: &String| {
        let group = model.get(Kind::SecurityGroup, id)?;
        Ok(json!({ "GroupId": id, "GroupName": member(group, "GroupName") }))
    };
    ids.iter().map(group).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ModifyEndpoint {
    vpc_endpoint_id: String,
    policy_document: Option<String>,
    #[serde(default)]
    add_route_table_ids: Vec<String>,
    #[serde(default)]
    remove_route_table_ids: Vec<String>,
    #[serde(default)]
    add_subnet_ids: Vec<String>,
    #[serde(default)]
    remove_subnet_ids: Vec<String>,
    #[serde(default)]
    add_security_group_ids: Vec<String>,
    #[serde(default)]
    remove_security_group_ids: Vec<String>,
    #[serde(default, deserialize_with = "optional_boolean")]
    private_dns_enabled: Option<bool>,
}

pub(super) fn modify(model: &mut Model, input: &ModifyEndpoint) -> Answer {
    let added = groups(model, &input.add_security_group_ids)?;
    let endpoint = model.get_mut(Kind::VpcEndpoint, &input.vpc_endpoint_id)?;
    let lists = [
        (
            "RouteTableIds",
            &input.add_route_table_ids,
            &input.remove_route_table_ids,
        ),
        ("SubnetIds", &input.add_subnet_ids, &input.remove_subnet_ids),
    ];
    for (name, add, remove) in lists {
        let ids = super::model::list(endpoint, name)?;
        ids.retain(|id| !remove.iter().any(|gone| json!(gone) == *id));
        ids.extend(add.iter().map(|id| json!(id)));
    }
    let groups = super::model::list(endpoint, "Groups")?;
    groups.retain(|group| {
        let id = member(group, "GroupId");
        !input
            .remove_security_group_ids
            .iter()
            .any(|gone| gone == id)
    });
    groups.extend(added);
    if let Some(policy) = &input.policy_document {
        endpoint["PolicyDocument"] = json!(policy);
    }
    if let Some(enabled) = input.private_dns_enabled {
        endpoint["PrivateDnsEnabled"] = json!(enabled);
    }
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DeleteEndpoints {
    vpc_endpoint_ids: Vec<String>,
}

pub(super) fn delete(model: &mut Model, input: &DeleteEndpoints) -> Answer {
    let mut failed = Vec::new();
    for id in &input.vpc_endpoint_ids {
        if let Err(error) = model.remove(Kind::VpcEndpoint, id) {
            failed.push(json!({
                "ResourceId": id,
                "Error": { "Code": error.code, "Message": error.message },
            }));
        }
    }
    Ok(json!({ "Unsuccessful": failed }))
}
