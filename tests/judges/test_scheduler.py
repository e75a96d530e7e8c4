"""EventBridge Scheduler."""

import json

import pytest

from refusals import refused
from waiting import until


@pytest.fixture
def target(cloud, name, role):
    url = cloud.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return {"Arn": arn["QueueArn"], "RoleArn": role, "Input": '{"tick": 1}'}, url


def schedule(cloud, name, target, **options):
    return cloud.scheduler.create_schedule(
        **{
            "Name": name,
            "ScheduleExpression": "rate(1 minute)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
            **options,
        }
    )


@pytest.fixture
def scheduled(cloud):
    """Names of schedules to delete afterwards."""
    names = []
    yield names
    for each in names:
        cloud.scheduler.delete_schedule(Name=each)


def test_a_rate_ticks(cloud, name, target, scheduled):
    arguments, url = target
    made = schedule(cloud, name, arguments)
    scheduled.append(name)
    assert made["ScheduleArn"].endswith(f":schedule/default/{name}")
    seen = []

    def twice():
        seen.extend(cloud.sqs.receive_message(QueueUrl=url).get("Messages", []))
        return len({each["MessageId"] for each in seen}) >= 2

    until(twice)
    assert json.loads(seen[0]["Body"]) == {"tick": 1}


def test_a_function_is_invoked_through_its_alias(cloud, two_versions, role, scheduled):
    arn = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")["AliasArn"]
    schedule(
        cloud,
        two_versions,
        {"Arn": arn, "RoleArn": role, "Input": '{"do": "say", "text": "tick-tock"}'},
    )
    scheduled.append(two_versions)

    def said():
        try:
            return cloud.logs.filter_log_events(
                logGroupName=f"/aws/lambda/{two_versions}", filterPattern="tick"
            )["events"]
        except cloud.logs.exceptions.ResourceNotFoundException:
            return None

    assert "tick-tock" in until(said)[0]["message"]


def test_a_disabled_schedule_is_silent(cloud, name, target, scheduled):
    arguments, url = target
    schedule(cloud, name, arguments, State="DISABLED")
    scheduled.append(name)
    # Two minutes of the cloud's time.
    assert "Messages" not in cloud.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    found = cloud.scheduler.get_schedule(Name=name)
    assert (found["State"], found["ScheduleExpression"]) == ("DISABLED", "rate(1 minute)")


def test_an_update_replaces_it(cloud, name, target, scheduled):
    arguments, _ = target
    schedule(cloud, name, arguments, Description="first")
    scheduled.append(name)
    cloud.scheduler.update_schedule(
        Name=name,
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=arguments,
    )
    found = cloud.scheduler.get_schedule(Name=name)
    assert found["ScheduleExpression"] == "rate(1 hour)"
    assert "Description" not in found


def test_a_schedule_is_made_once(cloud, name, target, scheduled):
    arguments, _ = target
    schedule(cloud, name, arguments)
    scheduled.append(name)
    with refused("ConflictException", 409):
        schedule(cloud, name, arguments)


@pytest.mark.parametrize("expression", ["every minute", "rate(0 minutes)", "cron(* * *)"])
def test_an_expression_nobody_understands_is_refused(cloud, name, target, expression):
    arguments, _ = target
    with refused("ValidationException"):
        schedule(cloud, name, arguments, ScheduleExpression=expression)


def test_the_aws_command_lists_schedules(cloud, name, target, scheduled):
    arguments, _ = target
    schedule(cloud, name, arguments)
    scheduled.append(name)
    found = cloud.aws("scheduler", "list-schedules")
    assert name in [each["Name"] for each in found["Schedules"]]
