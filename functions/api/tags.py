"""TagResource, UntagResource, ListTags: of functions, and of what else has tags."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import tags as actions
from functions.arn import FunctionReference, parse
from functions.errors import InvalidParameterValueException


def tag_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    resource, tags = request["Resource"], request["Tags"]
    if _is_function(resource):
        actions.add(caller, _function(caller, resource), tags)
    else:
        actions.add_to(caller, resource, tags)
    return {}


def untag_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    resource, keys = request["Resource"], request["TagKeys"]
    if _is_function(resource):
        actions.remove(caller, _function(caller, resource), keys)
    else:
        actions.remove_from(caller, resource, keys)
    return {}


def list_tags(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    resource = request["Resource"]
    if _is_function(resource):
        return {"Tags": lookup.function(_function(caller, resource)).tags}
    return {"Tags": actions.find(caller, resource).tags}


def _is_function(resource: str) -> bool:
    return resource.split(":")[5] == "function"


def _function(caller: Caller, resource: str) -> FunctionReference:
    reference = parse(resource, None, caller)
    if reference.qualifier:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.", field="Resource"
        )
    return reference
