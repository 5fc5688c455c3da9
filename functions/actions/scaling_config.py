"""How many environments a version on a capacity provider has, at least and at most."""

from collections.abc import Mapping

from functions import lookup
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException
from functions.models import FunctionVersion


def put(caller: Caller, reference: FunctionReference, config: Mapping[str, int]) -> FunctionVersion:
    """`config` is FunctionScalingConfig; what it leaves out is not limited any more. Returns the version."""
    least, most = config.get("MinExecutionEnvironments"), config.get("MaxExecutionEnvironments")
    with change(caller, "PutFunctionScalingConfig", reference.arn, least=least, most=most):
        version = lookup.version(reference)
        if not version.capacity_provider:
            raise InvalidParameterValueException(
                "A scaling configuration is for functions with a capacity provider.", field="FunctionName"
            )
        if least and version.tenant_isolation:
            raise InvalidParameterValueException(
                "MinExecutionEnvironments is not supported for functions with tenant isolation.",
                field="FunctionScalingConfig",
            )
        if most is not None and (least or 0) > most:
            raise InvalidParameterValueException(
                "MinExecutionEnvironments should not be greater than MaxExecutionEnvironments.",
                field="FunctionScalingConfig",
            )
        function = lookup.function(reference, lock=True)
        function.scaling_configs.update_or_create(qualifier=version.label, defaults={"minimum": least, "maximum": most})
        return version
