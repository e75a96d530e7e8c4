"""Whether the deploy role suffices for everything a deployment asks IAM for, and holds nothing it does not.

Everything: for every fixture, the permissions AWS's own schemas list for every handler of every resource, on the names the
stacks give, and every call `spokectl` makes itself. Each statement is taken away once, and each must be missed.
"""

import json
import re
import shutil
import tomllib

import pytest
from botocore.session import Session
from cfnlint import decode
from conftest import FIXTURES, ROOT, spokectl

from exceptions import CALLED_NOT_ASKED, NEVER_ASKED, ONLY_WITH
from needs import CALLS, IN_GUIDES, LOOKS, OTHERWISE, Need, of_plan, of_spokectl, of_stack
from policy import allows, granting, listed
from reference import depends_on, handlers, is_known
from stacks import ACCOUNT, Stack

STAGES = [file for file in FIXTURES if file.stem != "local"]
# IAM's own limits: characters of a managed policy without white space, of a role's inline policies together, policies of a role.
MANAGED, INLINE, ATTACHED = 6144, 10240, 10
LONGEST_STAGE = "a" * 16


def _trust(folder, stage):
    """The stage's trust stack, as `workflow` writes it."""
    shutil.copytree(ROOT / "templates", folder / "templates")
    (folder / "stages").mkdir()
    shutil.copy(stage, folder / "stages" / f"{stage.stem}.toml")
    spokectl("workflow", "--stage", stage.stem, "--repository", "example/spoke", cwd=folder)
    template, errors = decode.decode(str(folder / f".github/trust/{stage.stem}.yaml"))
    assert not errors, errors
    return template["Resources"]


def _plain(value):
    """A policy as IAM gets it."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Fn::Sub"]:
        return value["Fn::Sub"].replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", ACCOUNT)
    return {str(key): _plain(one) for key, one in value.items()}


def _policies(trust):
    """The deploy role's policies: name, whether managed, document."""
    role = trust["DeployRole"]["Properties"]
    for attached in role["ManagedPolicyArns"]:
        yield attached["Ref"], True, _plain(trust[attached["Ref"]]["Properties"]["PolicyDocument"])
    for inline in role["Policies"]:
        yield inline["PolicyName"], False, _plain(inline["PolicyDocument"])


@pytest.mark.parametrize("stage", STAGES, ids=lambda file: file.stem)
def test_a_pull_request_may_do_what_a_plan_asks_for_and_nothing_else(stages, tmp_path, stage):
    role = _trust(tmp_path, stage)["PlanRole"]["Properties"]
    assert list(role).count("ManagedPolicyArns") == 0
    statements = [one for policy in role["Policies"] for one in _plain(policy)["PolicyDocument"]["Statement"]]
    needs = list(of_plan(stage.stem, stages[stage.stem][0]))
    missing = _missing(statements, needs)
    assert not missing, f"the plan role lacks:\n{_told(missing)}"
    assert {action for one in statements for action in listed(one["Action"])} == set(LOOKS)
    for one in statements:
        for resource in listed(one["Resource"]):
            lesser = [{**one, "Resource": [other for other in listed(one["Resource"]) if other != resource]}]
            others = [other for other in statements if other is not one]
            assert _missing([*others, *lesser], needs), f"{one['Sid']} needs no {resource}"


@pytest.fixture(scope="session")
def granted(stages):
    """Of every need of every stage, what speaks of it: statement and action in it."""
    return [
        (need, {(one["Sid"], action) for one in _statements(policies) for action in granting(one, need)})
        for _, policies, needs in stages.values()
        for need in needs
    ]


@pytest.fixture(scope="session")
def stages(ejected, tmp_path_factory):
    """Of every stage its stacks, its deploy role's policies, and what a deployment asks for."""
    told = {}
    for file in STAGES:
        region = tomllib.loads(file.read_text())["region"]
        stacks = [
            Stack(made, file.stem, "us-east-1" if made.stem == "edge" else region)
            for made in sorted((ejected / file.stem).glob("*.yaml"))
        ]
        policies = list(_policies(_trust(tmp_path_factory.mktemp(file.stem), file)))
        needs = {need for stack in stacks for need in of_stack(stack)} | set(of_spokectl(file.stem, stacks))
        told[file.stem] = (stacks, policies, needs)
    return told


def _statements(policies):
    return [statement for _, _, document in policies for statement in document["Statement"]]


def _missing(statements, needs):
    return [need for need in needs if not allows(statements, need)]


def _told(needs):
    return "\n".join(sorted({f"{need.action} on {need.resource} ({need.why})" for need in needs}))


@pytest.mark.parametrize("stage", [file.stem for file in STAGES])
def test_the_role_may_do_everything_a_deployment_asks_for(stages, stage):
    _, policies, needs = stages[stage]
    assert len(needs) > 500
    missing = _missing(_statements(policies), needs)
    assert not missing, f"the deploy role lacks:\n{_told(missing)}"


SIDS = re.findall(r"Sid: (\w+)", (ROOT / "templates/workflows/trust.yaml").read_text().split("ReleasePolicy:")[1])


def test_no_statement_denies(stages):
    """So that a need is met exactly when some statement speaks of it, as the judges below take it."""
    assert {one["Effect"] for _, policies, _ in stages.values() for one in _statements(policies)} == {"Allow"}


@pytest.mark.parametrize("sid", SIDS)
def test_every_statement_is_missed_when_it_is_taken_away(granted, sid):
    assert any({one for one, _ in by} == {sid} for _, by in granted), f"without {sid} the role may still do everything"


def test_every_action_is_missed_when_it_is_taken_away(stages, granted):
    missed = {one for _, by in granted if len(by) == 1 for one in by}
    held = {(one["Sid"], action) for one in _statements(stages["national"][1]) for action in listed(one["Action"])}
    assert held == missed


# A statement, what is changed in it, and the need that must notice.
LESS = [
    ("MakeBuckets", "s3:TagResource", "s3:Other", "s3:TagResource"),
    ("MakeDashboard", "dashboard/spoke-", "dashboard/other-", "cloudwatch:PutDashboard"),
    ("MakeDatabase", ":pg:default.*", ":pg:other.*", "rds:CreateDBInstance"),
    ("FollowShift", '"*"', '"arn:aws:codedeploy:us-west-2:123456789012:application:spoke-national"', "codedeploy:StopDeployment"),
    ("FeedFunctions", ":function:spoke-", ":function:other-", "lambda:CreateEventSourceMapping"),
    ("HandOwnRolesToServices", "scheduler.amazonaws.com", "events.amazonaws.com", "iam:PassRole"),
    ("MakeKeys", '"national"', '"other"', "kms:CreateKey"),
    ("MakeNetwork", '"us-west-2"', '"us-east-1"', "ec2:CreateVpc"),
]


@pytest.mark.parametrize(("sid", "good", "bad", "action"), LESS)
def test_a_right_that_is_missing_is_noticed(stages, sid, good, bad, action):
    _, policies, needs = stages["national"]
    told = {one["Sid"]: json.dumps(one) for one in _statements(policies)}
    assert good in told[sid]
    told[sid] = told[sid].replace(good, bad)
    assert action in {need.action for need in _missing([json.loads(one) for one in told.values()], needs)}


def test_a_denial_is_noticed(stages):
    _, policies, needs = stages["national"]
    denial = {"Sid": "No", "Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    assert {need.action.split(":")[0] for need in _missing([*_statements(policies), denial], needs)} == {"kms"}


def test_every_type_of_the_templates_is_in_a_fixture_and_has_handlers(stages):
    written = set()
    for file in (ROOT / "templates").glob("**/*.yaml.hbs"):
        written |= set(re.findall(r"Type: (AWS::\w+::\w+)", file.read_text()))
    seen = {resource.kind for stacks, _, _ in stages.values() for stack in stacks for resource in stack.resources.values()}
    assert written == seen
    bare = [kind for kind in seen if not handlers(kind).get("create")]
    assert not bare, bare


def test_no_exception_is_kept_that_is_not_needed(stages):
    resources = [(it, policies) for stacks, policies, _ in stages.values() for stack in stacks for it in stack.resources.values()]
    idle = []
    for kind, names in ONLY_WITH.items():
        ours = [(it, policies) for it, policies in resources if it.kind == kind]
        for name, actions in names.items():
            lacking = [(it, policies) for it, policies in ours if not any(it.sets(one) for one in name.split("|"))]
            idle += [f"{kind} {name}: {one}" for one in actions.split() if not _is_lacking(one, lacking)]
    for kind, actions in NEVER_ASKED.items():
        ours = [(it, policies) for it, policies in resources if it.kind == kind]
        idle += [f"{kind}: {one}" for one in actions if not _is_lacking(one, ours)]
    idle += [f"{one}: IAM knows it" for one in CALLED_NOT_ASKED if is_known(one)]
    idle += [f"{one}: no handler lists it" for one in CALLED_NOT_ASKED if not _lists(one, {it.kind for it, _ in resources})]
    assert not idle, "\n".join(idle)


def _lists(action, kinds):
    asked = {one for kind in kinds for actions in handlers(kind).values() for one in actions}
    asked |= {more for one in asked for more in depends_on(one)}
    return action.lower() in {one.lower() for one in asked}


def _is_lacking(action, ours):
    """Whether a handler lists it and the role would not allow it."""
    return any(
        _lists(action, {it.kind}) and not _allowed_somehow(_statements(policies), action, it) for it, policies in ours
    )


def _allowed_somehow(statements, action, resource):
    context = {"aws:RequestedRegion": resource.stack.region, "aws:ResourceTag/stage": resource.stack.stage}
    return any(allows(statements, Need.of(action, arn, context)) for arn in [*resource.arns(), "*"])


def test_every_call_spokectl_makes_is_accounted_for():
    made = set()
    for file in (ROOT / "provisioner/src").glob("**/*.rs"):
        text = file.read_text()
        for sdk in set(re.findall(r"aws_sdk_(\w+)", text)):
            service = {"cloudwatchlogs": "logs"}.get(sdk, sdk)
            operations = {
                re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
                for name in Session().get_service_model(service).operation_names
            }
            made |= {(service, one) for one in set(re.findall(r"\.(\w+)\(\)", text)) & operations}
    known = {(service, operation) for service, operations in CALLS.items() for operation in operations}
    other = {one for one in made if one in OTHERWISE or one[0] in OTHERWISE}
    assert made - other == known
    assert {one if one in OTHERWISE else one[0] for one in other} == set(OTHERWISE)


def test_iam_knows_every_action_that_is_no_handler_s():
    told = [*IN_GUIDES.values(), *(" ".join(actions) for calls in CALLS.values() for actions in calls.values())]
    unknown = [action for actions in told for action in actions.split() if not is_known(action)]
    assert not unknown, unknown


def test_iam_takes_the_policies(tmp_path):
    """By IAM's limits, with the longest name a stage may have; the names of the regions we judge are all as long."""
    file = tmp_path / f"{LONGEST_STAGE}.toml"
    told = next(one for one in STAGES if one.stem == "national").read_text()
    file.write_text(told)
    (tmp_path / "copy").mkdir()
    policies = list(_policies(_trust(tmp_path / "copy", file)))
    # CloudFormation's limit of a template that does not come out of a bucket, as `workflow` tells to hand it over.
    assert (tmp_path / f"copy/.github/trust/{LONGEST_STAGE}.yaml").stat().st_size <= 51_200
    assert sum(managed for _, managed, _ in policies) <= ATTACHED
    inline = 0
    for name, managed, document in policies:
        assert LONGEST_STAGE in str(document)
        size = len(re.sub(r"\s", "", json.dumps(document)))
        assert not managed or size <= MANAGED, f"{name} has {size} characters"
        inline += 0 if managed else size
    assert inline <= INLINE
