"""Accounts and functions, as the tests of the API have them, and AWS services over HTTP."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from functions.cache import generation
from tests.functions.conftest import alice, code_store
from tests.invoke.aws import Elsewhere, elsewhere

__all__ = ["alice", "code_store"]


def forget() -> None:
    """Empty the caches as a commit does: what a test writes is never committed."""
    generation().bump()


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    forget()


@pytest.fixture(scope="session")
def services() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        yield found


@pytest.fixture
def aws(services: Elsewhere, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """The services that Hearth lacks, where its settings say that they are."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    settings.HEARTH_AWS_ENDPOINTS = {"*": services.endpoint}
    return services
