"""The errors that the front door itself raises, before any operation runs.

AWS names the same fault differently in its query services (`SignatureDoesNotMatch`) and in the others
(`InvalidSignatureException`): `query_code` is the former.
"""

from typing import Any, ClassVar, Protocol, runtime_checkable

from functions.errors import ServiceError


@runtime_checkable
class AwsError(Protocol):
    """What a protocol must know to write an error: `functions.errors` and `monitoring.errors` both have it."""

    code: str
    status_code: int
    message: str | None
    members: dict[str, Any]


class GatewayError(ServiceError):
    query_code: ClassVar[str] = ""
    # AWS's JSON 1.x services answer 400 to everything that is the client's fault.
    json_status: ClassVar[int] = 400

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.members = {}


class InvalidSignature(GatewayError):
    status_code = 403
    code = "InvalidSignatureException"
    query_code = "SignatureDoesNotMatch"


class UnknownKey(GatewayError):
    status_code = 403
    code = "UnrecognizedClientException"
    query_code = "InvalidClientTokenId"


class ExpiredToken(GatewayError):
    status_code = 403
    code = "ExpiredTokenException"
    query_code = "ExpiredToken"


class MissingToken(GatewayError):
    status_code = 403
    code = "MissingAuthenticationTokenException"
    query_code = "MissingAuthenticationToken"


class IncompleteSignature(GatewayError):
    status_code = 403
    code = "IncompleteSignatureException"
    query_code = "IncompleteSignature"


class NotAuthorized(GatewayError):
    """The caller's policies do not allow the operation."""

    status_code = 403
    code = "AccessDeniedException"
    query_code = "AccessDenied"


class Serialization(GatewayError):
    """The request could not be read as the model says."""

    code = "SerializationException"
    query_code = "MalformedInput"


class UnknownOperation(GatewayError):
    code = "UnknownOperationException"
    query_code = "InvalidAction"


class UnknownPath(GatewayError):
    status_code = 403
    code = "AccessDeniedException"


class Unsupported(GatewayError):
    """A known operation that Hearth does not have. A client error, so that no SDK tries it again and again."""

    code = "UnsupportedOperationException"
    query_code = "InvalidAction"


class BodyTooLarge(GatewayError):
    status_code = 413
    json_status = 413
    code = "RequestEntityTooLargeException"
    query_code = "RequestEntityTooLarge"


class InternalFailure(GatewayError):
    status_code = 500
    json_status = 500
    code = "ServiceException"
    query_code = "InternalFailure"
