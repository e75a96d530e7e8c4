"""Actions that handlers list and no stack of ours asks for, each with its reason.

An entry that is not needed (the role allows the action, no handler lists it, or every resource sets the property) fails
its judge, so that none stays behind.
"""

# Asked for only while a property is set (any of those divided by `|`, at whatever depth), and so not of a resource without it.
ONLY_WITH = {
    "AWS::ApiGatewayV2::Api": {"BodyS3Location": "s3:getObject"},
    "AWS::CertificateManager::Certificate": {"CertificateAuthorityArn": "acm-pca:GetCertificate acm-pca:IssueCertificate"},
    "AWS::CloudFront::Distribution": {
        "ConnectionMode": "cloudfront:CreateConnectionGroup cloudfront:GetConnectionGroup",
        "VpcOriginConfig": "cloudfront:GetVpcOrigin",
        "Staging": "cloudfront:UpdateDistributionWithStagingConfig",
    },
    "AWS::CodeDeploy::DeploymentGroup": {
        "OnPremisesInstanceTagFilters|OnPremisesTagSet": "codedeploy:RegisterOnPremisesInstance"
    },
    "AWS::EC2::EIP": {"TransferAddress": "ec2:AcceptAddressTransfer", "InstanceId": "ec2:AssociateAddress"},
    "AWS::EC2::NatGateway": {
        "SecondaryAllocationIds": "ec2:AssociateNatGatewayAddress ec2:DisassociateNatGatewayAddress",
        "SecondaryPrivateIpAddresses|SecondaryPrivateIpAddressCount": """ec2:AssignPrivateNatGatewayAddress
            ec2:UnassignPrivateNatGatewayAddress""",
    },
    "AWS::EC2::Subnet": {
        "Ipv6CidrBlock|Ipv6CidrBlocks|Ipv6NetmaskLength": "ec2:AssociateSubnetCidrBlock ec2:DisassociateSubnetCidrBlock"
    },
    "AWS::EC2::VPC": {"VpcEncryptionControl": "ec2:CreateVpcEncryptionControl", "InstanceTenancy": "ec2:ModifyVpcTenancy"},
    "AWS::EC2::VPCEndpoint": {
        "ServiceNetworkArn|ResourceConfigurationArn": """vpc-lattice:CreateServiceNetworkVpcEndpointAssociation
            vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation""",
        "ServiceRegion": "vpce:AllowMultiRegion",
    },
    "AWS::EC2::VPCGatewayAttachment": {"VpnGatewayId": "ec2:AttachVpnGateway ec2:DetachVpnGateway"},
    "AWS::ElastiCache::ReplicationGroup": {
        "KmsKeyId": "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey",
        "LogDeliveryConfigurations": """firehose:PutRecord firehose:PutRecordBatch firehose:TagDeliveryStream
            logs:CreateLogStream logs:PutLogEvents""",
        "NumNodeGroups|ReplicasPerNodeGroup|NodeGroupConfiguration": "elasticache:ModifyReplicationGroupShardConfiguration",
        "SnapshotArns": "s3:GetObject",
    },
    "AWS::IAM::Role": {
        "ManagedPolicyArns": "iam:AttachRolePolicy iam:DetachRolePolicy",
        "PermissionsBoundary": "iam:DeleteRolePermissionsBoundary iam:PutRolePermissionsBoundary",
    },
    "AWS::Lambda::Alias": {
        "ProvisionedConcurrencyConfig": "lambda:DeleteProvisionedConcurrencyConfig lambda:PutProvisionedConcurrencyConfig"
    },
    "AWS::Lambda::EventSourceMapping": {"KmsKeyArn": "kms:Decrypt kms:DescribeKey kms:GenerateDataKey"},
    "AWS::Lambda::Function": {
        "CapacityProviderConfig": "lambda:PassCapacityProvider",
        "CodeSigningConfigArn": """lambda:DeleteFunctionCodeSigningConfig lambda:GetCodeSigningConfig
            lambda:PutFunctionCodeSigningConfig""",
        "FileSystemConfigs": "elasticfilesystem:DescribeMountTargets s3files:ListMountTargets",
        "FunctionScalingConfig": "lambda:PutFunctionScalingConfig",
        "KmsKeyArn": "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey",
        "Layers": "lambda:GetLayerVersion",
        "RecursiveLoop": "lambda:PutFunctionRecursionConfig",
        "RuntimeManagementConfig": "lambda:PutRuntimeManagementConfig",
        "S3ObjectVersion": "s3:GetObjectVersion",
    },
    "AWS::Lambda::Version": {
        "FunctionScalingConfig": "lambda:PutFunctionScalingConfig",
        "ProvisionedConcurrencyConfig": "lambda:PutProvisionedConcurrencyConfig",
        "RuntimePolicy": "lambda:PutRuntimeManagementConfig",
    },
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": "logs:PutBearerTokenAuthentication",
        "DataProtectionPolicy": """firehose:TagDeliveryStream logs:DeleteDataProtectionPolicy logs:PutDataProtectionPolicy
            s3:REST.PUT.OBJECT""",
        "DeletionProtectionEnabled": "logs:PutLogGroupDeletionProtection",
        "FieldIndexPolicies": "logs:DeleteIndexPolicy logs:PutIndexPolicy",
        "KmsKeyId": "logs:AssociateKmsKey logs:DisassociateKmsKey",
        "ResourcePolicyDocument": "logs:DeleteResourcePolicy",
    },
    "AWS::RDS::DBCluster": {
        "AssociatedRoles": "rds:AddRoleToDBCluster rds:RemoveRoleFromDBCluster",
        "EnableHttpEndpoint": "rds:DisableHttpEndpoint rds:EnableHttpEndpoint",
        "GlobalClusterIdentifier": "rds:RemoveFromGlobalCluster",
        # Without one, the key is AWS's own, whose policy lets the whole account in through RDS.
        "KmsKeyId": "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey",
        "ManageMasterUserPassword": "secretsmanager:CreateSecret secretsmanager:RotateSecret secretsmanager:TagResource",
        "MonitoringRoleArn|DomainIAMRoleName": "iam:PassRole",
        "SnapshotIdentifier": "rds:RestoreDBClusterFromSnapshot",
        "SourceDBClusterIdentifier|SourceDbClusterResourceId": "rds:RestoreDBClusterToPointInTime",
    },
    "AWS::RDS::DBInstance": {
        "AssociatedRoles": "rds:AddRoleToDBInstance rds:RemoveRoleFromDBInstance",
        "AutomaticBackupReplicationRegion": """rds:StartDBInstanceAutomatedBackupsReplication
            rds:StopDBInstanceAutomatedBackupsReplication""",
        "DBSnapshotIdentifier|DBClusterSnapshotIdentifier": "rds:RestoreDBInstanceFromDBSnapshot",
        # As of a cluster.
        "KmsKeyId": "kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey",
        "ManageMasterUserPassword": "secretsmanager:CreateSecret secretsmanager:RotateSecret secretsmanager:TagResource",
        "MonitoringRoleArn|DomainIAMRoleName|CustomIAMInstanceProfile": "iam:GetRole iam:ListRoles iam:PassRole",
        "SourceDBInstanceAutomatedBackupsArn|SourceDbiResourceId|UseLatestRestorableTime": "rds:RestoreDBInstanceToPointInTime",
        "SourceDBInstanceIdentifier": "rds:PromoteReadReplica",
    },
    "AWS::S3::Bucket": {
        "AccelerateConfiguration": "s3:PutAccelerateConfiguration",
        "AnalyticsConfigurations": "s3:PutAnalyticsConfiguration",
        "IntelligentTieringConfigurations": "s3:PutIntelligentTieringConfiguration",
        "InventoryConfigurations": "s3:PutInventoryConfiguration",
        "MetadataConfiguration|MetadataTableConfiguration": """s3:CreateBucketMetadataTableConfiguration
            s3:DeleteBucketMetadataTableConfiguration s3:UpdateBucketMetadataAnnotationTableConfiguration
            s3:UpdateBucketMetadataInventoryTableConfiguration s3:UpdateBucketMetadataJournalTableConfiguration
            s3tables:CreateNamespace s3tables:CreateTable s3tables:CreateTableBucket s3tables:GetTable
            s3tables:GetTableMetadataLocation s3tables:PutTableBucketPolicy s3tables:PutTableEncryption
            s3tables:PutTablePolicy s3tables:UpdateTableMetadataLocation""",
        "MetricsConfigurations": "s3:PutMetricsConfiguration",
        "ReplicationConfiguration": "iam:PassRole s3:PutReplicationConfiguration",
        "WebsiteConfiguration": "s3:DeleteBucketWebsite",
    },
    "AWS::SNS::Subscription": {"SubscriptionRoleArn": "iam:GetRole iam:PassRole"},
    "AWS::SNS::Topic": {"DataProtectionPolicy": "sns:PutDataProtectionPolicy", "DeliveryStatusLogging": "iam:GetRole iam:PassRole"},
    "AWS::SecretsManager::Secret": {
        "ReplicaRegions": "secretsmanager:RemoveRegionsFromReplication secretsmanager:ReplicateSecretToRegions"
    },
    "AWS::WAFv2::WebACL": {"MonetizationConfig": "payments:GetConnectedAccount"},
}

NOT_RDS = "the target is a database of RDS"
NO_OBJECT = "a bucket that is being made holds no object"
EXPORT = "a snapshot stays with ElastiCache; only an export goes to S3"
ORACLE = "only RDS for Oracle has databases of tenants"

# Not asked for by this type, whatever is set.
NEVER_ASKED = {
    "AWS::ElastiCache::ReplicationGroup": {"s3:DeleteObject": EXPORT, "s3:GetBucketAcl": EXPORT, "s3:PutObject": EXPORT},
    "AWS::RDS::DBCluster": {"rds:CreateTenantDatabase": ORACLE, "rds:DeleteTenantDatabase": ORACLE},
    "AWS::RDS::DBInstance": {"rds:CreateTenantDatabase": ORACLE, "rds:DeleteTenantDatabase": ORACLE},
    "AWS::S3::Bucket": {"s3:DeleteObject": NO_OBJECT, "s3:PutObjectAcl": NO_OBJECT},
    "AWS::SecretsManager::SecretTargetAttachment": {
        "docdb-elastic:GetCluster": NOT_RDS,
        "redshift-serverless:GetNamespace": NOT_RDS,
        "redshift-serverless:ListWorkgroups": NOT_RDS,
        "redshift:DescribeClusters": NOT_RDS,
    },
}

# Calls, not actions: IAM asks for another action of them, which the role has as far as a handler lists it.
CALLED_NOT_ASKED = {
    "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution and cloudfront:TagResource",
    "s3:DeleteBucketAnalyticsConfiguration": "s3:PutAnalyticsConfiguration",
    "s3:DeleteBucketCors": "s3:PutBucketCORS",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketMetricsConfiguration": "s3:PutMetricsConfiguration",
    "s3:DeleteBucketReplication": "s3:PutReplicationConfiguration",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
}
