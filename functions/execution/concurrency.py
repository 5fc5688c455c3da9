"""How many invocations run at once, by function and by account, and who is refused. AWS counts the same two ways."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from functions.execution.spec import FunctionSpec, Throttled


class Concurrency:
    def __init__(self) -> None:
        self.by_function: Counter[str] = Counter()
        self.unreserved: Counter[str] = Counter()

    @contextmanager
    def lease(self, spec: FunctionSpec, reserved: int | None, unreserved: int) -> Iterator[int]:
        """Hold one place for the block's time. Yields how many the function has in use. Raises Throttled."""
        function, account = spec.function, spec.account
        in_use = self.by_function[function]
        if reserved is not None:
            if in_use >= reserved:
                raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        elif self.unreserved[account] >= unreserved:
            raise Throttled("ConcurrentInvocationLimitExceeded")
        self.by_function[function] = in_use + 1
        if reserved is None:
            self.unreserved[account] += 1
        try:
            yield in_use + 1
        finally:
            self._give_back(self.by_function, function)
            if reserved is None:
                self._give_back(self.unreserved, account)

    @staticmethod
    def _give_back(counter: Counter[str], key: str) -> None:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]
