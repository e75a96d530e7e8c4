"""SNS: topics that fan out."""

import json

import pytest

from refusals import refused
from waiting import until


@pytest.fixture
def topic(cloud, name):
    return cloud.sns.create_topic(Name=name)["TopicArn"]


@pytest.fixture
def queue(cloud, name):
    url = cloud.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, arn["Attributes"]["QueueArn"]


def next_body(cloud, url):
    messages = until(lambda: cloud.sqs.receive_message(QueueUrl=url).get("Messages"))
    return messages[0]["Body"]


def test_a_topic_is_the_same_when_made_again(cloud, topic, name):
    assert cloud.sns.create_topic(Name=name)["TopicArn"] == topic
    arns = [
        each["TopicArn"]
        for page in cloud.sns.get_paginator("list_topics").paginate()
        for each in page["Topics"]
    ]
    assert topic in arns


def test_a_queue_gets_the_envelope(cloud, topic, queue):
    url, arn = queue
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sent = cloud.sns.publish(TopicArn=topic, Subject="s", Message="hello")["MessageId"]
    envelope = json.loads(next_body(cloud, url))
    assert envelope["Type"] == "Notification"
    assert (envelope["MessageId"], envelope["TopicArn"]) == (sent, topic)
    assert (envelope["Subject"], envelope["Message"]) == ("s", "hello")


def test_raw_delivery_has_no_envelope(cloud, topic, queue):
    url, arn = queue
    cloud.sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    cloud.sns.publish(TopicArn=topic, Message="bare")
    assert next_body(cloud, url) == "bare"


def test_subscribing_again_gives_the_same_subscription(cloud, topic, queue):
    _, arn = queue
    first = cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    again = cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    assert first == again
    found = cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(each["Protocol"], each["Endpoint"]) for each in found] == [("sqs", arn)]


def test_nothing_arrives_after_unsubscribing(cloud, topic, queue):
    url, arn = queue
    subscription = cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloud.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    assert cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    cloud.sns.publish(TopicArn=topic, Message="nobody hears")
    assert "Messages" not in cloud.sqs.receive_message(QueueUrl=url)


def test_a_deleted_topic_takes_no_messages(cloud, topic):
    cloud.sns.delete_topic(TopicArn=topic)
    with refused("NotFound", 404):
        cloud.sns.publish(TopicArn=topic, Message="m")


def test_the_aws_command_publishes(cloud, topic, queue):
    url, arn = queue
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloud.aws("sns", "publish", "--topic-arn", topic, "--message", "by hand")
    assert json.loads(next_body(cloud, url))["Message"] == "by hand"
