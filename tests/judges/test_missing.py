"""Things that do not exist, in every service: AWS's error code and HTTP status each."""

import json

import pytest

from refusals import refused

ARN = "arn:aws:{}:us-east-1:000000000000:{}"
QUEUE = "http://127.0.0.1:1/000000000000/never"
APPSPEC = {
    "version": 0.0,
    "Resources": [
        {
            "web": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Name": "never",
                    "Alias": "live",
                    "CurrentVersion": "1",
                    "TargetVersion": "2",
                },
            }
        }
    ],
}
MISSING = [
    ("iam", "get_role", {"RoleName": "never"}, "NoSuchEntity", 404),
    ("iam", "delete_role", {"RoleName": "never"}, "NoSuchEntity", 404),
    ("iam", "get_role_policy", {"RoleName": "never", "PolicyName": "p"}, "NoSuchEntity", 404),
    ("ec2", "describe_vpcs", {"VpcIds": ["vpc-0123456789abcdef0"]}, "InvalidVpcID.NotFound", 400),
    ("ec2", "delete_vpc", {"VpcId": "vpc-0123456789abcdef0"}, "InvalidVpcID.NotFound", 400),
    (
        "ec2",
        "describe_subnets",
        {"SubnetIds": ["subnet-0123456789abcdef0"]},
        "InvalidSubnetID.NotFound",
        400,
    ),
    (
        "ec2",
        "describe_security_groups",
        {"GroupIds": ["sg-0123456789abcdef0"]},
        "InvalidGroup.NotFound",
        400,
    ),
    ("s3", "get_object", {"Bucket": "never-was-there", "Key": "k"}, "NoSuchBucket", 404),
    ("s3", "list_objects_v2", {"Bucket": "never-was-there"}, "NoSuchBucket", 404),
    ("s3", "put_object", {"Bucket": "never-was-there", "Key": "k"}, "NoSuchBucket", 404),
    ("s3", "head_bucket", {"Bucket": "never-was-there"}, "404", 404),
    ("s3", "delete_bucket", {"Bucket": "never-was-there"}, "NoSuchBucket", 404),
    (
        "sqs",
        "get_queue_url",
        {"QueueName": "never"},
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
    ),
    (
        "sqs",
        "send_message",
        {"QueueUrl": QUEUE, "MessageBody": "m"},
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
    ),
    (
        "sqs",
        "receive_message",
        {"QueueUrl": QUEUE},
        "AWS.SimpleQueueService.NonExistentQueue",
        400,
    ),
    ("sns", "publish", {"TopicArn": ARN.format("sns", "never"), "Message": "m"}, "NotFound", 404),
    (
        "sns",
        "get_topic_attributes",
        {"TopicArn": ARN.format("sns", "never")},
        "NotFound",
        404,
    ),
    ("ssm", "get_parameter", {"Name": "/never"}, "ParameterNotFound", 400),
    ("ssm", "delete_parameter", {"Name": "/never"}, "ParameterNotFound", 400),
    (
        "secretsmanager",
        "get_secret_value",
        {"SecretId": "never"},
        "ResourceNotFoundException",
        400,
    ),
    ("secretsmanager", "describe_secret", {"SecretId": "never"}, "ResourceNotFoundException", 400),
    (
        "logs",
        "get_log_events",
        {"logGroupName": "/never", "logStreamName": "s"},
        "ResourceNotFoundException",
        400,
    ),
    ("logs", "filter_log_events", {"logGroupName": "/never"}, "ResourceNotFoundException", 400),
    (
        "logs",
        "put_retention_policy",
        {"logGroupName": "/never", "retentionInDays": 14},
        "ResourceNotFoundException",
        400,
    ),
    ("logs", "delete_log_group", {"logGroupName": "/never"}, "ResourceNotFoundException", 400),
    ("lambda", "get_function", {"FunctionName": "never"}, "ResourceNotFoundException", 404),
    ("lambda", "invoke", {"FunctionName": "never"}, "ResourceNotFoundException", 404),
    ("lambda", "publish_version", {"FunctionName": "never"}, "ResourceNotFoundException", 404),
    (
        "lambda",
        "get_alias",
        {"FunctionName": "never", "Name": "a"},
        "ResourceNotFoundException",
        404,
    ),
    (
        "lambda",
        "get_event_source_mapping",
        {"UUID": "00000000-0000-4000-8000-000000000000"},
        "ResourceNotFoundException",
        404,
    ),
    ("apigatewayv2", "get_api", {"ApiId": "never"}, "NotFoundException", 404),
    ("apigatewayv2", "get_routes", {"ApiId": "never"}, "NotFoundException", 404),
    ("apigatewayv2", "delete_api", {"ApiId": "never"}, "NotFoundException", 404),
    (
        "codedeploy",
        "get_application",
        {"applicationName": "never"},
        "ApplicationDoesNotExistException",
        400,
    ),
    (
        "codedeploy",
        "create_deployment",
        {
            "applicationName": "never",
            "deploymentGroupName": "g",
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": json.dumps(APPSPEC)},
            },
        },
        "ApplicationDoesNotExistException",
        400,
    ),
    (
        "codedeploy",
        "get_deployment",
        {"deploymentId": "d-ABCDEF123"},
        "DeploymentDoesNotExistException",
        400,
    ),
    (
        "codedeploy",
        "stop_deployment",
        {"deploymentId": "d-ABCDEF123"},
        "DeploymentDoesNotExistException",
        400,
    ),
    (
        "codedeploy",
        "get_deployment_config",
        {"deploymentConfigName": "never"},
        "DeploymentConfigDoesNotExistException",
        400,
    ),
    (
        "codedeploy",
        "put_lifecycle_event_hook_execution_status",
        {"deploymentId": "d-ABCDEF123", "lifecycleEventHookExecutionId": "x", "status": "Failed"},
        "DeploymentDoesNotExistException",
        400,
    ),
    (
        "cloudwatch",
        "delete_alarms",
        {"AlarmNames": ["never"]},
        ("ResourceNotFound", "ResourceNotFoundException"),
        (404,),
    ),
    ("scheduler", "get_schedule", {"Name": "never"}, "ResourceNotFoundException", 404),
    ("scheduler", "delete_schedule", {"Name": "never"}, "ResourceNotFoundException", 404),
    ("cloudformation", "describe_stacks", {"StackName": "never"}, "ValidationError", 400),
    ("cloudformation", "describe_stack_events", {"StackName": "never"}, "ValidationError", 400),
    ("cloudformation", "get_template", {"StackName": "never"}, "ValidationError", 400),
    ("cloudformation", "delete_stack", {"StackName": "never"}, None, 200),
    (
        "cloudformation",
        "describe_change_set",
        {"StackName": "never", "ChangeSetName": "c"},
        ("ChangeSetNotFound", "ValidationError"),
        (400, 404),
    ),
    ("rds", "describe_db_instances", {"DBInstanceIdentifier": "never"}, "DBInstanceNotFound", 404),
    (
        "rds",
        "modify_db_instance",
        {"DBInstanceIdentifier": "never", "DBInstanceClass": "db.t4g.large"},
        "DBInstanceNotFound",
        404,
    ),
    (
        "rds",
        "delete_db_instance",
        {"DBInstanceIdentifier": "never", "SkipFinalSnapshot": True},
        "DBInstanceNotFound",
        404,
    ),
    (
        "rds",
        "describe_db_subnet_groups",
        {"DBSubnetGroupName": "never"},
        "DBSubnetGroupNotFoundFault",
        404,
    ),
    (
        "elasticache",
        "describe_replication_groups",
        {"ReplicationGroupId": "never"},
        "ReplicationGroupNotFoundFault",
        404,
    ),
    (
        "elasticache",
        "delete_replication_group",
        {"ReplicationGroupId": "never"},
        "ReplicationGroupNotFoundFault",
        404,
    ),
]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "status"),
    MISSING,
    ids=[f"{service}.{operation}" for service, operation, *_ in MISSING],
)
def test_what_does_not_exist_is_refused_as_aws_does(
    cloud, service, operation, parameters, code, status
):
    call = getattr(cloud.client(service), operation)
    if code is None:
        # Deleting what is not there is not an error of these.
        assert call(**parameters)["ResponseMetadata"]["HTTPStatusCode"] == status
    elif isinstance(status, tuple):
        with pytest.raises(cloud.client(service).exceptions.ClientError) as raised:
            call(**parameters)
        assert raised.value.response["Error"]["Code"] in code
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] in status
    else:
        with refused(code, status):
            call(**parameters)
