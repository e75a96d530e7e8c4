"""STS: who am I."""


def test_boto3_learns_who_it_is(cloud):
    identity = cloud.sts.get_caller_identity()
    assert identity["Account"].isdigit() and len(identity["Account"]) == 12
    assert identity["Arn"].startswith(f"arn:aws:iam::{identity['Account']}:")
    assert identity["UserId"]


def test_the_aws_command_learns_the_same(cloud):
    assert cloud.aws("sts", "get-caller-identity")["Arn"] == cloud.sts.get_caller_identity()["Arn"]


def test_an_assumed_role_is_somebody_else_or_is_refused_loudly(cloud, role):
    done = cloud.run_aws(
        "sts", "assume-role", "--role-arn", role, "--role-session-name", "judge"
    )
    if done.returncode == 0:
        assert '"AssumedRoleUser"' in done.stdout and ":assumed-role/" in done.stdout
    else:
        assert "UnknownOperation" in done.stderr or "InvalidAction" in done.stderr, done.stderr
