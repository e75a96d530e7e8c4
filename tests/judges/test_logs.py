"""CloudWatch Logs."""

import time

import pytest

from refusals import refused


@pytest.fixture
def group(cloud, name):
    cloud.logs.create_log_group(logGroupName=f"/judge/{name}")
    return f"/judge/{name}"


def put(cloud, group, *messages, stream="s"):
    now = int(time.time() * 1000)
    cloud.logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": now + n, "message": text} for n, text in enumerate(messages)],
    )


def test_lines_come_back_in_order(cloud, group):
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")
    put(cloud, group, "one", "two", "three")
    found = cloud.logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert [each["message"] for each in found["events"]] == ["one", "two", "three"]


def test_filtering_finds_words_over_streams(cloud, group):
    for stream in ("a", "b"):
        cloud.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        put(cloud, group, f"ERROR in {stream}", "all well", stream=stream)
    found = cloud.logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]
    assert sorted(each["message"] for each in found) == ["ERROR in a", "ERROR in b"]
    assert {each["logStreamName"] for each in found} == {"a", "b"}


def test_filtering_keeps_to_its_time(cloud, group):
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")
    put(cloud, group, "now")
    future = int(time.time() * 1000) + 600_000
    found = cloud.logs.filter_log_events(logGroupName=group, startTime=future)
    assert found["events"] == []


def test_retention_is_kept(cloud, group):
    cloud.logs.put_retention_policy(logGroupName=group, retentionInDays=14)
    found = cloud.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert [(each["logGroupName"], each["retentionInDays"]) for each in found] == [(group, 14)]


def test_a_retention_nobody_offers_is_refused(cloud, group):
    with refused("InvalidParameterException"):
        cloud.logs.put_retention_policy(logGroupName=group, retentionInDays=15)


def test_a_group_and_a_stream_are_made_once(cloud, group):
    with refused("ResourceAlreadyExistsException"):
        cloud.logs.create_log_group(logGroupName=group)
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")
    with refused("ResourceAlreadyExistsException"):
        cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")


def test_lines_for_a_stream_that_is_not_there_are_refused(cloud, group):
    with refused("ResourceNotFoundException"):
        put(cloud, group, "lost", stream="never")


def test_streams_are_described_latest_first(cloud, group):
    for stream in ("old", "new"):
        cloud.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        put(cloud, group, "x", stream=stream)
    found = cloud.logs.describe_log_streams(
        logGroupName=group, orderBy="LastEventTime", descending=True
    )["logStreams"]
    assert {each["logStreamName"] for each in found} == {"old", "new"}


def test_a_deleted_group_is_gone(cloud, group):
    cloud.logs.delete_log_group(logGroupName=group)
    with refused("ResourceNotFoundException"):
        cloud.logs.filter_log_events(logGroupName=group)


def test_the_aws_command_filters(cloud, group):
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")
    put(cloud, group, "needle in hay", "hay")
    found = cloud.aws(
        "logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "needle"
    )
    assert [each["message"] for each in found["events"]] == ["needle in hay"]
