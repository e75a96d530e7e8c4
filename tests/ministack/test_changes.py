"""The second deploy changes nothing, one changed value changes exactly that, and what fails comes back."""

import pytest

from looking import STACKS, change_sets_left, differing, events, stack, state


def planned(copy):
    ended = copy.json("plan")
    changes = ended.data["infrastructure"]["changes"]
    assert ended.code == (2 if changes else 0), ended
    return {one["change"]["resource"] for one in changes}


def applied(told):
    """What the change sets listed."""
    return {change["resource"] for one in told["stacks"] for change in one["changes"]}


def test_a_second_run_has_nothing_to_do(cloud, deployed):
    before, seen = events(cloud), state(cloud)
    ended = deployed.run("plan")
    assert ended.code == 0, ended
    assert "infrastructure  no change" in ended.out
    told = deployed.deploy()
    assert applied(told) == set()
    assert change_sets_left(cloud) == []
    assert events(cloud) == before
    assert differing(seen, state(cloud)) == set()


# MiniStack also lists what merely refers to a changed resource whose update it cannot place (log groups, the database's
# backups): AWS would not, so values of such resources are no cases here.
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("web_memory = 512", "web_memory = 1024", {"Web"}),
        ("storage_gib = 20", "storage_gib = 30", {"Database", "DatabaseStorageAlarm"}),
        ("log_days = 7", "log_days = 7\naccess_log = false", {"ApiLogs", "ApiStage"}),
    ],
)
def test_one_value_changes_exactly_that(cloud, stage_file, old, new, expected):
    before = state(cloud)
    stage_file.edit(old, new)
    assert planned(stage_file) == expected
    assert differing(before, state(cloud)) == set(), "a plan touches nothing"
    told = stage_file.deploy()
    assert applied(told) == expected
    assert differing(before, state(cloud)) == expected
    assert planned(stage_file) == set()


def test_a_saved_plan_holds_and_a_stale_one_is_refused(cloud, stage_file):
    stage_file.edit("latency_ms = 3000", "latency_ms = 2000")
    assert stage_file.run("plan", "--save", "saved.plan").code == 2
    stage_file.deploy("--plan", "saved.plan")
    before = events(cloud)
    ended = stage_file.json("deploy", "--plan", "saved.plan")
    assert (ended.code, ended.failure["code"]) == (5, "SPK-PLN-0001"), ended
    assert events(cloud) == before


def test_a_failing_update_comes_back(cloud, stage_file):
    before = state(cloud)
    stage_file.edit("web_memory = 512", "web_memory = 2048")
    stage_file.edit("latency_ms = 3000", "latency_ms = 1500")
    # SQS allows twelve hours. The worker's dead letters come last, when much has changed already.
    stage_file.edit(
        "SqsManagedSseEnabled: true\n      MessageRetentionPeriod: 1209600\n\n  WorkerRetries",
        "SqsManagedSseEnabled: true\n      MessageRetentionPeriod: 1209600\n      VisibilityTimeout: 50000\n\n  WorkerRetries",
        file="templates/app.yaml.hbs",
    )
    ended = stage_file.json("deploy", "--yes")
    assert ended.code == 3, ended
    failure = ended.failure
    assert (failure["kind"], failure["code"]) == ("rolled-back", "SPK-CF-0003")
    assert failure["what"] == "stack spoke-judge-app could not be changed"
    assert failure["why"][0].startswith("WorkerDeadLetters (AWS::SQS::Queue): "), failure
    assert "43200" in failure["why"][0]
    assert failure["state"] == ["the stack is as it was; traffic and bundle did not move"]
    assert failure["next"] == ["spokectl deploy --stage judge"]
    assert stack(cloud, "spoke-judge-app")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert differing(before, state(cloud)) == set()
    assert change_sets_left(cloud) == []

    # The lock was given back, and the corrected stage goes on without a hand.
    stage_file.fresh_templates()
    assert applied(stage_file.deploy()) == {"Web", "WebLatencyAlarm"}


def test_a_failing_update_is_told_to_people(stage_file):
    stage_file.edit("VisibilityTimeout: {{visibility}}", "VisibilityTimeout: 50000", file="templates/partials/queue.yaml.hbs")
    ended = stage_file.run("deploy", "--yes")
    assert ended.code == 3, ended
    said = [line.split()[0] for line in ended.err.splitlines() if line.startswith(("Error:", "  why", "  state", "  next", "  code"))]
    assert said == ["Error:", "why", "state", "next", "code"], ended.err
    assert ended.out == ""


def test_a_change_cloudformation_refuses_leaves_no_change_set(cloud, stage_file):
    before = events(cloud)
    stage_file.edit("Type: AWS::Scheduler::Schedule\n", "Type: AWS::Scheduler::Nothing\n", file="templates/app.yaml.hbs")
    ended = stage_file.json("deploy", "--yes")
    assert ended.code in {1, 3}, ended
    assert "AWS::Scheduler::Nothing" in " ".join(ended.failure["why"])
    assert change_sets_left(cloud) == []
    assert {name: count for name, count in events(cloud).items() if name != STACKS[2]} == {
        name: count for name, count in before.items() if name != STACKS[2]
    }
