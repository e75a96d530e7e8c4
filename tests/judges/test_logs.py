"""CloudWatch Logs."""

import datetime
import json
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


def embedded(name, value, **members):
    """A line in the embedded metric format."""
    directive = {
        "Namespace": "Judge",
        "Dimensions": [["Version"]],
        "Metrics": [{"Name": name, "Unit": "Count"}],
    }
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": about, name: value, **members})


def test_a_line_that_says_so_is_a_metric(cloud, group, name):
    cloud.logs.create_log_stream(logGroupName=group, logStreamName="s")
    put(
        cloud,
        group,
        embedded(name, 1, Version="7"),
        embedded(name, [2, 3], Version="7"),
        embedded(name, 40, Version="8"),
        embedded(name, 500),
        embedded(name, "many", Version="7"),
        '{"_aws": "nothing", "Version": "7"}',
    )
    now = datetime.datetime.now(datetime.UTC)
    points = cloud.cloudwatch.get_metric_statistics(
        Namespace="Judge",
        MetricName=name,
        Dimensions=[{"Name": "Version", "Value": "7"}],
        StartTime=now - datetime.timedelta(minutes=5),
        EndTime=now + datetime.timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    assert [sum(each[which] for each in points) for which in ("Sum", "SampleCount")] == [6, 3]
    found = cloud.logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert len(found["events"]) == 6
