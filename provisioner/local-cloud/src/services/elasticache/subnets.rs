//! Subnet groups and parameter groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::groups::{Tag, invalid, tag, work};
use super::model::ParameterGroup;
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services;

pub(super) fn missing_subnets(name: &str) -> AwsError {
    let words = format!("Cache Subnet Group {name} does not exist.");
    AwsError::new("CacheSubnetGroupNotFoundFault", words)
}

pub(super) fn missing_parameters(name: &str) -> AwsError {
    let words = format!("CacheParameterGroup {name} not found.");
    AwsError::new("CacheParameterGroupNotFound", words).status(404)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Subnets {
    #[serde(rename = "CacheSubnetGroupName")]
    name: Option<String>,
    #[serde(rename = "CacheSubnetGroupDescription")]
    description: Option<String>,
    subnet_ids: Vec<String>,
    tags: Vec<Tag>,
    // Known, and without effect: everything fits one page.
    max_records: Option<Value>,
    // Known, and without effect: everything fits one page.
    marker: Option<String>,
}

impl Subnets {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_default().to_lowercase()
    }
}

/// Makes or changes a subnet group; its subnets must be there.
pub(super) async fn put(cloud: &Arc<Cloud>, input: Subnets, is_new: bool) -> Answer {
    let found = json!({ "SubnetIds": input.subnet_ids });
    let found = services::call(cloud, "ec2", "DescribeSubnets", found).await;
    let found = found.map_err(|error| AwsError::new("InvalidSubnet", error.message))?;
    let subnets = found
        .get("Subnets")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let name = input.name();
    if name.is_empty() || input.subnet_ids.is_empty() {
        return Err(invalid(
            "A cache subnet group has a name and at least one subnet.",
        ));
    }
    cloud.services.elasticache.store.write(|model| {
        let existing = model.subnet_groups.get(&name).cloned();
        match (&existing, is_new) {
            (Some(_), true) => {
                let words = format!("Cache subnet group {name} already exists.");
                return Err(AwsError::new("CacheSubnetGroupAlreadyExists", words));
            }
            (None, false) => return Err(missing_subnets(&name)),
            _ => {}
        }
        let before = existing
            .as_ref()
            .and_then(|group| group.get("CacheSubnetGroupDescription"));
        let description = input.description.map(Value::from).or(before.cloned());
        let arn = cloud.arn("elasticache", &format!("subnetgroup:{name}"));
        let group = json!({
            "CacheSubnetGroupName": name,
            "CacheSubnetGroupDescription": description,
            "VpcId": subnets.first().and_then(|subnet| subnet.get("VpcId")),
            "ARN": arn,
            "SupportedNetworkTypes": ["ipv4"],
            "Subnets": subnets.iter().map(|subnet| json!({
                "SubnetIdentifier": subnet.get("SubnetId"),
                "SubnetAvailabilityZone": { "Name": subnet.get("AvailabilityZone") },
                "SupportedNetworkTypes": ["ipv4"],
            })).collect::<Vec<_>>(),
        });
        tag(model, &arn, &input.tags);
        model.subnet_groups.insert(name, group.clone());
        Ok(json!({ "CacheSubnetGroup": group }))
    })
}

pub(super) fn delete(cloud: &Cloud, input: &Subnets) -> Answer {
    let name = input.name();
    cloud.services.elasticache.store.write(|model| {
        if model
            .groups
            .values()
            .any(|group| group.subnet_group.as_ref() == Some(&name))
        {
            return Err(AwsError::new(
                "CacheSubnetGroupInUse",
                format!("Cache subnet group {name} is currently in use by a replication group."),
            ));
        }
        let gone = model.subnet_groups.remove(&name);
        gone.map(|_| json!({}))
            .ok_or_else(|| missing_subnets(&name))
    })
}

pub(super) fn describe(cloud: &Cloud, input: &Subnets) -> Answer {
    let model = cloud.services.elasticache.store.read();
    let groups: Vec<&Value> = if input.name.is_some() {
        let name = input.name();
        let group = model.subnet_groups.get(&name);
        vec![group.ok_or_else(|| missing_subnets(&name))?]
    } else {
        model.subnet_groups.values().collect()
    };
    Ok(json!({ "CacheSubnetGroups": groups }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(rename = "CacheParameterGroupName")]
    name: Option<String>,
    #[serde(rename = "CacheParameterGroupFamily")]
    family: String,
    description: String,
    parameter_name_values: Vec<Setting>,
    tags: Vec<Tag>,
    // Known, and without effect: everything fits one page.
    max_records: Option<Value>,
    // Known, and without effect: everything fits one page.
    marker: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Setting {
    parameter_name: String,
    parameter_value: Option<String>,
}

impl Parameters {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_default().to_lowercase()
    }
}

fn show(cloud: &Cloud, group: &ParameterGroup) -> Value {
    json!({
        "CacheParameterGroupName": group.name,
        "CacheParameterGroupFamily": group.family,
        "Description": group.description,
        "IsGlobal": false,
        "ARN": cloud.arn("elasticache", &format!("parametergroup:{}", group.name)),
    })
}

pub(super) fn create_parameters(cloud: &Cloud, input: Parameters) -> Answer {
    let families = ["redis6.x", "redis7", "valkey7", "valkey8"];
    if !families.contains(&input.family.as_str()) {
        return Err(invalid(format!(
            "CacheParameterGroupFamily {} is not a valid parameter group family.",
            input.family
        )));
    }
    let name = input.name();
    cloud.services.elasticache.store.write(|model| {
        if model.parameter_groups.contains_key(&name) {
            let words = format!("Cache parameter group {name} already exists.");
            return Err(AwsError::new("CacheParameterGroupAlreadyExists", words));
        }
        let group = ParameterGroup {
            name: name.clone(),
            family: input.family,
            description: input.description,
            parameters: BTreeMap::new(),
        };
        let shown = show(cloud, &group);
        let arn = cloud.arn("elasticache", &format!("parametergroup:{name}"));
        tag(model, &arn, &input.tags);
        model.parameter_groups.insert(name, group);
        Ok(json!({ "CacheParameterGroup": shown }))
    })
}

/// Sets parameters; the servers that use the group are restarted with them.
pub(super) fn modify_parameters(cloud: &Arc<Cloud>, input: &Parameters) -> Answer {
    let name = input.name();
    for setting in &input.parameter_name_values {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if setting.parameter_name.is_empty() || !setting.parameter_name.chars().all(allowed) {
            let words = format!("No modifiable parameter {}.", setting.parameter_name);
            return Err(invalid(words));
        }
    }
    let users = cloud.services.elasticache.store.write(|model| {
        let group = model.parameter_groups.get_mut(&name);
        let group = group.ok_or_else(|| missing_parameters(&name))?;
        for setting in &input.parameter_name_values {
            let value = setting.parameter_value.clone().unwrap_or_default();
            group
                .parameters
                .insert(setting.parameter_name.clone(), value);
        }
        let users = model.groups.values();
        let users = users.filter(|group| group.parameter_group.as_ref() == Some(&name));
        Ok::<Vec<String>, AwsError>(users.map(|group| group.id.clone()).collect())
    })?;
    for id in users {
        work(cloud, id);
    }
    Ok(json!({ "CacheParameterGroupName": name }))
}

pub(super) fn delete_parameters(cloud: &Cloud, input: &Parameters) -> Answer {
    let name = input.name();
    cloud.services.elasticache.store.write(|model| {
        if model
            .groups
            .values()
            .any(|group| group.parameter_group.as_ref() == Some(&name))
        {
            return Err(AwsError::new(
                "InvalidCacheParameterGroupState",
                format!("Cache parameter group {name} is in use by a replication group."),
            ));
        }
        let gone = model.parameter_groups.remove(&name);
        gone.map(|_| json!({}))
            .ok_or_else(|| missing_parameters(&name))
    })
}

pub(super) fn describe_parameters(cloud: &Cloud, input: &Parameters) -> Answer {
    let model = cloud.services.elasticache.store.read();
    let name = input.name();
    if !name.is_empty() && !model.parameter_groups.contains_key(&name) {
        return Err(missing_parameters(&name));
    }
    let wanted = model.parameter_groups.values();
    let wanted = wanted.filter(|group| name.is_empty() || group.name == name);
    let shown: Value = wanted.map(|group| show(cloud, group)).collect();
    Ok(json!({ "CacheParameterGroups": shown }))
}
