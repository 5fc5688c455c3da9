"""Dashboard, invocations, log and live tail in a real browser, against real functions."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.conftest import NARROW, WIDE, Visit
from tests.console.browser.test_accessibility import findings
from tests.family import RunningHearth, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.server]

NAME = "browser-records"
CODE = """
import json, time
def handler(event, context):
    print(json.dumps({"level": "WARN", "message": "low <i>stock</i>", "sku": event.get("sku", "K8")}))
    if event.get("fail"):
        raise ValueError("no <b>such</b> thing")
    for n in range(event.get("ticks", 0)):
        print("tick", n, flush=True)
        time.sleep(0.3)
    return event
"""
# The elements that make a page wider than its window.
TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 60)).slice(0, 8)"""
PAGES = {
    "/": "#charts[data-ready]",
    "/invocations/": "table.records",
    "/invocations/?view=errors&source=url": ".blank",
    f"/functions/{NAME}/invocations/?view=expensive": "table.records",
    "/errors/": "table.failures",
    f"/functions/{NAME}/errors/": "table.failures",
    f"/functions/{NAME}/logs/": "#histogram",
    f"/functions/{NAME}/logs/?view=lines": "#histogram",
    f"/functions/{NAME}/logs/live/": "#tail[data-ready]",
}


@pytest.fixture(scope="module")
def furnished(hearth: RunningHearth) -> dict[str, str]:
    """Request ids: one that went well, one that failed."""
    hearth.deploy(NAME, CODE, Publish=True)
    client = hearth.client("lambda")
    client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")

    def invoke(**event: Any) -> str:
        answer = client.invoke(FunctionName=NAME, Payload=json.dumps(event).encode())
        request_id: str = answer["ResponseMetadata"]["RequestId"]
        return request_id

    found = {"fine": invoke(sku="A1"), "failed": invoke(fail=True)}
    logs = hearth.client("logs")
    wait_for(
        "the log",
        lambda: (
            logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{NAME}")["logGroups"]
            and len(logs.filter_log_events(logGroupName=f"/aws/lambda/{NAME}", filterPattern="REPORT")["events"]) >= 2
        ),
    )
    return found


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(visit: Callable[..., Visit], furnished: dict[str, str], size: tuple[int, int]) -> None:
    here = visit(size=size, bypass_csp=True)
    found = {}
    for path, ready in {**PAGES, f"/r/{furnished['failed']}": ".stack-trace"}.items():
        page = here.open(path)
        page.wait_for_selector(ready)
        assert page.evaluate(TOO_WIDE) == [], path
        if problems := findings(page):
            found[path] = problems
    assert found == {}


def test_the_dashboard_leads_to_what_failed(visit: Callable[..., Visit], furnished: dict[str, str]) -> None:
    page = visit().open("/")
    concern = page.locator("li.item", has_text=NAME)
    expect(concern).to_contain_text("invocations failed")
    concern.get_by_text("Look at the errors").click()
    page.locator(f'a[href*="{furnished["failed"]}"]').click()
    expect(page.locator("h1")).to_contain_text(furnished["failed"][:8])
    expect(page.locator(".record-message")).to_have_text("no <b>such</b> thing")
    page.locator(".stack-trace a").click()
    page.wait_for_selector("#ide[data-ready]")
    expect(page.locator("#cursor")).to_contain_text("Ln 6")


def test_an_invocation_is_run_again_against_another_version(
    visit: Callable[..., Visit], furnished: dict[str, str]
) -> None:
    page = visit().open(f"/r/{furnished['fine']}")
    expect(page.locator("#event")).to_contain_text('"A1"')
    page.select_option("select[name=qualifier]", "prod")
    page.click("text=Run again")
    expect(page.locator(".note[role=status], .toast")).to_contain_text("Ran again")
    expect(page.locator("h1")).not_to_contain_text(furnished["fine"][:8])
    expect(page.locator(".fn-meta")).to_contain_text("by prod")
    expect(page.locator("#response")).to_contain_text('"A1"')
    page.fill("#event-name", "replayed")
    page.click("text=Save as test event")
    page.goto(page.url.split("/functions/")[0] + f"/functions/{NAME}/code/")
    page.wait_for_selector("#ide[data-ready]")
    expect(page.locator("#event-name option", has_text="replayed")).to_have_count(1)


def test_invocations_are_filtered_without_a_reload(visit: Callable[..., Visit], furnished: dict[str, str]) -> None:
    page = visit().open(f"/functions/{NAME}/invocations/")
    page.select_option("select[name=outcome]", "error")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    assert "outcome=error" in page.url
    page.reload()
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_a_field_of_a_line_filters_the_log(visit: Callable[..., Visit], furnished: dict[str, str]) -> None:
    page = visit().open(f"/functions/{NAME}/logs/?view=lines&from=now-1h")
    line = page.locator(".line", has_text='"A1"').first
    expect(line.locator(".msg")).to_contain_text("low <i>stock</i>")
    line.locator("dd").hover()
    line.locator(".mini").first.click()
    assert '{ $.sku = "A1" }' in page.input_value("input[name=q]")
    expect(page.locator(".lines-flat dd").first).to_contain_text('"A1"')
    expect(page.locator(".lines-flat dd", has_text="K8")).to_have_count(0)
    page.locator(".line-time").first.click()
    expect(page.locator("#line")).to_contain_text("low")
    expect(page.locator(".line")).not_to_have_count(1)


def test_a_print_is_on_the_open_tail(
    visit: Callable[..., Visit], hearth: RunningHearth, furnished: dict[str, str]
) -> None:
    here = visit()
    page = here.open(f"/functions/{NAME}/logs/live/?q=tick")
    page.wait_for_selector("#tail[data-ready]")
    client = hearth.client("lambda")
    running = threading.Thread(target=client.invoke, kwargs={"FunctionName": NAME, "Payload": b'{"ticks": 20}'})
    running.start()
    try:
        page.wait_for_selector("#tail-lines .line >> text=tick 1")
        assert running.is_alive()  # it is seen while the function runs
        expect(page.locator("#tail-state")).to_have_text("Live tail")
        page.click("#tail-pause")
        expect(page.locator("#tail-rate")).to_have_text(re.compile(r"[1-9]\d* waiting"))
        shown = page.locator("#tail-lines .line").count()
        assert shown < 20
        page.keyboard.press("p")
        expect(page.locator("#tail-lines .line")).not_to_have_count(shown)
    finally:
        running.join(30)
    expect(page.locator("#tail-lines .line")).to_have_count(20)
    expect(page.locator("#tail-dropped")).to_be_hidden()
    page.locator("#tail-lines time a").first.click()
    expect(page.locator("h1")).to_contain_text("Invocation")


def test_a_tail_too_many_is_refused_in_words(visit: Callable[..., Visit], furnished: dict[str, str]) -> None:
    here = visit()
    pages = [here.page.context.new_page() for _ in range(5)]
    for page in pages:
        page.goto(f"{here.hearth.endpoint}/functions/{NAME}/logs/live/")

    def refused() -> Page | None:
        """One of them: the place of a tail that was left before may be free by now, or not yet."""
        return next((page for page in pages if page.locator("#tail-problem").is_visible()), None)

    page = wait_for("a refusal", refused)
    expect(page.locator("#tail-problem")).to_contain_text("You have 4 live tails open")
    next(each for each in pages if each is not page).close()
    again = page.locator("#tail-again")
    for _ in range(20):
        again.click()
        page.wait_for_timeout(500)
        if not again.is_visible():
            break
    expect(page.locator("#tail-state")).to_have_text("Live tail")
