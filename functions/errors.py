"""The errors of the AWS Lambda API, by the names AWS uses.

An action raises one of these; the gateway renders it as AWS does, a page shows it at the field. `field` names the
request member at fault in the model's spelling (`MemorySize`), so that a form can place the message.
Source: https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html and each operation's Errors section.
"""

from typing import Any

from rest_framework.exceptions import APIException


class ServiceError(APIException):
    """An error of the service's own vocabulary. `code` is the wire name, `status_code` the HTTP status.

    `message` of None leaves the member out. `members` are further members of the error shape (`Reason`); a few answers
    of AWS lack `Type`: `Type=None` leaves it out.
    """

    status_code = 400
    code = "ServiceException"
    fault = "User"

    def __init__(self, message: str | None = None, *, field: str | None = None, **members: Any) -> None:
        super().__init__(detail=message or "")
        self.message = message
        self.field = field
        self.members = {name: value for name, value in {"Type": self.fault, **members}.items() if value is not None}

    def __str__(self) -> str:
        return self.message or ""


class InvalidParameterValueException(ServiceError):
    code = "InvalidParameterValueException"


class ValidationException(ServiceError):
    """A member broke a constraint of the service model. AWS sends no `Type` with it."""

    code = "ValidationException"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.members = {}


class ResourceNotFoundException(ServiceError):
    status_code = 404
    code = "ResourceNotFoundException"


class ResourceConflictException(ServiceError):
    status_code = 409
    code = "ResourceConflictException"


class CapacityProviderLimitExceededException(ServiceError):
    code = "CapacityProviderLimitExceededException"


class ProvisionedConcurrencyConfigNotFoundException(ServiceError):
    status_code = 404
    code = "ProvisionedConcurrencyConfigNotFoundException"


class PreconditionFailedException(ServiceError):
    status_code = 412
    code = "PreconditionFailedException"


class PublicPolicyException(ServiceError):
    code = "PublicPolicyException"


class PolicyLengthExceededException(ServiceError):
    code = "PolicyLengthExceededException"


class CodeStorageExceededException(ServiceError):
    code = "CodeStorageExceededException"


class CodeSigningConfigNotFoundException(ServiceError):
    status_code = 404
    code = "CodeSigningConfigNotFoundException"


class RecursiveInvocationException(ServiceError):
    code = "RecursiveInvocationException"


class CodeVerificationFailedException(ServiceError):
    code = "CodeVerificationFailedException"


class TooManyRequestsException(ServiceError):
    status_code = 429
    code = "TooManyRequestsException"


class RequestTooLargeException(ServiceError):
    status_code = 413
    code = "RequestTooLargeException"


class RequestEntityTooLargeException(ServiceError):
    status_code = 413
    code = "RequestEntityTooLargeException"


class NoPublishedVersionException(ServiceError):
    code = "NoPublishedVersionException"


class InvalidRequestContentException(ServiceError):
    code = "InvalidRequestContentException"


class UnsupportedMediaTypeException(ServiceError):
    status_code = 415
    code = "UnsupportedMediaTypeException"


class AccessDeniedException(ServiceError):
    status_code = 403
    code = "AccessDeniedException"


class SnapStartException(ServiceError):
    code = "SnapStartException"


class SnapStartTimeoutException(ServiceError):
    status_code = 408
    code = "SnapStartTimeoutException"


class InvalidZipFileException(ServiceError):
    status_code = 502
    code = "InvalidZipFileException"


class InvalidRuntimeException(ServiceError):
    status_code = 502
    code = "InvalidRuntimeException"
    fault = "Server"


class ResourceNotReadyException(ServiceError):
    status_code = 502
    code = "ResourceNotReadyException"
    fault = "Server"


class InternalServiceException(ServiceError):
    status_code = 500
    code = "ServiceException"
    fault = "Server"


# --- IAM and STS: errors of their own vocabulary, without the Lambda API's `Type` ---------------------------------


class IamError(ServiceError):
    def __init__(self, message: str | None = None, *, field: str | None = None, **members: Any) -> None:
        super().__init__(message, field=field)
        self.members = members


class NoSuchEntity(IamError):
    status_code = 404
    code = "NoSuchEntity"


class EntityAlreadyExists(IamError):
    status_code = 409
    code = "EntityAlreadyExists"


class DeleteConflict(IamError):
    status_code = 409
    code = "DeleteConflict"


class LimitExceeded(IamError):
    status_code = 409
    code = "LimitExceeded"


class MalformedPolicyDocument(IamError):
    code = "MalformedPolicyDocument"


class InvalidInput(IamError):
    code = "InvalidInput"
