"""GetFunctionCodeSigningConfig: no function has one. Terraform asks after each change of a function."""

from typing import Any

from functions import lookup
from functions.access.caller import Caller
from functions.arn import parse


def get_function_code_signing_config(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """AWS answers nothing at all for a function without a configuration."""
    lookup.function(parse(request["FunctionName"], None, caller))
    return {}
