"""TagResource, UntagResource, ListTags. Only functions can be tagged yet; other resources do not exist."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.actions import tags as actions
from functions.arn import FunctionReference, parse
from functions.errors import InvalidParameterValueException, ResourceNotFoundException

# Kind in the ARN -> how AWS names it when it is not there.
OTHERS = {
    "capacity-provider": "Capacity provider",
    "code-signing-config": "Code signing config",
    "event-source-mapping": "Event source mapping",
    "layer": "Layer",
}


def tag_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.add(caller, _function(caller, request["Resource"]), request["Tags"])
    return {}


def untag_resource(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    actions.remove(caller, _function(caller, request["Resource"]), request["TagKeys"])
    return {}


def list_tags(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    return {"Tags": lookup.function(_function(caller, request["Resource"])).tags}


def _function(caller: Caller, resource: str) -> FunctionReference:
    kind = resource.split(":")[5]
    if kind in OTHERS:
        raise ResourceNotFoundException(f"{OTHERS[kind]} not found: {resource}", field="Resource")
    reference = parse(resource, None, caller)
    if reference.qualifier:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.", field="Resource"
        )
    return reference
