//! Names of the query protocol that AWS's models give and no rule gives: the element of a
//! list where it is not `member`, the members that are maps, the namespaces.
//!
//! Source: the service models AWS publishes with its SDKs.

/// The element a list's items are written as.
pub(super) fn item_name(service: &str, list: &str) -> &'static str {
    let table = match service {
        "rds" => RDS,
        "elasticache" => ELASTICACHE,
        _ => return "member",
    };
    table
        .iter()
        .find(|(name, _)| *name == list)
        .map_or("member", |(_, item)| *item)
}

/// Whether an object is a map (`entry`, `key`, `value`) rather than a structure.
pub(super) fn is_map(service: &str, member: &str) -> bool {
    matches!(
        (service, member),
        ("sns", "Attributes") | ("iam", "SummaryMap") | ("cloudwatch", "ExtendedStatistics")
    )
}

/// Whether a parameter of that name is a list, in every service that has one.
pub(super) fn is_list(parameter: &str) -> bool {
    matches!(
        parameter,
        "AlarmActions"
            | "AlarmNames"
            | "Capabilities"
            | "Dimensions"
            | "InsufficientDataActions"
            | "MetricData"
            | "Metrics"
            | "NotificationARNs"
            | "OKActions"
            | "Parameters"
            | "ResourceTypes"
            | "ResourcesToImport"
            | "RetainResources"
            | "SecurityGroupIds"
            | "SubnetIds"
            | "TagKeys"
            | "Tags"
            | "VpcSecurityGroupIds"
    )
}

/// The namespace of a service's answers.
pub(super) fn namespace(service: &str) -> &'static str {
    match service {
        "sts" => "https://sts.amazonaws.com/doc/2011-06-15/",
        "iam" => "https://iam.amazonaws.com/doc/2010-05-08/",
        "sns" => "http://sns.amazonaws.com/doc/2010-03-31/",
        "cloudformation" => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        "cloudwatch" => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        "rds" => "http://rds.amazonaws.com/doc/2014-10-31/",
        "elasticache" => "http://elasticache.amazonaws.com/doc/2015-02-02/",
        _ => "http://webservices.amazon.com/AWSFault/2005-15-09",
    }
}

const RDS: &[(&str, &str)] = &[
    ("AssociatedRoles", "DBInstanceRole"),
    ("AttributeValues", "AttributeValue"),
    ("AvailabilityZones", "AvailabilityZone"),
    ("AvailableProcessorFeatures", "AvailableProcessorFeature"),
    ("Certificates", "Certificate"),
    ("DBClusterMembers", "DBClusterMember"),
    ("DBClusterOptionGroupMemberships", "DBClusterOptionGroup"),
    ("DBClusterParameterGroups", "DBClusterParameterGroup"),
    ("DBClusterSnapshots", "DBClusterSnapshot"),
    ("DBClusters", "DBCluster"),
    ("DBEngineVersions", "DBEngineVersion"),
    ("DBInstances", "DBInstance"),
    ("DBParameterGroups", "DBParameterGroup"),
    ("DBSecurityGroups", "DBSecurityGroup"),
    ("DBSnapshotAttributes", "DBSnapshotAttribute"),
    ("DBSnapshots", "DBSnapshot"),
    ("DBSubnetGroups", "DBSubnetGroup"),
    ("DescribeDBLogFiles", "DescribeDBLogFilesDetails"),
    ("DomainMemberships", "DomainMembership"),
    ("EventCategories", "EventCategory"),
    ("Events", "Event"),
    ("OptionGroupMemberships", "OptionGroupMembership"),
    ("OptionGroupsList", "OptionGroup"),
    ("OrderableDBInstanceOptions", "OrderableDBInstanceOption"),
    ("Parameters", "Parameter"),
    (
        "PendingMaintenanceActionDetails",
        "PendingMaintenanceAction",
    ),
    (
        "PendingMaintenanceActions",
        "ResourcePendingMaintenanceActions",
    ),
    ("ProcessorFeatures", "ProcessorFeature"),
    (
        "ReadReplicaDBClusterIdentifiers",
        "ReadReplicaDBClusterIdentifier",
    ),
    (
        "ReadReplicaDBInstanceIdentifiers",
        "ReadReplicaDBInstanceIdentifier",
    ),
    ("ReadReplicaIdentifiers", "ReadReplicaIdentifier"),
    ("StatusInfos", "DBInstanceStatusInfo"),
    ("Subnets", "Subnet"),
    ("SupportedCharacterSets", "CharacterSet"),
    ("SupportedTimezones", "Timezone"),
    ("TagList", "Tag"),
    ("Tags", "Tag"),
    ("ValidUpgradeTarget", "UpgradeTarget"),
    ("VpcSecurityGroupMemberships", "VpcSecurityGroupMembership"),
    ("VpcSecurityGroups", "VpcSecurityGroupMembership"),
];

const ELASTICACHE: &[(&str, &str)] = &[
    ("CacheClusters", "CacheCluster"),
    ("CacheEngineVersions", "CacheEngineVersion"),
    ("CacheNodeIdsToReboot", "CacheNodeId"),
    ("CacheNodeIdsToRemove", "CacheNodeId"),
    (
        "CacheNodeTypeSpecificParameters",
        "CacheNodeTypeSpecificParameter",
    ),
    ("CacheNodes", "CacheNode"),
    ("CacheParameterGroups", "CacheParameterGroup"),
    ("CacheSecurityGroups", "CacheSecurityGroup"),
    ("CacheSubnetGroups", "CacheSubnetGroup"),
    ("EC2SecurityGroups", "EC2SecurityGroup"),
    ("Events", "Event"),
    ("LogDeliveryConfigurations", "LogDeliveryConfiguration"),
    ("MemberClusters", "ClusterId"),
    ("NodeGroupMembers", "NodeGroupMember"),
    ("NodeGroups", "NodeGroup"),
    ("NodeSnapshots", "NodeSnapshot"),
    ("Parameters", "Parameter"),
    ("ReplicationGroups", "ReplicationGroup"),
    ("SecurityGroupIds", "SecurityGroupId"),
    ("Snapshots", "Snapshot"),
    ("SubnetIds", "SubnetId"),
    ("Subnets", "Subnet"),
    ("TagList", "Tag"),
];
