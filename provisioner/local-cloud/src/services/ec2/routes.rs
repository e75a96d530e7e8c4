//! Route tables, their routes and the subnets they serve.

use serde::Deserialize;
use serde_json::{Value, json};

use super::cidr::Cidr;
use super::gateways::attached_to;
use super::model::{Kind, Model, dependent, items, list, member, new_id};
use super::operations::{ById, TagSpecification, invalid, tags, vpc_of};
use crate::Cloud;
use crate::error::{Answer, AwsError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateRouteTable {
    vpc_id: String,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

pub(super) fn create_table(cloud: &Cloud, model: &mut Model, input: CreateRouteTable) -> Answer {
    let table = new_table(
        cloud,
        model,
        &input.vpc_id,
        &tags(&input.tag_specifications),
    )?;
    Ok(json!({ "RouteTable": table }))
}

/// The table every VPC comes with.
pub(super) fn create_main(cloud: &Cloud, model: &mut Model, vpc: &str) -> Answer<()> {
    let table = new_table(cloud, model, vpc, &json!([]))?;
    let id = member(&table, "RouteTableId").to_owned();
    let association = json!({
        "Main": true,
        "RouteTableAssociationId": new_id("rtbassoc"),
        "RouteTableId": id,
        "AssociationState": { "State": "associated" },
    });
    list(model.get_mut(Kind::RouteTable, &id)?, "Associations")?.push(association);
    Ok(())
}

fn new_table(cloud: &Cloud, model: &mut Model, vpc: &str, tags: &Value) -> Answer {
    let block = model.get(Kind::Vpc, vpc)?.get("CidrBlock").cloned();
    let id = new_id(Kind::RouteTable.prefix());
    let table = json!({
        "RouteTableId": id,
        "VpcId": vpc,
        "OwnerId": cloud.options.account,
        "Associations": [],
        "Routes": [{
            "DestinationCidrBlock": block,
            "GatewayId": "local",
            "Origin": "CreateRouteTable",
            "State": "active",
        }],
        "Tags": tags,
    });
    model.put(Kind::RouteTable, &id, table.clone());
    Ok(table)
}

/// Whether a table is its VPC's main one.
pub(super) fn is_main(table: &Value) -> bool {
    items(table, "Associations").any(|association| association.get("Main") == Some(&json!(true)))
}

/// The ids of all tables.
pub(super) fn tables(model: &Model) -> Vec<String> {
    let tables = model.all(Kind::RouteTable);
    tables
        .map(|table| member(table, "RouteTableId").to_owned())
        .collect()
}

pub(super) fn delete_table(model: &mut Model, input: &ById) -> Answer {
    let table = model.get(Kind::RouteTable, &input.id)?;
    if items(table, "Associations").next().is_some() {
        return Err(dependent(&format!("The routeTable '{}'", input.id)));
    }
    model.remove(Kind::RouteTable, &input.id)?;
    Ok(json!({ "Return": true }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Association {
    route_table_id: String,
    subnet_id: String,
}

pub(super) fn associate(model: &mut Model, input: &Association) -> Answer {
    let vpc = vpc_of(model, Kind::Subnet, &input.subnet_id)?;
    let (table, subnet) = (&input.route_table_id, &input.subnet_id);
    if vpc_of(model, Kind::RouteTable, table)? != vpc {
        return Err(invalid(format!(
            "Route table {table} and subnet {subnet} belong to different networks"
        )));
    }
    let taken = model
        .all(Kind::RouteTable)
        .flat_map(|table| items(table, "Associations"))
        .any(|other| member(other, "SubnetId") == subnet);
    if taken {
        return Err(AwsError::new(
            "Resource.AlreadyAssociated",
            format!(
                "the specified association for route table {table} conflicts with an existing association"
            ),
        ));
    }
    let id = new_id("rtbassoc");
    let association = json!({
        "Main": false,
        "RouteTableAssociationId": id,
        "RouteTableId": table,
        "SubnetId": subnet,
        "AssociationState": { "State": "associated" },
    });
    list(model.get_mut(Kind::RouteTable, table)?, "Associations")?.push(association);
    Ok(json!({ "AssociationId": id, "AssociationState": { "State": "associated" } }))
}

pub(super) fn disassociate(model: &mut Model, input: &ById) -> Answer {
    for table in tables(model) {
        let associations = list(model.get_mut(Kind::RouteTable, &table)?, "Associations")?;
        let before = associations.len();
        associations.retain(|other| member(other, "RouteTableAssociationId") != input.id);
        if associations.len() < before {
            return Ok(json!({ "Return": true }));
        }
    }
    Err(AwsError::new(
        "InvalidAssociationID.NotFound",
        format!("The association ID '{}' does not exist", input.id),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteInput {
    route_table_id: String,
    destination_cidr_block: String,
    gateway_id: Option<String>,
    nat_gateway_id: Option<String>,
}

/// The route asked for, after checking that its target can carry it.
fn route(model: &Model, input: &RouteInput) -> Answer {
    let block = &input.destination_cidr_block;
    Cidr::parse(block).ok_or_else(|| {
        invalid(format!(
            "Value ({block}) for parameter destinationCidrBlock is invalid. This is not a valid \
             CIDR block."
        ))
    })?;
    let table = &input.route_table_id;
    let vpc = vpc_of(model, Kind::RouteTable, table)?;
    let mut route = json!({
        "DestinationCidrBlock": block,
        "Origin": "CreateRoute",
        "State": "active",
    });
    if let Some(id) = &input.gateway_id {
        let gateway = model.get(Kind::InternetGateway, id)?;
        if !attached_to(gateway).any(|attached| attached == vpc) {
            return Err(invalid(format!(
                "route table {table} and network gateway {id} belong to different networks"
            )));
        }
        route["GatewayId"] = json!(id);
    } else if let Some(id) = &input.nat_gateway_id {
        if vpc_of(model, Kind::NatGateway, id)? != vpc {
            return Err(invalid(format!(
                "route table {table} and nat gateway {id} belong to different networks"
            )));
        }
        route["NatGatewayId"] = json!(id);
    } else {
        return Err(AwsError::new(
            "MissingParameter",
            "The request must contain exactly one of gatewayId or natGatewayId",
        ));
    }
    Ok(route)
}

pub(super) fn create(model: &mut Model, input: &RouteInput) -> Answer {
    let route = route(model, input)?;
    let block = &input.destination_cidr_block;
    let routes = list(
        model.get_mut(Kind::RouteTable, &input.route_table_id)?,
        "Routes",
    )?;
    if routes
        .iter()
        .any(|other| member(other, "DestinationCidrBlock") == block)
    {
        return Err(AwsError::new(
            "RouteAlreadyExists",
            format!("The route identified by {block} already exists."),
        ));
    }
    routes.push(route);
    Ok(json!({ "Return": true }))
}

pub(super) fn replace(model: &mut Model, input: &RouteInput) -> Answer {
    let route = route(model, input)?;
    let existing = find(model, &input.route_table_id, &input.destination_cidr_block)?;
    *existing = route;
    Ok(json!({ "Return": true }))
}

fn find<'a>(model: &'a mut Model, table: &str, block: &str) -> Answer<&'a mut Value> {
    let routes = list(model.get_mut(Kind::RouteTable, table)?, "Routes")?;
    let mut routes = routes.iter_mut();
    let found = routes.find(|route| member(route, "DestinationCidrBlock") == block);
    found.ok_or_else(|| {
        AwsError::new(
            "InvalidRoute.NotFound",
            format!("no route with destination-cidr-block {block} in route table {table}"),
        )
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DeleteRoute {
    route_table_id: String,
    destination_cidr_block: String,
}

pub(super) fn delete(model: &mut Model, input: &DeleteRoute) -> Answer {
    let block = &input.destination_cidr_block;
    find(model, &input.route_table_id, block)?;
    let routes = list(
        model.get_mut(Kind::RouteTable, &input.route_table_id)?,
        "Routes",
    )?;
    routes.retain(|route| member(route, "DestinationCidrBlock") != block);
    Ok(json!({ "Return": true }))
}
