"""Blueprints: complete, small enough, and each runs on what it says."""

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from functions.blueprints import catalogue
from functions.blueprints.catalogue import Blueprint

EACH = pytest.mark.parametrize("blueprint", catalogue.all(), ids=lambda each: each.name)


@EACH
def test_a_blueprint_is_complete(blueprint: Blueprint) -> None:
    files = blueprint.files()
    module = blueprint.handler.rpartition(".")[0]
    assert {f"{module}.py", f"{module}.js", f"{module}.mjs", f"{module}.rb", "bootstrap"} & set(files)
    json.loads(blueprint.event)
    assert blueprint.title
    assert len(blueprint.description) <= 256  # it becomes the function's own
    assert sum(map(len, files.values())) < 16 * 1024 * 1024


def test_the_thumbnails_come_with_a_real_jpeg_and_pillow() -> None:
    blueprint = catalogue.get("thumbnails")
    assert blueprint is not None
    data = base64.b64decode(json.loads(blueprint.event)["image"])
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (960, 640))
    assert 20_000 < len(data) < 70_000
    assert any(path.startswith("PIL/") for path in blueprint.files())


def test_vendored_packages_bring_their_licence() -> None:
    for folder in Path(catalogue.HERE).glob("*/code/node_modules/*"):
        assert any(path.name.lower().startswith("licen") for path in folder.iterdir()), folder


def test_an_unknown_blueprint_is_none() -> None:
    assert catalogue.get("nope") is None
