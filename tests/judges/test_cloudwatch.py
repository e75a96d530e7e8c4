"""CloudWatch: metrics, and alarms evaluated on them."""

import datetime
import json

import pytest

from refusals import refused
from waiting import until

PROTOCOLS = ["smithy-rpc-v2-cbor", "json", "query"]


@pytest.fixture(params=PROTOCOLS)
def cloudwatch(request, cloud):
    """The same service over each protocol its clients speak."""
    return cloud.client("cloudwatch", protocol=request.param)


def window():
    now = datetime.datetime.now(datetime.UTC)
    return {
        "StartTime": now - datetime.timedelta(minutes=5),
        "EndTime": now + datetime.timedelta(minutes=1),
    }


def alarm(cloudwatch, name, **options):
    cloudwatch.put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "Judge",
            "MetricName": name,
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 10,
            "ComparisonOperator": "GreaterThanThreshold",
            **options,
        }
    )


def state(cloudwatch, name):
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


def put(cloudwatch, name, value):
    cloudwatch.put_metric_data(
        Namespace="Judge", MetricData=[{"MetricName": name, "Value": value, "Unit": "Count"}]
    )


def keeps(cloudwatch, name, value, wanted):
    """Puts `value` again and again until the alarm's state is `wanted`."""

    def there():
        put(cloudwatch, name, value)
        return state(cloudwatch, name) == wanted

    until(there, what=f"{name} in {wanted}")


def test_a_metric_is_summed_by_period(cloudwatch, name):
    for value in (1.0, 2.0, 4.5):
        put(cloudwatch, name, value)
    points = cloudwatch.get_metric_statistics(
        Namespace="Judge",
        MetricName=name,
        Period=60,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
        **window(),
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) == pytest.approx(7.5)
    assert sum(point["SampleCount"] for point in points) == 3
    assert min(point["Minimum"] for point in points) == 1.0
    assert max(point["Maximum"] for point in points) == 4.5
    assert all(isinstance(point["Timestamp"], datetime.datetime) for point in points)


def test_several_metrics_are_asked_for_at_once(cloudwatch, name):
    put(cloudwatch, name, 3.0)
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "a",
                "MetricStat": {
                    "Metric": {"Namespace": "Judge", "MetricName": name},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
        **window(),
    )["MetricDataResults"]
    assert [(each["Id"], sum(each["Values"])) for each in found] == [("a", 3.0)]
    assert len(found[0]["Timestamps"]) == len(found[0]["Values"])


def test_dimensions_tell_metrics_apart(cloudwatch, name):
    for version, value in (("1", 1.0), ("2", 2.0)):
        cloudwatch.put_metric_data(
            Namespace="Judge",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "Version", "Value": version}],
                    "Value": value,
                }
            ],
        )
    points = cloudwatch.get_metric_statistics(
        Namespace="Judge",
        MetricName=name,
        Dimensions=[{"Name": "Version", "Value": "2"}],
        Period=60,
        Statistics=["Sum"],
        **window(),
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) == 2.0
    listed = cloudwatch.list_metrics(Namespace="Judge", MetricName=name)["Metrics"]
    assert sorted(each["Dimensions"][0]["Value"] for each in listed) == ["1", "2"]


def test_an_alarm_rises_and_falls(cloudwatch, name):
    alarm(cloudwatch, name)
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert found["AlarmArn"].endswith(f":alarm:{name}")
    assert (found["Threshold"], found["Period"]) == (10.0, 60)
    keeps(cloudwatch, name, 11, "ALARM")
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert "Threshold Crossed" in found["StateReason"]
    keeps(cloudwatch, name, 10, "OK")
    history = cloudwatch.describe_alarm_history(
        AlarmName=name, HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    summaries = [item["HistorySummary"] for item in history]
    assert any("to ALARM" in each for each in summaries), summaries
    assert any("from ALARM to OK" in each for each in summaries), summaries


def test_an_alarm_without_data_waits(cloud, name):
    alarm(cloud.cloudwatch, name)
    assert state(cloud.cloudwatch, name) == "INSUFFICIENT_DATA"
    alarm(cloud.cloudwatch, f"{name}-quiet", TreatMissingData="notBreaching")
    until(lambda: state(cloud.cloudwatch, f"{name}-quiet") == "OK")
    alarm(cloud.cloudwatch, f"{name}-loud", TreatMissingData="breaching")
    until(lambda: state(cloud.cloudwatch, f"{name}-loud") == "ALARM")
    assert state(cloud.cloudwatch, name) == "INSUFFICIENT_DATA"


def test_one_bad_point_of_three_is_not_enough(cloud, name):
    cloudwatch = cloud.cloudwatch
    alarm(cloudwatch, name, EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    until(lambda: state(cloudwatch, name) == "OK")
    put(cloudwatch, name, 99)
    until(
        lambda: cloudwatch.get_metric_statistics(
            Namespace="Judge", MetricName=name, Period=60, Statistics=["Maximum"], **window()
        )["Datapoints"]
    )
    # Three periods go by, counted by another alarm that needs three.
    alarm(
        cloudwatch,
        f"{name}-clock",
        EvaluationPeriods=3,
        DatapointsToAlarm=3,
        TreatMissingData="ignore",
    )
    keeps(cloudwatch, f"{name}-clock", 99, "ALARM")
    changes = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    assert not any("to ALARM" in each["HistorySummary"] for each in changes["AlarmHistoryItems"])
    keeps(cloudwatch, name, 99, "ALARM")


def test_a_change_of_state_is_told_to_a_topic(cloud, name):
    topic = cloud.sns.create_topic(Name=name)["TopicArn"]
    url = cloud.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    alarm(cloud.cloudwatch, name, AlarmActions=[topic], AlarmDescription="a test")
    keeps(cloud.cloudwatch, name, 11, "ALARM")
    [message] = until(lambda: cloud.sqs.receive_message(QueueUrl=url).get("Messages"))
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == (name, "ALARM")
    assert told["OldStateValue"] in ("OK", "INSUFFICIENT_DATA")
    assert told["Trigger"]["MetricName"] == name and told["AlarmDescription"] == "a test"
    # Actions fire on changes only: staying in ALARM tells nobody.
    for _ in range(3):
        put(cloud.cloudwatch, name, 11)
    assert "Messages" not in cloud.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)


def test_a_state_may_be_set_by_hand(cloud, name):
    alarm(cloud.cloudwatch, name, TreatMissingData="ignore")
    cloud.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="by hand")
    found = cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert (found["StateValue"], found["StateReason"]) == ("ALARM", "by hand")


def test_alarms_are_found_by_prefix_and_state(cloud, name):
    for suffix in ("a", "b"):
        alarm(cloud.cloudwatch, f"{name}-{suffix}", TreatMissingData="ignore")
    cloud.cloudwatch.set_alarm_state(
        AlarmName=f"{name}-b", StateValue="ALARM", StateReason="by hand"
    )
    found = cloud.cloudwatch.describe_alarms(AlarmNamePrefix=name, StateValue="ALARM")
    assert [each["AlarmName"] for each in found["MetricAlarms"]] == [f"{name}-b"]


def test_alarms_that_are_not_there_are_not_found(cloud, name):
    assert cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    with refused(("ResourceNotFound", "ResourceNotFoundException"), 404):
        cloud.cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="r")


def test_a_deleted_alarm_is_gone(cloud, name):
    alarm(cloud.cloudwatch, name)
    cloud.cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


def test_more_datapoints_than_periods_are_refused(cloud, name):
    with refused(("ValidationError", "InvalidParameterValue", "InvalidParameterCombination")):
        alarm(cloud.cloudwatch, name, EvaluationPeriods=2, DatapointsToAlarm=3)


def test_the_aws_command_puts_a_metric(cloud, name):
    done = cloud.run_aws(
        "cloudwatch", "put-metric-data",
        "--namespace", "Judge", "--metric-name", name, "--value", "5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = cloud.cloudwatch.list_metrics(Namespace="Judge", MetricName=name)["Metrics"]
    assert len(listed) == 1
