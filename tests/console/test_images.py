"""Functions that are container images: made from a page, shown on all of them, given another image."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from console.pages import copy_as
from console.pages.configuration import SECTIONS
from functions.actions import image
from functions.models import Function, FunctionVersion
from tests.console.conftest import TEAM, Person, role
from tests.console.test_bad_input import BAD
from tests.images.making import LayoutMaker, file, layer

NEW = "/functions/new/?source=image"


@pytest.fixture
def layout(settings: Settings, tmp_path: Path) -> LayoutMaker:
    settings.HEARTH_IMAGES = [tmp_path.resolve() / "images"]
    return LayoutMaker(tmp_path / "images/greet")


@pytest.fixture
def pictured(alice: Person, layout: LayoutMaker) -> Function:
    """A function with a published version, fetched."""
    uri = layout.image("v1", layer([file("hello", "x")]), Entrypoint=["/hello"], Cmd=["one", "two"])
    made = {"PackageType": "Image", "Code": {"ImageUri": uri}, "Runtime": None, "Handler": None}
    function = alice.create("pictured", **made, Publish=True)
    image.settle_all()
    return function


def form(uri: str, **changed: str) -> dict[str, str]:
    given = {"FunctionName": "new", "ImageUri": uri, "Role": role(TEAM), "MemorySize": "256", "Timeout": "7"}
    return {**given, "EntryPoint": "/bin/sh\n-c\n", "Command": "echo a b", "WorkingDirectory": "/app", **changed}


def test_one_is_made(alice: Person, layout: LayoutMaker) -> None:
    page = alice.client.get(NEW).content.decode()
    assert 'name="ImageUri"' in page
    assert 'name="Runtime"' not in page
    assert 'name="Handler"' not in page
    uri = layout.image("v1", layer([file("hello", "x")]))
    response = alice.client.post(NEW, form(uri))
    assert response.status_code == 302, response.context["form"].errors
    version = FunctionVersion.objects.get(function__name="new")
    assert (version.image or {})["uri"] == uri
    config = {"EntryPoint": ["/bin/sh", "-c"], "Command": ["echo a b"], "WorkingDirectory": "/app"}
    assert version.extras["ImageConfig"] == config
    page = alice.client.get("/functions/new/code/").content.decode()
    assert "The image is being fetched." in page
    assert "data-refresh" in page
    image.settle_all()
    state = alice.client.get("/functions/new/code/image/state/").content.decode()
    assert "The image is here." in state


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_what_is_wrong_stands_at_the_field(alice: Person, pictured: Function, value: str) -> None:
    value = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    for path in (NEW, f"/functions/{pictured.name}/code/image/"):
        response = alice.client.post(path, form(value))
        assert response.status_code == 400
        assert response.context["form"].errors["ImageUri"]
        assert response.context["form"]["ImageUri"].value() == value
    assert Function.objects.count() == 1


def test_the_code_page_shows_the_image(alice: Person, victor: Person, pictured: Function) -> None:
    version = pictured.versions.get(number=0)
    for person in (alice, victor):
        response = person.client.get("/functions/pictured/code/")
        page = response.content.decode()
        assert f"sha256:{version.package_id}" in page
        assert (version.image or {})["uri"] in page
        assert "/hello one two" in page
        assert (version.package.image or {})["layers"][0]["digest"] in page
        assert 'id="editor"' not in page
        assert ('name="ImageUri"' in page) is (person is alice)
    published = alice.client.get("/functions/pictured/code/?qualifier=1").content.decode()
    assert 'name="ImageUri"' not in published


def test_another_image(alice: Person, victor: Person, pictured: Function, layout: LayoutMaker) -> None:
    uri = layout.image("v2", Entrypoint=["/other"])
    assert victor.client.post("/functions/pictured/code/image/", {"ImageUri": uri}).status_code == 403
    shown = alice.client.post("/functions/pictured/code/image/", {"ImageUri": uri, copy_as.MARK: "1"})
    assert "update-function-code" in shown.content.decode()
    response = alice.client.post("/functions/pictured/code/image/", {"ImageUri": uri})
    assert response.status_code == 302
    image.settle_all()
    latest = pictured.versions.get(number=0)
    assert (latest.image or {})["uri"] == uri
    # One that is fetched is waited for.
    alice.client.post("/functions/pictured/code/image/", {"ImageUri": layout.image("v3", layer([file("../x")]))})
    waiting = alice.client.post("/functions/pictured/code/image/", {"ImageUri": uri})
    assert "An update is in progress" in waiting.content.decode()
    image.settle_all()
    page = alice.client.get("/functions/pictured/code/").content.decode()
    assert "The last image was not deployed." in page
    assert "InvalidImage" in page


def test_how_it_starts_is_configured(alice: Person, pictured: Function) -> None:
    path = "/functions/pictured/config/image/"
    given = {"EntryPoint": "/bin/echo", "Command": "a\nb", "WorkingDirectory": "/tmp"}
    assert alice.client.post(path, given).status_code == 302
    extras = pictured.versions.get(number=0).extras
    assert extras["ImageConfig"] == {"EntryPoint": ["/bin/echo"], "Command": ["a", "b"], "WorkingDirectory": "/tmp"}
    page = alice.client.get(path).content.decode()
    assert "/bin/echo" in page
    refused = alice.client.post(path, {**given, "WorkingDirectory": "x" * 1001})
    assert refused.status_code == 400
    assert refused.context["form"].errors
    assert alice.client.post(path, {}).status_code == 302
    assert "ImageConfig" not in pictured.versions.get(number=0).extras


def test_every_page_of_it(alice: Person, pictured: Function, layout: LayoutMaker) -> None:
    """None needs a package, a runtime or a handler."""
    uri = layout.image("v2")
    alice.client.post("/functions/pictured/code/image/", {"ImageUri": uri})
    image.settle_all()
    tabs = ("", "code/", "monitor/", "logs/", "invocations/", "versions/", "versions/1...$LATEST/")
    paths = [f"/functions/pictured/{tab}" for tab in tabs]
    offered = {"general", "image"}
    for section in SECTIONS:
        path = f"/functions/pictured/config/{section}/"
        if section in ("layers", "directory"):
            assert alice.client.get(path).status_code == 404
        else:
            offered.discard(section)
            paths.append(path)
    assert not offered
    for path in (*paths, "/functions/", "/"):
        response: Any = alice.client.get(path)
        assert response.status_code == 200, path
    assert "Container image" in alice.client.get("/functions/").content.decode()
    general = {"Description": "d", "MemorySize": "512", "Timeout": "9", "EphemeralStorage": "600"}
    assert alice.client.post("/functions/pictured/config/general/", general).status_code == 302
    assert pictured.versions.get(number=0).memory_size == 512
    for path, sent in (("file/?path=x", None), ("download/", None), ("deploy/", {}), ("changes/", {}), ("upload/", {})):
        answer: Any
        if sent is None:
            answer = alice.client.get(f"/functions/pictured/code/{path}")
        else:
            answer = alice.post_json(f"/functions/pictured/code/{path}", sent)
        assert answer.status_code == 404, path
