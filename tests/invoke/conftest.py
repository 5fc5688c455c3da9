"""Accounts and functions, as the tests of the API have them."""

import pytest

from functions.cache import generation
from tests.functions.conftest import alice, code_store

__all__ = ["alice", "code_store"]


def forget() -> None:
    """Empty the caches as a commit does: what a test writes is never committed."""
    generation().bump()


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget()
