"""The first deploy, and boto3 looks whether what the templates promise is there.

Not to be seen on MiniStack, whose CloudFormation does not hand it over, and therefore not asserted here: the key of the
topic (KmsMasterKeyId), the tags of buckets, the reserved concurrency of functions.
"""

import json

import pytest

from looking import STACKS, change_sets_left, resources, stack, tags

OURS = {"stage": "judge", "owner": "judges"}
FUNCTIONS = ["web", "worker", "inbound", "reports", "scheduled"]
BUCKETS = ["PrivateBucket", "AssetBucket", "ArtifactBucket"]


def lambda_names():
    return [f"spoke-judge-{name}" for name in FUNCTIONS] + [
        f"CodeDeployHook_spoke-judge-{name}" for name in ["preflight", "postflight"]
    ]


@pytest.fixture(scope="module")
def made(cloud, deployed):
    return resources(cloud)


def test_a_stage_without_codedeploy_says_that_nothing_was_released(deployed):
    assert deployed.first["release"] is None
    assert deployed.first["verdict"] is None
    ended = deployed.run("deploy", "--yes")
    assert ended.code == 0, ended
    assert ended.out.startswith("no release was made: stage judge has no CodeDeploy"), ended
    assert "release 1" not in ended.err


def test_three_stacks_stand_and_no_change_set_is_left(cloud, deployed):
    for name in STACKS:
        told = stack(cloud, name)
        assert told["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, name
        assert tags(told["Tags"]) == OURS
    assert change_sets_left(cloud) == []
    assert [one["stack"] for one in deployed.first["stacks"]] == STACKS


def test_the_lock_is_given_back(cloud, deployed):
    names = [one["Name"] for one in cloud.ssm.describe_parameters()["Parameters"]]
    assert not [name for name in names if "lock" in name], names


def test_everything_carries_the_tags(cloud, made):
    seen = {}
    for name in lambda_names():
        arn = cloud.lambda_.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        seen[name] = tags(cloud.lambda_.list_tags(Resource=arn)["Tags"])
        assert seen[name].pop("release") == "0"
    for url in cloud.sqs.list_queues()["QueueUrls"]:
        seen[url] = tags(cloud.sqs.list_queue_tags(QueueUrl=url)["Tags"])
    for secret in cloud.secretsmanager.list_secrets()["SecretList"]:
        seen[secret["Name"]] = tags(secret["Tags"])
    database = cloud.rds.describe_db_instances(DBInstanceIdentifier="spoke-judge")["DBInstances"][0]
    seen["database"] = tags(database["TagList"])
    vpc = cloud.ec2.describe_vpcs(VpcIds=[made["Vpc"]])["Vpcs"][0]
    seen["vpc"] = tags(vpc["Tags"])
    assert seen["vpc"].pop("Name") == "spoke-judge"
    for one in cloud.ec2.describe_security_groups()["SecurityGroups"]:
        if one["GroupId"] in made.values():
            seen[one["GroupId"]] = tags(one["Tags"])
    assert len(seen) >= 7 + 5 + 3 + 2 + 4
    assert {name: told for name, told in seen.items() if told != OURS} == {}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_encrypted_and_closed(cloud, made, bucket):
    name = made[bucket]
    rule = cloud.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(cloud.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    statements = json.loads(cloud.s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    refusal = next(one for one in statements if one["Effect"] == "Deny")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert sorted(refusal["Resource"]) == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == (
        [{"Service": "cloudfront.amazonaws.com"}] if bucket == "AssetBucket" else []
    )


def test_database_and_cache_are_encrypted_and_private(cloud, made):
    database = cloud.rds.describe_db_instances(DBInstanceIdentifier="spoke-judge")["DBInstances"][0]
    assert database["StorageEncrypted"] is True
    assert database["PubliclyAccessible"] is False
    assert database["BackupRetentionPeriod"] == 7
    assert [one["VpcSecurityGroupId"] for one in database["VpcSecurityGroups"]] == [made["DatabaseGroup"]]
    cache = cloud.elasticache.describe_replication_groups()["ReplicationGroups"][0]
    assert cache["AtRestEncryptionEnabled"] and cache["TransitEncryptionEnabled"] and cache["AuthTokenEnabled"]


@pytest.mark.parametrize(("group", "port"), [("DatabaseGroup", 5432), ("CacheGroup", 6379), ("EndpointsGroup", 443)])
def test_only_the_functions_come_in(cloud, made, group, port):
    told = cloud.ec2.describe_security_groups(GroupIds=[made[group]])["SecurityGroups"][0]
    (rule,) = told["IpPermissions"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", port, port)
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [made["FunctionsGroup"]]
    assert rule["IpRanges"] == []


def test_queues_and_keys_encrypt(cloud, made):
    for url in cloud.sqs.list_queues()["QueueUrls"]:
        told = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["SqsManagedSseEnabled"])
        assert told["Attributes"]["SqsManagedSseEnabled"] == "true", url
    assert cloud.kms.get_key_rotation_status(KeyId=made["NoticesKey"])["KeyRotationEnabled"] is True


def test_dead_letters_are_kept(cloud, made):
    for queue, dead in [("InboundQueue", "InboundDeadLetters"), ("ReportQueue", "ReportDeadLetters")]:
        told = cloud.sqs.get_queue_attributes(QueueUrl=made[queue], AttributeNames=["RedrivePolicy"])
        arn = cloud.sqs.get_queue_attributes(QueueUrl=made[dead], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        assert json.loads(told["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"] == arn


def test_every_function_has_a_role_of_its_own_and_a_log_group_with_an_end(cloud, deployed):
    roles = set()
    for name in lambda_names():
        told = cloud.lambda_.get_function_configuration(FunctionName=name)
        roles.add(told["Role"])
        (group,) = cloud.logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
        assert group["retentionInDays"] == 7
    assert len(roles) == len(lambda_names())


def test_no_role_may_more_than_its_stage(cloud, made):
    """Everything a function may do names the stage's own things; network interfaces and metrics have no names, and a key's is AWS's."""
    wide = {}
    for logical, role in made.items():
        if not logical.endswith("Role"):
            continue
        assert cloud.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
        for policy in cloud.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = cloud.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            for statement in document["Statement"]:
                named = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                if any("judge" not in one for one in named):
                    wide.setdefault(statement.get("Sid"), set()).add(logical)
    assert set(wide) == {"AttachToNetwork", "ReadMetrics", "TellEncrypted"}, wide
    assert wide["ReadMetrics"] == wide["TellEncrypted"] == {"ScalerRole"}
    assert len(wide["AttachToNetwork"]) == len(lambda_names())


def test_no_secret_stands_in_an_environment(cloud, deployed):
    values = set()
    for one in cloud.secretsmanager.list_secrets()["SecretList"]:
        text = cloud.secretsmanager.get_secret_value(SecretId=one["Name"])["SecretString"]
        # A generated secret may begin with any character, so the name tells which one is a document.
        values.add(json.loads(text)["password"] if one["Name"].endswith("-database") else text)
    assert len(values) == 4 and all(len(value) >= 40 for value in values)
    for name in lambda_names():
        told = cloud.lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        assert not values & set(told.values())
        assert not [value for value in values if value in json.dumps(told)]


def test_a_retained_database_is_not_deleted_with_its_stack(cloud, deployed):
    template = cloud.cloudformation.get_template(StackName="spoke-judge-data")["TemplateBody"]
    assert "DeletionPolicy: Snapshot" in template and "DeletionPolicy: RetainExceptOnCreate" in template
