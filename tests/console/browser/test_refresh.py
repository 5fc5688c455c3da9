"""Pages that refresh by themselves stop when nobody can see them, and go on when somebody looks again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Request

from tests.console.browser.conftest import Visit
from tests.family import RunningHearth, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.server]

NAME = "browser-refresh"
CODE = "def handler(event, context):\n    print('seen')\n"
PAGES = [f"/functions/{NAME}/monitor/?refresh=10", f"/functions/{NAME}/logs/?from=now-3h&to=now", "/admin/concurrency/"]
ASK = "async () => (await fetch('/healthz')).status"
HIDDEN = """
  let hidden = false;
  Object.defineProperty(Document.prototype, "hidden", {get: () => hidden});
  Object.defineProperty(Document.prototype, "visibilityState", {get: () => (hidden ? "hidden" : "visible")});
  addEventListener("test:hide", (event) => {
    hidden = event.detail;
    document.dispatchEvent(new Event("visibilitychange"));
  });
"""


@pytest.fixture(scope="module")
def waiting(hearth: RunningHearth) -> str:
    """The request id of an event that waits: its function is stopped, and has been called before."""
    hearth.deploy(NAME, CODE)
    client = hearth.client("lambda")
    client.invoke(FunctionName=NAME, Payload=b"{}")
    logs = hearth.client("logs")
    wait_for("the log", lambda: logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{NAME}")["logGroups"])
    client.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=0)
    answer = client.invoke(FunctionName=NAME, InvocationType="Event", Payload=b"{}")
    request_id: str = answer["ResponseMetadata"]["RequestId"]
    return request_id


class Watched:
    """A page on a clock of its own whose visibility the test decides, and how often it asked for its own address."""

    def __init__(self, visit: Visit, path: str) -> None:
        self.page, self.address, self.count = visit.page, visit.hearth.endpoint + path, 0
        self.awaited: set[Request] = set()  # while one is, the page asks for nothing more
        self.page.clock.install()
        self.page.add_init_script(HIDDEN)
        self.page.on("request", self._note)
        self.page.on("requestfinished", lambda request: self.awaited.discard(request))
        self.page.on("requestfailed", lambda request: self.awaited.discard(request))
        visit.open(path)
        self.page.wait_for_load_state("networkidle")

    def _note(self, request: Request) -> None:
        if request.url == self.address:
            self.count += 1
            self.awaited.add(request)

    def hide(self, hidden: bool) -> None:
        self.page.evaluate("hidden => dispatchEvent(new CustomEvent('test:hide', {detail: hidden}))", hidden)

    def asked_after(self, seconds: int) -> int:
        """How often until then, in all."""
        self.page.clock.run_for(seconds * 1000)
        self._settle()
        return self.count

    def _settle(self) -> None:
        """What was asked for before is counted, and answered."""
        self.page.evaluate(ASK)
        while self.awaited:
            self.page.evaluate(ASK)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_asked_for_while_hidden(visit: Callable[..., Visit], waiting: str, path: str) -> None:
    watched = Watched(visit(), path)
    opened = watched.count
    assert watched.asked_after(11) > opened
    watched.hide(True)
    seen = watched.asked_after(0)
    assert watched.asked_after(120) == seen
    watched.hide(False)
    assert watched.asked_after(61) > seen


def test_an_invocation_that_goes_on_is_not_looked_at_while_hidden(visit: Callable[..., Visit], waiting: str) -> None:
    watched = Watched(visit(), f"/functions/{NAME}/invocations/{waiting}/")
    with watched.page.expect_navigation():
        watched.page.clock.run_for(3_500)
    watched.hide(True)
    seen = watched.asked_after(0)
    assert watched.asked_after(120) == seen
    watched.hide(False)
    with watched.page.expect_navigation():
        watched.page.clock.run_for(3_500)
