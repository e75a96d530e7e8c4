"""What a set of policies allows, as IAM decides it: an explicit deny wins, then an allow, and else nothing."""

import functools
import re


def listed(value):
    return value if isinstance(value, list) else [value]


@functools.cache
def _expression(pattern, ignore_case):
    parts = re.split(r"([*?])", pattern)
    text = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern, text, ignore_case=False):
    return _expression(pattern, ignore_case).fullmatch(text) is not None


def _holds(conditions, said):
    """A key that the request does not carry fails its condition, as it does for every operator used here."""
    context = dict(said)
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            if key not in context:
                return False
            match operator:
                case "StringEquals":
                    fits = context[key] in listed(wanted)
                case "ArnEquals" | "ArnLike" | "StringLike":
                    fits = any(matches(one, context[key]) for one in listed(wanted))
                case _:
                    raise AssertionError(f"no judge here knows the condition {operator}")
            if not fits:
                return False
    return True


def granting(statement, need):
    """The actions by which this statement speaks of it."""
    assert not {"NotAction", "NotResource", "Principal"} & set(statement), statement
    told = [one for one in listed(statement["Action"]) if matches(one, need.action, ignore_case=True)]
    fits = told and any(matches(one, need.resource) for one in listed(statement["Resource"]))
    return told if fits and _holds(statement.get("Condition", {}), need.context) else []


def allows(statements, need):
    told = [statement["Effect"] for statement in statements if granting(statement, need)]
    return "Allow" in told and "Deny" not in told
