"""The stacks of a stage as CloudFormation will make them: every resource with its name, and the ARNs it goes by."""

import re

from cfnlint import decode

ACCOUNT = "123456789012"
# What CloudFormation and the services make up themselves.
SUFFIX, ID = "A1B2C3D4E5F6", "0a1b2c3d4e5f60718"

# The property that names a resource. Whatever has none here is named after its stack.
NAMED_BY = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::CodeDeploy::DeploymentConfig": "DeploymentConfigName",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::ElastiCache::ReplicationGroup": "ReplicationGroupId",
    "AWS::ElastiCache::SubnetGroup": "CacheSubnetGroupName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Alias": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::WAFv2::WebACL": "Name",
}

# How the service writes its ARN, behind `arn:aws:`. {name} is the resource's own name; {Other} a property of it.
WRITTEN = {
    "AWS::ApiGatewayV2::Api": ["apigateway:{region}::/apis", "apigateway:{region}::/apis/{id}"],
    "AWS::ApiGatewayV2::Integration": ["apigateway:{region}::/apis/{id}/integrations", "apigateway:{region}::/apis/{id}/integrations/{id}"],
    "AWS::ApiGatewayV2::Route": ["apigateway:{region}::/apis/{id}/routes", "apigateway:{region}::/apis/{id}/routes/{id}"],
    "AWS::ApiGatewayV2::Stage": [
        "apigateway:{region}::/apis/{id}/stages",
        "apigateway:{region}::/apis/{id}/stages/{StageName}",
        "apigateway:{region}::/tags/arn%3Aaws%3Aapigateway%3A{region}%3A%3A%2Fapis%2F{id}",
    ],
    "AWS::CertificateManager::Certificate": ["acm:{region}:{account}:certificate/{id}"],
    "AWS::CloudFront::Distribution": ["cloudfront::{account}:distribution/{id}"],
    "AWS::CloudFront::OriginAccessControl": ["cloudfront::{account}:origin-access-control/{id}"],
    "AWS::CloudFront::ResponseHeadersPolicy": ["cloudfront::{account}:response-headers-policy/{id}"],
    "AWS::CloudWatch::Alarm": ["cloudwatch:{region}:{account}:alarm:{name}"],
    "AWS::CloudWatch::Dashboard": ["cloudwatch::{account}:dashboard/{name}"],
    "AWS::CodeDeploy::Application": ["codedeploy:{region}:{account}:application:{name}"],
    "AWS::CodeDeploy::DeploymentConfig": ["codedeploy:{region}:{account}:deploymentconfig:{name}"],
    "AWS::CodeDeploy::DeploymentGroup": [
        "codedeploy:{region}:{account}:deploymentgroup:{ApplicationName}/{name}",
    ],
    "AWS::ElastiCache::ReplicationGroup": [
        "elasticache:{region}:{account}:replicationgroup:{name}",
        "elasticache:{region}:{account}:cluster:{name}-001",
        "elasticache:{region}:{account}:snapshot:{stack}-snapshot-{logical}-{suffix}",
    ],
    "AWS::ElastiCache::SubnetGroup": ["elasticache:{region}:{account}:subnetgroup:{name}"],
    "AWS::IAM::Role": ["iam::{account}:role/{name}"],
    "AWS::KMS::Key": ["kms:{region}:{account}:key/{id}"],
    "AWS::Lambda::Alias": ["lambda:{region}:{account}:function:{FunctionName}", "lambda:{region}:{account}:function:{FunctionName}:{name}"],
    "AWS::Lambda::EventInvokeConfig": ["lambda:{region}:{account}:function:{FunctionName}:{Qualifier}"],
    "AWS::Lambda::EventSourceMapping": ["lambda:{region}:{account}:event-source-mapping:{id}"],
    "AWS::Lambda::Function": ["lambda:{region}:{account}:function:{name}"],
    "AWS::Lambda::Permission": ["{FunctionName}"],
    "AWS::Lambda::Version": ["lambda:{region}:{account}:function:{FunctionName}", "lambda:{region}:{account}:function:{FunctionName}:1"],
    "AWS::Logs::LogGroup": ["logs:{region}:{account}:log-group:{name}", "logs:{region}:{account}:log-group:{name}:*"],
    "AWS::Logs::MetricFilter": ["logs:{region}:{account}:log-group:{LogGroupName}", "logs:{region}:{account}:log-group:{LogGroupName}:*"],
    "AWS::RDS::DBCluster": ["rds:{region}:{account}:cluster:{name}", "rds:{region}:{account}:cluster-snapshot:{stack}-snapshot-{logical}-{suffix}"],
    "AWS::RDS::DBClusterParameterGroup": ["rds:{region}:{account}:cluster-pg:{name}"],
    "AWS::RDS::DBInstance": ["rds:{region}:{account}:db:{name}", "rds:{region}:{account}:snapshot:{stack}-snapshot-{logical}-{suffix}"],
    "AWS::RDS::DBParameterGroup": ["rds:{region}:{account}:pg:{name}"],
    "AWS::RDS::DBSubnetGroup": ["rds:{region}:{account}:subgrp:{name}"],
    "AWS::Route53::RecordSetGroup": ["route53:::hostedzone/{HostedZoneId}"],
    "AWS::S3::Bucket": ["s3:::{name}"],
    "AWS::S3::BucketPolicy": ["s3:::{Bucket}"],
    "AWS::SNS::Subscription": ["{TopicArn}"],
    "AWS::SNS::Topic": ["sns:{region}:{account}:{name}"],
    "AWS::SQS::Queue": ["sqs:{region}:{account}:{name}"],
    "AWS::Scheduler::Schedule": ["scheduler:{region}:{account}:schedule/default/{name}"],
    "AWS::SecretsManager::Secret": ["secretsmanager:{region}:{account}:secret:{name}-a1b2c3"],
    "AWS::SecretsManager::SecretTargetAttachment": ["{SecretId}"],
    "AWS::WAFv2::WebACL": ["wafv2:{region}:{account}:global/webacl/{name}/{id}"],
}

# What RDS and ElastiCache look at besides while they make or change something: AWS's own groups, where none is named.
BESIDE = {
    "AWS::RDS::DBInstance": ["rds:{region}:{account}:og:default:{Engine}-16", "rds:{region}:{account}:pg:default.{Engine}16"],
    "AWS::RDS::DBCluster": ["rds:{region}:{account}:og:default:{Engine}-16"],
    "AWS::ElastiCache::ReplicationGroup": ["elasticache:{region}:{account}:parametergroup:default.valkey8"],
}
OWN_GROUPS = {"AWS::RDS::DBInstance": ("DBParameterGroupName", ":pg:default.")}

# Services whose generated names are written small.
SMALL = ("AWS::RDS::", "AWS::ElastiCache::")
ARN_BY_REF = ("AWS::SecretsManager::Secret", "AWS::SNS::Topic", "AWS::Lambda::Alias")


class Resource:
    """One resource of a stack."""

    def __init__(self, stack, logical, body):
        self.stack, self.logical, self.kind = stack, logical, body["Type"]
        self.properties = body.get("Properties", {})

    def __repr__(self):
        return f"{self.stack.stage}/{self.logical} ({self.kind})"

    def name(self):
        given = self.properties.get(NAMED_BY.get(self.kind, ""))
        if given is not None:
            return self.stack.text(given)
        made = f"{self.stack.name}-{self.logical}-{SUFFIX}"
        return made.lower() if self.kind.startswith(SMALL) else made

    def sets(self, key, value=None):
        """Whether the property is set, at whatever depth."""
        value = self.properties if value is None else value
        if isinstance(value, dict):
            return key in value or any(self.sets(key, one) for one in value.values())
        return isinstance(value, list) and any(self.sets(key, one) for one in value)

    def get(self, path):
        """A property as text, by its dotted path; nothing where it is not set."""
        value = self.properties
        for key in path.split("."):
            if key not in value:
                return None
            value = value[key]
        return self.stack.text(value)

    def _filled(self, patterns):
        given = {key: self.stack.text(value) for key, value in self.properties.items() if not isinstance(value, list)}
        more = {"name": self.name(), "id": ID, "suffix": SUFFIX.lower(), "logical": self.logical.lower()}
        region = {"region": self.stack.region, "account": ACCOUNT, "stack": self.stack.name}
        made = [one.format(**{**given, **more, **region}) for one in patterns]
        return [one if one.startswith("arn:") else f"arn:aws:{one}" for one in made]

    def arns(self):
        if self.kind.startswith("AWS::EC2::"):
            return [f"arn:aws:ec2:{self.stack.region}:{ACCOUNT}:{self.kind.rsplit('::', 1)[1].lower()}/{ID}"]
        return self._filled(WRITTEN[self.kind])

    def beside(self):
        own, other = OWN_GROUPS.get(self.kind, ("", ""))
        return [one for one in self._filled(BESIDE.get(self.kind, [])) if own not in self.properties or other not in one]


class Stack:
    """A rendered stack of a stage."""

    def __init__(self, file, stage, region):
        self.stage, self.region, self.name = stage, region, f"spoke-{stage}-{file.stem}"
        template, errors = decode.decode(str(file))
        assert not errors, errors
        self.resources = {logical: Resource(self, logical, body) for logical, body in template["Resources"].items()}

    def text(self, value):
        """What CloudFormation makes of a value; the outputs of other stacks are words of the right shape."""
        if not isinstance(value, dict):
            return str(value)
        ((function, told),) = value.items() if len(value) == 1 else (("object", value),)
        match function:
            case "Ref":
                return self._ref(told)
            case "Fn::GetAtt":
                logical, attribute = told if isinstance(told, list) else told.split(".", 1)
                if attribute in {"Arn", "Id"}:
                    return self.resources[logical].arns()[-1] if attribute == "Arn" else ID
                return self.resources[logical].name()
            case "Fn::Sub":
                text, more = (told, {}) if isinstance(told, str) else told
                return re.sub(r"\$\{([\w:.]+)\}", lambda it: self._put(it[1], more), text)
            case _:
                return "unknown"

    def _put(self, name, more):
        if name in more:
            return self.text(more[name])
        return self.text({"Fn::GetAtt": name}) if "." in name else self._ref(name)

    def _ref(self, name):
        pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": self.region, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
        if name in pseudo:
            return pseudo[name]
        if name in self.resources:
            it = self.resources[name]
            return it.arns()[-1] if it.kind in ARN_BY_REF else it.name()
        if name == "ArtifactBucket":
            return f"spoke-{self.stage}-artifacts-{ACCOUNT}-{self.region}"
        return f"{name}-of-another-stack"
