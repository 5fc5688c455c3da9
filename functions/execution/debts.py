"""Who in a sandbox works on after the answer: the invocation is over when all of them are done."""

from functions.execution.loop import Loop, Promise


class Debts:
    __slots__ = ("_forgiven", "_loop", "_owed", "_settling")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._owed = 0
        self._forgiven = False
        self._settling: Promise[None] | None = None

    def owe(self) -> None:
        """Somebody works on for the invocation."""
        self._owed += 1

    def paid(self) -> None:
        self._owed -= 1
        if not self._owed:
            self._wake()

    @property
    def settled(self) -> bool:
        return not self._owed

    def forgive(self) -> None:
        """The environment ends: what is owed is never paid."""
        self._forgiven = True
        self._wake()

    async def settle(self) -> None:
        """Wait until everybody is ready for the next invocation, or is forgiven."""
        if self._owed and not self._forgiven:
            self._settling = Promise(self._loop)
            await self._settling
            self._settling = None
        self._owed = 0

    def _wake(self) -> None:
        if self._settling is not None:
            self._settling.set(None)
