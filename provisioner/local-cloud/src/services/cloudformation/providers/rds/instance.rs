//! `AWS::RDS::DBInstance`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, and, differ, pick, property};
use crate::error::Answer;

use super::super::names::{Name, Style};
use super::{log_types, snapshot, until, until_gone};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AllocatedStorage",
        "AllowMajorVersionUpgrade",
        "AutoMinorVersionUpgrade",
        "BackupRetentionPeriod",
        "CACertificateIdentifier",
        "CopyTagsToSnapshot",
        "DBInstanceClass",
        "DBParameterGroupName",
        "DeletionProtection",
        "EnableCloudwatchLogsExports",
        "EnableIAMDatabaseAuthentication",
        "EnablePerformanceInsights",
        "EngineVersion",
        "Iops",
        "MasterUserPassword",
        "MaxAllocatedStorage",
        "MonitoringInterval",
        "MonitoringRoleArn",
        "MultiAZ",
        "PerformanceInsightsRetentionPeriod",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "PromotionTier",
        "PubliclyAccessible",
        "StorageType",
        "Tags",
        "VPCSecurityGroups",
    ],
    fixed: &[
        "AvailabilityZone",
        "DBClusterIdentifier",
        "DBInstanceIdentifier",
        "DBName",
        "DBSubnetGroupName",
        "Engine",
        "KmsKeyId",
        "ManageMasterUserPassword",
        "MasterUsername",
        "Port",
        "StorageEncrypted",
    ],
    required: &["DBInstanceClass"],
    attributes: &[
        "DBInstanceArn",
        "DbiResourceId",
        "Endpoint.Address",
        "Endpoint.Port",
    ],
    name: Some(Name {
        property: "DBInstanceIdentifier",
        longest: 63,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

/// Properties that changing operations take under the same name.
const CHANGEABLE: [&str; 23] = [
    "AllocatedStorage",
    "AllowMajorVersionUpgrade",
    "AutoMinorVersionUpgrade",
    "BackupRetentionPeriod",
    "CACertificateIdentifier",
    "CopyTagsToSnapshot",
    "DBInstanceClass",
    "DBParameterGroupName",
    "DeletionProtection",
    "EnableIAMDatabaseAuthentication",
    "EnablePerformanceInsights",
    "EngineVersion",
    "Iops",
    "MasterUserPassword",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "MonitoringRoleArn",
    "MultiAZ",
    "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "PromotionTier",
    "StorageType",
];

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let id = property(properties, "DBInstanceIdentifier").to_lowercase();
    let mut names = CHANGEABLE.to_vec();
    names.retain(|name| *name != "AllowMajorVersionUpgrade");
    names.extend(SCHEMA.fixed);
    names.extend(["EnableCloudwatchLogsExports", "PubliclyAccessible", "Tags"]);
    let mut input = pick(properties, &names);
    input["DBInstanceIdentifier"] = json!(id);
    if let Some(groups) = properties.get("VPCSecurityGroups") {
        input["VpcSecurityGroupIds"] = groups.clone();
    }
    context.call("rds", "CreateDBInstance", input).await?;
    made(context, &id).await
}

async fn made(context: &Context, id: &str) -> Answer<Made> {
    let input = json!({ "DBInstanceIdentifier": id });
    let found = until(
        context,
        "DescribeDBInstances",
        input,
        "DBInstances",
        "DBInstanceStatus",
    )
    .await?;
    let member = |pointer: &str| found.pointer(pointer).cloned().unwrap_or_default();
    let port = member("/Endpoint/Port");
    Ok(Made::new(id)
        .with("DBInstanceArn", member("/DBInstanceArn"))
        .with("DbiResourceId", member("/DbiResourceId"))
        .with("Endpoint.Address", member("/Endpoint/Address"))
        .with("Endpoint.Port", port.to_string()))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut names = CHANGEABLE.to_vec();
    names.retain(|name| differ(old, new, &[name]));
    let logs = differ(old, new, &["EnableCloudwatchLogsExports"]);
    let groups = differ(old, new, &["VPCSecurityGroups"]);
    if !names.is_empty() || logs || groups {
        let mut input = and(
            pick(new, &names),
            &[
                ("DBInstanceIdentifier", json!(physical)),
                ("ApplyImmediately", json!(true)),
            ],
        );
        if logs {
            input["CloudwatchLogsExportConfiguration"] = log_types(old, new);
        }
        if groups {
            input["VpcSecurityGroupIds"] =
                new.get("VPCSecurityGroups").cloned().unwrap_or(json!([]));
        }
        context.call("rds", "ModifyDBInstance", input).await?;
    }
    let made = made(context, physical).await?;
    let arn = context.cloud.arn("rds", &format!("db:{physical}"));
    super::retag(context, &arn, old, new).await?;
    Ok(made)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    last: bool,
) -> Answer<()> {
    // A member of a cluster has nothing of its own to keep.
    let last = last && !properties.contains_key("DBClusterIdentifier");
    let mut input = snapshot(context, physical, last, "FinalDBSnapshotIdentifier");
    input["DBInstanceIdentifier"] = json!(physical);
    context.gone("rds", "DeleteDBInstance", input).await?;
    let input = json!({ "DBInstanceIdentifier": physical });
    until_gone(context, "DescribeDBInstances", input).await
}
