"""The query protocol: a form goes in, XML comes out."""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from console.gateway.errors import AwsError, GatewayError, MissingToken, Serialization, UnknownOperation
from console.gateway.wire.catalogue import Service
from console.gateway.wire.documents import Reader
from console.gateway.wire.protocol import Protocol, WireAnswer, query_code
from console.gateway.wire.values import read_string, read_text, write_text, xml_text

if TYPE_CHECKING:
    from console.gateway.calls import Call

MAX_FIELDS = 100_000
MAX_DEPTH = 64
UNSIGNED = "Request is missing Authentication Token"


class Node(dict[str, "Node"]):
    """A form's dotted names as a tree: `Tags.member.1.Key` is three levels down."""

    text: str | None = None


class QueryProtocol(Protocol):
    media_type = "text/xml"

    def operation(self, call: "Call", service: Service) -> tuple[OperationModel, dict[str, str]]:
        fields = self._fields(call)
        action = fields.get("Action", "")
        operation = service.operation(action)
        version = fields.get("Version", service.api_version)
        if operation is None or version != service.api_version:
            raise UnknownOperation(f"Could not find operation {action} for version {version}")
        return operation, {}

    def load(self, body: bytes, call: "Call") -> Any:
        try:
            fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError as error:
            raise Serialization(f"Could not parse the form: {error}") from error
        return dict(fields)

    def bind(self, operation: OperationModel, document: Any, call: "Call", labels: dict[str, str]) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        fields = {**self._fields(call), **document}
        members: dict[str, Any] = _read_structure(operation.input_shape, _tree(fields))
        return members

    def answer(self, operation: OperationModel, members: dict[str, Any], call: "Call") -> WireAnswer:
        assert call.service is not None
        shape = operation.output_shape
        inner = ""
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
            inner = f"<{wrapper}>{''.join(_write_members(shape, members))}</{wrapper}>"
        body = (
            f'<{operation.name}Response xmlns="{escape(call.service.xml_namespace)}">{inner}'
            f"<ResponseMetadata><RequestId>{call.request_id}</RequestId></ResponseMetadata></{operation.name}Response>"
        )
        return WireAnswer(200, body.encode(), self.media_type)

    def error(self, error: AwsError, call: "Call") -> WireAnswer:
        namespace = f' xmlns="{escape(call.service.xml_namespace)}"' if call.service else ""
        message = UNSIGNED if isinstance(error, MissingToken) else error.message
        fault = "Sender" if error.status_code < 500 else "Receiver"
        parts = {"Type": fault, "Code": query_code(error), "Message": message, **_others(error)}
        inner = "".join(
            f"<{name}>{escape(xml_text(str(value)))}</{name}>" for name, value in parts.items() if value is not None
        )
        body = (
            f"<ErrorResponse{namespace}><Error>{inner}</Error><RequestId>{call.request_id}</RequestId></ErrorResponse>"
        )
        return WireAnswer(error.status_code, body.encode(), self.media_type)

    def _fields(self, call: "Call") -> dict[str, str]:
        """A query request may also be a GET with everything behind the question mark."""
        from_url: dict[str, str] = self.load(call.request.META.get("QUERY_STRING", "").encode("latin-1"), call)
        return {**from_url, **self.load(call.request.body, call)}


def _others(error: AwsError) -> dict[str, Any]:
    # `Type` is the Lambda API's own member, and here the fault's name.
    return {} if isinstance(error, GatewayError) else {k: v for k, v in error.members.items() if k != "Type"}


def _tree(fields: dict[str, str]) -> Node:
    root = Node()
    for name, text in fields.items():
        parts = name.split(".")
        if len(parts) > MAX_DEPTH:
            raise Serialization("nested too deeply")
        node = root
        for part in parts:
            node = node.setdefault(part, Node())
        node.text = text
    return root


def _read(shape: Shape, node: Node) -> Any:
    if isinstance(shape, StructureShape):
        return _read_structure(shape, node)
    if isinstance(shape, ListShape):
        flat = shape.serialization.get("flattened")
        items = node if flat else node.get(shape.member.serialization.get("name", "member"), Node())
        return [_read(shape.member, item) for item in _numbered(items)]
    if isinstance(shape, MapShape):
        entries = node if shape.serialization.get("flattened") else node.get("entry", Node())
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        return {
            read_string(entry.get(key, Node()).text or ""): _read(shape.value, entry.get(value, Node()))
            for entry in _numbered(entries)
        }
    if node.text is None:
        raise Serialization("Unexpected list element termination")
    if shape.type_name == "blob":
        return Reader().blob(shape, node.text)
    return read_text(shape, node.text)


def _read_structure(shape: StructureShape, node: Node) -> dict[str, Any]:
    members = {}
    for name, member in shape.members.items():
        found = node.get(_form_name(name, member))
        if found is not None:
            members[name] = _read(member, found)
    return members


def _form_name(name: str, member: Shape) -> str:
    """A flattened list goes by the name of its members."""
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", member.serialization.get("name", name)))
    return str(member.serialization.get("name", name))


def _numbered(node: Node) -> Iterator[Node]:
    numbers = [part for part in node if part.isascii() and part.isdigit() and len(part) < 10]
    return (node[number] for number in sorted(numbers, key=int))


def _write_members(shape: StructureShape, members: dict[str, Any]) -> Iterator[str]:
    for name, member in shape.members.items():
        value = members.get(name)
        if value is not None:
            yield from _write(member, str(member.serialization.get("name", name)), value)


def _write(shape: Shape, name: str, value: Any) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield f"<{name}>{''.join(_write_members(shape, value))}</{name}>"
    elif isinstance(shape, ListShape):
        flat = shape.serialization.get("flattened")
        inner = shape.member.serialization.get("name", name if flat else "member")
        items = "".join(part for item in value for part in _write(shape.member, str(inner), item))
        yield items if flat else f"<{name}>{items}</{name}>"
    elif isinstance(shape, MapShape):
        flat = shape.serialization.get("flattened")
        tag = name if flat else "entry"
        entries = "".join(f"<{tag}>{''.join(_write_entry(shape, key, item))}</{tag}>" for key, item in value.items())
        yield entries if flat else f"<{name}>{entries}</{name}>"
    elif shape.type_name == "blob":
        yield f"<{name}>{base64.b64encode(value).decode()}</{name}>"
    else:
        yield f"<{name}>{escape(xml_text(write_text(shape, value, 'iso8601')))}</{name}>"


def _write_entry(shape: MapShape, key: str, value: Any) -> Iterator[str]:
    yield from _write(shape.key, str(shape.key.serialization.get("name", "key")), key)
    yield from _write(shape.value, str(shape.value.serialization.get("name", "value")), value)
