"""What somebody changed by hand: `plan` tells it, and a deploy does not run over it."""

import pytest

from looking import events, resources


REFUSED_WHY = [
    "drift: InboundQueue (app, AWS::SQS::Queue) was changed by hand",
    "      /VisibilityTimeout: the template says 360, it is 33",
]
REFUSED = f"""something was changed by hand
  why   {REFUSED_WHY[0]}
        {REFUSED_WHY[1]}
  state nothing was touched
  next  change it back, or write it into the stage file
        spokectl plan --stage judge --drift
        spokectl deploy --stage judge --drift
  code  SPK-PLN-0004 (exit 5)
"""


@pytest.fixture
def queue(cloud, deployed):
    url = resources(cloud)["InboundQueue"]
    yield url
    cloud.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "360"})


def visibility(cloud, url):
    told = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    return told["Attributes"]["VisibilityTimeout"]


def test_nothing_was_changed_by_hand_after_a_deploy(deployed):
    ended = deployed.run("plan", "--drift")
    assert ended.code == 0, ended
    assert "by hand         nothing was changed" in ended.out


def test_a_release_that_moves_an_alias_is_no_work_by_hand(cloud, deployed):
    name = "spoke-judge-web"
    version = cloud.lambda_.publish_version(FunctionName=name)["Version"]
    cloud.lambda_.update_alias(FunctionName=name, Name="Live", FunctionVersion=version)
    assert deployed.run("plan", "--drift").code == 0


def test_a_changed_resource_is_reported_and_not_run_over(cloud, deployed, queue):
    cloud.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "33"})
    ended = deployed.json("plan", "--drift")
    assert ended.code == 2, ended
    (drift,) = [drift for one in ended.data["byHand"] for drift in one["drift"]]
    assert (drift["resource"], drift["status"]) == ("InboundQueue", "MODIFIED")
    assert drift["properties"] == [["/VisibilityTimeout", "360", "33"]]
    told = deployed.run("plan", "--drift").out
    assert "drift: InboundQueue (app, AWS::SQS::Queue) was changed by hand" in told
    assert "/VisibilityTimeout: the template says 360, it is 33" in told

    before = events(cloud)
    ended = deployed.json("deploy", "--yes")
    assert (ended.code, ended.failure["code"]) == (5, "SPK-PLN-0004"), ended
    assert ended.failure["why"] == REFUSED_WHY
    refused = deployed.run("deploy", "--yes")
    assert (refused.code, refused.out) == (5, ""), refused
    assert refused.err.split("Error: ")[1] == REFUSED
    assert events(cloud) == before

    # Told to go on, it goes on, and leaves alone what the template does not change.
    deployed.deploy("--drift")
    assert visibility(cloud, queue) == "33"


def test_a_deleted_resource_is_reported(cloud, deployed):
    cloud.logs.delete_log_group(logGroupName="/aws/lambda/spoke-judge-worker")
    ended = deployed.run("plan", "--drift")
    assert ended.code == 2, ended
    assert "drift: WorkerLogs (app, AWS::Logs::LogGroup) was deleted by hand" in ended.out
    assert deployed.run("deploy", "--yes").code == 5
