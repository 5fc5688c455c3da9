"""The page of concurrency: what each environment is, and recycling it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.console.browser.conftest import Visit
from tests.family import RunningHearth, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.server]

NAME = "browser-recycled"
COUNT = "n = []\ndef handler(event, context):\n    n.append(1)\n    return len(n)\n"


def call(hearth: RunningHearth, qualifier: str) -> bytes:
    answer: bytes = hearth.client("lambda").invoke(FunctionName=NAME, Qualifier=qualifier)["Payload"].read()
    return answer


def test_environments_are_shown_and_recycled(visit: Callable[..., Visit], hearth: RunningHearth) -> None:
    hearth.deploy(NAME, COUNT, MemorySize=256, Publish=True)
    assert [call(hearth, each) for each in ("$LATEST", "$LATEST", "1")] == [b"1", b"2", b"1"]
    page = visit().open("/admin/concurrency/")

    def row(version: str) -> Locator:
        return page.locator("tr", has=page.get_by_role("link", name=NAME)).filter(
            has=page.get_by_role("cell", name=version, exact=True)
        )

    expect(row("1")).to_contain_text("of 256 MB")
    expect(row("1")).to_contain_text(re.compile("idle|frozen"))
    row("$LATEST").get_by_role("button", name="Recycle").click()
    page.get_by_text(f"An environment of {NAME} recycled: the next call makes a new one.").wait_for()
    wait_for("its end", lambda: page.reload() and row("$LATEST").count() == 0)
    assert [call(hearth, each) for each in ("$LATEST", "1")] == [b"1", b"2"]
    page.reload()
    page.get_by_role("button", name=f"Recycle all of {NAME}").click()
    page.get_by_text(f"2 environments of {NAME} recycled").wait_for()
    assert [call(hearth, each) for each in ("$LATEST", "1")] == [b"1", b"1"]
    page.goto(f"{hearth.endpoint}/admin/audit/?action=RecycleEnvironments&resource={NAME}")
    expect(page.locator("tbody tr")).to_have_count(2)
