"""Lambda fed by a queue: batches, and the failed ones of a batch."""

import json

import pytest

from refusals import refused
from test_lambda import log_of
from waiting import until


@pytest.fixture
def queues(cloud, name):
    """A queue whose messages may be tried twice, and where they go then: (url, arn), dead url."""
    dead, dead_arn = queue(cloud, f"{name}-dead")
    url, arn = queue(
        cloud,
        name,
        VisibilityTimeout="60",
        RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}),
    )
    return (url, arn), dead


def queue(cloud, name, **attributes):
    url = cloud.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def feed(cloud, function, arn, **options):
    made = cloud.lambda_.create_event_source_mapping(
        FunctionName=function, EventSourceArn=arn, **options
    )
    until(
        lambda: cloud.lambda_.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled"
    )
    return made["UUID"]


def empty(cloud, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return all(int(found[each]) == 0 for each in names)


def test_the_function_gets_the_messages(cloud, make_function, queues, name):
    (url, arn), _ = queues
    make_function(name)
    feed(cloud, name, arn)
    sent = cloud.sqs.send_message(QueueUrl=url, MessageBody="from the queue")["MessageId"]
    line = until(
        lambda: next(
            (each for each in log_of(cloud, name).splitlines() if each.startswith("RECORD ")), None
        )
    )
    record = json.loads(line.removeprefix("RECORD "))
    assert (record["messageId"], record["body"]) == (sent, "from the queue")
    assert record["eventSource"] == "aws:sqs" and record["eventSourceARN"] == arn
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["md5OfBody"] and record["receiptHandle"]
    until(lambda: empty(cloud, url), what="the queue emptied")


def test_only_the_failed_ones_of_a_batch_come_again(cloud, make_function, queues, name):
    (url, arn), dead = queues
    make_function(name)
    cloud.sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": str(n), "MessageBody": body}
            for n, body in enumerate(["good 1", "fail 2", "good 3"])
        ],
    )
    feed(
        cloud,
        name,
        arn,
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    bodies = until(
        lambda: [m["Body"] for m in cloud.sqs.receive_message(QueueUrl=dead).get("Messages", [])]
    )
    assert bodies == ["fail 2"]
    until(lambda: empty(cloud, url))
    log = log_of(cloud, name)
    assert log.count('"body": "good 1"') == 1 and log.count('"body": "good 3"') == 1
    assert log.count('"body": "fail 2"') == 2


def test_a_batch_that_raises_comes_again_whole(cloud, make_function, queues, name):
    (url, arn), dead = queues
    make_function(name)
    feed(cloud, name, arn)
    cloud.sqs.send_message(QueueUrl=url, MessageBody="raise")
    bodies = until(
        lambda: [m["Body"] for m in cloud.sqs.receive_message(QueueUrl=dead).get("Messages", [])]
    )
    assert bodies == ["raise"]


def test_a_mapping_through_an_alias_feeds_its_version(cloud, two_versions, queues):
    (url, arn), _ = queues
    feed(cloud, f"{two_versions}:live", arn)
    cloud.sqs.send_message(QueueUrl=url, MessageBody="m")
    until(lambda: "RECORD " in log_of(cloud, two_versions))
    streams = cloud.logs.filter_log_events(
        logGroupName=f"/aws/lambda/{two_versions}", filterPattern="RECORD"
    )["events"]
    assert all("[1]" in each["logStreamName"] for each in streams)


def test_a_mapping_to_a_queue_that_is_not_there_is_refused(cloud, make_function, name):
    make_function(name)
    with refused("InvalidParameterValueException"):
        cloud.lambda_.create_event_source_mapping(
            FunctionName=name,
            EventSourceArn="arn:aws:sqs:us-east-1:000000000000:never",
        )


def test_a_mapping_is_made_once(cloud, make_function, queues, name):
    (_, arn), _ = queues
    make_function(name)
    feed(cloud, name, arn)
    with refused("ResourceConflictException", 409):
        cloud.lambda_.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)


def test_a_deleted_mapping_feeds_nothing(cloud, make_function, queues, name):
    (url, arn), _ = queues
    make_function(name)
    mapping = feed(cloud, name, arn)
    cloud.lambda_.delete_event_source_mapping(UUID=mapping)

    def gone():
        try:
            cloud.lambda_.get_event_source_mapping(UUID=mapping)
        except cloud.lambda_.exceptions.ResourceNotFoundException:
            return True
        return False

    until(gone)
    # A receive that was under way may still take a message: it is over after one of ours.
    assert "Messages" not in cloud.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    cloud.sqs.send_message(QueueUrl=url, MessageBody="nobody")
    found = until(lambda: cloud.sqs.receive_message(QueueUrl=url).get("Messages"))
    assert [each["Body"] for each in found] == ["nobody"]
    assert "nobody" not in log_of(cloud, name)
