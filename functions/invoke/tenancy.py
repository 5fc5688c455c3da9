"""Tenant isolation: an invocation says whose it is, and an environment serves one tenant only.

Source: https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
"""

from functions.errors import InvalidParameterValueException
from functions.execution.spec import FunctionSpec


def check(spec: FunctionSpec, tenant_id: str) -> None:
    """Refuse an invocation without a tenant of a function that isolates them, and one with a tenant of any other."""
    if spec.tenant_isolation and not tenant_id:
        raise InvalidParameterValueException(
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try "
            "again.",
            field="TenantId",
        )
    if tenant_id and not spec.tenant_isolation:
        raise InvalidParameterValueException(
            "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request "
            "and try again.",
            field="TenantId",
        )
