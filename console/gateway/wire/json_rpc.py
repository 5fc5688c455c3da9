"""JSON 1.0 and 1.1: one path, the operation in X-Amz-Target."""

from typing import TYPE_CHECKING, Any

from botocore.model import OperationModel

from console.gateway.errors import AwsError, GatewayError, Serialization, UnknownOperation
from console.gateway.wire.catalogue import Service
from console.gateway.wire.documents import Reader, Writer, dump_json, load_json
from console.gateway.wire.protocol import Protocol, WireAnswer, extra_members, query_error_header

if TYPE_CHECKING:
    from console.gateway.calls import Call

READER = Reader()
WRITER = Writer()


class JsonProtocol(Protocol):
    media_type = "application/x-amz-json-1.1"

    def operation(self, call: "Call", service: Service) -> tuple[OperationModel, dict[str, str]]:
        target = call.header("X-Amz-Target") or ""
        prefix, _, name = target.rpartition(".")
        operation = service.operation(name)
        if operation is None or prefix.rpartition(".")[2] != service.target_prefix.rpartition(".")[2]:
            raise UnknownOperation()
        return operation, {}

    def load(self, body: bytes, call: "Call") -> Any:
        try:
            return load_json(body) if body else {}
        except ValueError as error:
            raise Serialization(f"Could not parse request body into json: {error}") from error

    def bind(self, operation: OperationModel, document: Any, call: "Call", labels: dict[str, str]) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        return READER.structure(operation.input_shape, document)

    def answer(self, operation: OperationModel, members: dict[str, Any], call: "Call") -> WireAnswer:
        shape = operation.output_shape
        body = dump_json(WRITER.structure(shape, members)) if shape is not None else b""
        return WireAnswer(200, body, self._content_type(call) if body else "")

    def error(self, error: AwsError, call: "Call") -> WireAnswer:
        document: dict[str, Any] = {"__type": error.code}
        if error.message is not None:
            member = call.service.message_member(error.code) if call.service else "message"
            document[member] = error.message
        document |= extra_members(error)
        headers = {"x-amzn-ErrorType": error.code}
        if call.service is not None and call.service.query_compatible:
            headers |= query_error_header(error)
        status = error.json_status if isinstance(error, GatewayError) else error.status_code
        return WireAnswer(status, dump_json(document), self._content_type(call), headers)

    def _content_type(self, call: "Call") -> str:
        version = call.service.model.metadata.get("jsonVersion", "1.1") if call.service else "1.1"
        return f"application/x-amz-json-{version}"
