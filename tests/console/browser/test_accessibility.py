"""axe finds nothing serious on any page: light and dark, wide and narrow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.console.browser.conftest import NARROW, WIDE, Visit
from tests.family import RunningHearth, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.server]

AXE = Path(__file__).resolve().parent.parent.parent / "data/axe.min.js"
# What a page is asked for in each theme: that it is dark changes its colours and nothing else.
RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
NAME = "browser-axe"
PAGES = {
    "/functions/": None,
    "/functions/?q=nothing-like-it": None,
    "/functions/new/": ".code-mount .cm-editor",
    "/functions/new/?blueprint=signed-webhook": None,
    f"/functions/{NAME}/code/": "#ide[data-ready]",
    f"/functions/{NAME}/code/?qualifier=1": "#ide[data-ready]",
    f"/functions/{NAME}/monitor/": "#charts[data-ready]",
    f"/functions/{NAME}/logs/": None,
    f"/functions/{NAME}/versions/?qualifier=prod": None,
    f"/functions/{NAME}/": None,
    f"/functions/{NAME}/?qualifier=prod": None,
    f"/functions/delete/?name={NAME}": None,
    f"/functions/{NAME}/config/": None,
    f"/functions/{NAME}/config/permissions/": None,
    f"/functions/{NAME}/permissions/new/": None,
    f"/functions/{NAME}/config/environment/": None,
    f"/functions/{NAME}/config/concurrency/": None,
    f"/functions/{NAME}/provisioned/": None,
    f"/functions/{NAME}/config/async/": None,
    f"/functions/{NAME}/config/tags/": None,
    f"/functions/{NAME}/config/url/": None,
    f"/functions/{NAME}/triggers/": None,
    f"/functions/{NAME}/mappings/new/": None,
    "/admin/capacity-providers/new/": None,
    "/admin/concurrency/": None,
}


@pytest.fixture(scope="module")
def furnished(hearth: RunningHearth) -> None:
    """A function that has something on each page."""
    code = (
        'def handler(event, context):\n    print(\'{"level": "ERROR", "message": "no", "a": 1}\')\n    return event\n'
    )
    hearth.deploy(
        NAME, code, Description="For axe", Publish=True, Environment={"Variables": {"KEY": "v"}}, Tags={"for": "axe"}
    )
    client = hearth.client("lambda")
    client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
    bucket = {"SourceArn": "arn:aws:s3:::uploads", "Principal": "s3.amazonaws.com"}
    client.add_permission(FunctionName=NAME, StatementId="uploads", Action="lambda:InvokeFunction", **bucket)
    client.put_provisioned_concurrency_config(FunctionName=NAME, Qualifier="prod", ProvisionedConcurrentExecutions=1)
    client.invoke(FunctionName=NAME, Payload=b"{}")
    logs = hearth.client("logs")
    wait_for("the log", lambda: logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{NAME}")["logGroups"])


def findings(page: Any) -> list[str]:
    """In both themes."""
    page.add_script_tag(path=AXE)
    found = []
    for theme, rules in RULES.items():
        page.emulate_media(color_scheme=theme)
        result = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
        found += [
            f"{theme}: {each['id']} ({each['impact']}): {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
            for each in result["violations"]
            for node in each["nodes"][:3]
        ]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(visit: Callable[..., Visit], furnished: None, size: tuple[int, int]) -> None:
    here = visit(size=size, bypass_csp=True)
    found = {}
    for path, ready in PAGES.items():
        page = here.open(path)
        if ready:
            page.wait_for_selector(ready)
        if path.endswith("code/"):
            page.click("#test")
            page.wait_for_selector("[data-outcome]")
        if path.endswith("logs/"):
            page.locator("details.req > summary").first.click()
        if problems := findings(page):
            found[path] = problems
    stranger = visit(size=size, bypass_csp=True, signed_in=False)
    if problems := findings(stranger.open("/login/")):
        found["/login/"] = problems
    assert found == {}
