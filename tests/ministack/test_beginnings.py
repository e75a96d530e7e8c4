"""A stage that was never deployed: what fails to be made is taken away, and the next run makes it anew."""

from looking import change_sets_left, resources


def test_a_failing_first_deploy_leaves_nothing_and_the_next_one_makes_it(cloud, copy):
    assert copy.json("plan").code == 2
    copy.edit("VisibilityTimeout: {{visibility}}", "VisibilityTimeout: 50000", file="templates/partials/queue.yaml.hbs")
    ended = copy.json("deploy", "--yes")
    assert (ended.code, ended.failure["code"]) == (3, "SPK-CF-0002"), ended
    assert ended.failure["state"][0].startswith("what had been made was taken away again")
    assert cloud.lambda_.list_functions()["Functions"] == []
    assert cloud.sqs.list_queues().get("QueueUrls", []) == []

    # A stack that never came to life is no live one: all of it is still to be added.
    told = copy.json("plan").data["infrastructure"]["changes"]
    assert {one["change"]["stack"] for one in told} == {"app"}
    assert {one["change"]["action"] for one in told} == {"add"}

    copy.fresh_templates()
    made = copy.deploy()
    assert "Web" in resources(cloud, "spoke-judge-app")
    assert len(made["stacks"][2]["changes"]) == len(told)
    assert change_sets_left(cloud) == []
    assert copy.json("plan").code == 0


def test_another_account_is_refused_before_anything_is_read(cloud, copy):
    copy.speak_to(cloud.endpoint, access_key="111111111111")
    ended = copy.json("deploy", "--yes")
    copy.speak_to(cloud.endpoint)
    assert (ended.code, ended.failure["code"]) == (5, "SPK-STG-0005"), ended
    assert "111111111111" in ended.failure["why"][0]
