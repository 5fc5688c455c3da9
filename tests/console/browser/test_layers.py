"""Layers in a real browser: published by the form, chosen for a function, looked into, deleted; and what axe says."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload

from tests.console.browser.conftest import NARROW, WIDE, Visit
from tests.console.browser.test_accessibility import findings
from tests.family import RunningHearth, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.server]

LAYER, FUNCTION = "browser-layer", "browser-layered"
CODE = "import shared\ndef handler(event, context): return shared.VALUE\n"


def test_the_life_of_a_layer(visit: Callable[..., Visit], hearth: RunningHearth) -> None:
    package: FilePayload = {
        "name": "layer.zip",
        "mimeType": "application/zip",
        "buffer": zip_of({"python/shared.py": "VALUE = 7\n"}),
    }
    page = visit().open("/layers/new/")
    page.fill("#id_LayerName", LAYER)
    page.check("text=python3.12")
    page.set_input_files("#id_ZipFile", files=[package])
    page.click("text=Publish version")
    page.wait_for_url(f"**/layers/{LAYER}/")
    page.click("text=python/shared.py")
    assert "VALUE = 7" in page.inner_text(".layer-file")

    hearth.deploy(FUNCTION, CODE)
    page.goto(f"{hearth.endpoint}/functions/{FUNCTION}/config/layers/")
    page.select_option("#id_layer_1", label=f"{LAYER}, version 1 (python3.12)")
    page.click("text=Save")
    page.wait_for_selector("text=Layers saved.")
    answer = hearth.client("lambda").invoke(FunctionName=FUNCTION)
    assert answer["Payload"].read() == b"7"

    page.click(f".list >> text={LAYER}")
    assert FUNCTION in page.inner_text("main")
    page.click("text=Delete version >> nth=0")
    page.click("#delete-version .btn-danger")
    page.wait_for_selector(f"text=Deleted version 1 of {LAYER}.")
    assert hearth.client("lambda").invoke(FunctionName=FUNCTION)["Payload"].read() == b"7"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(visit: Callable[..., Visit], hearth: RunningHearth, size: tuple[int, int]) -> None:
    files: dict[str, str | bytes] = {f"python/module_{number}.py": "VALUE = 1\n" * 60 for number in range(30)}
    client = hearth.client("lambda")
    content = {"ZipFile": zip_of(files)}
    width = size[0]
    arn = client.publish_layer_version(LayerName=f"axe-{width}", Content=content)["LayerVersionArn"]
    client.add_layer_version_permission(
        LayerName=f"axe-{width}", VersionNumber=1, StatementId="s", Action="lambda:GetLayerVersion", Principal="*"
    )
    hearth.deploy(f"browser-axe-{width}", CODE, Layers=[arn])
    here = visit(size=size, bypass_csp=True)
    found = {}
    for path in (
        "/layers/",
        "/layers/?q=nothing",
        "/layers/new/",
        f"/layers/axe-{width}/?file=python/module_1.py",
        f"/layers/axe-{width}/versions/1/sharing/",
        f"/functions/browser-axe-{width}/config/layers/",
    ):
        page = here.open(path)
        if problems := findings(page):
            found[path] = problems
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert found == {}
