"""REST with JSON bodies: members in the path, the query string, headers and the body."""

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from console.gateway.errors import AwsError, Serialization, UnknownPath
from console.gateway.wire import routes
from console.gateway.wire.catalogue import Service
from console.gateway.wire.documents import Reader, Writer, dump_json, load_json, wire_name
from console.gateway.wire.protocol import Protocol, WireAnswer, extra_members
from console.gateway.wire.values import read_text, write_text

if TYPE_CHECKING:
    from console.gateway.calls import Call

READER = Reader()
WRITER = Writer()
UNKNOWN_PATH = "Unable to determine service/operation name to be authorized"


class RestJsonProtocol(Protocol):
    media_type = "application/json"

    def operation(self, call: "Call", service: Service) -> tuple[OperationModel, dict[str, str]]:
        request = call.request
        found = routes.find(service, str(request.method), request.path_info, _query(call))
        if found is None:
            raise UnknownPath(UNKNOWN_PATH)
        return found

    def load(self, body: bytes, call: "Call") -> Any:
        """Bytes: only the operation knows whether its body is a document or a blob."""
        return body

    def bind(self, operation: OperationModel, document: Any, call: "Call", labels: dict[str, str]) -> dict[str, Any]:
        shape = operation.input_shape
        if shape is None:
            return {}
        members = self._body(shape, document or b"")
        query = _query(call)
        for name, member in shape.members.items():
            key = wire_name(name, member)
            value: Any = None
            match member.serialization.get("location"):
                case "uri":
                    value = read_text(member, labels[key])
                case "querystring":
                    value = _from_query(operation, member, key, query)
                case "header":
                    value = _from_header(member, call.header(key))
                case "headers":
                    value = dict(call.headers(key)) or None
            if value is not None:
                members[name] = value
        return members

    def _body(self, shape: StructureShape, body: bytes) -> dict[str, Any]:
        payload = shape.serialization.get("payload")
        if payload is not None:
            member = shape.members[payload]
            if member.type_name == "blob":
                return {payload: body} if body else {}
            if member.type_name == "string":
                return {payload: body.decode("utf-8", "replace")} if body else {}
            return {payload: READER.read(member, _document(body))} if body else {}
        inside = {name: m for name, m in shape.members.items() if "location" not in m.serialization}
        if not inside or not body:
            return {}
        document = READER.structure(shape, _document(body))
        return {name: value for name, value in document.items() if name in inside}

    def answer(self, operation: OperationModel, members: dict[str, Any], call: "Call") -> WireAnswer:
        status = int(operation.http.get("responseCode", 200))
        shape = operation.output_shape
        if shape is None:
            return WireAnswer(status, b"")
        headers: dict[str, str] = {}
        inside: dict[str, Any] = {}
        for name, member in shape.members.items():
            value = members.get(name)
            if value is None:
                continue
            key = wire_name(name, member)
            match member.serialization.get("location"):
                case "statusCode":
                    status = int(value)
                case "header":
                    headers[key] = _to_header(member, value)
                case "headers":
                    headers |= {f"{key}{suffix}": str(item) for suffix, item in value.items()}
                case _:
                    inside[name] = value
        body, content_type = self._answer_body(shape, inside)
        content_type = headers.pop("Content-Type", content_type)
        if status == 204:
            return WireAnswer(status, b"", "", headers)
        return WireAnswer(status, body, content_type, headers)

    def _answer_body(self, shape: StructureShape, members: dict[str, Any]) -> tuple[bytes, str]:
        payload = shape.serialization.get("payload")
        if payload is None:
            return dump_json(WRITER.structure(shape, members)), self.media_type
        value = members.get(payload)
        if value is None:
            return b"", ""
        member = shape.members[payload]
        if member.type_name == "blob":
            return bytes(value), "application/octet-stream"
        if member.type_name == "string":
            return str(value).encode(), "text/plain"
        return dump_json(WRITER.write(member, value)), self.media_type

    def error(self, error: AwsError, call: "Call") -> WireAnswer:
        document = extra_members(error)
        headers = {"x-amzn-ErrorType": error.code}
        if error.message is None:
            document["Message"] = None
        else:
            document[call.service.message_member(error.code) if call.service else "message"] = error.message
        shape = _error_shape(call, error.code)
        for name, member in (shape.members if shape is not None else {}).items():
            if member.serialization.get("location") == "header" and document.get(name) is not None:
                headers[wire_name(name, member)] = str(document.pop(name))
        return WireAnswer(error.status_code, dump_json(document), self.media_type, headers)


def _error_shape(call: "Call", code: str) -> StructureShape | None:
    shape: StructureShape | None = call.service.error_shapes.get(code) if call.service else None
    return shape


def _query(call: "Call") -> dict[str, list[str]]:
    text: str = call.request.META.get("QUERY_STRING", "")
    if not text:
        return {}
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise Serialization("The query string holds too many parameters") from error


def _document(body: bytes) -> Any:
    try:
        return load_json(body)
    except ValueError as error:
        raise Serialization(f"Could not parse request body into json: {error}") from error


def _from_query(operation: OperationModel, member: Shape, key: str, query: dict[str, list[str]]) -> Any:
    if isinstance(member, MapShape):
        named = {wire_name(name, other) for name, other in operation.input_shape.members.items()}
        named |= set(parse_qs(operation.http["requestUri"].partition("?")[2], keep_blank_values=True))
        rest = {name: values for name, values in query.items() if name not in named}
        if isinstance(member.value, ListShape):
            return rest or None
        return {name: values[0] for name, values in rest.items()} or None
    values = query.get(key)
    if values is None:
        return None
    if isinstance(member, ListShape):
        return [read_text(member.member, value) for value in values]
    # An empty parameter of a type that has no empty value is an absent one.
    if not values[0] and member.type_name not in ("string",):
        return None
    return read_text(member, values[0])


def _from_header(member: Shape, text: str | None) -> Any:
    if text is None:
        return None
    if member.serialization.get("jsonvalue"):
        try:
            return json.loads(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError, RecursionError) as error:
            raise Serialization(f"Invalid JSON in a header: {error}") from error
    if isinstance(member, ListShape):
        return [read_text(member.member, part.strip()) for part in text.split(",")]
    if member.type_name == "blob":
        return READER.blob(member, text)
    return read_text(member, text)


def _to_header(member: Shape, value: Any) -> str:
    if member.serialization.get("jsonvalue"):
        return base64.b64encode(dump_json(value)).decode()
    if isinstance(member, ListShape):
        return ",".join(write_text(member.member, item, "rfc822") for item in value)
    if member.type_name == "blob":
        return base64.b64encode(value).decode()
    return write_text(member, value, "rfc822")
