"""A container image in the console: made, tested and given another image, without an editor."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.console.browser.conftest import NARROW, Visit
from tests.images.making import LayoutMaker, needs_busybox, shell

pytestmark = [pytest.mark.browser, pytest.mark.server, needs_busybox]


def test_from_the_form_to_another_image(visit: Callable[..., Visit]) -> None:
    opened = visit()
    page, made = opened.page, LayoutMaker(opened.hearth.images / "shown")
    starts = {"Entrypoint": ["/app/loop"], "Env": ["PATH=/bin"]}
    first = made.image("v1", shell('echo "\\"first\\""'), **starts)
    second = made.image("v2", shell('echo "\\"second\\""'), **starts)
    opened.open("/functions/new/?source=image")
    page.fill("#id_FunctionName", "image-shown")
    page.fill("#id_Timeout", "60")
    page.fill("#id_ImageUri", first)
    page.click("text=Create function >> nth=-1")
    page.wait_for_url("**/functions/image-shown/code/")
    opened.editor_ready()
    for text, uri in (("first", second), ("second", "")):
        # It is there when nothing is being fetched; the page finds out by itself, too, but later.
        for _ in range(120):
            if not page.locator("[data-refresh]").count():
                break
            page.wait_for_timeout(500)
            page.reload()
        opened.editor_ready()
        page.click("#test")
        expect(page.locator("#result")).to_contain_text(f'"{text}"', timeout=60_000)
        if uri:
            page.fill("#id_ImageUri", uri)
            page.click("text=Deploy image")
            page.wait_for_url("**/functions/image-shown/code/")
    for size in ((1024, 800), NARROW):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.hearth.client("lambda").delete_function(FunctionName="image-shown")
