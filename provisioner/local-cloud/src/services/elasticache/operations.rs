//! The operations on the wire.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::groups::{self, Tag};
use super::model::Group;
use super::subnets;
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{parse, without_nulls};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    perform(cloud, operation, input).await.map(without_nulls)
}

async fn perform(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateReplicationGroup" => groups::create(cloud, &parse(input)?),
        "ModifyReplicationGroup" => groups::modify(cloud, &parse(input)?),
        "IncreaseReplicaCount" | "DecreaseReplicaCount" => groups::count(cloud, &parse(input)?),
        "DeleteReplicationGroup" => groups::delete(cloud, &parse(input)?),
        "DescribeReplicationGroups" => describe(cloud, &parse(input)?),
        "DescribeCacheClusters" => clusters(cloud, &parse(input)?),
        "DescribeSnapshots" => {
            let model = cloud.services.elasticache.store.read();
            Ok(json!({ "Snapshots": model.snapshots.values().collect::<Vec<_>>() }))
        }
        "CreateCacheSubnetGroup" => subnets::put(cloud, parse(input)?, true).await,
        "ModifyCacheSubnetGroup" => subnets::put(cloud, parse(input)?, false).await,
        "DeleteCacheSubnetGroup" => subnets::delete(cloud, &parse(input)?),
        "DescribeCacheSubnetGroups" => subnets::describe(cloud, &parse(input)?),
        "CreateCacheParameterGroup" => subnets::create_parameters(cloud, parse(input)?),
        "ModifyCacheParameterGroup" => subnets::modify_parameters(cloud, &parse(input)?),
        "DeleteCacheParameterGroup" => subnets::delete_parameters(cloud, &parse(input)?),
        "DescribeCacheParameterGroups" => subnets::describe_parameters(cloud, &parse(input)?),
        "AddTagsToResource" | "RemoveTagsFromResource" | "ListTagsForResource" => {
            tags(cloud, operation, &parse(input)?)
        }
        _ => Err(AwsError::unknown_operation("elasticache", operation)),
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Describe {
    #[serde(rename = "ReplicationGroupId", alias = "CacheClusterId")]
    id: Option<String>,
    // Known, and without effect: everything fits one page.
    max_records: Option<Value>,
    // Known, and without effect: everything fits one page.
    marker: Option<String>,
    show_cache_node_info: Option<Value>,
    // Known, and without effect: only groups have nodes.
    show_cache_clusters_not_in_replication_groups: Option<Value>,
}

fn describe(cloud: &Cloud, input: &Describe) -> Answer {
    let model = cloud.services.elasticache.store.read();
    let groups: Vec<&Group> = match &input.id {
        Some(id) => vec![model.group(id)?],
        None => model.groups.values().collect(),
    };
    let shown: Value = groups
        .into_iter()
        .map(|group| groups::show(cloud, group))
        .collect();
    Ok(json!({ "ReplicationGroups": shown }))
}

/// The nodes of the groups, as clusters of their own.
fn clusters(cloud: &Cloud, input: &Describe) -> Answer {
    let with_nodes = input.show_cache_node_info.as_ref();
    let with_nodes = with_nodes.is_some_and(|flag| flag == true || flag == "true");
    let model = cloud.services.elasticache.store.read();
    let mut shown = Vec::new();
    for group in model.groups.values() {
        for number in 1..=group.nodes {
            let id = format!("{}-{number:03}", group.id);
            if input.id.as_ref().is_some_and(|wanted| *wanted != id) {
                continue;
            }
            let mut cluster = json!({
                "CacheClusterId": id,
                "CacheNodeType": group.node_type,
                "Engine": group.engine,
                "EngineVersion": group.settings.get("EngineVersion"),
                "CacheClusterStatus": group.status,
                "NumCacheNodes": 1,
                "ReplicationGroupId": group.id,
                "CacheSubnetGroupName": group.subnet_group,
                "CacheParameterGroup": { "CacheParameterGroupName": group.parameter_group },
            });
            if with_nodes {
                cluster["CacheNodes"] = json!([{
                    "CacheNodeId": "0001",
                    "CacheNodeStatus": group.status,
                    "Endpoint": { "Address": "127.0.0.1", "Port": group.port },
                }]);
            }
            shown.push(cluster);
        }
    }
    if let Some(id) = input.id.as_ref().filter(|_| shown.is_empty()) {
        let words = format!("CacheCluster not found: {id}");
        return Err(AwsError::new("CacheClusterNotFound", words).status(404));
    }
    Ok(json!({ "CacheClusters": shown }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Tagging {
    resource_name: String,
    tags: Vec<Tag>,
    tag_keys: Vec<String>,
}

fn tags(cloud: &Cloud, operation: &str, input: &Tagging) -> Answer {
    cloud.services.elasticache.store.write(|model| {
        if !model.tags.contains_key(&input.resource_name) {
            let words = format!("{} was not found", input.resource_name);
            return Err(AwsError::new("CacheClusterNotFound", words).status(404));
        }
        match operation {
            "AddTagsToResource" => groups::tag(model, &input.resource_name, &input.tags),
            "RemoveTagsFromResource" => {
                if let Some(tags) = model.tags.get_mut(&input.resource_name) {
                    tags.retain(|key, _| !input.tag_keys.contains(key));
                }
            }
            _ => {}
        }
        let tags = model.tags.get(&input.resource_name).into_iter().flatten();
        let list = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
        Ok(json!({ "TagList": list.collect::<Value>() }))
    })
}
