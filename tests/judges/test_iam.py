"""IAM: recorded, not enforced."""

import json

import pytest

from refusals import refused

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}],
}


@pytest.fixture
def own_role(cloud, name):
    return cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]


def test_a_role_is_recorded_with_its_trust(cloud, own_role, name):
    assert own_role["Arn"].endswith(f":role/{name}")
    found = cloud.iam.get_role(RoleName=name)["Role"]
    assert found["AssumeRolePolicyDocument"] == TRUST
    assert found["RoleId"] == own_role["RoleId"]


def test_an_inline_policy_is_recorded_word_for_word(cloud, own_role, name):
    cloud.iam.put_role_policy(
        RoleName=name, PolicyName="read", PolicyDocument=json.dumps(POLICY)
    )
    found = cloud.iam.get_role_policy(RoleName=name, PolicyName="read")
    assert found["PolicyDocument"] == POLICY
    assert cloud.iam.list_role_policies(RoleName=name)["PolicyNames"] == ["read"]


def test_a_role_with_policies_is_not_deleted(cloud, own_role, name):
    cloud.iam.put_role_policy(
        RoleName=name, PolicyName="read", PolicyDocument=json.dumps(POLICY)
    )
    with refused("DeleteConflict", 409):
        cloud.iam.delete_role(RoleName=name)
    cloud.iam.delete_role_policy(RoleName=name, PolicyName="read")
    cloud.iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", 404):
        cloud.iam.get_role(RoleName=name)


def test_a_role_is_made_once(cloud, own_role, name):
    with refused("EntityAlreadyExists", 409, name):
        cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))


def test_a_policy_that_is_not_json_is_refused(cloud, own_role, name):
    with refused("MalformedPolicyDocument"):
        cloud.iam.put_role_policy(RoleName=name, PolicyName="bad", PolicyDocument="{")


def test_the_aws_command_reads_a_role(cloud, own_role, name):
    found = cloud.aws("iam", "get-role", "--role-name", name)
    assert found["Role"]["Arn"] == own_role["Arn"]
