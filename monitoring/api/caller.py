"""What an operation of this floor must know of who calls."""

from typing import Protocol


class Caller(Protocol):
    @property
    def account_id(self) -> str: ...
    @property
    def region(self) -> str: ...
