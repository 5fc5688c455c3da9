"""The console with 1,000 functions and 100,000 invocations: time in the server, first paint, usable, live tail.

Two more functions are extremes: `busy` has as many invocations again to itself, `many` 100 versions and 20 aliases.
"""

import random
import shutil
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from monitoring.ingest.spool import SpoolWriter
from monitoring.report import Kind, Outcome, Report
from tests.bench.measure import Times
from tests.console.browser.conftest import FLAGS
from tests.family import RunningHearth, start, wait_for, zip_of

FUNCTIONS = 1_000
INVOCATIONS = 100_000
VERSIONS = 100
ALIASES = 20
VISITS = 5
ANSWERS = 20
SLOWEST = 5  # named
LISTS = (
    "/functions/",
    "/functions/?sort=-invocations",
    "/functions/?sort=-errors",
    "/functions/?sort=-p95",
    "/functions/?q=bench-1",
    "/invocations/",
    "/invocations/?view=expensive",
    "/invocations/?view=errors",
    "/errors/",
    "/triggers/",
    "/settings/keys/",
    "/settings/sessions/",
    "/admin/users/",
    "/admin/audit/",
    *(f"/functions/bench-0/{page}" for page in ("logs/", "invocations/", "errors/", "versions/", "triggers/")),
    *(f"/functions/busy/{page}" for page in ("logs/", "logs/?view=lines", "invocations/", "errors/")),
    *(f"/functions/busy/invocations/?view={view}" for view in ("expensive", "errors")),
    "/functions/many/versions/",
)
OF_A_FUNCTION = (
    "",
    "code/",
    "monitor/",
    "monitor/?from=now-1d&compare=1&split=version",
    "logs/live/",
    *(
        f"config/{section}/"
        for section in ("general", "environment", "permissions", "concurrency", "async", "url", "tags")
    ),
)
PAGES = (
    "/",
    "/?from=now-7d",
    *LISTS,
    "/functions/new/",
    *(f"/functions/{name}/{page}" for name in ("bench-0", "busy", "many") for page in OF_A_FUNCTION),
    "/functions/many/versions/1...99/",
    "/settings/profile/",
    "/settings/appearance/",
    "/admin/limits/",
    "/admin/runtimes/",
    "/admin/concurrency/",
)
# Milliseconds after navigation began: first contentful paint, and the end of all that the page loads by itself.
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]"
USABLE = "performance.getEntriesByType('navigation')[0].loadEventEnd"
# Milliseconds until charts are drawn or the editor is ready: both come after the load.
READY = """
new Promise((done) => {
    const place = document.querySelector("#charts, #ide");
    const look = () => !place || place.dataset.ready ? done(place ? performance.now() : 0) : setTimeout(look, 5);
    look();
})
"""
TICKER = """
import time
def handler(event, context):
    for number in range(20):
        print(f"tick {time.time() * 1000:.0f}")
        time.sleep(0.5)
"""


def measure(directory: Path) -> list[tuple[str, str, str]]:
    hearth = start(directory)
    try:
        fill(hearth)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = sign_in(browser, hearth)
            rows = [server_times(page, hearth), *browser_times(page, hearth), live_tail(page, hearth)]
            browser.close()
    finally:
        hearth.stop()
    return rows


def fill(hearth: RunningHearth) -> None:
    client = hearth.client("lambda", max_pool_connections=4)
    hearth.deploy("ticker", TICKER, Timeout=30)

    def create(number: int) -> None:
        code = {"ZipFile": zip_of({"app.py": f"# {number % 20}\ndef handler(event, context): return event\n"})}
        client.create_function(
            FunctionName=f"bench-{number}", Runtime="python3.11", Handler="app.handler", Role=hearth.role, Code=code
        )

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(create, range(FUNCTIONS)))
    fill_versions(hearth)
    hearth.deploy("busy", "def handler(event, context): return event\n")
    writer = SpoolWriter(hearth.data / "spool", "bench")
    now = time.time() * 1000
    draw = random.Random(1)
    for number in range(INVOCATIONS):
        # One invocation in ten is of the first function; all within the last day.
        function = f"bench-{0 if number % 10 == 0 else draw.randrange(FUNCTIONS)}"
        for name in (function, "busy"):
            writer.append(report(hearth, name, now - 86_400_000 * (1 - number / INVOCATIONS), draw))
    writer.close()
    wait_for("the ingester", lambda: not list((hearth.data / "spool").glob("*bench*")), 300)


def fill_versions(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    hearth.deploy("many", "def handler(event, context): return event\n")
    for number in range(1, VERSIONS + 1):
        client.update_function_configuration(FunctionName="many", Description=f"Number {number}")
        client.publish_version(FunctionName="many")
    for number in range(1, ALIASES + 1):
        split = {"AdditionalVersionWeights": {str(number + 1): 0.1}}
        client.create_alias(
            FunctionName="many", Name=f"alias-{number}", FunctionVersion=str(number), RoutingConfig=split
        )


def report(hearth: RunningHearth, function: str, at_ms: float, draw: random.Random) -> Report:
    request_id, milliseconds = str(uuid.uuid4()), int(at_ms)
    failed = draw.random() < 0.02
    duration = round(draw.lognormvariate(3, 1), 2)
    return Report(
        kind=Kind.INVOCATION,
        account_id=hearth.credentials["account_id"],
        region=hearth.credentials["region"],
        function_name=function,
        version="$LATEST",
        request_id=request_id,
        source="api",
        at_ms=at_ms,
        log_group=f"/aws/lambda/{function}",
        log_stream="2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
        lines=[
            (milliseconds, f"START RequestId: {request_id} Version: $LATEST\n"),
            (milliseconds + 1, '{"level": "INFO", "message": "order taken", "order": 17}\n'),
            (milliseconds + 2, f"END RequestId: {request_id}\n"),
            (milliseconds + 2, f"REPORT RequestId: {request_id}\tDuration: {duration} ms\n"),
        ],
        outcome=Outcome.ERROR if failed else Outcome.SUCCESS,
        error_type="ValueError" if failed else "",
        duration_ms=duration,
        billed_ms=int(duration) + 1,
        memory_mb=128,
        max_memory_mb=draw.randrange(20, 90),
        concurrency=1,
    )


def sign_in(browser: Browser, hearth: RunningHearth) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(hearth.endpoint + "/login/")
    page.fill("input[name=username]", hearth.credentials["console_user"])
    page.fill("input[name=password]", hearth.credentials["console_password"])
    page.keyboard.press("Enter")
    page.wait_for_url(hearth.endpoint + "/")
    return page


def server_times(page: Page, hearth: RunningHearth) -> tuple[str, str, str]:
    """Whole answers to plain requests, no browser."""
    figures = {}
    for path in LISTS:
        values = []
        for _ in range(ANSWERS + 3):
            began = time.perf_counter()
            answer = page.request.get(hearth.endpoint + path)
            values.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, path
        figures[path] = Times(values[3:]).percentile(0.5)
    return ("server time of list pages, p50", "at most 60 ms", slowest(figures))


def browser_times(page: Page, hearth: RunningHearth) -> list[tuple[str, str, str]]:
    paints: dict[str, float] = {}
    usable: dict[str, float] = {}
    for path in PAGES:
        seen = []
        for _ in range(VISITS + 1):
            page.goto(hearth.endpoint + path, wait_until="load")
            wait_for("a paint", lambda: page.evaluate(f"{PAINT}?.startTime"))
            ready = float(page.evaluate(READY))
            seen.append((float(page.evaluate(f"{PAINT}.startTime")), max(float(page.evaluate(USABLE)), ready)))
        paints[path] = Times([paint for paint, _ in seen[1:]]).percentile(0.5)
        usable[path] = Times([load for _, load in seen[1:]]).percentile(0.5)
    return [
        ("first paint in Chromium, median of 5, each page", "at most 400 ms", slowest(paints)),
        ("loaded, charts drawn, editor ready, median of 5, each page", "usable within 1 s", slowest(usable)),
    ]


def slowest(figures: dict[str, float]) -> str:
    ordered = sorted(figures.items(), key=lambda each: -each[1])
    named = ", ".join(f"{path} {value:.0f} ms" for path, value in ordered[:SLOWEST])
    return f"/functions/ {figures['/functions/']:.0f} ms; slowest of {len(ordered)}: {named}"


def live_tail(page: Page, hearth: RunningHearth) -> tuple[str, str, str]:
    """From `print` in the sandbox to the line in the document: the line says when it was printed."""
    page.goto(hearth.endpoint + "/functions/ticker/logs/live/")
    page.evaluate(
        """() => {
            window.delays = [];
            const known = new Set();
            new MutationObserver(() => {
                for (const found of document.body.innerText.matchAll(/tick (\\d{13})/g)) {
                    if (known.has(found[1])) continue;
                    known.add(found[1]);
                    window.delays.push(Date.now() - Number(found[1]));
                }
            }).observe(document.body, {childList: true, subtree: true, characterData: true});
        }"""
    )
    hearth.client("lambda").invoke(FunctionName="ticker", InvocationType="Event")
    wait_for("every line", lambda: page.evaluate("window.delays.length >= 20"), 60)
    delays = Times([float(value) for value in page.evaluate("window.delays")])
    longest = max(delays.values)
    return (
        "`print` to the open live tail",
        "within 1 s",
        f"p50 {delays.percentile(0.5):.0f} ms, longest {longest:.0f} ms",
    )
