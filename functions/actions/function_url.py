"""Function URLs: an HTTP address of a function or of one of its aliases."""

import secrets
import string
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions import resource_policy
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException, ResourceConflictException, ResourceNotFoundException
from functions.models import Function, FunctionUrl

ALPHABET = string.ascii_lowercase + string.digits
# With these a public URL answers anybody: permissions as AWS's console gives them, in the members of AddPermission.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html#urls-auth-none
PUBLIC: tuple[Mapping[str, Any], ...] = (
    {
        "StatementId": "FunctionURLAllowPublicAccess",
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": "NONE",
    },
    {
        "StatementId": "FunctionURLAllowInvokeAction",
        "Action": "lambda:InvokeFunction",
        "Principal": "*",
        "InvokedViaFunctionUrl": True,
    },
)


def create(
    caller: Caller,
    reference: FunctionReference,
    *,
    auth_type: str,
    cors: Mapping[str, Any] | None = None,
    invoke_mode: str = "",
) -> FunctionUrl:
    with change(caller, "CreateFunctionUrlConfig", reference.arn, auth_type=auth_type):
        function = owner(reference, lock=True)
        if lookup.version(reference).tenant_isolation:
            raise InvalidParameterValueException(
                "Function URLs are not supported for functions with tenant isolation.", field="FunctionName"
            )
        if function.urls.filter(qualifier=reference.qualifier or "").exists():
            raise ResourceConflictException(
                f"Failed to create function url config for [functionArn = {reference.arn}]. "
                "Error message:  FunctionUrlConfig exists for this Lambda function"
            )
        now = timezone.now()
        return FunctionUrl.objects.create(
            id="".join(secrets.choice(ALPHABET) for _ in range(32)),
            function=function,
            qualifier=reference.qualifier or "",
            auth_type=auth_type,
            cors=dict(cors or {}),
            invoke_mode=invoke_mode,
            created_at=now,
            modified_at=now,
        )


def update(
    caller: Caller,
    reference: FunctionReference,
    *,
    auth_type: str | None = None,
    cors: Mapping[str, Any] | None = None,
    invoke_mode: str | None = None,
) -> FunctionUrl:
    """What is None stays; an empty `cors` removes it."""
    with change(caller, "UpdateFunctionUrlConfig", reference.arn, auth_type=auth_type):
        url = _url(owner(reference, lock=True), reference)
        url.auth_type = auth_type or url.auth_type
        url.invoke_mode = invoke_mode or url.invoke_mode
        url.cors = url.cors if cors is None else dict(cors)
        url.modified_at = timezone.now()
        url.save()
        return url


def delete(caller: Caller, reference: FunctionReference) -> None:
    with change(caller, "DeleteFunctionUrlConfig", reference.arn):
        find(reference, lock=True).delete()


def to_be_public(reference: FunctionReference) -> list[Mapping[str, Any]]:
    """Those of the permissions for everybody that the function, or its alias, does not have yet."""
    taken = resource_policy.statement_ids(reference)
    return [permission for permission in PUBLIC if permission["StatementId"] not in taken]


def find(reference: FunctionReference, *, lock: bool = False) -> FunctionUrl:
    """The URL of exactly this function or alias. A missing function and a missing URL are the same error, as at AWS."""
    try:
        return _url(lookup.function(reference, lock=lock), reference)
    except ResourceNotFoundException:
        raise _no_url() from None


def owner(reference: FunctionReference, *, lock: bool = False) -> Function:
    """The function that has, or shall have, a URL; its alias, if one is named, exists."""
    try:
        function = lookup.function(reference, lock=lock)
    except ResourceNotFoundException:
        raise _no_function() from None
    if reference.qualifier and not function.aliases.filter(name=reference.qualifier).exists():
        raise _no_function()
    return function


def _url(function: Function, reference: FunctionReference) -> FunctionUrl:
    url = function.urls.filter(qualifier=reference.qualifier or "").first()
    if url is None:
        raise _no_url()
    url.function = function
    return url


def _no_function() -> ResourceNotFoundException:
    return ResourceNotFoundException("Function does not exist", field="FunctionName")


def _no_url() -> ResourceNotFoundException:
    return ResourceNotFoundException("The resource you requested does not exist.", field="FunctionName")
