//! Subnet groups and parameter groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Tag, invalid};
use super::instances::{tag, work};
use super::model::{Model, Parameter, ParameterGroup};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services;

pub(super) fn missing_subnets(name: &str) -> AwsError {
    let words = format!("DB subnet group '{name}' does not exist.");
    AwsError::new("DBSubnetGroupNotFoundFault", words).status(404)
}

pub(super) fn missing_parameters(name: &str) -> AwsError {
    let words = format!("DBParameterGroup not found: {name}");
    AwsError::new("DBParameterGroupNotFound", words).status(404)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Subnets {
    #[serde(rename = "DBSubnetGroupName")]
    name: String,
    #[serde(rename = "DBSubnetGroupDescription")]
    description: Option<String>,
    subnet_ids: Vec<String>,
    tags: Vec<Tag>,
}

/// Makes or changes a subnet group; its subnets must be there, in two zones at least.
pub(super) async fn put_subnets(cloud: &Arc<Cloud>, input: Subnets, is_new: bool) -> Answer {
    let found = json!({ "SubnetIds": input.subnet_ids });
    let found = services::call(cloud, "ec2", "DescribeSubnets", found).await;
    let found = found.map_err(|error| AwsError::new("InvalidSubnet", error.message))?;
    let subnets = found
        .get("Subnets")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let zones: std::collections::BTreeSet<String> = subnets
        .iter()
        .filter_map(|subnet| text(subnet, "AvailabilityZone"))
        .collect();
    if zones.len() < 2 {
        return Err(AwsError::new(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current \
             AZ coverage is less than two. Add subnets to cover at least 2 AZs.",
        ));
    }
    let vpc = subnets.first().and_then(|subnet| text(subnet, "VpcId"));
    let name = input.name.to_lowercase();
    cloud.services.rds.store.write(|model| {
        let existing = model.subnet_groups.get(&name).cloned();
        match (&existing, is_new) {
            (Some(_), true) => {
                let words = format!("The DB subnet group '{name}' already exists.");
                return Err(AwsError::new("DBSubnetGroupAlreadyExists", words));
            }
            (None, false) => return Err(missing_subnets(&name)),
            _ => {}
        }
        let before = existing
            .as_ref()
            .and_then(|group| text(group, "DBSubnetGroupDescription"));
        let arn = cloud.arn("rds", &format!("subgrp:{name}"));
        let group = json!({
            "DBSubnetGroupName": name,
            "DBSubnetGroupDescription": input.description.or(before),
            "VpcId": vpc,
            "SubnetGroupStatus": "Complete",
            "DBSubnetGroupArn": arn,
            "SupportedNetworkTypes": ["IPV4"],
            "Subnets": subnets.iter().map(|subnet| json!({
                "SubnetIdentifier": subnet.get("SubnetId"),
                "SubnetAvailabilityZone": { "Name": subnet.get("AvailabilityZone") },
                "SubnetOutpost": {},
                "SubnetStatus": "Active",
            })).collect::<Vec<_>>(),
        });
        tag(model, &arn, &input.tags);
        model.subnet_groups.insert(name, group.clone());
        Ok(json!({ "DBSubnetGroup": group }))
    })
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn delete_subnets(cloud: &Cloud, input: &Subnets) -> Answer {
    let name = input.name.to_lowercase();
    cloud.services.rds.store.write(|model| {
        let used = model
            .instances
            .values()
            .any(|one| one.subnet_group.as_ref() == Some(&name))
            || model
                .clusters
                .values()
                .any(|one| one.subnet_group.as_ref() == Some(&name));
        if used {
            return Err(AwsError::new(
                "InvalidDBSubnetGroupStateFault",
                format!(
                    "Cannot delete the subnet group '{name}' because at least one database uses it."
                ),
            ));
        }
        let gone = model.subnet_groups.remove(&name);
        gone.map(|_| json!({}))
            .ok_or_else(|| missing_subnets(&name))
    })
}

/// Which of the two kinds of parameter group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Instances,
    Clusters,
}

impl Of {
    fn groups(self, model: &mut Model) -> &mut BTreeMap<String, ParameterGroup> {
        match self {
            Self::Instances => &mut model.parameter_groups,
            Self::Clusters => &mut model.cluster_parameter_groups,
        }
    }

    fn arn(self, cloud: &Cloud, name: &str) -> String {
        let kind = match self {
            Self::Instances => "pg",
            Self::Clusters => "cluster-pg",
        };
        cloud.arn("rds", &format!("{kind}:{name}"))
    }

    /// A group as it is described.
    pub(super) fn show(self, cloud: &Cloud, group: &ParameterGroup) -> Value {
        let prefix = match self {
            Self::Instances => "DBParameterGroup",
            Self::Clusters => "DBClusterParameterGroup",
        };
        json!({
            format!("{prefix}Name"): group.name,
            "DBParameterGroupFamily": group.family,
            "Description": group.description,
            format!("{prefix}Arn"): self.arn(cloud, &group.name),
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are AWS's")]
pub(super) struct Parameters {
    #[serde(rename = "DBParameterGroupName", alias = "DBClusterParameterGroupName")]
    name: String,
    #[serde(rename = "DBParameterGroupFamily")]
    family: String,
    description: String,
    parameters: Vec<Setting>,
    #[serde(deserialize_with = "crate::protocol::values::optional_boolean")]
    reset_all_parameters: Option<bool>,
    tags: Vec<Tag>,
    source: Option<String>,
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
    apply_method: Option<String>,
}

pub(super) fn create(cloud: &Cloud, input: Parameters, of: Of) -> Answer {
    let name = input.name.to_lowercase();
    let families = ["postgres", "aurora-postgresql"];
    let known = families.iter().any(|family| {
        let major = input.family.strip_prefix(family);
        major.is_some_and(|major| {
            major
                .parse::<u32>()
                .is_ok_and(|major| (11..=18).contains(&major))
        })
    });
    if !known {
        let family = &input.family;
        return Err(invalid(format!(
            "ParameterGroupFamily {family} is not a valid parameter group family"
        )));
    }
    cloud.services.rds.store.write(|model| {
        if of.groups(model).contains_key(&name) {
            let words = format!("Parameter group {name} already exists");
            return Err(AwsError::new("DBParameterGroupAlreadyExists", words));
        }
        let group = ParameterGroup {
            name: name.clone(),
            family: input.family,
            description: input.description,
            parameters: BTreeMap::new(),
        };
        let shown = of.show(cloud, &group);
        of.groups(model).insert(name.clone(), group);
        tag(model, &of.arn(cloud, &name), &input.tags);
        let member = match of {
            Of::Instances => "DBParameterGroup",
            Of::Clusters => "DBClusterParameterGroup",
        };
        Ok(json!({ member: shown }))
    })
}

/// Sets parameters. Those to be applied at once reach the servers that use the group; the
/// others wait for a reboot.
pub(super) fn modify(cloud: &Arc<Cloud>, input: &Parameters, of: Of) -> Answer {
    change(cloud, input, of, |group, setting| {
        let value = setting.parameter_value.clone().unwrap_or_default();
        let immediate = setting.apply_method.as_deref() != Some("pending-reboot");
        let name = setting.parameter_name.clone();
        group
            .parameters
            .insert(name, Parameter { value, immediate });
    })
}

/// Takes parameters back to their defaults, at the next reboot.
pub(super) fn reset(cloud: &Arc<Cloud>, input: &Parameters, of: Of) -> Answer {
    let all = input.reset_all_parameters == Some(true);
    if all {
        let name = input.name.to_lowercase();
        cloud.services.rds.store.write(|model| {
            if let Some(group) = of.groups(model).get_mut(&name) {
                group.parameters.clear();
            }
        });
    }
    change(cloud, input, of, |group, setting| {
        group.parameters.remove(&setting.parameter_name);
    })
}

fn change(
    cloud: &Arc<Cloud>,
    input: &Parameters,
    of: Of,
    change: impl Fn(&mut ParameterGroup, &Setting),
) -> Answer {
    let name = input.name.to_lowercase();
    for setting in &input.parameters {
        let name = &setting.parameter_name;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(invalid(format!(
                "Could not find parameter with name: {name}"
            )));
        }
    }
    let keys = cloud.services.rds.store.write(|model| {
        let group = of
            .groups(model)
            .get_mut(&name)
            .ok_or_else(|| missing_parameters(&name))?;
        input
            .parameters
            .iter()
            .for_each(|setting| change(group, setting));
        Ok::<_, AwsError>(users(model, &name, of))
    })?;
    for key in keys {
        work(cloud, key, false);
    }
    let member = match of {
        Of::Instances => "DBParameterGroupName",
        Of::Clusters => "DBClusterParameterGroupName",
    };
    Ok(json!({ member: name }))
}

/// Keys of the running servers that use a group.
fn users(model: &Model, name: &String, of: Of) -> Vec<String> {
    let mut keys: Vec<String> = match of {
        Of::Instances => model
            .instances
            .values()
            .filter(|one| one.parameter_group.as_ref() == Some(name))
            .map(super::model::Instance::key)
            .collect(),
        Of::Clusters => model
            .clusters
            .values()
            .filter(|one| one.parameter_group.as_ref() == Some(name))
            .map(|one| super::model::cluster_key(&one.id))
            .collect(),
    };
    keys.retain(|key| model.servers.get(key).is_some_and(|server| server.runs));
    keys
}

pub(super) fn delete(cloud: &Cloud, input: &Parameters, of: Of) -> Answer {
    let name = input.name.to_lowercase();
    cloud.services.rds.store.write(|model| {
        let used = match of {
            Of::Instances => model
                .instances
                .values()
                .any(|one| one.parameter_group.as_ref() == Some(&name)),
            Of::Clusters => model
                .clusters
                .values()
                .any(|one| one.parameter_group.as_ref() == Some(&name)),
        };
        if used {
            return Err(AwsError::new(
                "InvalidDBParameterGroupState",
                "One or more database instances are still members of this parameter group, so the \
                 group cannot be deleted",
            ));
        }
        let gone = of.groups(model).remove(&name);
        gone.map(|_| json!({}))
            .ok_or_else(|| missing_parameters(&name))
    })
}

/// The groups, or one of them.
pub(super) fn describe(cloud: &Cloud, input: &Parameters, of: Of) -> Answer {
    let name = input.name.to_lowercase();
    cloud.services.rds.store.write(|model| {
        let groups = of.groups(model);
        if !name.is_empty() && !groups.contains_key(&name) {
            return Err(missing_parameters(&name));
        }
        let wanted = groups
            .values()
            .filter(|group| name.is_empty() || group.name == name);
        let shown: Value = wanted.map(|group| of.show(cloud, group)).collect();
        let member = match of {
            Of::Instances => "DBParameterGroups",
            Of::Clusters => "DBClusterParameterGroups",
        };
        Ok(json!({ member: shown }))
    })
}

/// The parameters of a group that were set, and the formula of `max_connections`.
pub(super) fn parameters(cloud: &Cloud, input: &Parameters, of: Of) -> Answer {
    let name = input.name.to_lowercase();
    cloud.services.rds.store.write(|model| {
        let groups = of.groups(model);
        let set = match groups.get(&name) {
            Some(group) => group.parameters.clone(),
            None if name.starts_with("default.") => BTreeMap::new(),
            None => return Err(missing_parameters(&name)),
        };
        let mut shown: Vec<Value> = set
            .iter()
            .map(|(name, parameter)| {
                json!({
                    "ParameterName": name,
                    "ParameterValue": parameter.value,
                    "Source": "user",
                    "IsModifiable": true,
                    "ApplyMethod": if parameter.immediate { "immediate" } else { "pending-reboot" },
                })
            })
            .collect();
        if !set.contains_key("max_connections") {
            shown.push(json!({
                "ParameterName": "max_connections",
                "ParameterValue": "LEAST({DBInstanceClassMemory/9531392},5000)",
                "Source": "system",
                "ApplyType": "static",
                "DataType": "integer",
                "IsModifiable": true,
                "ApplyMethod": "pending-reboot",
            }));
        }
        if let Some(source) = &input.source {
            shown.retain(|parameter| parameter.get("Source") == Some(&json!(source)));
        }
        Ok(json!({ "Parameters": shown }))
    })
}
