"""A real Chromium against the running family. Each page records what a page must never do."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.family import RunningHearth

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = (1440, 900), (390, 844)


@dataclass
class Visit:
    """A page of a signed-in browser. `complaints`: errors of the console or of scripts, and requests to other hosts."""

    page: Page
    hearth: RunningHearth
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.hearth.endpoint + path)
        return self.page

    def editor_ready(self) -> None:
        self.page.wait_for_selector("#ide[data-ready]")

    def type_code(self, text: str) -> None:
        """Replace what stands in the editor."""
        self.page.locator("#editor .cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def cookies(browser: Browser, hearth: RunningHearth) -> list[dict[str, object]]:
    """Signed in once for all tests, through the page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(hearth.endpoint + "/functions/")
    page.fill("#id_username", hearth.credentials["console_user"])
    page.fill("#id_password", hearth.credentials["console_password"])
    page.click("text=Sign in >> nth=-1")
    page.wait_for_url("**/functions/")
    found: list[dict[str, object]] = context.cookies()  # type: ignore[assignment]
    context.close()
    return found


@pytest.fixture
def visit(browser: Browser, hearth: RunningHearth, cookies: list[dict[str, object]]) -> Iterator[Callable[..., Visit]]:
    """Opens a browser; at the end none of them may have complained."""
    visits: list[Visit] = []

    def start(*, size: tuple[int, int] = WIDE, bypass_csp: bool = False, signed_in: bool = True) -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="light",
            reduced_motion="reduce",
            bypass_csp=bypass_csp,
        )
        if signed_in:
            context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(15_000)
        made = Visit(page, hearth)
        complaints = made.complaints
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                complaints.append(f"foreign: {request.url}")
                if not request.url.startswith((hearth.endpoint, "data:", "blob:"))
                else None
            ),
        )
        visits.append(made)
        return made

    yield start
    for each in visits:
        each.page.context.close()
    assert [complaint for each in visits for complaint in each.complaints] == []
