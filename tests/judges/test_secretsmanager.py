"""Secrets Manager."""

import json

from refusals import refused


def test_a_secret_is_found_by_name_and_by_arn(cloud, name):
    made = cloud.secretsmanager.create_secret(Name=name, SecretString="hush")
    # Six random characters follow the name in the ARN.
    assert made["ARN"].rpartition(":")[2].startswith(f"{name}-")
    assert len(made["ARN"].rpartition("-")[2]) == 6
    for key in (name, made["ARN"]):
        found = cloud.secretsmanager.get_secret_value(SecretId=key)
        assert (found["SecretString"], found["Name"]) == ("hush", name)
        assert found["VersionStages"] == ["AWSCURRENT"]


def test_the_value_before_stays_as_previous(cloud, name):
    cloud.secretsmanager.create_secret(Name=name, SecretString="one")
    cloud.secretsmanager.put_secret_value(SecretId=name, SecretString="two")
    get = cloud.secretsmanager.get_secret_value
    assert get(SecretId=name)["SecretString"] == "two"
    assert get(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"


def test_a_secret_is_made_once(cloud, name):
    cloud.secretsmanager.create_secret(Name=name, SecretString="one")
    with refused("ResourceExistsException"):
        cloud.secretsmanager.create_secret(Name=name, SecretString="two")


def test_a_deleted_secret_is_not_read(cloud, name):
    cloud.secretsmanager.create_secret(Name=name, SecretString="one")
    cloud.secretsmanager.delete_secret(SecretId=name)
    with refused("InvalidRequestException", text="marked for deletion"):
        cloud.secretsmanager.get_secret_value(SecretId=name)
    assert "DeletedDate" in cloud.secretsmanager.describe_secret(SecretId=name)


def test_a_secret_deleted_by_force_is_gone(cloud, name):
    cloud.secretsmanager.create_secret(Name=name, SecretString="one")
    cloud.secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    with refused("ResourceNotFoundException"):
        cloud.secretsmanager.describe_secret(SecretId=name)


def test_a_description_tells_no_secret(cloud, name):
    cloud.secretsmanager.create_secret(Name=name, SecretString="hush", Description="of a test")
    found = cloud.secretsmanager.describe_secret(SecretId=name)
    assert found["Description"] == "of a test"
    assert "hush" not in json.dumps(found, default=str)


def test_the_aws_command_reads_a_secret(cloud, name):
    cloud.secretsmanager.create_secret(Name=name, SecretString='{"a": 1}')
    found = cloud.aws("secretsmanager", "get-secret-value", "--secret-id", name)
    assert json.loads(found["SecretString"]) == {"a": 1}
