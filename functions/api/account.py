"""GetAccountSettings."""

from typing import Any

from django.db import connection

from functions.access.caller import Caller
from functions.actions.version import storage_used
from functions.cache import GenerationCache
from functions.limits import concurrency, limits
from functions.models import Function
from functions.reservations import unreserved

# Sums over all functions: 10 ms for 10,000 of them, and the same until something changes.
_settings: GenerationCache[dict[str, Any]] = GenerationCache()


def get_account_settings(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    account_id, region = caller.account_id, caller.region
    if connection.in_atomic_block:  # what this transaction changed counts
        return _read(account_id, region)
    return _settings.get((account_id, region), lambda: _read(account_id, region))


def _read(account_id: str, region: str) -> dict[str, Any]:
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
