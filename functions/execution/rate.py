"""How many invocations begin in a second: AWS allows ten times the concurrency, by function or by account.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#concurrency-quotas
"""

import time
from collections import Counter

from functions.execution.spec import FunctionSpec, Throttled


class Rate:
    def __init__(self, per_concurrency: int) -> None:
        self._per_concurrency = per_concurrency
        self._second = 0
        self._begun: Counter[str] = Counter()  # in this second

    def take(self, spec: FunctionSpec, reserved: int | None, unreserved: int) -> None:
        """Count one more. Raises Throttled when that is too many in this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._begun.clear()
        key, allowed = (spec.account, unreserved) if reserved is None else (spec.function, reserved)
        if self._begun[key] >= allowed * self._per_concurrency:
            raise Throttled(
                "FunctionInvocationRateLimitExceeded"
                if reserved is None
                else "ReservedFunctionInvocationRateLimitExceeded"
            )
        self._begun[key] += 1

    def places(self, key: str) -> int:
        """How much concurrency what has begun in this second takes up, of `account:region` or of a function."""
        return self._begun[key] // self._per_concurrency if int(time.monotonic()) == self._second else 0
