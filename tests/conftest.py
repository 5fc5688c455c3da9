"""What every test may ask for."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import workers
from tests.family import RunningHearth, start


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = workers.group
    return scheduler


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if workers.WORKER:
        items.sort(key=workers.rank)


@pytest.fixture(scope="session")
def hearth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHearth]:
    """The whole family, running. Shared by all tests: give functions names of your own."""
    data = tmp_path_factory.mktemp("hearth")
    images = data / "images"
    images.mkdir()
    retries = {"HEARTH_RETRY_FIRST_SECONDS": "1", "HEARTH_RETRY_SECOND_SECONDS": "1"}
    running = start(data, HEARTH_IMAGES=str(images), **retries)
    yield running
    assert running.stop() == 0, running.log.read_text()
