"""Requests that break one limit each, after botocore's own models, and what has to be said of them.

    shape_cases.py OVERLAY SERVICE… > CASES

One JSON object a line: service, operation, request, and the path and constraint that a check has to name; both are null
for a request that is in order. What botocore checks itself (what is required, types, lower bounds) is checked here with
its validator, so that both sides agree on every case.
"""
import copy
import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

CANDIDATES = [
    "a", "1", "ab", "a1", "true", "aaaa", "a-b", "/a", "/a/b", "12345678", "1.0", "1.0.0", "aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "0123456789ab", "a.b", "a@b.de", "https://bucket/key", "s3://bucket/key", "us-east-1", "sg-1", "10K", "latest", "*",
    "arn:aws:sagemaker:us-east-1:123456789012:thing/name", "arn:aws:iam::123456789012:role/name",
    "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/name", "arn:aws:lambda:us-east-1:123456789012:function:f",
    "arn:aws:sns:us-east-1:123456789012:name", "arn:aws:s3:::bucket/key", "arn:aws:kms:us-east-1:123456789012:key/name",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/repository:tag", "fs-0123456789abcdef0", "2017-01-01", "PT1H",
    "d-abcdefghijkl", "00000000-0000-0000-0000-000000000000", "cron(0 * ? * * *)", "aws-marketplace", "ml.m5.large",
]
JAVA = [(r"\p{Alnum}", "a-zA-Z0-9"), (r"\p{ASCII}", "\\x00-\\x7f"), (r"\p{Print}", " -~"), (r"\p{L}", "a-zA-Z"),
        (r"\p{M}", ""), (r"\p{N}", "0-9"), (r"\p{P}", "!-/"), (r"\p{S}", "+"), (r"\p{Zs}", " "), (r"\p{Z}", " "),
        (r"\z", r"\Z")]


class Unmakeable(Exception):
    pass


def fits(pattern, text, unknown=False):
    """Whether text matches; `unknown` where Python does not understand the pattern."""
    for java, python in JAVA:
        pattern = pattern.replace(java, python)
    try:
        return re.fullmatch(pattern, text, re.ASCII) is not None
    except re.error:
        return unknown


def text(shape):
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 10**9)
    pattern = shape.metadata.get("pattern")
    if shape.enum:
        return shape.enum[0]
    for candidate in CANDIDATES + [c * 40 for c in ("a", "1")] + ["a" * low]:
        if low <= len(candidate) <= high and (pattern is None or fits(pattern, candidate)):
            return candidate
    raise Unmakeable(shape.name)


def value(shape, depth=0):
    """A value that is in order, with what is required and no more."""
    if depth > 12:
        raise Unmakeable("depth")
    low = int(shape.metadata.get("min", 0))
    kind = shape.type_name
    if kind == "structure":
        if shape.is_tagged_union:
            name, member = next(iter(shape.members.items()))
            return {name: value(member, depth + 1)}
        return {name: value(shape.members[name], depth + 1) for name in shape.required_members}
    if kind == "list":
        return [value(shape.member, depth + 1) for _ in range(low)]
    if kind == "map":
        return {text(shape.key): value(shape.value, depth + 1)} if low else {}
    if kind == "string":
        return text(shape)
    if kind in ("integer", "long"):
        return max(low, min(1, int(shape.metadata.get("max", 1))))
    if kind in ("float", "double"):
        return float(shape.metadata.get("min", 0.5))
    return {"boolean": True, "timestamp": 1.0, "blob": "YQ=="}[kind]


def breaks(shape):
    """Values of a member that break a limit: value, constraint, whether botocore says so, too."""
    low, high, kind = shape.metadata.get("min"), shape.metadata.get("max"), shape.type_name
    if kind == "string" and shape.enum:
        yield "no-such-word", "Member must satisfy enum value set: [" + ", ".join(shape.enum) + "]", False
    elif kind == "string":
        pattern = shape.metadata.get("pattern")
        if high is not None and high < 5000:
            yield "a" * (high + 1), f"Member must have length less than or equal to {high}", False
        if low and low > 1:
            yield "a" * (low - 1), f"Member must have length greater than or equal to {low}", True
        if pattern and not fits(pattern, "\u00e4\n", unknown=True) and (high or 9) >= 2 and (low or 0) <= 2:
            shown = pattern if pattern.startswith("^") else "^" + pattern
            yield "\u00e4\n", f"Member must satisfy regular expression pattern: {shown}", False
    elif kind in ("integer", "long"):
        if low is not None:
            yield low - 1, f"Member must have value greater than or equal to {low}", True
        if high is not None:
            yield high + 1, f"Member must have value less than or equal to {high}", False
    elif kind == "list":
        element = value(shape.member)
        if low:
            yield [element] * (low - 1), f"Member must have length greater than or equal to {low}", True
        if high is not None and high < 200:
            yield [element] * (high + 1), f"Member must have length less than or equal to {high}", False
    if kind in ("string", "integer", "boolean", "structure"):
        yield {"string": 7, "integer": "seven", "boolean": "yes", "structure": "a"}[kind], None, True


def lowered(name):
    return name[:1].lower() + name[1:]


def places(shape, request, path, way, changed, depth=0):
    """Structures within a request that its cases change members of: shape, path for messages, way to it."""
    if shape.name in changed or depth > 2:
        return
    yield shape, path, way
    for name, content in request.items():
        member = shape.members[name]
        if name in changed.get(shape.name, ()):
            continue
        place = f"{path}.{lowered(name)}" if path else lowered(name)
        if member.type_name == "structure" and isinstance(content, dict):
            yield from places(member, content, place, way + [name], changed, depth + 1)


def set_at(request, way, name, content):
    result = copy.deepcopy(request)
    node = result
    for step in way:
        node = node[step]
    if content is None:
        node.pop(name, None)
    else:
        node[name] = content
    return result


def agrees(shape, request, expected):
    found = ParamValidator().validate(request, shape).has_errors()
    if found != expected:
        sys.exit(f"botocore says {found} of {shape.name}: {json.dumps(request)[:300]}")


def cases(operation, changed):
    shape = operation.input_shape
    request = value(shape)
    agrees(shape, request, False)
    if shape.name not in changed:
        yield request, None, None
    for structure, path, way in places(shape, request, "", [], changed):
        for name, member in structure.members.items():
            if member.name in changed or structure.name in changed or structure.is_tagged_union:
                continue
            place = f"{path}.{lowered(name)}" if path else lowered(name)
            if name in structure.required_members:
                broken = set_at(request, way, name, None)
                agrees(shape, broken, True)
                yield broken, place, "Member must not be null"
            try:
                for content, constraint, is_told in breaks(member):
                    broken = set_at(request, way, name, content)
                    if is_told:
                        agrees(shape, broken, True)
                    yield broken, place, constraint
            except Unmakeable:
                continue


def main():
    overlay = json.load(open(sys.argv[1]))
    session = botocore.session.get_session()
    for service in sys.argv[2:]:
        model = session.get_service_model({"monitoring": "cloudwatch"}.get(service, service))
        changed = overlay.get(service, {})
        left_out = 0
        for name in model.operation_names:
            operation = model.operation_model(name)
            if operation.input_shape is None:
                continue
            try:
                for request, path, constraint in cases(operation, changed):
                    print(json.dumps({"service": service, "operation": name, "request": request, "path": path,
                                      "constraint": constraint}))
            except Unmakeable:
                left_out += 1
        print(f"{service}: {left_out} operations left out", file=sys.stderr)


main()
