"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from tests.family import RunningHearth, start


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
