//! `AWS::RDS::DBCluster`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, and, differ, pick, property};
use crate::error::Answer;

use super::super::names::{Name, Style};
use super::{log_types, snapshot, until, until_gone};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AllowMajorVersionUpgrade",
        "BackupRetentionPeriod",
        "CopyTagsToSnapshot",
        "DBClusterParameterGroupName",
        "DeletionProtection",
        "EnableCloudwatchLogsExports",
        "EnableHttpEndpoint",
        "EnableIAMDatabaseAuthentication",
        "EngineVersion",
        "MasterUserPassword",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "ServerlessV2ScalingConfiguration",
        "StorageType",
        "Tags",
        "VpcSecurityGroupIds",
    ],
    fixed: &[
        "AvailabilityZones",
        "DBClusterIdentifier",
        "DBSubnetGroupName",
        "DatabaseName",
        "Engine",
        "EngineMode",
        "KmsKeyId",
        "ManageMasterUserPassword",
        "MasterUsername",
        "Port",
        "StorageEncrypted",
    ],
    required: &["Engine"],
    attributes: &[
        "DBClusterArn",
        "DBClusterResourceId",
        "Endpoint.Address",
        "Endpoint.Port",
        "ReadEndpoint.Address",
    ],
    name: Some(Name {
        property: "DBClusterIdentifier",
        longest: 63,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let id = property(properties, "DBClusterIdentifier").to_lowercase();
    let mut names = SCHEMA.mutable.to_vec();
    names.retain(|name| *name != "AllowMajorVersionUpgrade");
    names.extend(SCHEMA.fixed);
    let input = and(
        pick(properties, &names),
        &[("DBClusterIdentifier", json!(id))],
    );
    context.call("rds", "CreateDBCluster", input).await?;
    made(context, &id).await
}

async fn made(context: &Context, id: &str) -> Answer<Made> {
    let input = json!({ "DBClusterIdentifier": id });
    let found = until(context, "DescribeDBClusters", input, "DBClusters", "Status").await?;
    let member = |pointer: &str| found.pointer(pointer).cloned().unwrap_or_default();
    Ok(Made::new(id)
        .with("DBClusterArn", member("/DBClusterArn"))
        .with("DBClusterResourceId", member("/DbClusterResourceId"))
        .with("Endpoint.Address", member("/Endpoint"))
        .with("Endpoint.Port", member("/Port").to_string())
        .with("ReadEndpoint.Address", member("/ReaderEndpoint")))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut names = SCHEMA.mutable.to_vec();
    names.retain(|name| {
        !["EnableCloudwatchLogsExports", "Tags"].contains(name) && differ(old, new, &[name])
    });
    let logs = differ(old, new, &["EnableCloudwatchLogsExports"]);
    if !names.is_empty() || logs {
        let mut input = and(
            pick(new, &names),
            &[
                ("DBClusterIdentifier", json!(physical)),
                ("ApplyImmediately", json!(true)),
            ],
        );
        if logs {
            input["CloudwatchLogsExportConfiguration"] = log_types(old, new);
        }
        context.call("rds", "ModifyDBCluster", input).await?;
    }
    let made = made(context, physical).await?;
    let arn = context.cloud.arn("rds", &format!("cluster:{physical}"));
    super::retag(context, &arn, old, new).await?;
    Ok(made)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    last: bool,
) -> Answer<()> {
    let mut input = snapshot(context, physical, last, "FinalDBSnapshotIdentifier");
    input["DBClusterIdentifier"] = json!(physical);
    context.gone("rds", "DeleteDBCluster", input).await?;
    let input = json!({ "DBClusterIdentifier": physical });
    until_gone(context, "DescribeDBClusters", input).await
}
