"""What a protocol does for the gateway. One module per protocol; `PROTOCOLS` in `console.gateway.wire.table`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.model import OperationModel

from console.gateway.errors import AwsError
from console.gateway.wire.catalogue import Service

if TYPE_CHECKING:
    from console.gateway.calls import Call


@dataclass(frozen=True, slots=True)
class WireAnswer:
    status: int
    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Protocol(ABC):
    """Stateless; used from any thread. Reading raises `GatewayError`s only, whatever the client sent."""

    media_type: ClassVar[str]

    @abstractmethod
    def operation(self, call: "Call", service: Service) -> tuple[OperationModel, dict[str, str]]:
        """The operation that the request names, and the labels of its path."""

    @abstractmethod
    def load(self, body: bytes, call: "Call") -> Any:
        """The body as a document: what the DRF parser answers."""

    @abstractmethod
    def bind(self, operation: OperationModel, document: Any, call: "Call", labels: dict[str, str]) -> dict[str, Any]:
        """The document and the other parts of the request as members of the input shape."""

    @abstractmethod
    def answer(self, operation: OperationModel, members: dict[str, Any], call: "Call") -> WireAnswer: ...

    @abstractmethod
    def error(self, error: AwsError, call: "Call") -> WireAnswer: ...


def extra_members(error: AwsError) -> dict[str, Any]:
    return {name: value for name, value in error.members.items() if value is not None}


def query_code(error: AwsError) -> str:
    """The name in the query protocol, where it is another."""
    return str(getattr(error, "query_code", "") or error.code)


def query_error_header(error: AwsError) -> dict[str, str]:
    """What tells a JSON or CBOR client the code that the service's older query protocol gives."""
    return {"x-amzn-query-error": f"{query_code(error)};{'Sender' if error.status_code < 500 else 'Receiver'}"}
