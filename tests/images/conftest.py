from pathlib import Path

import pytest
from pytest_django import Settings

from tests.images.making import LayoutMaker


@pytest.fixture
def layout(tmp_path: Path, settings: Settings) -> LayoutMaker:
    """An empty image layout in a directory that functions may be made from; the code store is a new one."""
    settings.HEARTH_IMAGES = [tmp_path.resolve() / "images"]
    settings.HEARTH_CODE = tmp_path / "code"
    settings.HEARTH_CODE.mkdir()
    return LayoutMaker(tmp_path / "images/greet")
