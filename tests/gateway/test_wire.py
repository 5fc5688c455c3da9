"""What botocore's serialisers write is read; what is written, its parsers read: each operation in each protocol."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import AWSRequest
from botocore.model import OperationModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from django.core.handlers.wsgi import WSGIRequest

from console.gateway.calls import Call
from console.gateway.wire import catalogue
from console.gateway.wire.catalogue import Service
from console.gateway.wire.table import PROTOCOLS
from tests.gateway import examples
from tests.gateway.world import ENDPOINT, environ

# The services that are served, and for good measure some that are not yet.
SERVICES = [*catalogue.SERVED, "sqs", "sns", "dynamodb", "events", "kinesis", "apigateway", "apigatewayv2", "scheduler"]
PAIRS = [(name, protocol) for name in SERVICES for protocol in catalogue.get(name).protocols if protocol in PROTOCOLS]


def operations(service: Service) -> Iterator[OperationModel]:
    for name in sorted(service.operation_names):
        operation = service.operation(name)
        assert operation is not None
        if not operation.has_event_stream_input and not operation.has_event_stream_output:
            yield operation


def call_of(service: Service, protocol: str, operation: OperationModel, members: dict[str, Any]) -> tuple[Call, bytes]:
    made = create_serializer(protocol, False).serialize_to_request(members, operation)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    url = AWSRequest(made["method"], ENDPOINT + made["url_path"], params=made["query_string"]).prepare().url
    request = WSGIRequest(environ(made["method"], url, made["headers"].items(), content))
    return Call(request, service, service.signing_name, protocol), content


@pytest.mark.parametrize(("name", "protocol"), PAIRS)
def test_requests(name: str, protocol: str) -> None:
    service = catalogue.get(name)
    wire = PROTOCOLS[protocol]
    chance = random.Random(f"{name} {protocol}")
    for operation in operations(service):
        members = examples.structure(operation.input_shape, chance) if operation.input_shape else {}
        call, body = call_of(service, protocol, operation, members)
        found, labels = wire.operation(call, service)
        assert found.name == operation.name
        read = wire.bind(found, wire.load(body, call), call, labels)
        for member in operation.idempotent_members:
            read.pop(member, None)
            members.pop(member, None)
        assert examples.without_empties(read) == examples.without_empties(members), operation.name


@pytest.mark.parametrize(("name", "protocol"), PAIRS)
def test_answers(name: str, protocol: str) -> None:
    service = catalogue.get(name)
    wire = PROTOCOLS[protocol]
    parser = create_parser(protocol)
    chance = random.Random(f"{protocol} {name}")
    for operation in operations(service):
        shape = operation.output_shape
        members = examples.structure(shape, chance) if shape else {}
        call = Call(WSGIRequest(environ("POST", ENDPOINT, [], b"")), service, service.signing_name, protocol)
        answer = wire.answer(operation, members, call)
        headers = {**answer.headers, "content-type": answer.content_type}
        response = {"status_code": answer.status, "headers": _Headers(headers), "body": answer.body}
        if operation.has_streaming_output:
            response["body"] = _Stream(answer.body)
        parsed = parser.parse(response, shape)
        parsed.pop("ResponseMetadata")
        for key, member in shape.members.items() if shape else ():
            if member.serialization.get("location") == "statusCode" and key not in members:
                assert parsed.pop(key) == operation.http["responseCode"]
            if member.serialization.get("name") == "Content-Type" and key not in members:
                assert parsed.pop(key) == answer.content_type
        read = {key: item.read() if isinstance(item, _Stream) else item for key, item in parsed.items()}
        assert examples.without_empties(read) == examples.without_empties(members), operation.name


class _Headers(dict[str, str]):
    """Without regard to case, as HTTP has it."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class _Stream:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self) -> bytes:
        return self.body
