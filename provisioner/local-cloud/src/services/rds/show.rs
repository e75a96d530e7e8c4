//! Instances, clusters and snapshots as the operations show them.

use serde_json::{Map, Value, json};

use super::model::{Cluster, Instance, Model, Snapshot};
use super::snapshots;
use crate::Cloud;
use crate::protocol::values::timestamp;

fn tags(model: &Model, arn: &str) -> Value {
    let tags = model.tags.get(arn).into_iter().flatten();
    tags.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// What is kept as it was given, but for what has another shape in answers.
fn kept(settings: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = settings.clone();
    let groups = kept.remove("VpcSecurityGroupIds").unwrap_or(json!([]));
    let groups: Value = groups
        .as_array()
        .into_iter()
        .flatten()
        .map(|id| json!({ "VpcSecurityGroupId": id, "Status": "active" }))
        .collect();
    kept.insert("VpcSecurityGroups".to_owned(), groups);
    kept.retain(|_, value| !value.is_null());
    let renamed = [
        (
            "EnableIAMDatabaseAuthentication",
            "IAMDatabaseAuthenticationEnabled",
        ),
        ("EnablePerformanceInsights", "PerformanceInsightsEnabled"),
        ("EnableHttpEndpoint", "HttpEndpointEnabled"),
    ];
    for (given, shown) in renamed {
        if let Some(value) = kept.remove(given) {
            kept.insert(shown.to_owned(), value);
        }
    }
    kept
}

fn port(model: &Model, key: &str) -> Option<u16> {
    let server = model.servers.get(key)?;
    (server.port != 0).then_some(server.port)
}

pub(super) fn instance(cloud: &Cloud, model: &Model, instance: &Instance) -> Value {
    let arn = cloud.arn("rds", &format!("db:{}", instance.id));
    let mut shown = kept(&instance.settings);
    let cluster = instance
        .cluster
        .as_ref()
        .and_then(|id| model.clusters.get(id));
    if let Some(cluster) = cluster {
        for name in [
            "MasterUsername",
            "EngineVersion",
            "StorageEncrypted",
            "DeletionProtection",
        ] {
            if let Some(value) = cluster.settings.get(name) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
    }
    let own = json!({
        "DBInstanceIdentifier": instance.id,
        "DBInstanceClass": instance.class,
        "Engine": instance.engine,
        "DBInstanceStatus": instance.status,
        "InstanceCreateTime": timestamp(instance.created),
        "DBInstanceArn": arn,
        "DbiResourceId": instance.resource_id,
        "DBClusterIdentifier": instance.cluster,
        "PendingModifiedValues": instance.pending,
        "DBSubnetGroup": instance.subnet_group.as_ref().and_then(|name| model.subnet_groups.get(name)),
        "DBParameterGroups": [{
            "DBParameterGroupName": group(instance.parameter_group.as_ref(), &instance.engine),
            "ParameterApplyStatus": "in-sync",
        }],
        "TagList": tags(model, &arn),
    });
    if let Value::Object(own) = own {
        shown.extend(own);
    }
    if let Some(port) = port(model, &instance.key()) {
        shown.insert(
            "Endpoint".to_owned(),
            json!({ "Address": "127.0.0.1", "Port": port }),
        );
    }
    Value::Object(shown)
}

fn group(name: Option<&String>, engine: &str) -> String {
    name.cloned().unwrap_or_else(|| format!("default.{engine}"))
}

pub(super) fn cluster(cloud: &Cloud, model: &Model, cluster: &Cluster) -> Value {
    let arn = cloud.arn("rds", &format!("cluster:{}", cluster.id));
    let mut shown = kept(&cluster.settings);
    let members: Value = cluster
        .members
        .iter()
        .enumerate()
        .map(|(index, id)| {
            json!({
                "DBInstanceIdentifier": id,
                "IsClusterWriter": index == 0,
                "DBClusterParameterGroupStatus": "in-sync",
                "PromotionTier": 1,
            })
        })
        .collect();
    let own = json!({
        "DBClusterIdentifier": cluster.id,
        "DBClusterArn": arn,
        "DbClusterResourceId": cluster.resource_id,
        "Engine": cluster.engine,
        "EngineMode": "provisioned",
        "Status": cluster.status,
        "ClusterCreateTime": timestamp(cluster.created),
        "Endpoint": "127.0.0.1",
        "ReaderEndpoint": "127.0.0.1",
        "Port": port(model, &super::model::cluster_key(&cluster.id)),
        "DBClusterParameterGroup": group(cluster.parameter_group.as_ref(), &cluster.engine),
        "DBSubnetGroup": cluster.subnet_group,
        "DBClusterMembers": members,
        "TagList": tags(model, &arn),
    });
    if let Value::Object(own) = own {
        shown.extend(own);
    }
    if let Some((least, most)) = cluster.capacity {
        let range = json!({ "MinCapacity": least, "MaxCapacity": most });
        shown.insert("ServerlessV2ScalingConfiguration".to_owned(), range);
    }
    Value::Object(shown)
}

pub(super) fn snapshot(cloud: &Cloud, snapshot: &Snapshot) -> Value {
    let (member, kind, of) = if snapshot.of_cluster {
        (
            "DBClusterSnapshot",
            "cluster-snapshot",
            "DBClusterIdentifier",
        )
    } else {
        ("DBSnapshot", "snapshot", "DBInstanceIdentifier")
    };
    let mut shown = json!({
        format!("{member}Identifier"): snapshot.id,
        format!("{member}Arn"): cloud.arn("rds", &format!("{kind}:{}", snapshot.id)),
        of: snapshots::source_id(snapshot),
        "SnapshotCreateTime": timestamp(snapshot.created),
        "Status": snapshot.status,
        "SnapshotType": snapshot.kind,
        "PercentProgress": if snapshot.status == "available" { 100 } else { 0 },
    });
    for name in [
        "Engine",
        "EngineVersion",
        "AllocatedStorage",
        "MasterUsername",
        "StorageType",
    ] {
        if let Some(value) = snapshot.source.get(name) {
            shown[name] = value.clone();
        }
    }
    shown
}
