"""GetAccountSettings."""

from typing import Any

from functions.access.caller import Caller
from functions.actions.version import storage_used
from functions.limits import concurrency, limits
from functions.models import Function
from functions.reservations import unreserved


def get_account_settings(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    account_id, region = caller.account_id, caller.region
    allowed = limits()
    return {
        "AccountLimit": {
            "TotalCodeSize": allowed.storage_bytes,
            "CodeSizeUnzipped": allowed.unzipped_bytes,
            "CodeSizeZipped": allowed.zipped_bytes,
            "ConcurrentExecutions": concurrency(),
            "UnreservedConcurrentExecutions": unreserved(account_id, region),
        },
        "AccountUsage": {
            "TotalCodeSize": storage_used(account_id, region),
            "FunctionCount": Function.objects.filter(account_id=account_id, region=region).count(),
        },
    }
