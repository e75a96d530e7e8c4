//! Looking: the describe operations with their ids and filters.

use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Kind, Model, member};
use super::operations::invalid;
use super::vpcs;
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Describe {
    #[serde(
        alias = "VpcIds",
        alias = "SubnetIds",
        alias = "InternetGatewayIds",
        alias = "NatGatewayIds",
        alias = "RouteTableIds",
        alias = "GroupIds",
        alias = "AllocationIds",
        alias = "VpcEndpointIds"
    )]
    ids: Vec<String>,
    group_names: Vec<String>,
    #[serde(alias = "Filter")]
    filters: Vec<Filter>,
    max_results: Option<Value>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    name: String,
    #[serde(default)]
    values: Vec<String>,
}

pub(super) fn call(cloud: &Cloud, model: &Model, operation: &str, input: Value) -> Answer {
    match operation {
        "DescribeVpcs" => {
            let found = find(model, Kind::Vpc, "VpcId", input)?;
            Ok(json!({ "Vpcs": found.iter().map(vpcs::shown).collect::<Value>() }))
        }
        "DescribeVpcAttribute" => attribute(model, &parse(input)?),
        "DescribeSubnets" => all(model, Kind::Subnet, "SubnetId", "Subnets", input),
        "DescribeInternetGateways" => all(
            model,
            Kind::InternetGateway,
            "InternetGatewayId",
            "InternetGateways",
            input,
        ),
        "DescribeNatGateways" => all(
            model,
            Kind::NatGateway,
            "NatGatewayId",
            "NatGateways",
            input,
        ),
        "DescribeRouteTables" => all(
            model,
            Kind::RouteTable,
            "RouteTableId",
            "RouteTables",
            input,
        ),
        "DescribeSecurityGroups" => all(
            model,
            Kind::SecurityGroup,
            "GroupId",
            "SecurityGroups",
            input,
        ),
        "DescribeAddresses" => all(model, Kind::Address, "AllocationId", "Addresses", input),
        "DescribeVpcEndpoints" => all(
            model,
            Kind::VpcEndpoint,
            "VpcEndpointId",
            "VpcEndpoints",
            input,
        ),
        "DescribeAvailabilityZones" => zones(cloud, &parse(input)?),
        _ => Err(AwsError::unknown_operation("ec2", operation)),
    }
}

fn all(model: &Model, kind: Kind, id: &str, member: &str, input: Value) -> Answer {
    Ok(json!({ member: find(model, kind, id, input)? }))
}

fn find(model: &Model, kind: Kind, id: &str, input: Value) -> Answer<Vec<Value>> {
    let input: Describe = parse(input)?;
    if input.next_token.is_some() {
        return Err(invalid("The token is not valid: everything fits one page."));
    }
    drop(input.max_results);
    for wanted in &input.ids {
        model.get(kind, wanted)?;
    }
    let mut found = Vec::new();
    for thing in model.all(kind) {
        let asked = input.ids.is_empty() || input.ids.iter().any(|id_| member(thing, id) == id_);
        let named = input.group_names.is_empty()
            || input
                .group_names
                .iter()
                .any(|name| member(thing, "GroupName") == name);
        if asked && named && passes(thing, &input.filters)? {
            found.push(thing.clone());
        }
    }
    Ok(found)
}

fn passes(thing: &Value, filters: &[Filter]) -> Answer<bool> {
    for filter in filters {
        let values = values(thing, &filter.name)?;
        let fits = |value: &String| filter.values.iter().any(|pattern| like(pattern, value));
        if !values.iter().any(fits) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The values a filter looks at: `vpc-id` is `VpcId`, `attachment.vpc-id` the `VpcId` of each
/// of the `Attachments`, `tag:Name` the tag's value.
fn values(thing: &Value, filter: &str) -> Answer<Vec<String>> {
    let tags = super::model::items(thing, "Tags");
    if let Some(key) = filter.strip_prefix("tag:") {
        let values = tags.filter(|tag| member(tag, "Key") == key);
        return Ok(values.map(|tag| member(tag, "Value").to_owned()).collect());
    }
    if filter == "tag-key" {
        return Ok(tags.map(|tag| member(tag, "Key").to_owned()).collect());
    }
    if let Some((list, name)) = filter.split_once('.') {
        let list = format!("{}s", pascal(list));
        let name = pascal(name);
        let items = super::model::items(thing, &list);
        return Ok(items.filter_map(|item| scalar(item.get(&name)?)).collect());
    }
    let name = match filter {
        "cidr" => "CidrBlock".to_owned(),
        "isDefault" => "IsDefault".to_owned(),
        other => pascal(other),
    };
    if !KNOWN.contains(&name.as_str()) {
        return Err(invalid(format!("The filter '{filter}' is invalid")));
    }
    Ok(thing.get(&name).and_then(scalar).into_iter().collect())
}

/// Members filters may look at.
const KNOWN: [&str; 18] = [
    "AllocationId",
    "AvailabilityZone",
    "CidrBlock",
    "Description",
    "GroupId",
    "GroupName",
    "InternetGatewayId",
    "IsDefault",
    "NatGatewayId",
    "OwnerId",
    "PublicIp",
    "RouteTableId",
    "ServiceName",
    "State",
    "SubnetId",
    "VpcEndpointId",
    "VpcEndpointType",
    "VpcId",
];

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `vpc-id` as `VpcId`.
fn pascal(kebab: &str) -> String {
    let words = kebab.split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    });
    words.collect()
}

/// Whether `text` fits a pattern in which `*` at an end stands for anything.
fn like(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (None, None) => pattern == text,
        (None, Some(head)) => text.starts_with(head),
        (Some(tail), None) => text.ends_with(tail),
        (Some(_), Some(_)) => text.contains(pattern.trim_matches('*')),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Attribute {
    vpc_id: String,
    attribute: String,
}

fn attribute(model: &Model, input: &Attribute) -> Answer {
    let vpc = model.get(Kind::Vpc, &input.vpc_id)?;
    let name = match input.attribute.as_str() {
        "enableDnsSupport" => "EnableDnsSupport",
        "enableDnsHostnames" => "EnableDnsHostnames",
        other => {
            return Err(invalid(format!(
                "Value ({other}) for parameter attribute is invalid"
            )));
        }
    };
    Ok(json!({ "VpcId": input.vpc_id, name: { "Value": vpc.get(name) } }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
struct Zones {
    zone_names: Vec<String>,
    #[serde(alias = "Filter")]
    filters: Vec<Filter>,
    all_availability_zones: Option<Value>,
}

fn zones(cloud: &Cloud, input: &Zones) -> Answer {
    // There are no zones one has not opted into.
    let _ = &input.all_availability_zones;
    let region = &cloud.options.region;
    let mut zones = Vec::new();
    for (index, name) in vpcs::zones(region).into_iter().enumerate() {
        let zone = json!({
            "ZoneName": name,
            "ZoneId": format!("use1-az{}", index + 1),
            "ZoneType": "availability-zone",
            "RegionName": region,
            "GroupName": region,
            "OptInStatus": "opt-in-not-required",
            "State": "available",
        });
        let named = input.zone_names.is_empty() || input.zone_names.contains(&name);
        if named && passes(&zone, &input.filters)? {
            zones.push(zone);
        }
    }
    Ok(json!({ "AvailabilityZones": zones }))
}
