//! The operations on the wire.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::groups::{self, Of};
use super::input::Tag;
use super::{classes, clusters, instances, show, snapshots};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{parse, without_nulls};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    perform(cloud, operation, input).await.map(without_nulls)
}

async fn perform(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateDBInstance" => instances::create(cloud, input).await,
        "ModifyDBInstance" => instances::modify(cloud, input),
        "RebootDBInstance" | "StopDBInstance" | "StartDBInstance" => {
            instances::turn(cloud, &parse(input)?, operation)
        }
        "DeleteDBInstance" => instances::delete(cloud, &parse(input)?),
        "DescribeDBInstances" => describe(cloud, &parse(input)?, false),
        "CreateDBCluster" => clusters::create(cloud, input).await,
        "ModifyDBCluster" => clusters::modify(cloud, input),
        "FailoverDBCluster" => clusters::fail_over(cloud, &parse(input)?),
        "StopDBCluster" | "StartDBCluster" => clusters::turn(cloud, &parse(input)?, operation),
        "DeleteDBCluster" => clusters::delete(cloud, &parse(input)?),
        "DescribeDBClusters" => describe(cloud, &parse(input)?, true),
        "CreateDBSubnetGroup" => groups::put_subnets(cloud, parse(input)?, true).await,
        "ModifyDBSubnetGroup" => groups::put_subnets(cloud, parse(input)?, false).await,
        "DeleteDBSubnetGroup" => groups::delete_subnets(cloud, &parse(input)?),
        "DescribeDBSubnetGroups" => subnet_groups(cloud, &parse(input)?),
        "CreateDBParameterGroup" => groups::create(cloud, parse(input)?, Of::Instances),
        "ModifyDBParameterGroup" => groups::modify(cloud, &parse(input)?, Of::Instances),
        "ResetDBParameterGroup" => groups::reset(cloud, &parse(input)?, Of::Instances),
        "DeleteDBParameterGroup" => groups::delete(cloud, &parse(input)?, Of::Instances),
        "DescribeDBParameterGroups" => groups::describe(cloud, &parse(input)?, Of::Instances),
        "DescribeDBParameters" => groups::parameters(cloud, &parse(input)?, Of::Instances),
        "CreateDBClusterParameterGroup" => groups::create(cloud, parse(input)?, Of::Clusters),
        "ModifyDBClusterParameterGroup" => groups::modify(cloud, &parse(input)?, Of::Clusters),
        "ResetDBClusterParameterGroup" => groups::reset(cloud, &parse(input)?, Of::Clusters),
        "DeleteDBClusterParameterGroup" => groups::delete(cloud, &parse(input)?, Of::Clusters),
        "DescribeDBClusterParameterGroups" => groups::describe(cloud, &parse(input)?, Of::Clusters),
        "DescribeDBClusterParameters" => groups::parameters(cloud, &parse(input)?, Of::Clusters),
        "CreateDBSnapshot" => snapshots::create(cloud, snapshots::read(input)?, false),
        "CreateDBClusterSnapshot" => snapshots::create(cloud, snapshots::read(input)?, true),
        "DescribeDBSnapshots" => snapshots::describe(cloud, &snapshots::read(input)?, false),
        "DescribeDBClusterSnapshots" => snapshots::describe(cloud, &snapshots::read(input)?, true),
        "DeleteDBSnapshot" | "DeleteDBClusterSnapshot" => {
            snapshots::delete(cloud, &snapshots::read(input)?)
        }
        "RestoreDBInstanceFromDBSnapshot" => snapshots::restore(cloud, input).await,
        "AddTagsToResource" | "RemoveTagsFromResource" | "ListTagsForResource" => {
            tags(cloud, operation, &parse(input)?)
        }
        "DescribeOrderableDBInstanceOptions" => orderable(&parse(input)?),
        _ => Err(AwsError::unknown_operation("rds", operation)),
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Describe {
    #[serde(
        rename = "DBInstanceIdentifier",
        alias = "DBClusterIdentifier",
        alias = "DBSubnetGroupName"
    )]
    id: Option<String>,
    filters: Vec<Filter>,
    // Known, and without effect: everything fits one page.
    max_records: Option<Value>,
    // Known, and without effect: everything fits one page.
    marker: Option<String>,
    // Known, and without effect: nothing is shared.
    include_shared: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    name: String,
    values: Vec<String>,
}

/// Instances or clusters, all or one.
fn describe(cloud: &Cloud, input: &Describe, of_clusters: bool) -> Answer {
    let model = cloud.services.rds.store.read();
    let id = input
        .id
        .as_ref()
        .map(|id| id.rsplit(':').next().unwrap_or(id).to_lowercase());
    let mut shown: Vec<Value> = match (&id, of_clusters) {
        (Some(id), false) => vec![show::instance(cloud, &model, model.instance(id)?)],
        (Some(id), true) => vec![show::cluster(cloud, &model, model.cluster(id)?)],
        (None, false) => model
            .instances
            .values()
            .map(|one| show::instance(cloud, &model, one))
            .collect(),
        (None, true) => model
            .clusters
            .values()
            .map(|one| show::cluster(cloud, &model, one))
            .collect(),
    };
    for filter in &input.filters {
        let member = match filter.name.as_str() {
            "db-cluster-id" => "DBClusterIdentifier",
            "db-instance-id" => "DBInstanceIdentifier",
            "engine" => "Engine",
            other => {
                let words = format!("Unrecognized filter name: {other}");
                return Err(AwsError::new("InvalidParameterValue", words));
            }
        };
        shown.retain(|one| {
            let value = one.get(member).and_then(Value::as_str).unwrap_or_default();
            filter.values.iter().any(|wanted| wanted == value)
        });
    }
    let member = if of_clusters {
        "DBClusters"
    } else {
        "DBInstances"
    };
    Ok(json!({ member: shown }))
}

fn subnet_groups(cloud: &Cloud, input: &Describe) -> Answer {
    let model = cloud.services.rds.store.read();
    let groups: Vec<&Value> = match input.id.as_ref().map(|id| id.to_lowercase()) {
        Some(name) => {
            let group = model.subnet_groups.get(&name);
            vec![group.ok_or_else(|| groups::missing_subnets(&name))?]
        }
        None => model.subnet_groups.values().collect(),
    };
    Ok(json!({ "DBSubnetGroups": groups }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Tagging {
    resource_name: String,
    tags: Vec<Tag>,
    tag_keys: Vec<String>,
    filters: Vec<Value>,
}

fn tags(cloud: &Cloud, operation: &str, input: &Tagging) -> Answer {
    if !input.filters.is_empty() {
        return Err(AwsError::new(
            "InvalidParameterValue",
            "There are no filters for tags.",
        ));
    }
    cloud.services.rds.store.write(|model| {
        let Some(tags) = model.tags.get_mut(&input.resource_name) else {
            let words = format!("{} was not found", input.resource_name);
            return Err(AwsError::new("DBInstanceNotFound", words).status(404));
        };
        match operation {
            "AddTagsToResource" => {
                tags.extend(
                    input
                        .tags
                        .iter()
                        .map(|tag| (tag.key.clone(), tag.value.clone())),
                );
                Ok(json!({}))
            }
            "RemoveTagsFromResource" => {
                tags.retain(|key, _| !input.tag_keys.contains(key));
                Ok(json!({}))
            }
            _ => {
                let list = tags
                    .iter()
                    .map(|(key, value)| json!({ "Key": key, "Value": value }));
                Ok(json!({ "TagList": list.collect::<Value>() }))
            }
        }
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Orderable {
    engine: String,
    #[serde(rename = "DBInstanceClass")]
    class: Option<String>,
    engine_version: Option<String>,
    // Known, and without effect: everything fits one page.
    max_records: Option<Value>,
    // Known, and without effect: everything fits one page.
    marker: Option<String>,
    // Known, and without effect: narrows nothing.
    vpc: Option<Value>,
    // Known, and without effect: narrows nothing.
    license_model: Option<String>,
}

/// Whether an engine runs on a class.
fn orderable(input: &Orderable) -> Answer {
    let Some(class) = &input.class else {
        let words = "The local cloud answers for one DBInstanceClass at a time.";
        return Err(AwsError::new("InvalidParameterValue", words));
    };
    let offered = classes::check(class, &input.engine).is_ok();
    let options: Vec<Value> = offered
        .then(|| {
            json!({
                "Engine": input.engine,
                "EngineVersion": input.engine_version,
                "DBInstanceClass": class,
                "MultiAZCapable": true,
                "Vpc": true,
                "SupportsStorageEncryption": true,
            })
        })
        .into_iter()
        .collect();
    Ok(json!({ "OrderableDBInstanceOptions": options }))
}
