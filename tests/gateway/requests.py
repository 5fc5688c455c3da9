"""Requests for any operation, with made-up values in the members that a model requires."""

from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import AWSRequest
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.serialize import create_serializer

from console.gateway.wire import catalogue
from tests.gateway.world import ENDPOINT, signed


def value(shape: Shape, depth: int = 0) -> Any:
    if isinstance(shape, StructureShape):
        return {name: value(shape.members[name], depth + 1) for name in shape.required_members} if depth < 6 else {}
    if isinstance(shape, ListShape):
        return [value(shape.member, depth + 1)]
    if isinstance(shape, MapShape):
        return {"key": value(shape.value, depth + 1)}
    return {
        "string": (getattr(shape, "enum", None) or ["x"])[0],
        "blob": b"x",
        "boolean": True,
        "timestamp": "2026-01-01T00:00:00Z",
        "float": 1.0,
        "double": 1.0,
    }.get(shape.type_name, 1)


def serialised(service: str, operation: OperationModel, members: dict[str, Any]) -> dict[str, Any]:
    model = catalogue.get(service).model
    made: dict[str, Any] = create_serializer(model.metadata["protocol"], False).serialize_to_request(members, operation)
    return made


def minimal(service: str, name: str, key: tuple[str, str]) -> dict[str, Any]:
    """The environ of a signed request for an operation, with no more than it requires."""
    shape = catalogue.get(service).model.operation_model(name).input_shape
    return request(service, name, value(shape) if shape is not None else {}, key)


def request(service: str, name: str, members: dict[str, Any], key: tuple[str, str]) -> dict[str, Any]:
    """The environ of a signed request for an operation."""
    served = catalogue.get(service)
    operation = served.operation(name)
    assert operation is not None
    made = serialised(service, operation, members)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    body = body.encode() if isinstance(body, str) else body or b""
    url = AWSRequest(made["method"], ENDPOINT + made["url_path"], params=made["query_string"]).prepare().url
    path = url.removeprefix(ENDPOINT)
    return signed(key, made["method"], path, service=served.signing_name, headers=made["headers"], body=body)
