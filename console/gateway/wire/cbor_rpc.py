"""Smithy RPC v2 over CBOR: the operation in the path.

Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from typing import TYPE_CHECKING, Any

import cbor2
from botocore.model import OperationModel

from console.gateway.errors import AwsError, Serialization, UnknownOperation
from console.gateway.wire.catalogue import Service
from console.gateway.wire.documents import CborReader, CborWriter
from console.gateway.wire.protocol import Protocol, WireAnswer, extra_members, query_error_header

if TYPE_CHECKING:
    from console.gateway.calls import Call

READER = CborReader()
WRITER = CborWriter()
HEADERS = {"smithy-protocol": "rpc-v2-cbor"}


class CborProtocol(Protocol):
    media_type = "application/cbor"

    def operation(self, call: "Call", service: Service) -> tuple[OperationModel, dict[str, str]]:
        parts = call.request.path_info.strip("/").split("/")
        operation = service.operation(parts[-1])
        if operation is None or len(parts) != 4 or parts[1] != service.target_prefix:
            raise UnknownOperation()
        return operation, {}

    def load(self, body: bytes, call: "Call") -> Any:
        if not body:
            return {}
        try:
            return cbor2.loads(body)
        except Exception as error:  # hostile bytes make the tags' decoders raise anything
            raise Serialization(f"Could not parse request body into cbor: {type(error).__name__}") from error

    def bind(self, operation: OperationModel, document: Any, call: "Call", labels: dict[str, str]) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        return READER.structure(operation.input_shape, document)

    def answer(self, operation: OperationModel, members: dict[str, Any], call: "Call") -> WireAnswer:
        shape = operation.output_shape
        body = cbor2.dumps(WRITER.structure(shape, members)) if shape is not None else b""
        return WireAnswer(200, body, self.media_type if body else "", HEADERS)

    def error(self, error: AwsError, call: "Call") -> WireAnswer:
        document: dict[str, Any] = {"__type": error.code}
        if error.message is not None:
            document["message"] = error.message
        headers = dict(HEADERS)
        if call.service is not None and call.service.query_compatible:
            headers |= query_error_header(error)
        return WireAnswer(error.status_code, cbor2.dumps(document | extra_members(error)), self.media_type, headers)
