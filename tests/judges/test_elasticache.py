"""ElastiCache: the API over a server that really speaks the Redis protocol."""

import socket

import pytest

from refusals import refused
from waiting import until


@pytest.fixture(scope="module")
def cache(cloud):
    made = create(cloud, "judged-cache")
    assert made["Status"] == "creating"
    yield until(
        lambda: (found := describe(cloud, "judged-cache"))["Status"] == "available" and found,
        seconds=60,
    )
    cloud.elasticache.delete_replication_group(ReplicationGroupId="judged-cache")


def create(cloud, name, **options):
    return cloud.elasticache.create_replication_group(
        **{
            "ReplicationGroupId": name,
            "ReplicationGroupDescription": "of a test",
            "Engine": "valkey",
            "CacheNodeType": "cache.t4g.small",
            "NumCacheClusters": 1,
            **options,
        }
    )["ReplicationGroup"]


def describe(cloud, name):
    return cloud.elasticache.describe_replication_groups(ReplicationGroupId=name)[
        "ReplicationGroups"
    ][0]


def say(cache, *words):
    """One command in the Redis protocol; the first line of its answer."""
    endpoint = cache["NodeGroups"][0]["PrimaryEndpoint"]
    with socket.create_connection((endpoint["Address"], endpoint["Port"]), 10) as connection:
        text = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        connection.sendall(text.encode())
        return connection.makefile("rb").readline().strip()


def test_it_answers_a_ping(cache):
    assert say(cache, "PING") == b"+PONG"


def test_it_keeps_what_it_is_given(cache):
    assert say(cache, "SET", "judge", "yes") == b"+OK"
    assert say(cache, "STRLEN", "judge") == b":3"


def test_it_is_described_as_it_was_made(cache):
    assert cache["Description"] == "of a test"
    assert cache["CacheNodeType"] == "cache.t4g.small"
    assert cache["ARN"].endswith(":replicationgroup:judged-cache")


def test_names_are_taken_once(cloud, cache):
    with refused("ReplicationGroupAlreadyExists"):
        create(cloud, "judged-cache")


def test_an_engine_nobody_offers_is_refused(cloud, name):
    with refused("InvalidParameterValue"):
        create(cloud, name, Engine="potato")


def test_the_aws_command_describes_it(cloud, cache):
    found = cloud.aws(
        "elasticache", "describe-replication-groups", "--replication-group-id", "judged-cache"
    )
    endpoint = found["ReplicationGroups"][0]["NodeGroups"][0]["PrimaryEndpoint"]
    assert endpoint == cache["NodeGroups"][0]["PrimaryEndpoint"]
