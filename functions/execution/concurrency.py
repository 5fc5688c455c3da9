"""How many invocations run at once, by function and by account, and who is refused. AWS counts the same two ways.

What runs in a provisioned environment takes nothing of the account's rest, which is without all of these already.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from functions.execution.spec import FunctionSpec, Throttled


class Concurrency:
    def __init__(self) -> None:
        self.by_function: Counter[str] = Counter()
        self.unreserved: Counter[str] = Counter()
        self.by_version: Counter[str] = Counter()  # of those with a highest number of environments

    @contextmanager
    def lease(
        self,
        spec: FunctionSpec,
        reserved: int | None,
        unreserved: int,
        *,
        provisioned: bool = False,
        maximum: int | None = None,
    ) -> Iterator[int]:
        """Hold one place for the block's time. Yields how many the function has in use. Raises Throttled.

        `maximum` is that of the version, and `provisioned` whether an environment that stands ready will serve.
        """
        function, account = spec.function, spec.account
        in_use = self.by_function[function]
        if reserved is not None:
            if in_use >= reserved:
                raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        elif not provisioned and self.unreserved[account] >= unreserved:
            raise Throttled("ConcurrentInvocationLimitExceeded")
        if maximum is not None and self.by_version[spec.key] >= maximum:
            raise Throttled("ConcurrentInvocationLimitExceeded")
        self.by_function[function] = in_use + 1
        counted = reserved is None and not provisioned
        if counted:
            self.unreserved[account] += 1
        if maximum is not None:
            self.by_version[spec.key] += 1
        try:
            yield in_use + 1
        finally:
            self._give_back(self.by_function, function)
            if counted:
                self._give_back(self.unreserved, account)
            if maximum is not None:
                self._give_back(self.by_version, spec.key)

    @staticmethod
    def _give_back(counter: Counter[str], key: str) -> None:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]
