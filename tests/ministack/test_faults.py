"""Once through a proxy that throttles, resets, answers 503, loses answers and is slow: nothing is lost, nothing doubled."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from looking import STACKS, change_sets_left, differing, resources, stack, state
from ministack_server import answers, free_port, until

# Each fires a few times, so that every kind is met and a run ends; the tool tries a request eight times.
FAULTS = [
    {"service": "sts", "error": {"code": "ThrottlingException"}, "times": 2},
    {"service": "cloudformation", "operation": "DescribeStacks", "error": {"code": "Throttling"}, "times": 4},
    {"service": "cloudformation", "operation": "DescribeStackEvents", "error": {"code": "Throttling"}, "probability": 0.3, "times": 12},
    {"service": "cloudformation", "operation": "DescribeChangeSet", "error": {"code": "ServiceUnavailable", "status": 503}, "times": 3},
    # The request is taken, and nobody hears of it: what is tried again must not be done again, or be taken for another's.
    {"service": "cloudformation", "operation": "CreateChangeSet", "response": {"abort_bytes": 20}, "times": 2},
    {"service": "cloudformation", "operation": "ExecuteChangeSet", "response": {"abort_bytes": 20}, "times": 2},
    {"service": "ssm", "operation": "PutParameter", "response": {"abort_bytes": 1}, "times": 1},
    {"service": "ssm", "reset": True, "times": 2},
    {"service": "s3", "operation": "PutObject", "error": {"code": "SlowDown", "status": 503}, "times": 2},
    {"service": "s3", "reset": True, "times": 2},
    {"service": "*", "latency": {"min": 20, "max": 80}, "probability": 0.2},
]


class Proxy:
    def __init__(self, folder, upstream):
        self.endpoint = f"http://127.0.0.1:{(port := free_port())}"
        self._log = (folder / "microburst.log").open("wb")
        self._process = subprocess.Popen(
            [Path(sys.executable).with_name("microburst"), "--upstream", upstream, "--port", str(port), "--no-resign"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until(lambda: answers(f"{self.endpoint}/_microburst/health"), 60, "microburst is up")

    def stop(self):
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.endpoint}/_microburst/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


@pytest.fixture(scope="module")
def proxy(cloud, tmp_path_factory):
    started = Proxy(tmp_path_factory.mktemp("microburst"), cloud.endpoint)
    yield started
    started.stop()


def fired(proxy):
    told = proxy.call("GET", "fired?limit=1000")
    events = told["fired"] if isinstance(told, dict) else told
    return {(one["service"], one["operation"], one["action"].split(":")[0]) for one in events}


@pytest.fixture(scope="module")
def broken(cloud, copy, proxy):
    """Deployed through every fault."""
    copy.speak_to(proxy.endpoint)
    proxy.call("POST", "rules", FAULTS)
    copy.first = copy.deploy()
    return copy


def test_a_first_deploy_gets_through(cloud, broken, proxy):
    met = fired(proxy)
    services = {service for service, _, _ in met}
    assert {"sts", "cloudformation", "ssm", "s3"} <= services, met
    assert {action for _, _, action in met} >= {"error", "reset"}, met
    for name in STACKS:
        assert stack(cloud, name)["StackStatus"] == "CREATE_COMPLETE", name
    assert change_sets_left(cloud) == []


def test_nothing_is_lost_or_doubled(cloud, broken):
    listed = {change["resource"] for one in broken.first["stacks"] for change in one["changes"]}
    made = resources(cloud)
    assert set(made) == listed
    functions = [one["FunctionName"] for one in cloud.lambda_.list_functions()["Functions"]]
    assert len(functions) == len(set(functions)) == 8
    for name in functions:
        if not name.startswith("CodeDeployHook_") and name != "spoke-judge-scaler":
            versions = [one["Version"] for one in cloud.lambda_.list_versions_by_function(FunctionName=name)["Versions"]]
            assert versions == ["$LATEST", "1"], name
    assert sorted(made[one] for one in ["PrivateBucket", "AssetBucket", "ArtifactBucket"]) == sorted(
        one["Name"] for one in cloud.s3.list_buckets()["Buckets"]
    )
    assert len(cloud.ec2.describe_vpcs(Filters=[{"Name": "tag:stage", "Values": ["judge"]}])["Vpcs"]) == 1
    objects = cloud.s3.list_objects_v2(Bucket=made["ArtifactBucket"], Prefix="functions/")["Contents"]
    assert len(objects) == 1


def test_the_lock_was_taken_once_and_given_back(cloud, broken):
    names = [one["Name"] for one in cloud.ssm.describe_parameters()["Parameters"]]
    assert not [name for name in names if "lock" in name], names


def test_an_update_gets_through_and_is_made_once(cloud, broken, proxy):
    before = state(cloud)
    broken.edit("web_memory = 512", "web_memory = 1024")
    proxy.call("POST", "rules", FAULTS)
    told = broken.deploy()
    assert {change["resource"] for one in told["stacks"] for change in one["changes"]} == {"Web"}
    assert differing(before, state(cloud)) == {"Web"}
    assert change_sets_left(cloud) == []


def test_a_cloud_that_only_throttles_is_said_to(cloud, broken, proxy):
    proxy.call("POST", "rules", [{"service": "ssm", "operation": "PutParameter", "error": {"code": "ThrottlingException", "message": "Rate exceeded"}}])
    before = state(cloud)
    ended = broken.json("deploy", "--yes")
    proxy.call("POST", "rules", [])
    assert ended.code == 1, ended
    assert "ThrottlingException: Rate exceeded" in " ".join(ended.failure["why"])
    assert "AWS throttles" in " ".join(ended.failure["state"]), ended.failure
    assert differing(before, state(cloud)) == set()
    assert broken.json("plan").code == 0


def test_credentials_that_end_in_the_middle_are_said_to(cloud, broken, proxy):
    broken.edit("latency_ms = 3000", "latency_ms = 2500")
    expired = {"code": "ExpiredTokenException", "message": "The security token included in the request is expired"}
    proxy.call("POST", "rules", [{"service": "cloudformation", "operation": "CreateChangeSet", "error": expired}])
    ended = broken.json("deploy", "--yes")
    proxy.call("POST", "rules", [])
    assert ended.code == 1, ended
    assert "expired" in " ".join(ended.failure["why"])
    assert any("sign in again" in one for one in ended.failure["next"]), ended.failure
    assert change_sets_left(cloud) == []
    # Nothing is stuck: signed in again, the same command goes on.
    broken.deploy()
    assert broken.json("plan").code == 0
