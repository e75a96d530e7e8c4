"""Holds every JSON answer against botocore's service models.

boto3 reads leniently: a member it does not know is dropped, a missing one is just absent.
A misspelt member would therefore pass every test that does not ask for it. So each answer
the judges receive is compared, as bytes, with the model of its operation.
"""

import json
import xml.etree.ElementTree as ElementTree

from botocore.model import ListShape, MapShape, StructureShape

# Members that services send although their published models leave them out.
UNMODELLED = {"__type", "message", "Message", "Type"}

# Values that services send although the published enumerations leave them out: a stack's own
# events carry the stack's status, not a resource's.
UNLISTED = {
    "REVIEW_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
}

violations: list[str] = []


def watch(client):
    """Checks every answer `client` gets from now on."""
    client.meta.events.register("before-parse.*", _check)


def _check(operation_model, response_dict, **_):
    if response_dict["status_code"] >= 300:
        return
    protocol = operation_model.service_model.resolved_protocol
    shape, where = operation_model.output_shape, operation_model.name
    if protocol in ("json", "rest-json"):
        _check_json_answer(response_dict, shape, where)
    elif protocol == "query":
        _check_query_answer(response_dict["body"], shape, where)


def _check_json_answer(response, shape, where):
    body = response["body"]
    if shape is None or "payload" in shape.serialization or not body:
        return
    if operation_streams(shape):
        return
    _check_value(json.loads(body), shape, where)


def operation_streams(shape):
    """Whether the answer's body is the payload itself."""
    return any(member.serialization.get("streaming") for member in shape.members.values())


def _check_value(value, shape, where):
    if value is None:
        return
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return
        if not isinstance(value, dict):
            return _violation(where, f"is {type(value).__name__}, not a structure")
        members = {
            member.serialization.get("name", name): member
            for name, member in shape.members.items()
        }
        for name, inner in value.items():
            if name in members:
                _check_value(inner, members[name], f"{where}.{name}")
            elif name not in UNMODELLED:
                _violation(where, f"has {name}, which the model does not know")
    elif isinstance(shape, ListShape):
        if not isinstance(value, list):
            return _violation(where, f"is {type(value).__name__}, not a list")
        for inner in value:
            _check_value(inner, shape.member, f"{where}[]")
    elif isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return _violation(where, f"is {type(value).__name__}, not a map")
        for inner in value.values():
            _check_value(inner, shape.value, f"{where}{{}}")
    else:
        _check_scalar(value, shape, where)


def _check_scalar(value, shape, where):
    kind = shape.type_name
    fits = {
        "string": lambda: isinstance(value, str),
        "boolean": lambda: isinstance(value, bool),
        "integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "long": lambda: isinstance(value, int) and not isinstance(value, bool),
        "float": lambda: isinstance(value, (int, float)),
        "double": lambda: isinstance(value, (int, float)),
        "blob": lambda: isinstance(value, str),
        "timestamp": lambda: isinstance(
            value, str if shape.serialization.get("timestampFormat") == "iso8601" else (int, float)
        ),
    }[kind]()
    if not fits:
        return _violation(where, f"is {value!r}, not a {kind}")
    if kind == "string" and getattr(shape, "enum", None) and value not in shape.enum:
        _violation(where, f"is {value!r}, which is none of {shape.enum}")


def _check_query_answer(body, shape, where):
    if shape is None:
        return
    root = ElementTree.fromstring(body)
    wrapper = shape.serialization.get("resultWrapper")
    if wrapper:
        inner = next((child for child in root if _local(child) == wrapper), None)
        if inner is None:
            return _violation(where, f"has no {wrapper}")
        root = inner
    _check_element(root, shape, where)


def _check_element(element, shape, where):
    if isinstance(shape, StructureShape):
        members = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if isinstance(member, ListShape) and member.serialization.get("flattened"):
                wire = member.member.serialization.get("name", wire)
            members[wire] = member
        for child in element:
            name = _local(child)
            if name in members:
                _check_element(child, members[name], f"{where}.{name}")
            elif name != "ResponseMetadata":
                _violation(where, f"has <{name}>, which the model does not know")
    elif isinstance(shape, ListShape) and not shape.serialization.get("flattened"):
        wanted = shape.member.serialization.get("name", "member")
        for child in element:
            if _local(child) != wanted:
                _violation(where, f"lists <{_local(child)}> where the model wants <{wanted}>")
            else:
                _check_element(child, shape.member, f"{where}[]")
    elif shape.type_name == "string":
        text = element.text or ""
        if getattr(shape, "enum", None) and text not in UNLISTED.union(shape.enum):
            _violation(where, f"is {text!r}, which is none of {shape.enum}")
    elif shape.type_name == "boolean" and (element.text or "") not in ("true", "false"):
        _violation(where, f"is {element.text!r}, not a boolean")
    elif shape.type_name in ("integer", "long"):
        try:
            int(element.text or "")
        except ValueError:
            _violation(where, f"is {element.text!r}, not a whole number")


def _local(element):
    return element.tag.rpartition("}")[2]


def _violation(where, what):
    text = f"{where} {what}"
    if text not in violations:
        violations.append(text)
