"""Names, partial ARNs, full ARNs and qualifiers of functions, in every form AWS takes.

    my-function    my-function:live    function:my-function    123456789012:function:my-function:3
    arn:aws:lambda:us-east-1:123456789012:function:my-function:$LATEST

Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_RequestSyntax
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from functions.access.caller import Caller
from functions.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
    ValidationException,
)

# The service model's own pattern, as AWS words it in its error, and the same with names for its groups.
PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_FORM = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?",
    re.ASCII,
)

MISMATCH = "The derived qualifier from the function name does not match the specified qualifier."
FUNCTIONS_ONLY = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function, and perhaps a version or alias of it. Says nothing about whether it exists."""

    account_id: str
    region: str
    name: str
    qualifier: str | None = None

    @property
    def function_arn(self) -> str:
        """Without a qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def arn(self) -> str:
        """With the qualifier, if there is one."""
        return self.qualified(self.qualifier) if self.qualifier else self.function_arn

    def qualified(self, qualifier: str) -> str:
        return f"{self.function_arn}:{qualifier}"

    def unqualified(self) -> "FunctionReference":
        """For operations on the function itself. Raises InvalidParameterValueException for an alias or version."""
        if self.qualifier and self.qualifier != "$LATEST":
            raise InvalidParameterValueException(FUNCTIONS_ONLY, field="FunctionName")
        return FunctionReference(self.account_id, self.region, self.name)


def parse(value: str, qualifier: str | None, caller: Caller) -> FunctionReference:
    """The function meant by `value` and the separate `qualifier` of a request, as `caller` sees it.

    Raises ValidationException for a malformed value, ResourceNotFoundException for another region,
    AccessDeniedException for another account, InvalidParameterValueException for two different qualifiers.
    """
    return _parse(value, qualifier or None, caller.account_id, caller.region)


@lru_cache(maxsize=16_384)
def named(value: str, qualifier: str | None, account_id: str, region: str) -> FunctionReference | None:
    """What a request from an account means, in whatever account it is; None where `parse` refuses the form itself."""
    form = _FORM.fullmatch(value)
    if form is None or form["region"] not in (None, region):
        return None
    if form["qualifier"] and qualifier and form["qualifier"] != qualifier:
        return None
    return FunctionReference(
        form["account"] or account_id, region, form["name"], form["qualifier"] or qualifier or None
    )


@lru_cache(maxsize=16_384)
def _parse(value: str, qualifier: str | None, account_id: str, region: str) -> FunctionReference:
    form = _FORM.fullmatch(value)
    if form is None:
        raise ValidationException(
            f"1 validation error detected: Value '{value}' at 'functionName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {PATTERN}",
            field="FunctionName",
        )
    if qualifier and not qualifier.isprintable():  # the gateway has checked the rest of the pattern
        raise ValidationException(
            f"1 validation error detected: Value {qualifier[:140]!r} at 'qualifier' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)",
            field="Qualifier",
        )
    if form["region"] not in (None, region):
        raise ResourceNotFoundException(
            f"Functions from '{form['region']}' are not reachable in this region ('{region}')", field="FunctionName"
        )
    if form["account"] not in (None, account_id):
        raise AccessDeniedException(None, field="FunctionName", Type=None)
    if form["qualifier"] and qualifier and form["qualifier"] != qualifier:
        raise InvalidParameterValueException(MISMATCH, field="Qualifier")
    return FunctionReference(account_id, region, form["name"], form["qualifier"] or qualifier)
