"""The errors of the CloudWatch Logs and CloudWatch APIs, by the names AWS uses.

Like `functions.errors`: `code` is the wire name, `status_code` the HTTP status, `members` further members of the shape.
"""

from typing import Any, ClassVar

from rest_framework.exceptions import APIException


class MonitoringError(APIException):
    """`query_code` is the name in CloudWatch's older protocol, which SDKs show to this day."""

    status_code = 400
    code = "ServiceUnavailableException"
    query_code: ClassVar[str] = ""

    def __init__(self, message: str, *, field: str | None = None, **members: Any) -> None:
        super().__init__(detail=message)
        self.message = message
        self.field = field
        self.members = members

    def __str__(self) -> str:
        return self.message


# --- both -------------------------------------------------------------------------------------------------------


class ResourceNotFoundException(MonitoringError):
    code = "ResourceNotFoundException"


# --- CloudWatch Logs --------------------------------------------------------------------------------------------


class InvalidParameterException(MonitoringError):
    code = "InvalidParameterException"


class OperationAbortedException(MonitoringError):
    code = "OperationAbortedException"


class ResourceAlreadyExistsException(MonitoringError):
    code = "ResourceAlreadyExistsException"


# --- CloudWatch -------------------------------------------------------------------------------------------------


class InvalidNextToken(MonitoringError):
    code = "InvalidNextToken"
    query_code = "InvalidNextToken"


class InvalidParameterCombinationException(MonitoringError):
    code = "InvalidParameterCombinationException"
    query_code = "InvalidParameterCombination"


class InvalidParameterValueException(MonitoringError):
    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"


class MissingRequiredParameterException(MonitoringError):
    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class ValidationError(MonitoringError):
    """AWS does not model this one: GetMetricData's queries and expressions."""

    code = "ValidationError"
    query_code = "ValidationError"
