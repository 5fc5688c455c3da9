"""Malformed requests for any operation, drawn by Hypothesis from the service's model.

Most members have their shape's type and an odd value, so that a request comes as far as it can before it is refused;
some have another type; some requests are cut or bent as bytes.
"""

import base64
import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from hypothesis import strategies as st

from console.gateway.wire import catalogue
from functions.execution.runtimes.discovery import installed

# Names that lead to what is there, among others that do not.
KNOWN = ("thumbs", "thumbs:1", "thumbs:live", "1", "live", "$LATEST", "lib", "arn:aws:sqs:us-east-1:000000000000:jobs")
TEXTS = (
    *("", " ", "\0", "%", "%2F", "..", "../../etc/passwd", "a" * 300, "€" * 50, "\ud800", "-1", "1e999", "null", "[]"),
    *("$LATEST.PUBLISHED", "arn:aws:lambda:us-east-1:000000000000:function:thumbs", "arn:aws:iam::000000000000:role/x"),
    *("'\"<>&", "{}", '{"Version": "2012-10-17", "Statement": []}', '{"Statement": [{"Effect": "Allow"}]}', "\r\nX: y"),
)
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:thumbs"
POLICY = {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": FUNCTION}
EMPTY_ZIP = base64.b64encode(b"PK\5\6" + bytes(18)).decode()
# What takes a request past the first checks, by member.
HINTS: dict[str, tuple[Any, ...]] = {
    "Action": ("lambda:InvokeFunction", "lambda:GetLayerVersion"),
    "CapacityProviderName": ("pool",),
    "CapacityProviderOperatorRoleArn": ("arn:aws:iam::000000000000:role/lambda-role",),
    "Description": ("words",),
    "Destination": (FUNCTION, "arn:aws:sqs:us-east-1:000000000000:failed"),
    "EventSourceArn": (
        "arn:aws:sqs:us-east-1:000000000000:jobs",
        "arn:aws:kinesis:us-east-1:000000000000:stream/clicks",
        "arn:aws:kafka:us-east-1:000000000000:cluster/c/1",
    ),
    "FunctionName": ("thumbs", "thumbs:1", "thumbs:live", "made", "none"),
    "FunctionVersion": ("1", "2", "$LATEST", "ALL"),
    "Handler": ("app.handler",),
    "LayerName": ("lib", "arn:aws:lambda:us-east-1:000000000000:layer:lib"),
    "MaxItems": (1, 50),
    "MemorySize": (128, 10_240),
    "Name": ("live", "next"),
    "Pattern": ('{"body": {"a": [{"prefix": "x"}]}}',),
    "Policy": (json.dumps({"Version": "2012-10-17", "Statement": [POLICY]}),),
    "Principal": ("*", "s3.amazonaws.com", "000000000000"),
    "Qualifier": ("1", "live", "$LATEST", "7"),
    "Resource": (FUNCTION,),
    "ResourceArn": (FUNCTION, f"{FUNCTION}:1"),
    "Role": ("arn:aws:iam::000000000000:role/lambda-role",),
    "Runtime": tuple(installed())[:2],
    "StatementId": ("a", "b"),
    "Timeout": (1, 900),
    "VersionNumber": (1, 2),
    "ZipFile": (EMPTY_ZIP,),
}
NUMBERS = (-(2**70), -(2**31) - 1, -1, 0, 1, 2, 50, 10_001, 2**31, 2**63, 2**70)
JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    2**70,
    "",
    "x",
    "\0",
    "\ud800",
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"a": [{}]},
)
DEEPEST = 5


@dataclass(frozen=True)
class Request:
    operation: str
    method: str
    path: str  # with the query string
    headers: dict[str, str]
    body: bytes


@cache
def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly of the shape's type, sometimes of any."""
    return st.one_of(*[_typed(shape, depth)] * 15, st.sampled_from(JUNK))


def _typed(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    if depth > DEEPEST:
        return st.none()
    if isinstance(shape, StructureShape):
        return _members(shape, depth + 1)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member, depth + 1), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.sampled_from(KNOWN + TEXTS), values(shape.value, depth + 1), max_size=3)
    kind = shape.type_name
    if kind == "string":
        own = tuple(getattr(shape, "enum", None) or ())
        return st.sampled_from((*own, *own, *KNOWN, *TEXTS))
    if kind == "boolean":
        return st.booleans()
    if kind == "blob":
        return st.sampled_from(("", "***", "e30=", base64.b64encode(b"PK\3\4 no zip").decode(), "A" * 5000))
    if kind in ("float", "double"):
        return st.sampled_from((*NUMBERS, 0.5, float("nan"), float("inf")))
    if kind == "timestamp":
        return st.sampled_from((*NUMBERS, "2026-01-01T00:00:00Z", "yesterday", "9999-99-99"))
    return st.sampled_from(NUMBERS)


@st.composite
def _members(draw: st.DrawFn, shape: StructureShape, depth: int) -> dict[str, Any]:
    required = set(shape.required_members)
    optional = draw(st.sampled_from((1, 1, 4)))  # of ten
    return {
        name: draw(st.sampled_from(HINTS[name]) if name in HINTS and draw(st.integers(0, 9)) else values(member, depth))
        for name, member in shape.members.items()
        if draw(st.integers(0, 29)) < (29 if name in required else 3 * optional)
    }


@st.composite
def requests(draw: st.DrawFn, names: tuple[str, ...], service: str = "lambda") -> Request:
    model = catalogue.get(service).model.operation_model(draw(st.sampled_from(names)))
    given = draw(_members(model.input_shape, 0)) if model.input_shape is not None else {}
    request = _rest(model, given)
    if draw(st.integers(0, 19)) == 0:
        start, end = draw(st.integers(0, 40)), draw(st.integers(0, 200))
        request = Request(model.name, request.method, request.path, request.headers, request.body[start:end] + b"\xff")
    return request


def _rest(model: OperationModel, given: dict[str, Any]) -> Request:
    """As the rest-json protocol lays members out, without asking whether they may stand there."""
    path, query, headers, document = model.http["requestUri"], [], {}, {}
    body: bytes | None = None
    members = model.input_shape.members if model.input_shape is not None else {}
    for name, member in members.items():
        place, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri":
            for label in (f"{{{wire}}}", f"{{{wire}+}}"):
                path = path.replace(label, _quoted(given.get(name, "x")) or "x")
        elif name not in given:
            continue
        elif place == "querystring":
            query.append((wire, _text(given[name])))
        elif place == "header":
            headers[wire] = (
                _text(given[name]).encode("ascii", "ignore").decode().translate({13: None, 10: None, 0: None})
            )
        elif name == (model.input_shape.serialization.get("payload") if model.input_shape is not None else None):
            body = _text(given[name]).encode("utf-8", "replace")
        else:
            document[wire] = given[name]
    if body is None:
        body = json.dumps(document).encode() if model.http["method"] != "GET" else b""
    separator = "&" if "?" in path else "?"
    wanted = urlencode([(name, value.encode("utf-8", "replace")) for name, value in query])
    return Request(model.name, model.http["method"], path + (separator + wanted if wanted else ""), headers, body)


def _quoted(value: Any) -> str:
    return quote(_text(value).encode("utf-8", "replace"), safe=":$")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
