//! Properties that cannot change: a new value makes a new resource. From the resource schemas of AWS's CloudFormation
//! registry (`createOnlyProperties`), for the types our templates use.

const FIXED: &[(&str, &[&str])] = &[
    ("AWS::ApiGatewayV2::Api", &["ProtocolType"]),
    ("AWS::ApiGatewayV2::Integration", &["ApiId"]),
    ("AWS::ApiGatewayV2::Route", &["ApiId"]),
    ("AWS::ApiGatewayV2::Stage", &["ApiId", "StageName"]),
    (
        "AWS::CertificateManager::Certificate",
        &["DomainName", "DomainValidationOptions"],
    ),
    ("AWS::CloudWatch::Alarm", &["AlarmName"]),
    ("AWS::CloudWatch::Dashboard", &["DashboardName"]),
    (
        "AWS::CodeDeploy::Application",
        &["ApplicationName", "ComputePlatform"],
    ),
    (
        "AWS::CodeDeploy::DeploymentConfig",
        &[
            "ComputePlatform",
            "DeploymentConfigName",
            "TrafficRoutingConfig",
        ],
    ),
    (
        "AWS::CodeDeploy::DeploymentGroup",
        &["ApplicationName", "DeploymentGroupName"],
    ),
    ("AWS::EC2::NatGateway", &["AllocationId", "SubnetId"]),
    ("AWS::EC2::Route", &["DestinationCidrBlock", "RouteTableId"]),
    ("AWS::EC2::RouteTable", &["VpcId"]),
    ("AWS::EC2::SecurityGroup", &["GroupDescription", "VpcId"]),
    (
        "AWS::EC2::SecurityGroupIngress",
        &[
            "FromPort",
            "GroupId",
            "IpProtocol",
            "SourceSecurityGroupId",
            "ToPort",
        ],
    ),
    (
        "AWS::EC2::Subnet",
        &["AvailabilityZone", "CidrBlock", "VpcId"],
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        &["RouteTableId", "SubnetId"],
    ),
    ("AWS::EC2::VPC", &["CidrBlock"]),
    (
        "AWS::EC2::VPCEndpoint",
        &["ServiceName", "VpcEndpointType", "VpcId"],
    ),
    ("AWS::EC2::VPCGatewayAttachment", &["VpcId"]),
    (
        "AWS::ElastiCache::ReplicationGroup",
        &[
            "AtRestEncryptionEnabled",
            "CacheSubnetGroupName",
            "ReplicationGroupId",
        ],
    ),
    ("AWS::ElastiCache::SubnetGroup", &["CacheSubnetGroupName"]),
    ("AWS::IAM::Role", &["RoleName", "Path"]),
    ("AWS::Lambda::Alias", &["FunctionName", "Name"]),
    (
        "AWS::Lambda::EventInvokeConfig",
        &["FunctionName", "Qualifier"],
    ),
    ("AWS::Lambda::EventSourceMapping", &["EventSourceArn"]),
    ("AWS::Lambda::Function", &["FunctionName"]),
    (
        "AWS::Lambda::Permission",
        &["Action", "FunctionName", "Principal", "SourceArn"],
    ),
    ("AWS::Lambda::Version", &["Description", "FunctionName"]),
    ("AWS::Logs::LogGroup", &["LogGroupName"]),
    ("AWS::Logs::MetricFilter", &["LogGroupName"]),
    (
        "AWS::RDS::DBCluster",
        &[
            "DBClusterIdentifier",
            "DBSubnetGroupName",
            "DatabaseName",
            "Engine",
            "MasterUsername",
            "StorageEncrypted",
        ],
    ),
    (
        "AWS::RDS::DBClusterParameterGroup",
        &["Description", "Family"],
    ),
    (
        "AWS::RDS::DBInstance",
        &[
            "DBClusterIdentifier",
            "DBInstanceIdentifier",
            "DBName",
            "DBSubnetGroupName",
            "Engine",
            "MasterUsername",
            "StorageEncrypted",
        ],
    ),
    ("AWS::RDS::DBParameterGroup", &["Description", "Family"]),
    ("AWS::Route53::RecordSetGroup", &["HostedZoneId"]),
    ("AWS::S3::Bucket", &["BucketName"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    ("AWS::Scheduler::Schedule", &["Name"]),
    ("AWS::SecretsManager::Secret", &["Name"]),
    ("AWS::SecretsManager::SecretTargetAttachment", &["SecretId"]),
    (
        "AWS::SNS::Subscription",
        &["Endpoint", "Protocol", "TopicArn"],
    ),
    ("AWS::SNS::Topic", &["TopicName"]),
    ("AWS::SQS::Queue", &["QueueName"]),
    ("AWS::WAFv2::WebACL", &["Name", "Scope"]),
];

/// Whether a new value of the property (its first name below `Properties`) makes a new resource.
pub(super) fn replaces(kind: &str, property: &str) -> bool {
    FIXED
        .iter()
        .any(|(known, properties)| *known == kind && properties.contains(&property))
}
