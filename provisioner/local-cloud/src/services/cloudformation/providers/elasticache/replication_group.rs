//! `AWS::ElastiCache::ReplicationGroup`.

use std::time::Duration;

use serde_json::json;

use super::super::names::{Name, Style, random};
use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, differ, is_gone, pick, property,
};
use crate::error::{Answer, AwsError};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AuthToken",
        "AutoMinorVersionUpgrade",
        "AutomaticFailoverEnabled",
        "CacheNodeType",
        "CacheParameterGroupName",
        "EngineVersion",
        "MultiAZEnabled",
        "PreferredMaintenanceWindow",
        "ReplicationGroupDescription",
        "SecurityGroupIds",
        "SnapshotRetentionLimit",
        "SnapshotWindow",
        "Tags",
    ],
    fixed: &[
        "AtRestEncryptionEnabled",
        "CacheSubnetGroupName",
        "Engine",
        "KmsKeyId",
        "NumCacheClusters",
        "NumNodeGroups",
        "Port",
        "ReplicasPerNodeGroup",
        "ReplicationGroupId",
        "TransitEncryptionEnabled",
        "TransitEncryptionMode",
    ],
    required: &["ReplicationGroupDescription"],
    attributes: &[
        "PrimaryEndPoint.Address",
        "PrimaryEndPoint.Port",
        "ReaderEndPoint.Address",
    ],
    name: Some(Name {
        property: "ReplicationGroupId",
        longest: 40,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let id = property(properties, "ReplicationGroupId").to_lowercase();
    let mut names = SCHEMA.mutable.to_vec();
    names.extend(SCHEMA.fixed);
    let mut input = pick(properties, &names);
    input["ReplicationGroupId"] = json!(id);
    context
        .call("elasticache", "CreateReplicationGroup", input)
        .await?;
    made(context, &id).await
}

/// Waits until the group is available.
async fn made(context: &Context, id: &str) -> Answer<Made> {
    loop {
        let input = json!({ "ReplicationGroupId": id });
        let answer = context
            .call("elasticache", "DescribeReplicationGroups", input)
            .await?;
        let member = |name: &str| {
            let found = answer.pointer(&format!("/ReplicationGroups/0/{name}"));
            found.cloned().unwrap_or_default()
        };
        match member("Status").as_str() {
            Some("available") => {
                let primary = "NodeGroups/0/PrimaryEndpoint";
                return Ok(Made::new(id)
                    .with(
                        "PrimaryEndPoint.Address",
                        member(&format!("{primary}/Address")),
                    )
                    .with(
                        "PrimaryEndPoint.Port",
                        member(&format!("{primary}/Port")).to_string(),
                    )
                    .with(
                        "ReaderEndPoint.Address",
                        member(&format!("{primary}/Address")),
                    ));
            }
            Some(status) if status.contains("failed") => {
                return Err(AwsError::new(
                    "NotStabilized",
                    format!("the cache is {status}"),
                ));
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut names = SCHEMA.mutable.to_vec();
    names.retain(|name| *name != "Tags" && differ(old, new, &[name]));
    if !names.is_empty() {
        let mut input = pick(new, &names);
        input["ReplicationGroupId"] = json!(physical);
        input["ApplyImmediately"] = json!(true);
        context
            .call("elasticache", "ModifyReplicationGroup", input)
            .await?;
    }
    if differ(old, new, &["Tags"])
        && let Some(tags) = new.get("Tags")
    {
        let arn = context
            .cloud
            .arn("elasticache", &format!("replicationgroup:{physical}"));
        let input = json!({ "ResourceName": arn, "Tags": tags });
        context
            .call("elasticache", "AddTagsToResource", input)
            .await?;
    }
    made(context, physical).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    snapshot: bool,
) -> Answer<()> {
    let group = json!({ "ReplicationGroupId": physical });
    let mut input = group.clone();
    if snapshot {
        input["FinalSnapshotIdentifier"] =
            json!(format!("{physical}-{}", random(12).to_lowercase()));
    }
    context
        .gone("elasticache", "DeleteReplicationGroup", input)
        .await?;
    loop {
        let found = context
            .call("elasticache", "DescribeReplicationGroups", group.clone())
            .await;
        match found {
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) => return Err(error),
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
